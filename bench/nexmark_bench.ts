/**
 * Measures the queries of Nexmark in memory: from a prepared array to the last row, in one process and one thread,
 * without a job, a store or a broker. The events are those of `examples/nexmark/generator.ts` at 10,000 a second of event
 * time, one second out of order.
 *
 * The best of several rounds counts, because other programs can only add to the time. The queries run one after the
 * other in one process, so each has the code that V8 compiled for the ones before it.
 */
import { parseArgs } from "node:util";
import { nexmark } from "../examples/nexmark/generator.ts";
import { QUERIES } from "../examples/nexmark/queries/all.ts";
import { runQuery } from "../examples/nexmark/run_query.ts";
import { table } from "./support/report.ts";

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { quick: { type: "boolean" }, minutes: { type: "string" }, events: { type: "string" } },
  });
  const count = Number(values.events ?? 1_000_000);
  const rounds = values.quick ? 2 : 3;
  const events = [...nexmark(count)];
  table(
    `Nexmark in memory, ${count.toLocaleString("en-US")} events, no input and no output`,
    QUERIES.map((query) => {
      let rows = 0;
      const times = Array.from({ length: rounds }, () => {
        rows = 0;
        const began = performance.now();
        runQuery(query, events, { row: () => rows++ });
        return performance.now() - began;
      });
      if (rows === 0) throw new Error(`Query ${query.number} gave nothing: what was measured is not what it costs`);
      const best = Math.min(...times);
      return {
        query: `q${query.number}  ${query.name}`,
        "ns an event": Math.round(best * 1e6 / count),
        "events/s": Math.round(count / best * 1000),
        rows,
      };
    }),
  );
}
