import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { take } from "rxjs";
import type { Connection, InCommit, InputRecord } from "../connectors/connector.ts";
import { type EmbeddedLog, embeddedLog } from "../connectors/embedded/log.ts";
import { RecentChunks } from "../connectors/embedded/recent.ts";
import { systemClock } from "../base/clock.ts";
import { CorruptError, FencedError } from "../state/errors.ts";
import { KvStore } from "../state/kv_store.ts";
import { connectorContract, type ContractSubject } from "./connector_contract.ts";
import { inCommit } from "./support/deliveries.ts";
import { publish, record, startReading, textOf, writeStaged } from "./support/recording_reader.ts";

const storeOf = (kv: Deno.Kv) => new KvStore(kv, "the KV of a test", systemClock);

const context = (kv: Deno.Kv, job = "job") => ({ job, store: storeOf(kv), now: () => 0, log: () => {} });

async function contractSubject(): Promise<ContractSubject> {
  const kv = await Deno.openKv(":memory:");
  const log = embeddedLog(kv);
  return {
    store: storeOf(kv),
    connect: (job) => log.open(context(kv, job)),
    [Symbol.asyncDispose]: () => Promise.resolve(kv.close()),
  };
}

connectorContract("embeddedLog()", contractSubject);

connectorContract("embeddedLog() with nothing kept in memory", async () => {
  const kept = RecentChunks.prototype.from;
  RecentChunks.prototype.from = () => undefined;
  const subject = await contractSubject();
  return {
    ...subject,
    async [Symbol.asyncDispose]() {
      RecentChunks.prototype.from = kept;
      await subject[Symbol.asyncDispose]();
    },
  };
});

/** A log with one job connected to it. */
interface Place extends AsyncDisposable {
  readonly kv: Deno.Kv;
  readonly log: EmbeddedLog;
  readonly connection: Connection;
  readonly delivery: InCommit;
}

async function place(): Promise<Place> {
  const kv = await Deno.openKv(":memory:");
  const log = embeddedLog(kv);
  await log.create("out", { partitions: 2 });
  const connection = await log.open(context(kv));
  return {
    kv,
    log,
    connection,
    delivery: inCommit(connection),
    async [Symbol.asyncDispose]() {
      await connection.close();
      kv.close();
    },
  };
}

async function all(records: AsyncIterable<InputRecord>): Promise<InputRecord[]> {
  const found: InputRecord[] = [];
  for await (const one of records) found.push(one);
  return found;
}

const texts = async (records: AsyncIterable<InputRecord>) => (await all(records)).map(textOf);

const chunkKeys = (kv: Deno.Kv, topic: string) =>
  Array.fromAsync(kv.list({ prefix: ["log", "chunk", topic] }), ({ key }) => key.slice(3));

Deno.test("embeddedLog() appends, reads back and says where each partition ends", async () => {
  await using here = await place();
  const { log } = here;
  assertEquals(await log.append("out", [{ value: 1 }, { value: 2 }, { value: 3, partition: 1 }]), [1, 2]);
  assertEquals(await log.append("out", []), [1, 2]);
  assertEquals(await texts(log.read("out")), ["1", "2", "3"]);
  assertEquals(await texts(log.read("out", { partition: 1, from: 1 })), ["3"]);
  assertEquals(await log.bounds("out"), [{ earliest: 0, latest: 1 }, { earliest: 0, latest: 2 }]);
  assertEquals(await log.topics(), ["out"]);
});

Deno.test("embeddedLog() refuses what cannot be, in a sentence", async () => {
  await using here = await place();
  const { log } = here;
  await assertRejects(() => log.append("none", [{ value: 1 }]), Error, 'make it with create("none")');
  await assertRejects(() => log.create("out", { partitions: 3 }), Error, "it exists with 2");
  await assertRejects(() => log.create("", {}), TypeError, "its name must have 1 to 249 characters");
  await assertRejects(() => log.create("a", { partitions: 0 }), RangeError, "from 1 to 128, current value is 0");
  await assertRejects(() => log.create("a", { retentionBytes: 0 }), RangeError, "retentionBytes must be > 0");
  await log.end("out");
  await assertRejects(() => log.append("out", [{ value: 1 }]), Error, "it was ended");
});

Deno.test("embeddedLog() on another KV than the job's own is an error that says how to share one", async () => {
  using kv = await Deno.openKv(":memory:");
  using other = await Deno.openKv(":memory:");
  const error = await assertRejects(() => embeddedLog(kv).open(context(other, "shop")), TypeError);
  assertStringIncludes(error.message, 'The job "shop" cannot use this embedded log');
  assertStringIncludes(error.message, "give the same KV to both");
});

Deno.test("embeddedLog() logs on one KV are one log, and on two KVs are two", async () => {
  using kv = await Deno.openKv(":memory:");
  using other = await Deno.openKv(":memory:");
  const log = embeddedLog(kv);
  await log.create("t");
  assertEquals(embeddedLog(kv).id, log.id);
  assert(embeddedLog(other).id !== log.id);
  assertEquals(await embeddedLog(kv).topics(), ["t"]);
  assertEquals(await embeddedLog(other).topics(), []);
});

Deno.test("embeddedLog() packs many records into a chunk and cuts a large one into several values", async () => {
  await using here = await place();
  const small = Array.from({ length: 1_000 }, (_, index) => ({ value: index, partition: 0 }));
  await here.log.append("out", [...small, { value: new Uint8Array(150_000), partition: 0 }, {
    value: 1,
    partition: 0,
  }]);
  assertEquals(await chunkKeys(here.kv, "out"), [[0, 0, 0], [0, 1000, 0], [0, 1000, 1], [0, 1000, 2], [0, 1001, 0]]);
  assertEquals((await all(here.log.read("out", { from: 999 }))).map(({ value }) => value!.length), [3, 150_000, 1]);
});

Deno.test("embeddedLog() keeps timestamps from end to end of what is safe", async () => {
  await using here = await place();
  const timestamps = [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1, -1_700_000_000_000];
  const log = embeddedLog(here.kv, { maxTimestampAhead: Infinity });
  await log.append("out", timestamps.map((timestamp) => ({ value: null, partition: 0, timestamp })));
  assertEquals((await all(here.log.read("out"))).map(({ timestamp }) => timestamp), timestamps);
});

Deno.test("embeddedLog() appends what is larger than an atomic, all or nothing", async () => {
  await using here = await place();
  const records = Array.from({ length: 40 }, (_, index) => ({ value: new Uint8Array(100_000), partition: index % 2 }));
  assertEquals(await here.log.append("out", records), [20, 20]);
  assertEquals((await all(here.log.read("out"))).length, 40);
});

Deno.test("embeddedLog() remembers after a restart what was appended, made and ended", async () => {
  const path = await Deno.makeTempFile();
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    await log.create("a", { partitions: 3 });
    await log.create("b");
    await log.append("a", [{ value: 1, partition: 2 }]);
    await log.end("b");
  }
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    const connection = await log.open(context(kv));
    assertEquals(await log.topics(), ["a", "b"]);
    assertEquals((await log.bounds("a"))[2], { earliest: 0, latest: 1 });
    assertEquals([connection.ended!("a"), connection.ended!("b")], [false, true]);
    assertEquals(await log.append("a", [{ value: 2, partition: 2 }]), [0, 0, 2]);
    await connection.close();
  }
  await Deno.remove(path);
});

Deno.test("embeddedLog() sweeps at open() what was staged and never committed", async () => {
  const path = await Deno.makeTempFile();
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    await log.create("out", { partitions: 1 });
    await log.append("out", [{ value: "kept" }]);
    const connection = await log.open(context(kv));
    const large = record("out", { value: new Uint8Array(150_000) });
    const { ahead } = inCommit(connection).stage([record("out"), large, record("out")]);
    // The process ends between what goes ahead and the atomic that would have made it visible.
    await writeStaged(storeOf(kv), { ahead, last: [] });
    assertEquals((await chunkKeys(kv, "out")).length, 6);
  }
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    const connection = await log.open(context(kv));
    assertEquals(await chunkKeys(kv, "out"), [[0, 0, 0]]);
    await publish({ connection, store: storeOf(kv) }, [record("out", { text: "next" })]);
    assertEquals(await texts(log.read("out")), ['"kept"', "next"]);
    await connection.close();
  }
  await Deno.remove(path);
});

Deno.test("embeddedLog() gives up a cut whose job went away, and the next job writes on", async () => {
  await using here = await place();
  const { kv, log, delivery } = here;
  await writeStaged(storeOf(kv), { ahead: delivery.stage([record("out", { text: "lost" })]).ahead, last: [] });
  const waiting = log.append("out", [{ value: "appended", partition: 0 }]);
  await here.connection.close();
  await waiting;
  const next = await log.open(context(kv, "next"));
  await publish({ connection: next, store: storeOf(kv) }, [record("out", { text: "next" })]);
  assertEquals(await texts(log.read("out")), ['"appended"', "next"]);
  await next.close();
});

Deno.test("embeddedLog() keeps a cut that was committed although its job never said so", async () => {
  await using here = await place();
  const { kv, log, connection, delivery } = here;
  await writeStaged(storeOf(kv), delivery.stage([record("out", { text: "committed" })]));
  await connection.close();
  assertEquals(await texts(log.read("out")), ["committed"]);
  assertEquals(await log.append("out", [{ value: 1, partition: 0 }]), [2, 0]);
});

Deno.test("embeddedLog() lets an append wait for the cut that is staged for its topic", async () => {
  await using here = await place();
  const { kv, log, delivery } = here;
  const staged = delivery.stage([record("out", { text: "cut" })]);
  const appended = log.append("out", [{ value: "append", partition: 0 }]);
  await writeStaged(storeOf(kv), staged);
  delivery.committed();
  assertEquals(await appended, [2, 0]);
  assertEquals(await texts(log.read("out")), ["cut", '"append"']);
});

Deno.test("embeddedLog() carries an append along that is under way when a cut is staged", async () => {
  for (const order of ["the append first", "the cut first"]) {
    await using here = await place();
    const { kv, log, connection, delivery } = here;
    await log.append("out", [{ value: "before", partition: 0 }]);
    const held = holdAtomics(kv);
    const row = record("out", { text: '"append"' });
    const appending = connection.append([row], { owner: "", along: [[["mark"], order]] });
    await held.reached;
    const staged = delivery.stage([record("out", { text: "cut" }), record("out", { partition: 1, text: "other" })]);
    if (order === "the append first") {
      held.release();
      await appending;
      await writeStaged(storeOf(kv), staged);
      delivery.committed();
    } else {
      await held.besides(() => writeStaged(storeOf(kv), staged));
      delivery.committed();
      held.release();
      await appending;
    }
    assertEquals(await texts(log.read("out")), ['"before"', '"append"', "cut", "other"], order);
    assertEquals((await kv.get(["mark"])).value, order);
    assertEquals(await log.append("out", [{ value: "after", partition: 0 }]), [4, 1], order);
    assertEquals(await texts(log.read("out", { partition: 0 })), ['"before"', '"append"', "cut", '"after"'], order);
  }
});

/** Holds back the next atomic of the log until `release`. */
function holdAtomics(kv: Deno.Kv) {
  const make = kv.atomic;
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let open = false;
  kv.atomic = () => {
    const atomic = make.call(kv);
    if (open) return atomic;
    const commit = atomic.commit.bind(atomic);
    atomic.commit = async () => {
      reached.resolve();
      await released.promise;
      return await commit();
    };
    return atomic;
  };
  return {
    reached: reached.promise,
    release: () => {
      open = true;
      released.resolve();
    },
    async besides(work: () => Promise<void>) {
      open = true;
      await work();
    },
  };
}

Deno.test("embeddedLog() lets one job at a time write to a topic", async () => {
  await using here = await place();
  const { kv, log, connection } = here;
  const other = await log.open(context(kv, "other"));
  await publish({ connection, store: storeOf(kv) }, [record("out")]);
  assertThrows(() => inCommit(other).stage([record("out")]), Error, 'the job "job" in this process writes to it');
  await connection.close();
  await publish({ connection: other, store: storeOf(kv) }, [record("out")]);
  assertEquals((await log.bounds("out"))[0].latest, 2);
  await other.close();
});

Deno.test("embeddedLog() finds out when another process has appended, and writes nothing over it", async () => {
  const path = await Deno.makeTempFile();
  {
    using mine = await Deno.openKv(path);
    using theirs = await Deno.openKv(path);
    const log = embeddedLog(mine);
    await log.create("t", { partitions: 1 });
    await log.append("t", [{ value: "mine" }]);
    await embeddedLog(theirs).append("t", [{ value: "theirs" }]);
    await assertRejects(() => log.append("t", [{ value: "over" }]), FencedError, "Another process has written");
    assertEquals(await texts(embeddedLog(theirs).read("t")), ['"mine"', '"theirs"']);
  }
  await Deno.remove(path);
});

Deno.test("embeddedLog() keeps about as many bytes as its retention says, and tells a late reader", async () => {
  await using here = await place();
  const { kv, log, connection } = here;
  const retentionBytes = 1_000_000;
  await log.create("short", { partitions: 2, retentionBytes });
  await log.append("short", [{ value: "of the quiet partition", partition: 1 }]);
  for (let batch = 0; batch < 30; batch++) {
    await log.append("short", Array.from({ length: 10 }, () => ({ value: new Uint8Array(10_000), partition: 0 })));
  }
  const [busy, quiet] = await log.bounds("short");
  assertEquals(busy.latest, 300);
  assert(busy.earliest > 190 && busy.earliest < 230, `the first offset is ${busy.earliest}`);
  assertEquals(quiet, { earliest: 0, latest: 1 });
  let stored = 0;
  for await (const { value } of kv.list<Uint8Array>({ prefix: ["log", "chunk", "short"] })) stored += value.length;
  assert(stored <= retentionBytes, `${stored} bytes are stored`);

  const starts = [{ topic: "short", partition: 0, offset: 3 }];
  await using reading = await startReading(connection, {
    topics: ["short"],
    starts,
    missing: (_, { earliest }) => earliest,
  });
  await reading.count(300 - busy.earliest);
  assertEquals(reading.missed, [{ partition: 0, wanted: 3, bounds: busy }]);
  assertEquals(reading.records[0].offset, busy.earliest);
  assertEquals(await connection.offsets("short", "earliest"), [busy.earliest, 0]);
});

Deno.test("embeddedLog() remembers after a restart what retention has taken", async () => {
  const path = await Deno.makeTempFile();
  let before;
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    await log.create("short", { partitions: 1, retentionBytes: 100_000 });
    for (let batch = 0; batch < 9; batch++) await log.append("short", [{ value: new Uint8Array(40_000) }]);
    before = await log.bounds("short");
  }
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    const connection = await log.open(context(kv));
    assertEquals(await log.bounds("short"), before);
    assertEquals((await all(log.read("short"))).length, before[0].latest - before[0].earliest);
    await connection.close();
  }
  await Deno.remove(path);
});

Deno.test("embeddedLog() says which entry is damaged", async () => {
  const path = await Deno.makeTempFile();
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    await log.create("out", { partitions: 2 });
    await log.append("out", [{ value: 1, partition: 0 }, { value: 2, partition: 1 }]);
    await kv.set(["log", "chunk", "out", 0, 0, 0], Uint8Array.of(1, 200));
    await kv.delete(["log", "chunk", "out", 1, 0, 0]);
  }
  {
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    const damaged = await assertRejects(() => all(log.read("out", { partition: 0 })), CorruptError, "ends too early");
    assertEquals(damaged.key, ["log", "chunk", "out", 0, 0, 0]);
    await assertRejects(() => all(log.read("out", { partition: 1 })), CorruptError, "no record at out/1@0");
  }
  await Deno.remove(path);
});

Deno.test("embeddedLog() without a job reads a topic from its beginning to its end", async () => {
  await using here = await place();
  const { log } = here;
  await log.append("out", [{ value: 1 }, { value: 2 }]);
  const seen: unknown[] = [];
  const done = new Promise<void>((resolve, reject) =>
    log.source<number>("out").subscribe({ next: (value) => seen.push(value), complete: resolve, error: reject })
  );
  await log.append("out", [{ value: 3 }]);
  await log.end("out");
  await done;
  assertEquals(seen.sort(), [1, 2, 3]);
  const first = await new Promise((resolve) => log.source("out").pipe(take(1)).subscribe(resolve));
  assertEquals(first, 1);
  const missing = await new Promise<Error>((resolve) => log.source("none").subscribe({ error: resolve }));
  assertStringIncludes(missing.message, '"none" does not exist');
});
