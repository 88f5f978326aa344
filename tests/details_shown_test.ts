/** The rows of a snapshot that are shown are those that sorting all of them would show. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { seeded } from "../base/random.ts";
import { ShownRows } from "../runtime/details_shown.ts";
import { DETAILS_ROWS } from "../runtime/limits.ts";

/** A row, and its place among all. */
interface Row {
  readonly task: number;
  readonly lag: number;
  readonly at: number;
}

describe("the rows of a snapshot", () => {
  for (const many of [0, 3, DETAILS_ROWS - 1, DETAILS_ROWS, DETAILS_ROWS + 1, 4 * DETAILS_ROWS]) {
    it(`are the same as those of ${many} sorted rows`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const chance = seeded(seed), random = (below: number) => Math.floor(chance() * below);
        // Few different lags, and several rows of one task, so that there are ties.
        const all = Array.from({ length: many }, (_none, at): Row => ({ task: random(40), lag: random(1 + seed), at }));
        const rows = new ShownRows<Row>(Infinity);
        for (const row of all) if (rows.takes(row.task, row.lag)) rows.add(row.task, row.lag, () => row);
        const sorted = all.toSorted((a, b) => a.task - b.task);
        if (many > DETAILS_ROWS) sorted.sort((a, b) => b.lag - a.lag);
        assertEquals(rows.make(), sorted.slice(0, DETAILS_ROWS), `seed ${seed}`);
        assertEquals(rows.count, many);
      }
    });
  }

  it("are as many as fit into their bytes, those with the most lag, where they are not all", () => {
    const all = Array.from({ length: 2 * DETAILS_ROWS }, (_none, task): Row => ({ task, lag: task, at: 0 }));
    const shownOf = (bytes: number, rows: readonly Row[]) => {
      const shown = new ShownRows<Row>(bytes);
      for (const row of rows) if (shown.takes(row.task, row.lag)) shown.add(row.task, row.lag, () => row);
      return shown.make();
    };
    const most = all.toReversed(), { length } = JSON.stringify(most[0]);
    assertEquals(shownOf(5 * (length + 1), all), most.slice(0, 5));
    assertEquals(shownOf(5 * (length + 1) - 1, all), most.slice(0, 4));
    assertEquals(shownOf(1, all), most.slice(0, 1));
    const few = all.slice(0, DETAILS_ROWS);
    assertEquals(shownOf(1, few), few);
  });
});
