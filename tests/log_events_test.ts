/** The events of a job as records of LogTape. */
import { assertEquals } from "@std/assert";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { type EventFacts, type Job, memory, run } from "@tidemark/streams";
import { logEvents } from "@tidemark/streams/telemetry";
import { eventsOf } from "./support/events_of.ts";

/** Keeps the records of LogTape until it is disposed of. */
async function keeping(): Promise<AsyncDisposable & { readonly records: LogRecord[] }> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { kept: (record: LogRecord) => void records.push(record) },
    loggers: [
      { category: "tidemark", sinks: ["kept"], lowestLevel: "trace" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "warning" },
    ],
    reset: true,
  });
  return { records, [Symbol.asyncDispose]: () => reset() };
}

Deno.test("an event is a record with its time, its level, its text as it is, and its facts", async () => {
  await using kept = await keeping();
  const { events } = eventsOf("orders", { now: () => 1_700_000_000_000, elapsed: () => 0 });
  const before: EventFacts = { kind: "trouble", trouble: "store" };
  events.tell(before, "waiting for the state store, because {it} is away");
  const logged = logEvents({ name: "orders", events } as unknown as Job);
  events.tell({ kind: "trouble over", trouble: "store" }, "the state store answers again");
  logged[Symbol.dispose]();
  events.tell({ kind: "unread" }, "not told any more");
  assertEquals(
    kept.records.map(({ category, level, message, properties, timestamp }) => ({
      ...{ category, level, message, properties, timestamp },
    })),
    [
      {
        category: ["tidemark", "orders"],
        level: "warning",
        message: ["waiting for the state store, because {it} is away"],
        properties: { job: "orders", kind: "trouble", trouble: "store" },
        timestamp: 1_700_000_000_000,
      },
      {
        category: ["tidemark", "orders"],
        level: "info",
        message: ["the state store answers again"],
        properties: { job: "orders", kind: "trouble over", trouble: "store" },
        timestamp: 1_700_000_000_000,
      },
    ],
  );
});

Deno.test("the events of a job that has begun before are told too, the oldest first", async () => {
  await using kept = await keeping();
  const log = memory();
  log.append("clicks", [{ value: "ada" }]);
  const job = await run(log.source("clicks").pipe(log.sink("out")), {
    name: "begun",
    state: ":memory:",
    log: () => {},
  });
  using _logged = logEvents(job);
  await job.stop();
  const kinds = kept.records.map(({ properties }) => properties.kind);
  assertEquals([kinds[0], kinds.at(-1)], ["taken", "ended"]);
  assertEquals(kinds, job.events.list().map(({ kind }) => kind));
});
