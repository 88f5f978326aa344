import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import { map, type Observable } from "rxjs";
import { z } from "zod";
import { days, deadLetter, eventTime, type Keyed, keyedReduce, memory, run, watermark } from "@tidemark/streams";
import type { AppendRecord } from "../connectors/local/append.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { first, header, refusal } from "./support/jobs.ts";

const Visit = z.object({ user: z.string(), at: z.number() });
type Visit = z.infer<typeof Visit>;

/** When the records of these tests were written, in milliseconds since 1970. */
const WRITTEN = Date.UTC(2026, 0, 1);
const YEAR_9999 = Date.UTC(9999, 0, 1);

const silent = { log: () => {} };
const decoder = new TextDecoder();

/** How often each user has come. */
function counting(log: MemoryLog): Observable<unknown> {
  return log.source("visits", { schema: Visit }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: days(1) }),
    keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

/** A log with a good record, the one in question at `visits/0@1`, and another good one. */
function logWith(record: AppendRecord): MemoryLog {
  const log = memory({ now: () => WRITTEN });
  const good = { key: "ada", value: { user: "ada", at: WRITTEN } };
  log.append("visits", [good, record, good]);
  log.end("visits");
  return log;
}

interface BadCase {
  readonly what: string;
  readonly value: unknown;
  /** What `tidemark.reason` says. */
  readonly reason: RegExp;
}

const bad: readonly BadCase[] = [
  { what: "malformed JSON", value: bytes('{"user": "ada", '), reason: /JSON/ },
  { what: "bytes that are no UTF-8", value: new Uint8Array([0x22, 0xff, 0xfe, 0x22]), reason: /encoded data|utf-8/i },
  { what: "an empty value", value: new Uint8Array(), reason: /^the value is empty, which is no JSON$/ },
  { what: "no value at all", value: null, reason: /expected object, received null/ },
  { what: "a missing field", value: { at: WRITTEN }, reason: /^user: .*expected string/ },
  { what: "an ill-typed field", value: { user: 7, at: WRITTEN }, reason: /^user: .*expected string/ },
  { what: "two ill-typed fields", value: { user: 7, at: "now" }, reason: /^user: .*; at: .*$/ },
  {
    what: "a timestamp that is a fraction",
    value: { user: "ada", at: WRITTEN + 0.5 },
    reason: new RegExp(`^its event time must be a safe integer of milliseconds, current value is ${WRITTEN}\\.5$`),
  },
  {
    what: "a timestamp in the year 9999",
    value: { user: "ada", at: YEAR_9999 },
    reason: new RegExp(
      `^its event time ${YEAR_9999} lies ${
        YEAR_9999 - WRITTEN
      } ms beyond its own timestamp ${WRITTEN}, maxAhead is 86400000$`,
    ),
  },
  {
    what: "a timestamp beyond what is a safe integer",
    value: { user: "ada", at: 2 ** 60 },
    reason: /^\$\.at is 1152921504606847000, an integer beyond 2\^53 - 1/,
  },
  {
    what: "a timestamp that is a number beyond all time",
    value: bytes('{"user":"ada","at":1e300}'),
    reason: /^its event time must be a safe integer of milliseconds, current value is 1e\+300$/,
  },
];

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("a bad record", () => {
  for (const { what, value, reason } of bad) {
    it(`a record with ${what} goes to the dead-letter sink as it came, and the job goes on`, async () => {
      const log = logWith({ key: "eve", value, headers: { trace: "17" } });
      const job = await run(counting(log), {
        name: "visits",
        state: ":memory:",
        onBadRecord: deadLetter(log.sink("dead")),
        ...silent,
      });
      assertEquals(await job.finished, { reason: "finished" });

      assertEquals(log.read("counts"), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
      const [dead, ...more] = log.records("dead");
      assertEquals(more, []);
      const original = log.records("visits")[1];
      assertEquals(dead.value, original.value);
      assertEquals(dead.key, original.key);
      assertMatch(header(dead, "tidemark.reason"), reason);
      assertEquals(header(dead, "tidemark.source"), "visits/0@1");
      const atEventTime = header(dead, "tidemark.reason").startsWith("its event time");
      assertEquals(header(dead, "tidemark.stage"), atEventTime ? "eventTime" : 'source "visits"');
      assertEquals(header(dead, "trace"), "17");
      const { records_in, dead_letters, outputs } = job.metrics.snapshot();
      assertEquals({ records_in, dead_letters, outputs }, { records_in: 3, dead_letters: 1, outputs: { counts: 2 } });
    });

    it(`a record with ${what} stops the job by default, with a sentence that names the record`, async () => {
      const log = logWith({ key: "eve", value });
      const why = await refusal(counting(log), { name: "visits", state: ":memory:" });
      const told =
        /^Job visits stopped at visits\/0@1: a bad record, because (.*)\. Give onBadRecord a deadLetter\(sink\) to go on without it\.$/
          .exec(why)?.[1];
      assertMatch(told ?? why, reason);
    });
  }

  it("a timestamp that is NaN is a bad record", async () => {
    const log = logWith({ value: { user: "eve", at: "soon" } });
    const pipeline = log.source<{ user: string; at: unknown }>("visits").pipe(
      eventTime(({ at }) => Number(at)),
      map(({ user }) => user),
      log.sink("users"),
    );
    const stopped = await refusal(pipeline, { name: "visits", state: ":memory:" });
    assertMatch(stopped, /visits\/0@1: .*must be a safe integer of milliseconds, current value is NaN/);

    const job = await run(pipeline, {
      name: "visits",
      state: ":memory:",
      onBadRecord: deadLetter(log.sink("dead")),
      ...silent,
    });
    await job.finished;
    assertEquals(log.read("users"), ["ada", "ada"]);
    assertEquals(
      header(log.records("dead")[0], "tidemark.reason"),
      "its event time must be a safe integer of milliseconds, current value is NaN",
    );
  });

  it("a watermark that is a fraction is a bad record, and the dead letter names the stage that refused it", async () => {
    const log = logWith({ value: { user: "eve", at: WRITTEN + 0.5 } });
    const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
      watermark({ name: "by the data", punctuated: ({ at }) => at }),
      map(({ user }) => user),
      log.sink("users"),
    );
    const onBadRecord = deadLetter(log.sink("dead"));
    const job = await run(pipeline, { name: "visits", state: ":memory:", onBadRecord, ...silent });
    await job.finished;
    assertEquals(log.read("users"), ["ada", "ada"]);
    const [dead, ...more] = log.records("dead");
    assertEquals(more, []);
    assertEquals(header(dead, "tidemark.stage"), 'watermark "by the data"');
    assertEquals(
      header(dead, "tidemark.reason"),
      `the watermark that it carries must be a safe integer of milliseconds, current value is ${WRITTEN + 0.5}`,
    );
  });

  it("a negative timestamp is good", async () => {
    const log = logWith({ value: { user: "eve", at: -5 } });
    const job = await run(counting(log), { name: "visits", state: ":memory:", ...silent });
    await job.finished;
    assertEquals(job.metrics.snapshot().dead_letters, 0);
    assertEquals(log.read("counts").length, 3);
    assertEquals(header(log.records("counts")[1], "tidemark.time"), "-5");
  });

  it("a value of 900 KB is good, and so is its result", async () => {
    const name = "a".repeat(900_000);
    const log = logWith({ value: { user: name, at: WRITTEN } });
    const pipeline = log.source("visits", { schema: Visit }).pipe(map(({ user }) => user), log.sink("users"));
    const job = await run(pipeline, { name: "visits", state: ":memory:", ...silent });
    await job.finished;
    assertEquals(log.read("users"), ["ada", name, "ada"]);
  });

  it("a result beyond the size limit stops the job with a sentence that names record, sink and sizes", async () => {
    const log = logWith({ value: { user: "a".repeat(600_000), at: WRITTEN } });
    const pipeline = log.source("visits", { schema: Visit }).pipe(map(({ user }) => user + user), log.sink("users"));
    const why = await refusal(pipeline, { name: "visits", state: ":memory:" });
    assertMatch(
      why,
      /^Job visits stopped at visits\/0@1 in sink "users" while a result was encoded: a record of 12\d{5} bytes is larger than topic users takes, which is 1048576 bytes\. Correct the sink's value, or give onError a deadLetter\(sink\), and start the job again\.$/,
    );
    assertEquals(log.read("users"), []);
  });

  it("a bad record that the dead-letter topic cannot take stops the job with a sentence that names both", async () => {
    // Malformed, and as large as a topic takes: with the reason in its headers it is larger.
    const log = logWith({ value: new Uint8Array(1024 * 1024).fill(0x7b) });
    const why = await refusal(counting(log), {
      name: "visits",
      state: ":memory:",
      onBadRecord: deadLetter(log.sink("dead")),
    });
    assertMatch(
      why,
      /^Job visits stopped at visits\/0@1: a bad record, because .*; and it cannot be a dead letter: a record of \d+ bytes is larger than topic dead takes, which is 1048576 bytes\.$/,
    );
  });

  it("a bad record is refused once, however many pipelines read it, and the others still read what they can", async () => {
    const log = logWith({ value: { user: "eve", at: YEAR_9999 } });
    const users = log.source("visits", { schema: Visit }).pipe(map(({ user }) => user), log.sink("users"));
    const timed = log.source("visits", { schema: Visit }).pipe(eventTime(({ at }) => at), log.sink("timed"));
    const job = await run([users, counting(log), timed], {
      name: "visits",
      state: ":memory:",
      onBadRecord: deadLetter(log.sink("dead")),
      ...silent,
    });
    await job.finished;
    assertEquals(log.read("users"), ["ada", "eve", "ada"]);
    assertEquals(log.read("timed").length, 2);
    assertEquals(log.read<Keyed<string, number>>("counts").length, 2);
    assertEquals(log.read("dead").length, 1);
    assertEquals(job.metrics.snapshot().dead_letters, 1);
  });

  it("one record from the year 9999 makes no other late", async () => {
    const log = logWith({ value: { user: "eve", at: YEAR_9999 } });
    const job = await run(counting(log), {
      name: "visits",
      state: ":memory:",
      onBadRecord: deadLetter(log.sink("dead")),
      ...silent,
    });
    await job.finished;
    assertEquals(job.metrics.snapshot().late, 0);
    assertEquals(job.metrics.snapshot().watermark, WRITTEN - days(1) - 1);
  });

  it("a watermark in the data that is no safe integer makes its record a bad one", async () => {
    const log = logWith({ value: { user: "eve", at: 0.5 } });
    const pipeline = log.source("visits", { schema: Visit }).pipe(
      watermark({ punctuated: ({ at }) => at }),
      log.sink("users"),
    );
    const job = await run(pipeline, {
      name: "visits",
      state: ":memory:",
      onBadRecord: deadLetter(log.sink("dead")),
      ...silent,
    });
    await job.finished;
    assertEquals(log.read("users").length, 2);
    assertMatch(
      header(log.records("dead")[0], "tidemark.reason"),
      /^the watermark that it carries must be a safe integer of milliseconds, current value is 0\.5$/,
    );
  });

  it("a job that stopped at a bad record stops there again, and goes on once it has a dead-letter sink", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = logWith({ value: bytes("{") });
    const options = { name: "visits", state: kv };
    for (let turn = 0; turn < 2; turn++) assertMatch(await refusal(counting(log), options), /visits\/0@1/);
    const job = await run(counting(log), { ...options, onBadRecord: deadLetter(log.sink("dead")), ...silent });
    await job.finished;
    assertEquals(await first(log.source("counts"), 2), [{ key: "ada", value: 1 }, { key: "ada", value: 2 }]);
    assertEquals(log.read("counts").length, 2);
    assertEquals(log.read("dead", { codec: { encode: bytes, decode: (raw) => decoder.decode(raw) } }), ["{"]);
  });
});
