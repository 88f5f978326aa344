/** Compares the results with the expected ones, and describes the differences. */
import type { Rows } from "./rows.ts";

/** A difference. */
export interface Difference {
  readonly kind: "lost" | "doubled" | "alien" | "disordered";
  /** `counts of user-0-1`. */
  readonly place: string;
  /** The row, or for `disordered` the first row at a wrong place. */
  readonly row: string;
}

/** All differences. None when the rows of each key are the same, in the same order. */
export function compare(expected: Rows, seen: Rows): Difference[] {
  const places = new Set([...expected.places(), ...seen.places()]);
  return [...places].flatMap((place) => compareRows(place, expected.of(place), seen.of(place)));
}

/** A short description for a message. */
export function describe(differences: readonly Difference[], most = 12): string {
  const kinds = Object.entries(Object.groupBy(differences, ({ kind }) => kind));
  const counts = kinds.map(([kind, list]) => `${list!.length} ${kind}`).join(", ");
  const shown = differences.slice(0, most).map(({ kind, place, row }) => `  ${kind}: ${place}: ${row}`);
  return differences.length === 0 ? "no difference" : [counts, ...shown].join("\n");
}

function compareRows(place: string, expected: readonly string[], seen: readonly string[]): Difference[] {
  const wanted = tally(expected);
  const found = tally(seen);
  const differences: Difference[] = [];
  for (const row of new Set([...expected, ...seen])) {
    const want = wanted.get(row) ?? 0;
    const have = found.get(row) ?? 0;
    const kind = have < want ? "lost" : want === 0 ? "alien" : "doubled";
    for (let times = Math.abs(have - want); times > 0; times--) differences.push({ kind, place, row });
  }
  if (differences.length > 0) return differences;
  const at = expected.findIndex((row, index) => row !== seen[index]);
  return at < 0 ? [] : [{ kind: "disordered", place, row: `${seen[at]} instead of ${expected[at]}` }];
}

function tally(rows: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}
