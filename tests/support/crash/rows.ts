/** The results of a job, written or expected: the rows of each topic and key, in order. */

/** The outputs of the crash job. */
export type Output = "counts" | "activity" | "late";

export const OUTPUTS: readonly Output[] = ["counts", "activity", "late"];

/** One result for comparison: its value, its event time, and for a late record its source. */
export interface Row {
  readonly output: Output;
  readonly key: string;
  readonly value: unknown;
  /** In milliseconds. */
  readonly time: number;
  /** `partition@offset` of the record that was refused. */
  readonly source?: string;
}

/** The rows of one place are ordered: `counts of user-0-1`. */
export function placeOf({ output, key }: Row): string {
  return `${output} of ${key}`;
}

/** A row as text, for comparison and messages. */
export function textOf({ value, time, source }: Row): string {
  return `${JSON.stringify(value)} at ${time}${source === undefined ? "" : ` from ${source}`}`;
}

/** Rows by output and key, as text. */
export class Rows {
  readonly #rows = new Map<string, string[]>();
  size = 0;

  add(row: Row): void {
    const place = placeOf(row);
    const text = textOf(row);
    const list = this.#rows.get(place);
    if (list === undefined) this.#rows.set(place, [text]);
    else list.push(text);
    this.size++;
  }

  places(): Iterable<string> {
    return this.#rows.keys();
  }

  of(place: string): readonly string[] {
    return this.#rows.get(place) ?? [];
  }

  /** How many rows an output has whose text contains this. */
  count(output: Output, containing = ""): number {
    let count = 0;
    for (const [place, rows] of this.#rows) {
      if (place.startsWith(`${output} `)) count += rows.filter((row) => row.includes(containing)).length;
    }
    return count;
  }
}
