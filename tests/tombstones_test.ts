/** Records without a value: they pass as `null`, and a stage that cannot read it refuses the record. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { filter, map, type Observable } from "rxjs";
import { z } from "zod";
import {
  collect,
  count,
  deadLetter,
  type EmbeddedLog,
  eventTime,
  int64,
  keyedReduce,
  lateSideOutput,
  memory,
  run,
  sum,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { KafkaConnector } from "@tidemark/streams/kafka";
import type { MemoryLog } from "../connectors/memory.ts";
import { header, refusal } from "./support/jobs.ts";
import type { Visit } from "./support/visited.ts";

const silent = { state: ":memory:", log: () => {} };

/** A log with a visit, a record without a value, one whose value is the null of JSON, and another visit. */
function visits(): MemoryLog {
  const log = memory();
  log.append("visits", [
    { key: "ada", value: { user: "ada", at: 1 }, timestamp: 1 },
    { key: "ada", value: null, timestamp: 1 },
    { key: "bob", value: new TextEncoder().encode("null"), timestamp: 1 },
    { key: "ada", value: { user: "ada", at: 2 }, timestamp: 2 },
  ]);
  log.end("visits");
  return log;
}

type Reading = (log: MemoryLog) => Observable<unknown>;

const STAGES: Record<string, Reading> = {
  "eventTime": (log) => log.source<Visit>("visits").pipe(eventTime(({ at }) => at), log.sink("out")),
  'keyedReduce "counts"': (log) =>
    log.source<Visit>("visits").pipe(
      keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
      log.sink("out"),
    ),
  'tumblingWindow "activity"': (log) =>
    log.source<Visit>("visits").pipe(
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: 1, aggregate: count() }),
      log.sink("out"),
    ),
  "watermark": (log) => log.source<Visit>("visits").pipe(watermark({ punctuated: ({ at }) => at }), log.sink("out")),
  'sink "out"': (log) => log.source<Visit>("visits").pipe(log.sink("out", { key: ({ user }) => user })),
};

for (const [stage, make] of Object.entries(STAGES)) {
  describe(`a tombstone at ${stage}, which reads its fields,`, () => {
    it("is a bad record that says null, and the job goes on after it", async () => {
      const log = visits();
      const onBadRecord = deadLetter(log.sink("dead"));
      const job = await run(make(log), { name: "job", onBadRecord, ...silent });
      assertEquals(await job.finished, { reason: "finished" });
      assertEquals(log.records("out").length, 2);
      const dead = log.records("dead");
      assertEquals(dead.map((record) => header(record, "tidemark.source")), ["visits/0@1", "visits/0@2"]);
      assertEquals(dead.map(({ value }) => value), [null, new TextEncoder().encode("null")]);
      for (const record of dead) {
        const reason = header(record, "tidemark.reason");
        assertEquals(
          reason.slice(0, reason.indexOf(":")),
          `its value is null, a tombstone, which ${stage} cannot read`,
        );
      }
    });

    it("stops the job with its place where nothing else is said", async () => {
      const why = await refusal(make(visits()), { name: "job", ...silent });
      assertEquals(
        why.slice(0, why.indexOf(" cannot read")),
        `Job job stopped at visits/0@1: a bad record, because its value is null, a tombstone, which ${stage}`,
      );
    });
  });
}

describe("a tombstone", () => {
  it("passes through as null where no stage reads it", async () => {
    const log = visits();
    await (await run(log.source("visits").pipe(map((visit) => visit), log.sink("out")), { name: "job", ...silent }))
      .finished;
    assertEquals(log.read("out"), [{ user: "ada", at: 1 }, null, null, { user: "ada", at: 2 }]);
    assertEquals(log.records("out").map(({ value }) => value === null), [false, true, true, false]);
  });

  it("is the program's own where its functions take null", async () => {
    const log = visits();
    const pipeline = log.source("visits", { tombstones: "keep", schema: VISIT }).pipe(
      keyedReduce({
        name: "counts",
        key: (visit) => visit?.user ?? "nobody",
        initial: 0,
        reduce: (total) => total + 1,
      }),
      log.sink("out"),
    );
    const job = await run(pipeline, { name: "job", onBadRecord: deadLetter(log.sink("dead")), ...silent });
    await job.finished;
    // The null of JSON has a value, and the schema refuses it.
    assertEquals(log.read<{ key: string }>("out").map((row) => row!.key), ["ada", "nobody", "ada"]);
    assertEquals(log.records("dead").map((record) => header(record, "tidemark.source")), ["visits/0@2"]);
  });

  it("blames no record where the program itself makes null of a value", async () => {
    const log = memory();
    log.append("visits", [{ value: { user: "ada", at: 1 } }]);
    log.end("visits");
    const pipeline = log.source<Visit>("visits").pipe(
      map((): Visit => null as never),
      keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    );
    const why = await refusal(pipeline, { name: "job", onBadRecord: deadLetter(log.sink("dead")), ...silent });
    assertMatch(why, /^Job job stopped at visits\/0@0 in keyedReduce "counts": .*null/);
  });

  it("ends a stream without a job with a sentence", () => {
    let told: unknown;
    visits().source<Visit>("visits").pipe(eventTime(({ at }) => at)).subscribe({ error: (error) => told = error });
    assertMatch(
      (told as Error).message,
      /^A record is bad: its value is null, a tombstone, which eventTime cannot read: /,
    );
  });
});

const VISIT = z.object({ user: z.string(), at: z.number() });

describe("source(topic, { tombstones })", () => {
  type ValueOf<O> = O extends Observable<infer T> ? T : never;
  type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
  const same = <A, B>(proof: Same<A, B>) => assertEquals(proof, true);

  it("has null in its type, but where a schema says what comes or all tombstones are refused", () => {
    const log = memory();
    const plain = log.source<Visit>("visits");
    const keyed = log.source<Visit>("visits", { key: int64() });
    const kept = log.source<Visit>("visits", { tombstones: "keep" });
    const checked = log.source("visits", { tombstones: "keep", schema: VISIT });
    const schema = log.source("visits", { schema: VISIT });
    const nullable = log.source("visits", { schema: VISIT.nullable() });
    const refused = log.source<Visit>("visits", { tombstones: "refuse" });
    const unknown = log.source("visits");
    same<ValueOf<typeof plain>, Visit | null>(true);
    same<ValueOf<typeof keyed>, Visit | null>(true);
    same<ValueOf<typeof kept>, Visit | null>(true);
    same<ValueOf<typeof checked>, z.infer<typeof VISIT> | null>(true);
    same<ValueOf<typeof schema>, z.infer<typeof VISIT>>(true);
    same<ValueOf<typeof nullable>, z.infer<typeof VISIT> | null>(true);
    same<ValueOf<typeof refused>, Visit>(true);
    same<ValueOf<typeof unknown>, unknown>(true);
    same<EmbeddedLog["source"], MemoryLog["source"]>(true);
    same<KafkaConnector["source"], MemoryLog["source"]>(true);
  });

  it("takes null out of the type below the first stage that refuses it", () => {
    const raw = memory().source<Visit>("visits");
    const timed = raw.pipe(eventTime(({ at }) => at));
    const clocked = raw.pipe(watermark({ maxOutOfOrderness: 0 }));
    const carried = raw.pipe(watermark({ punctuated: ({ at }) => at }));
    same<ValueOf<typeof timed>, Visit>(true);
    same<ValueOf<typeof clocked>, Visit | null>(true);
    same<ValueOf<typeof carried>, Visit | null>(true);
    const sunk = raw.pipe(memory().sink("out", { key: ({ user }) => user, value: ({ at }) => at }));
    same<ValueOf<typeof sunk>, Visit | null>(true);
    const present = raw.pipe(filter((visit) => visit !== null), map(({ user }) => user));
    same<ValueOf<typeof present>, string>(true);
    // A function that takes null says so, and then null stays.
    const taken = raw.pipe(eventTime((visit: Visit | null) => visit?.at ?? 0));
    same<ValueOf<typeof taken>, Visit | null>(true);
    // Only null goes: what a map makes undefined is the program's own.
    const missing = raw.pipe(map((visit) => visit?.at), eventTime((at) => at ?? 0));
    same<ValueOf<typeof missing>, number | undefined>(true);
  });

  it("infers keys, values and late records of stages directly on it, without null", () => {
    const raw = memory().source<Visit>("visits");
    const counts = raw.pipe(
      keyedReduce({ key: ({ user }) => user, initial: 0, reduce: (total, { at }) => total + at }),
      map(({ key, value }) => ({ key, value })),
    );
    same<ValueOf<typeof counts>, { key: string; value: number }>(true);
    const windows = raw.pipe(
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ key: ({ at }) => at, size: 1, aggregate: collect() }),
      lateSideOutput((late) => {
        same<ValueOf<typeof late>, Visit>(true);
        return late;
      }),
      map(({ key, value }) => ({ key, value })),
    );
    same<ValueOf<typeof windows>, { key: number; value: Visit[] }>(true);
    const sums = raw.pipe(
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ key: ({ user }) => user, size: 1, aggregate: sum(({ at }) => at) }),
    );
    same<ValueOf<typeof sums>["value"], number>(true);
  });

  it("does not compile with a field read of what may be null", () => {
    // Never called: the compiler has the word here.
    const programs = () => {
      const raw = memory().source<Visit>("visits");
      // @ts-expect-error: the value may be null
      raw.pipe(map((visit) => visit.user));
      // @ts-expect-error: the value may be null behind a watermark too
      raw.pipe(watermark({ maxOutOfOrderness: 0 }), map((visit) => visit.user));
      // @ts-expect-error: "keep" is about the schema, and null passes
      memory().source("visits", { tombstones: "keep", schema: VISIT }).pipe(map((visit) => visit.user));
    };
    assertEquals(typeof programs, "function");
  });

  it('"refuse" makes a bad record of each, whatever comes after it', async () => {
    const log = visits();
    const onBadRecord = deadLetter(log.sink("dead"));
    const pipeline = log.source("visits", { tombstones: "refuse" }).pipe(log.sink("out"));
    await (await run(pipeline, { name: "job", onBadRecord, ...silent })).finished;
    assertEquals(log.records("dead").map((record) => header(record, "tidemark.reason")), [
      "its value is null, a tombstone",
    ]);
    assertEquals(log.records("out").length, 3);
  });

  it("is refused where it is something else", () => {
    assertThrows(
      () => memory().source("visits", { tombstones: "skip" as never }),
      TypeError,
      'Cannot create a source: tombstones must be "keep" or "refuse", current value is skip',
    );
  });
});
