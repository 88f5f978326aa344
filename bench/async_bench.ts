/**
 * Measures calls of 20 milliseconds in a real job on the embedded log: a Deno KV file, one task, one worker. The job
 * reads a topic to its end and writes each result to another. With a hundred calls at once no job can do more than
 * 5,000 records a second.
 */
import { parseArgs } from "node:util";
import { asyncMap, type AsyncMapOptions, embeddedLog, eventTime, run, watermark } from "../mod.ts";
import { judge, table } from "./support/report.ts";

const CALL_MS = 20;
const CONCURRENCY = 100;
/** The goal for each row, in records a second. */
const GOAL = 4000;

interface Order {
  readonly user: string;
  readonly at: number;
}

const answered = (order: Order): Promise<Order> => new Promise((resolve) => setTimeout(() => resolve(order), CALL_MS));

/** One run of a job with these options, in records a second. */
async function rateOf(records: number, options: AsyncMapOptions<Order, Order>): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  try {
    const path = `${folder}/log.db`;
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv, { path });
    await log.create("orders", { partitions: 1 });
    await log.create("answers", { partitions: 1 });
    const begin = Date.now() - records;
    await log.append(
      "orders",
      Array.from({ length: records }, (_, index) => {
        const value = { user: `user-${index % 1000}`, at: begin + index };
        return { key: value.user, value, timestamp: value.at };
      }),
    );
    const pipeline = log.source<Order>("orders", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      asyncMap(answered, { name: "answers", concurrency: CONCURRENCY, ...options }),
      log.sink("answers", { key: ({ user }) => user }),
    );
    const began = performance.now();
    const job = await run(pipeline, { name: "orders", state: kv, until: "end", log: () => {} });
    await job.finished;
    const took = performance.now() - began;
    const results = job.metrics.snapshot().outputs.answers;
    if (results !== records) throw new Error(`${results} results of ${records} records: what was measured is wrong`);
    return Math.round(records / took * 1000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { quick: { type: "boolean" }, minutes: { type: "string" } },
  });
  const records = values.quick ? 20_000 : 100_000;
  const kinds: [string, AsyncMapOptions<Order, Order>][] = [
    ['order "any"', { order: "any" }],
    ['order "key"', { order: "key", key: ({ user }) => user }],
    ['order "input"', { order: "input" }],
  ];
  const rows = [];
  for (const [kind, options] of kinds) {
    const rate = await rateOf(records, options);
    rows.push({
      asyncMap: kind,
      "records/s": rate,
      goal: judge(`${GOAL.toLocaleString("en-US")}/s`, rate >= GOAL),
    });
  }
  table(`Calls of ${CALL_MS} ms, ${CONCURRENCY} at once, in a job on the embedded log with one task`, rows);
}
