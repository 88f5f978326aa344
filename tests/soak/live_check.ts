/** Compares each result with the truth in the moment in which a reader sees it. */
import type { Difference } from "../support/crash/compare.ts";
import { placeOf, type Row, textOf } from "../support/crash/rows.ts";

/** How many of the last rows of a place are remembered, to tell what came twice from what never should have come. */
const REMEMBERED = 200;
/** A list is cut off where so many of its rows are done with. */
const DONE = 1000;

/** What is expected at one place, in its order. */
interface Queue {
  rows: string[];
  /** The first row that has not been seen. */
  at: number;
}

/** The truth on one side, a reader on the other: at each place, every row once and in its order. */
export class LiveCheck {
  checked = 0;
  expected = 0;
  readonly #queues = new Map<string, Queue>();

  /** What has been expected and not been seen. */
  get lag(): number {
    return this.expected - this.checked;
  }

  /** The truth says that this row comes, after those that were expected before it. */
  expect(row: Row): void {
    this.expected++;
    const queue = this.#queues.get(placeOf(row));
    if (queue === undefined) this.#queues.set(placeOf(row), { rows: [textOf(row)], at: 0 });
    else queue.rows.push(textOf(row));
  }

  /** A reader sees this row: what is wrong with that, if anything is. */
  see(row: Row): Difference | undefined {
    const place = placeOf(row);
    const text = textOf(row);
    const queue = this.#queues.get(place);
    if (queue === undefined) return { kind: "alien", place, row: text };
    if (queue.rows[queue.at] !== text) return differenceAt(queue, place, text);
    this.checked++;
    if (++queue.at >= DONE + REMEMBERED) {
      queue.rows = queue.rows.slice(queue.at - REMEMBERED);
      queue.at = REMEMBERED;
    }
    return undefined;
  }

  /** What has not been seen, where all of it should have been. */
  missing(): Difference[] {
    return [...this.#queues].flatMap(([place, { rows, at }]) =>
      rows.slice(at).map((row) => ({ kind: "lost" as const, place, row }))
    );
  }
}

function differenceAt({ rows, at }: Queue, place: string, text: string): Difference {
  if (rows.indexOf(text, at) >= 0) return { kind: "lost", place, row: `${rows[at]}; ${text} came instead` };
  return { kind: rows.includes(text) ? "doubled" : "alien", place, row: text };
}
