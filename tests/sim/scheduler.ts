/**
 * Virtual time: one queue of events and one seed. Everything in a run follows from the seed, so a run can be repeated
 * exactly.
 *
 * After an event, everything that it has started runs until all of it waits for a later event. Only then the next event
 * runs. So the order of effects in the simulated world is the order of this queue.
 *
 * @module
 */
import { setImmediate } from "node:timers";

interface Event {
  readonly time: number;
  /** Breaks ties: of two events at one time, the one that was requested first runs first. */
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** The simulated world's time and its order of events. */
export class Scheduler {
  /** Milliseconds since 1970. */
  now: number;
  #events: Event[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Runs a function after this many milliseconds. The function that it returns cancels it. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { time: this.now + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Runs events until `done`, until none are left, or until this time. Returns whether it was done. */
  async drive(done: () => boolean, until: number): Promise<boolean> {
    await settled();
    while (!done()) {
      const event = this.#pop();
      if (event === undefined) return false;
      if (event.time > until) {
        this.#push(event);
        return false;
      }
      this.now = Math.max(this.now, event.time);
      event.run();
      await settled();
    }
    return true;
  }

  // A binary heap by time and order.
  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!earlier(event, heap[above])) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#events;
    for (;;) {
      const first = heap[0];
      const last = heap.pop();
      if (last === undefined) return undefined;
      if (heap.length > 0) this.#sink(last);
      if (!first.cancelled) return first;
    }
  }

  #sink(event: Event): void {
    const heap = this.#events;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && earlier(heap[below + 1], heap[below])) below++;
      if (!earlier(heap[below], event)) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = event;
  }
}

function earlier(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** Resolves when everything has run that needs no further event. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
