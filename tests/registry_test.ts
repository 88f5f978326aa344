/** A schema registry: its requests, what it refuses, and jobs that read and write with its schemas. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map } from "rxjs";
import { deadLetter, int64, type Job, keyedReduce, memory, run, UnavailableError } from "@tidemark/streams";
import { avro } from "@tidemark/streams/avro";
import { registry } from "@tidemark/streams/registry";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { headerOf, joined } from "../formats/_frame.ts";
import { bytesOf, java } from "./support/java_bytes.ts";
import { first, Lines, until } from "./support/jobs.ts";
import { filled, finish, letters } from "./support/registry_jobs.ts";
import { TestRegistry } from "./support/schema_registry.ts";

const ORDER = java.avro.schemas["orders-value"];
const TOTAL = {
  type: "record",
  name: "Total",
  fields: [{ name: "user", type: "string" }, { name: "sum", type: "long" }],
};

/** A value in the wire format. */
const framed = (id: number, body: Uint8Array) => joined(headerOf(id), body);

describe("A schema registry", () => {
  it("is asked once for a schema, also at the same time, and again after a failure", async () => {
    await using server = new TestRegistry();
    const id = server.add("a", { schema: '"long"' });
    const schemas = registry({ url: server.url });
    server.broken = 503;
    await assertRejects(
      () => schemas.byId(id),
      UnavailableError,
      `Cannot fetch schema 1: the schema registry at ${server.url}/ answers 503 (broken for this test)`,
    );
    server.broken = undefined;
    server.seen.length = 0;
    const [one, other] = await Promise.all([schemas.byId(id), schemas.byId(id)]);
    assertEquals(one, { type: "AVRO", schema: '"long"', references: [] });
    assertEquals(other, one);
    assertEquals(await schemas.byId(id), one);
    assertEquals(server.seen, [{ method: "GET", path: "/schemas/ids/1", authorization: null }]);
    assertEquals(await schemas.byId(7), undefined);
  });

  it("is asked below its own path, with its login, and names that are no names of paths", async () => {
    await using server = new TestRegistry();
    server.login = "Basic YWRhOnDDpHNz";
    const refused = registry({ url: server.url, auth: { username: "ada", password: "wrong" } });
    await assertRejects(
      () => refused.byId(1),
      Error,
      `the schema registry at ${server.url}/ refuses the login (401); check registry({ auth })`,
    );
    const schemas = registry({ url: server.url, auth: { username: "ada", password: "päss" } });
    assertEquals(await schemas.register("a/b ü-value", { type: "AVRO", schema: '"long"', references: [] }), 1);
    assertEquals(await schemas.lookUp("a/b ü-value", { type: "AVRO", schema: '"long"', references: [] }), 1);
    assertEquals(server.versions("a/b ü-value").length, 1);
    server.login = "Bearer token";
    await registry({ url: `${server.url}/apis/ccompat/v7/`, auth: { token: "token" } }).byId(1);
    assertEquals(server.seen.at(-1)!.path, "/apis/ccompat/v7/schemas/ids/1");
  });

  it("that is not there, or does not answer in time, is away", async () => {
    const server = new TestRegistry();
    const { url } = server;
    const gate = Promise.withResolvers<void>();
    server.gate = gate.promise;
    await assertRejects(
      () => registry({ url, timeout: 20 }).byId(1),
      UnavailableError,
      "does not answer (no answer in 20 ms)",
    );
    gate.resolve();
    await server[Symbol.asyncDispose]();
    await assertRejects(
      () => registry({ url }).register("a", { type: "AVRO", schema: '"long"', references: [] }),
      UnavailableError,
      `Cannot register a schema as "a": the schema registry at ${url}/ does not answer (`,
    );
  });

  it("refuses options that are none", () => {
    assertThrows(() => registry({ url: "localhost:8081" }), TypeError, "url must be of http or https");
    assertThrows(() => registry({ url: "http://ada:secret@localhost:8081" }), TypeError, "url must be without a login");
    assertThrows(
      () => registry({ url: "http://localhost:8081", timeout: 0 }),
      RangeError,
      "timeout must be milliseconds",
    );
  });
});

describe("A job that reads Avro of a schema registry", () => {
  it("reads what Java wrote, keys too, and each record by its own schema", async () => {
    await using server = new TestRegistry();
    server.add("orders-value", { schema: ORDER });
    server.add("orders-key", { schema: '"long"' });
    const log = memory();
    const values = java.avro.records.filter(({ subject }) => subject === "orders-value");
    log.append(
      "orders",
      values.map(({ bytes }) => ({
        key: bytesOf(java.avro.records, "key"),
        value: Uint8Array.fromBase64(bytes),
      })),
    );
    log.append("orders", [{ key: bytesOf(java.avro.records, "key"), value: null }]);
    log.end("orders");
    const schemas = registry({ url: server.url });
    const source = log.source<{ id: bigint } | null>("orders", { codec: avro(schemas), key: avro(schemas) });
    const pipeline = source.pipe(
      map((order) => order?.id.toString() ?? "none"),
      keyedReduce({ name: "ids", key: () => 4711n, initial: "", reduce: (all, id) => `${all} ${id}` }),
      log.sink("ids", { value: ({ value }) => value }),
    );
    await finish(pipeline);
    const ids = ["7", "-9223372036854775808", ...values.slice(2).map(({ name }) => name.slice(3)), "none"];
    assertEquals(log.read("ids").at(-1), ` ${ids.join(" ")}`);
    assertEquals(server.seen.map(({ path }) => path), ["/schemas/ids/1", "/schemas/ids/2"]);
  });

  it("reads old records as values of a newer schema, and bytes that are of none go to the dead letters", async () => {
    await using server = new TestRegistry();
    const old = { type: "record", name: "O", fields: [{ name: "id", type: "int" }] };
    const now = { ...old, fields: [{ name: "id", type: "long" }, { name: "note", type: "string", default: "-" }] };
    const other = { type: "record", name: "Elsewhere", fields: [] };
    const ids = [old, now, other].map((one) => server.add("orders-value", { schema: JSON.stringify(one) }));
    server.add("proto", { schemaType: "PROTOBUF", schema: java.protobuf.files["shop/money.proto"] });
    server.add("wrong", { schema: '{"type":"no such type"}' });
    const log = filled([
      framed(ids[0], avro(old).encode({ id: 1 })),
      framed(ids[1], avro(now).encode({ id: 2n, note: "x" })),
      framed(ids[2], new Uint8Array()),
      framed(99, new Uint8Array()),
      framed(4, new Uint8Array()),
      framed(5, new Uint8Array()),
      framed(ids[0], new Uint8Array([2, 2])),
      new TextEncoder().encode('{"id":1}'),
      new Uint8Array(3),
      framed(ids[0], avro(old).encode({ id: 3 })),
    ]);
    const codec = avro(registry({ url: server.url }), { schema: now });
    const pipeline = log.source<{ id: bigint; note: string }>("orders", { codec, tombstones: "refuse" }).pipe(
      map(({ id, note }) => `${id} ${note}`),
      log.sink("seen"),
    );
    await finish(pipeline, { onBadRecord: deadLetter(log.sink("letters")) });
    assertEquals(log.read("seen"), ["1 -", "2 x", "3 -"]);
    assertEquals(letters(log).map(([place]) => place), [2, 3, 4, 5, 6, 7, 8].map((offset) => `orders/0@${offset}`));
    const reasons = letters(log).map(([, reason]) => reason.replace(server.url, "URL"));
    assertMatch(reasons.splice(3, 1)[0], /^it is no schema of Avro: /);
    assertEquals(reasons, [
      "Elsewhere is written, and O is to be read",
      "schema 99 is not in the schema registry at URL/",
      "its schema 4 is of PROTOBUF, and AVRO is read",
      "1 bytes are left over after its value",
      "its first byte is 123, and Confluent's wire format begins with 0",
      "3 bytes are too few for Confluent's wire format, which begins with 5",
    ]);
  });

  it("waits while the registry is away, says so, and goes on when it is back", async () => {
    await using server = new TestRegistry();
    const id = server.add("orders-value", { schema: '"string"' });
    const log = memory();
    const lines = new Lines();
    const codec = avro(registry({ url: server.url }));
    const pipeline = log.source("orders", { codec, tombstones: "refuse" }).pipe(log.sink("seen"));
    server.broken = 500;
    await using job: Job = await run(pipeline, { name: "orders", state: ":memory:", log: lines.log });
    log.append("orders", [{ value: framed(id, avro("string").encode("tea")) }]);
    await lines.line(/^Job orders: waiting, because Cannot fetch schema 1: the schema registry at .* answers 500/);
    assertEquals(log.read("seen"), []);
    server.broken = undefined;
    await until("tea", () => log.read("seen").length === 1, job);
    assertEquals(log.read("seen"), ["tea"]);
    await lines.line(/^Job orders: records can be read and written again; all is well again$/);
    await job.stop();
  });

  it("stops with the reason when the registry refuses its login", async () => {
    await using server = new TestRegistry();
    server.login = "Basic nobody";
    const log = filled([framed(1, new Uint8Array([0]))]);
    const codec = avro(registry({ url: server.url }));
    const pipeline = log.source("orders", { codec }).pipe(log.sink("seen"));
    const job = await run(pipeline, { name: "orders", state: ":memory:", log: () => {} });
    const { message } = await assertRejects(() => job.finished, Error);
    assertMatch(
      message,
      /^Cannot fetch schema 1: the schema registry at .* refuses the login \(401\); check registry\(\{ auth \}\)$/,
    );
  });

  it("reads schemas that name others, however deep", async () => {
    await using server = new TestRegistry();
    server.add("cents", { schema: '{"type":"record","name":"shop.Cents","fields":[{"name":"n","type":"long"}]}' });
    server.add("money", {
      schema: '{"type":"record","name":"shop.Money","fields":[{"name":"cents","type":"shop.Cents"}]}',
      references: [{ name: "shop.Cents", subject: "cents", version: 1 }],
    });
    const id = server.add("orders-value", {
      schema:
        '{"type":"record","name":"shop.Order","fields":[{"name":"sum","type":"shop.Money"},{"name":"fee","type":"shop.Cents"}]}',
      references: [
        { name: "shop.Money", subject: "money", version: 1 },
        { name: "shop.Cents", subject: "cents", version: 1 },
      ],
    });
    const log = filled([framed(id, new Uint8Array([14, 2]))]);
    const codec = avro(registry({ url: server.url }));
    const source = log.source("orders", { codec, tombstones: "refuse" });
    assertEquals(await first(source, 1), [{ sum: { cents: { n: 7n } }, fee: { n: 1n } }]);
  });
});

describe("A job that writes Avro with a schema registry", () => {
  const totals = (log: MemoryLog, codec: ReturnType<typeof avro>) =>
    log.source<string>("orders", { tombstones: "refuse" }).pipe(
      map((user) => ({ user, sum: 7n })),
      log.sink("totals", { codec, key: ({ user }) => user }),
    );

  function input(): MemoryLog {
    const log = memory();
    log.append("orders", [{ value: "ada" }]);
    log.end("orders");
    return log;
  }

  it("registers its schema when it starts, by the topic, and writes its id", async () => {
    await using server = new TestRegistry();
    server.add("something else", { schema: '"int"' });
    const log = input();
    const schemas = registry({ url: server.url });
    await finish(totals(log, avro(schemas, { schema: TOTAL })));
    assertEquals(server.versions("totals-value"), [{ schema: JSON.stringify(TOTAL), references: [] }]);
    assertEquals(log.records("totals")[0].value, framed(2, avro(TOTAL).encode({ user: "ada", sum: 7n })));
    const reread = log.source("totals", { codec: avro(schemas), tombstones: "refuse" });
    assertEquals(await first(reread, 1), [{ user: "ada", sum: 7n }]);
  });

  it("registers the schema of its keys too, and a topic with such keys is read again by them", async () => {
    await using server = new TestRegistry();
    const log = memory();
    const schemas = registry({ url: server.url });
    log.append("orders", [{ value: 7 }, { value: null }, { value: 8 }]);
    log.end("orders");
    const pipeline = log.source<number>("orders").pipe(
      map((id) => id === null ? null : BigInt(id)),
      log.sink("ids", { key: (id) => id, keyCodec: avro(schemas, { schema: "long" }), value: (id) => String(id) }),
    );
    await finish(pipeline, { onError: deadLetter(log.sink("letters")) });
    assertEquals(server.versions("ids-key"), [{ schema: '"long"', references: [] }]);
    const keys = log.records("ids").map(({ key }) => key);
    assertEquals(keys[0], framed(1, new Uint8Array([14])));
    log.end("ids");
    const counts = log.source<string>("ids", { key: avro(schemas) }).pipe(
      keyedReduce({ name: "counts", key: (id) => BigInt(id!), initial: 0, reduce: (count) => count + 1 }),
      log.sink("counts", { key: ({ key }) => key, keyCodec: int64(), value: ({ value }) => value }),
    );
    await finish(counts, { onBadRecord: deadLetter(log.sink("letters")), onError: deadLetter(log.sink("letters")) });
    assertEquals(log.records("counts").map(({ key }) => int64().decode(key!)), [7n, 8n]);
    assertThrows(
      () => log.sink("ids", { keyCodec: int64() }),
      TypeError,
      'keyCodec encodes what key gives, and the sink of "ids" has no key',
    );
    assertThrows(
      () => log.sink("ids", { key: () => 1n, keyCodec: avro(schemas) }),
      TypeError,
      'the codec of "ids" must be',
    );
  });

  it("is tested like any other, and its results are read with the codec of its sink", async () => {
    await using server = new TestRegistry();
    const id = server.add("orders-value", { schema: '"long"' });
    const schemas = registry({ url: server.url });
    const log = memory();
    const codec = avro<bigint>(schemas, { schema: "long" });
    const pipeline = log.source<bigint>("orders", { codec: avro(schemas), tombstones: "refuse" }).pipe(
      map((n) => n + 1n),
      log.sink("next", { codec }),
    );
    await using test = await testPipeline(pipeline);
    await test.push("orders", { value: framed(id, new Uint8Array([14])) });
    assertEquals(test.records("next", { codec }).map(({ value }) => value), [8n]);
    const { crashes } = await crashTest(pipeline, [{ value: framed(id, new Uint8Array([16])) }]);
    assertEquals(crashes > 0, true);
    server.broken = 503;
    await assertRejects(
      () => test.push("orders", { value: framed(7, new Uint8Array([14])) }),
      Error,
      "Cannot fetch schema 7: the schema registry at",
    );
    const away = registry({ url: server.url });
    const writing = log.source<bigint>("orders").pipe(log.sink("next", { codec: avro(away, { schema: "long" }) }));
    await assertRejects(() => testPipeline(writing), Error, 'Cannot register a schema as "next-value"');
  });

  it("looks its schema up where it must not register it, under a subject of its own", async () => {
    await using server = new TestRegistry();
    const options = { schema: TOTAL, register: false, subject: (topic: string) => `shop.${topic}` };
    const codec = () => avro(registry({ url: server.url }), options);
    await assertRejects(
      () => finish(totals(input(), codec())),
      Error,
      `Cannot look up a schema of "shop.totals": the schema registry at ${server.url}/ answers 404`,
    );
    const id = server.add("shop.totals", { schema: JSON.stringify(TOTAL, null, 2) });
    const log = input();
    await finish(totals(log, codec()));
    assertEquals(log.records("totals")[0].value!.slice(0, 5), headerOf(id));
  });

  it("does not start with a schema that the registry refuses, and waits for one that is away", async () => {
    await using server = new TestRegistry();
    const incompatible = { ...TOTAL, name: "incompatible" };
    await assertRejects(
      () => finish(totals(input(), avro(registry({ url: server.url }), { schema: incompatible }))),
      Error,
      "answers 409 (Schema being registered is incompatible",
    );
    server.broken = 503;
    const lines = new Lines();
    const log = input();
    const finished = finish(totals(log, avro(registry({ url: server.url }), { schema: TOTAL })), { log: lines.log });
    await lines.line(/waiting, because Cannot register a schema as "totals-value": .* answers 503/);
    assertEquals(log.records("totals"), []);
    server.broken = undefined;
    await finished;
    assertEquals(log.records("totals").length, 1);
  });

  it("refuses a sink without a schema, a value that it does not have, and writing outside of a job", async () => {
    const schemas = registry({ url: "http://localhost:1" });
    const log = input();
    assertThrows(
      () => log.sink("totals", { codec: avro(schemas) }),
      TypeError,
      'the codec of "totals" must be avro(registry, { schema })',
    );
    assertThrows(() => avro(schemas).encode({}), TypeError, "writes only in the sink");
    assertThrows(() => avro(schemas, { schema: "no such" }), TypeError, "Cannot create an Avro codec");
    await using server = new TestRegistry();
    const codec = avro(registry({ url: server.url }), { schema: TOTAL });
    const pipeline = log.source<string>("orders", { tombstones: "refuse" }).pipe(
      map((user) => ({ user })),
      log.sink("totals", { codec }),
    );
    await finish(pipeline, { onError: deadLetter(log.sink("letters")) });
    const [[place, reason]] = letters(log);
    assertEquals(place, "orders/0@0");
    assertMatch(reason, /^sink "totals": \$\.sum is undefined, and the schema has a long/);
  });
});
