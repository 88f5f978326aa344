/** A small asynchronous stage, as an author of operators could write it. Unanswered requests are in the checkpoint. */
import type { MonoTypeOperatorFunction } from "rxjs";
import { operate } from "../../operators/_operate.ts";

/** Sends a request for a value. `answer` is called once, at any time outside of a push. */
export type Ask<T> = (value: T, answer: () => void) => void;

/** A request under way: a value, and its event time. */
interface Asked<T> {
  readonly value: T;
  readonly time: number;
}

/**
 * Sends a request for each value, and emits the value with its own event time when the answer comes. While `most`
 * requests are under way the stage is full. Event time and the end of the task wait for the oldest request. Requests
 * that were under way when the process ended are sent again by the next process.
 */
export function asking<T>(name: string, ask: Ask<T>, most = Infinity): MonoTypeOperatorFunction<T> {
  return operate<T, T>({ operator: "asking", name, time: "own", keeps: true }, (stage) => {
    const flight = stage.state<number, Asked<T>>();
    let last = 0;

    function begin(number: number, { value, time }: Asked<T>): void {
      const hold = stage.hold(time);
      stage.full = flight.size >= most;
      ask(value, () =>
        stage.later(() => {
          flight.write(flight.cell(number), undefined);
          stage.full = flight.size >= most;
          stage.emit(value, time);
          hold.release();
        }));
    }

    return {
      open() {
        const asked = [...flight.cells(0)].sort((a, b) => a.key - b.key);
        for (const { key, value } of asked) begin(last = key, value!);
      },
      next(value) {
        if (stage.full) throw new Error(`a value was pushed to ${stage.label} while it was full`);
        const asked = { value, time: stage.eventTime() };
        flight.write(flight.cell(++last), asked);
        begin(last, asked);
      },
    };
  });
}

/** Answers that a test gives. */
export class Answers<T> {
  /** All values with a request, in order, answered or not. */
  readonly asked: T[] = [];
  /** The highest number of requests that waited at the same time. */
  most = 0;
  #waiting: { readonly value: T; readonly answer: () => void }[] = [];

  readonly ask: Ask<T> = (value, answer) => {
    this.asked.push(value);
    this.#waiting.push({ value, answer });
    this.most = Math.max(this.most, this.#waiting.length);
  };

  /** The values that wait for an answer. */
  get waiting(): readonly T[] {
    return this.#waiting.map(({ value }) => value);
  }

  /** Answers the waiting request at this index. */
  give(at = 0): void {
    const [{ answer }] = this.#waiting.splice(at, 1);
    answer();
  }

  /** Drops all waiting requests, as the end of their process does. */
  forget(): void {
    this.#waiting = [];
  }
}
