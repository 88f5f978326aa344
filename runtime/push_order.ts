/**
 * Decides which of a task's queues is pushed next: of the queues that have a record, the one whose next record has the
 * lowest timestamp (the rule of Kafka Streams); of equal ones, the first. So records are pushed mostly in the order in
 * which they were written, in whatever order the fetches arrive, and fewer records are late.
 *
 * A partition that is too far ahead of the slowest one for `watermark({ maxDrift })` waits until the others are closer.
 *
 * The queues are kept in a heap of their numbers. A record costs the logarithm of the number of queues, and nothing
 * when there is one queue.
 *
 * @module
 */
import type { InputQueue } from "./input_queue.ts";

export class PushOrder {
  /** Numbers of the queues that have records, as a heap. The first is pushed next. */
  readonly #heap: number[] = [];
  /** The timestamp of each queue's next record, by its number; NaN when the queue is not in the heap. */
  readonly #times: Float64Array;
  /** Numbers of the queues that wait because they are too far ahead. */
  #waiting: number[] = [];

  /**
   * @param queues the task's queues, by number
   * @param isAhead whether a queue is too far ahead of the others to be pushed
   */
  constructor(readonly queues: readonly InputQueue[], readonly isAhead: (queue: InputQueue) => boolean) {
    this.#times = new Float64Array(queues.length).fill(NaN);
  }

  /** Whether a queue has something that may be pushed. */
  get ready(): boolean {
    if (this.queues.length === 1) return !this.queues[0].empty;
    this.refill();
    return this.next() !== undefined;
  }

  /**
   * Adds queues that have got records, or are no longer too far ahead. To be called from time to time: a queue does not
   * report a fetch.
   */
  refill(): void {
    const { queues } = this;
    if (queues.length === 1) return;
    const waiting = this.#waiting;
    if (waiting.length > 0) {
      this.#waiting = [];
      for (const number of waiting) this.#times[number] = NaN;
    }
    // A queue whose position only had to move on may have got a record since. Its timestamp counts from now on.
    if (this.#times.includes(-Infinity)) {
      this.#heap.length = 0;
      this.#times.fill(NaN);
    }
    for (let number = 0; number < queues.length; number++) {
      if (Number.isNaN(this.#times[number]) && !queues[number].empty) this.#add(number);
    }
  }

  /** The queue to take the next record from; `undefined` when there is none. */
  next(): InputQueue | undefined {
    const { queues } = this;
    if (queues.length === 1) return queues[0].empty ? undefined : queues[0];
    while (this.#heap.length > 0) {
      const queue = queues[this.#heap[0]];
      if (!this.isAhead(queue)) return queue;
      this.#waiting.push(this.#removeFirst());
    }
    return undefined;
  }

  /** Updates the order after a record was taken from the queue that `next` returned. */
  taken(): void {
    if (this.queues.length === 1) return;
    const heap = this.#heap, times = this.#times;
    const number = heap[0];
    const queue = this.queues[number];
    if (queue.empty) {
      this.#removeFirst();
      times[number] = NaN;
      return;
    }
    const time = queue.nextTimestamp;
    times[number] = time;
    // Mostly it stays the first: then nothing moves. The second is one of the two below it.
    if (heap.length > 1 && !(time < times[heap[1]] && (heap.length === 2 || time < times[heap[2]]))) this.#sink(0);
  }

  #add(number: number): void {
    this.#times[number] = this.queues[number].nextTimestamp;
    const heap = this.#heap;
    let at = heap.push(number) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(number, heap[above])) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = number;
  }

  /**
   * Takes the first queue out of the heap. It keeps its timestamp, so that `refill` does not add it again too early.
   */
  #removeFirst(): number {
    const heap = this.#heap;
    const first = heap[0], last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /**
   * Moves a queue down to its place. Written out without helpers: it runs for each record of a task with several
   * queues.
   */
  #sink(from: number): void {
    const heap = this.#heap, times = this.#times, { length } = heap;
    const number = heap[from], time = times[number];
    let at = from;
    for (let below = 2 * at + 1; below < length; below = 2 * at + 1) {
      let least = heap[below], leastTime = times[least];
      if (below + 1 < length) {
        const other = heap[below + 1], otherTime = times[other];
        if (otherTime < leastTime || (otherTime === leastTime && other < least)) {
          below++;
          least = other;
          leastTime = otherTime;
        }
      }
      if (leastTime > time || (leastTime === time && least > number)) break;
      heap[at] = least;
      at = below;
    }
    heap[at] = number;
  }

  #isBefore(one: number, other: number): boolean {
    const time = this.#times[one], otherTime = this.#times[other];
    return time < otherTime || (time === otherTime && one < other);
  }
}
