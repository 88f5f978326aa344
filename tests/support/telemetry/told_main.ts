/** A program with a job that is told to OpenTelemetry. It ends when its input is closed. */
import { count, eventTime, memory, run, tumblingWindow, watermark } from "@tidemark/streams";
import { telemetry } from "@tidemark/streams/telemetry";

const log = memory();
const at = Date.now();
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
log.append("visits", [
  { key: "ada", value: { user: "ada", at }, timestamp: at, headers: { traceparent } },
  { key: "bob", value: { user: "bob", at }, timestamp: at },
]);
const pipeline = log.source<{ user: string; at: number }>("visits", { tombstones: "refuse" }).pipe(
  eventTime((visit) => visit.at),
  watermark({ name: "clock", maxOutOfOrderness: 1000 }),
  tumblingWindow({ name: "activity", key: ({ user }) => user, size: 1000, aggregate: count() }),
  log.sink("activity"),
);
const job = await run(pipeline, { name: "told", state: ":memory:", log: () => {}, minEpoch: 300 });
const told = telemetry(job);
for await (const _chunk of Deno.stdin.readable);
told[Symbol.dispose]();
await job.stop();
