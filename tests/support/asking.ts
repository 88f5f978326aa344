/** An asynchronous stage in miniature, as an author of operators would write it: what is asked and not answered is in the checkpoint. */
import type { MonoTypeOperatorFunction } from "rxjs";
import { operate } from "../../operators/_operate.ts";

/** Asks somebody about a value, who calls `answer` once, whenever it is: outside of the push of that value or of any. */
export type Ask<T> = (value: T, answer: () => void) => void;

/** What is in flight: a value, and its event time. */
interface Asked<T> {
  readonly value: T;
  readonly time: number;
}

/**
 * Asks about each value and emits it with its own time when the answer comes. While `most` are in flight it is full; event time and the
 * end of the task wait for the oldest. What was in flight when the process ended is asked again by the next one.
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

/** Answers that a test gives when it likes. */
export class Answers<T> {
  /** What was asked, in its order; also what was answered. */
  readonly asked: T[] = [];
  /** The most that waited for an answer at once. */
  most = 0;
  #waiting: { readonly value: T; readonly answer: () => void }[] = [];

  readonly ask: Ask<T> = (value, answer) => {
    this.asked.push(value);
    this.#waiting.push({ value, answer });
    this.most = Math.max(this.most, this.#waiting.length);
  };

  /** What waits for an answer. */
  get waiting(): readonly T[] {
    return this.#waiting.map(({ value }) => value);
  }

  /** Answers the one at this place of those that wait. */
  give(at = 0): void {
    const [{ answer }] = this.#waiting.splice(at, 1);
    answer();
  }

  /** Nobody who asked is there any more. */
  forget(): void {
    this.#waiting = [];
  }
}
