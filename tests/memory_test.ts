import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { take } from "rxjs";
import { memory } from "../connectors/memory.ts";
import type { Connection, ConnectionContext } from "../connectors/connector.ts";
import { keyPartition } from "../connectors/partitioner.ts";
import { NO_STORE } from "./support/no_store.ts";
import { connectorContract } from "./connector_contract.ts";
import { inCommit } from "./support/deliveries.ts";
import { record, startReading } from "./support/recording_reader.ts";

const context = (job: string): ConnectionContext => ({ job, store: NO_STORE, now: () => 0, log: () => {} });

function contractSubject() {
  const log = memory();
  return Promise.resolve({
    store: NO_STORE,
    connect: (job: string): Promise<Connection> => log.open(context(job)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

connectorContract("memory()", contractSubject, { makesTopics: true });

Deno.test("memory() gives back values in the order in which they came, over all partitions", () => {
  const log = memory();
  log.create("events", { partitions: 3 });
  log.append("events", [1, 2, 3, 4].map((value) => ({ value })));
  log.append("events", [{ value: 5, partition: 0 }, { value: null }]);
  assertEquals(log.read("events"), [1, 2, 3, 4, 5, null]);
  assertEquals(log.records("events").map(({ partition }) => partition), [0, 1, 2, 0, 0, 1]);
});

Deno.test("memory() keeps bytes as they are, so that a record can be malformed", () => {
  const log = memory();
  log.append("events", [{ value: new TextEncoder().encode("{broken") }]);
  assertThrows(() => log.read("events"), SyntaxError);
  assertEquals(new TextDecoder().decode(log.records("events")[0].value!), "{broken");
});

Deno.test("memory() puts a key where Kafka puts it, and stamps a record with its clock", () => {
  const log = memory({ now: () => 17 });
  log.create("events", { partitions: 5 });
  log.append("events", [{ key: "ada", value: 1 }, { key: 7, value: 2, timestamp: -3, headers: { from: "test" } }]);
  const [ada, seven] = log.records("events");
  assertEquals(ada.partition, keyPartition(new TextEncoder().encode("ada"), 5));
  assertEquals(ada.timestamp, 17);
  assertEquals(seven.key, new TextEncoder().encode("7"));
  assertEquals(seven.timestamp, -3);
  assertEquals(seven.headers, [["from", new TextEncoder().encode("test")]]);
});

Deno.test("memory() refuses what a broker would refuse", () => {
  const log = memory();
  log.create("events", { partitions: 2 });
  assertThrows(() => log.create("none", { partitions: 0 }), RangeError, "partitions must be an integer from 1 to 128");
  assertThrows(() => log.create("events", { partitions: 3 }), Error, "it exists with 2");
  assertThrows(() => log.append("events", [{ value: 1, partition: 2 }]), RangeError, "it has 2 partitions");
  assertThrows(() => log.append("events", [{ value: 1, timestamp: 1.5 }]), RangeError, "current value is 1.5");
  assertThrows(() => log.append("events", [{ value: undefined }]), TypeError, "has no JSON form");
  assertThrows(() => log.append("events", [{ value: new Uint8Array(2_000_000) }]), RangeError, "this one has 2000000");
  assertEquals(log.records("events"), []);
  log.end("events");
  assertThrows(() => log.append("events", [{ value: 1 }]), Error, "it was ended");
});

Deno.test("memory() without a job reads what is there at once and completes at the end", () => {
  const log = memory();
  log.append("events", [{ value: 1 }, { value: 2 }]);
  const seen: unknown[] = [];
  log.source("events").subscribe({ next: (value) => seen.push(value), complete: () => seen.push("complete") });
  assertEquals(seen, [1, 2]);
  log.append("events", [{ value: 3 }]);
  assertEquals(seen, [1, 2, 3]);
  log.end("events");
  assertEquals(seen, [1, 2, 3, "complete"]);
});

Deno.test("memory() without a job can be read while it is written by its own reader", () => {
  const log = memory();
  const seen: number[] = [];
  log.source<number>("loop", { tombstones: "refuse" }).pipe(take(5)).subscribe((value) => {
    seen.push(value);
    log.append("loop", [{ value: value + 1 }]);
  });
  log.append("loop", [{ value: 0 }]);
  assertEquals(seen, [0, 1, 2, 3, 4]);
});

Deno.test("memory() without a job writes what reaches its sink", () => {
  const log = memory();
  log.create("out", { partitions: 2 });
  log.append("in", [{ value: { id: "a", n: 1 } }, { value: { id: "b", n: 2 } }]);
  log.end("in");
  log.source<{ id: string; n: number }>("in")
    .pipe(log.sink("out", { key: (row) => row.id, headers: () => ({ h: "1" }), partition: (row) => row.n - 1 }))
    .subscribe();
  assertEquals(log.read("out"), [{ id: "a", n: 1 }, { id: "b", n: 2 }]);
  assertEquals(log.records("out").map(({ partition }) => partition), [0, 1]);
});

Deno.test("memory() tells a reader at the end when the topic has ended", async () => {
  const log = memory();
  log.append("events", [{ value: 1 }]);
  const connection = await log.open(context("job"));
  await using reading = await startReading(connection, { topics: ["events"] });
  await reading.count(1);
  assertEquals(connection.ended?.("events"), false);
  const before = reading.batches.length;
  log.end("events");
  await reading.until("the end", () => reading.batches.length > before);
  assertEquals(connection.ended?.("events"), true);
  const last = reading.batches[reading.batches.length - 1];
  assertEquals([last.position, last.end], [1, 1]);
});

Deno.test("memory() says that a topic has ended only after its reader has said so", async () => {
  const log = memory();
  const connection = await log.open(context("job"));
  await using reading = await startReading(connection, { topics: ["events"] });
  await reading.until("the empty end", () => reading.batches.length > 0);
  reading.reader.pause("events", 0);
  log.append("events", [{ value: 1 }]);
  log.end("events");
  // The job stands at the end that it was told, and yet there is a record that it has not seen.
  assertEquals(connection.ended?.("events"), false);
  reading.reader.resume("events", 0);
  await reading.count(1);
  assertEquals(connection.ended?.("events"), true);
  reading.reader.seek({ topic: "events", partition: 0, offset: 0 });
  assertEquals(connection.ended?.("events"), false);
});

Deno.test("memory() says again and again of a partition at its end that there is nothing", async () => {
  const log = memory();
  let armed = Promise.withResolvers<() => void>();
  let cancelled = 0;
  const after = (_ms: number, run: () => void) => {
    armed.resolve(run);
    return () => cancelled++;
  };
  const connection = await log.open({ ...context("job"), after });
  log.append("events", [{ value: 1 }]);
  const reading = await startReading(connection, { topics: ["events"] });
  const empty = () => reading.batches.filter(({ records }) => records.length === 0).length;
  await reading.until("one report", () => empty() === 1);
  for (let reports = 2; reports < 5; reports++) {
    const fire = await armed.promise;
    armed = Promise.withResolvers();
    fire();
    await reading.until("another report", () => empty() === reports);
  }
  await armed.promise;
  assertEquals(cancelled, 0);
  await reading.reader.stop();
  assertEquals([empty(), cancelled], [4, 1]);
});

Deno.test("memory() forgets a cut that its job never committed", async () => {
  const log = memory();
  const connection = await log.open(context("job"));
  inCommit(connection).stage([record("out")]);
  await connection.close();
  assertEquals(log.records("out"), []);
  assertThrows(() => log.sink(""), TypeError);
});

Deno.test("memory() logs are told apart, and share nothing", () => {
  const [one, two] = [memory(), memory()];
  assert(one.id !== two.id);
  one.append("events", [{ value: 1 }]);
  assertEquals(two.read("events"), []);
});

Deno.test("memory() rejects a job's topic with another number of partitions", async () => {
  const connection = await memory().open(context("job"));
  await connection.createTopic("out", 2);
  await connection.createTopic("out", 2);
  await assertRejects(() => connection.createTopic("out", 3), Error, "it exists with 2");
});
