/** Tables that every task reads whole, and tables that a new task reads first, on a real Kafka with several workers. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Observable } from "rxjs";
import { broadcastJoin, type Job, run, tableJoin } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { first, Lines } from "./support/jobs.ts";
import { brokers, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

interface World {
  readonly name: string;
  readonly values: string;
  readonly rules: string;
  readonly output: string;
}

/** A result: the user, a number, and what the rules were. */
interface Row {
  readonly user: string;
  readonly n: number;
  readonly rules: readonly (readonly [name: string, limit: number])[];
}

const USERS = Array.from({ length: 12 }, (_, n) => `user-${n}`);
const PARTITIONS = 4;

async function world(): Promise<World> {
  const [name, values, rules, output] = [freshTopic(), freshTopic(), freshTopic(), freshTopic()];
  for (const topic of [values, output]) await createTopicWith(topic, {}, { partitions: PARTITIONS });
  await createTopicWith(rules, { "cleanup.policy": "compact" }, { partitions: 3 });
  return { name, values, rules, output };
}

function ruled({ values, rules, output }: World): Observable<Row> {
  const broker = kafka({ brokers });
  return broker.source<{ user: string; n: number }>(values, { tombstones: "refuse" }).pipe(
    broadcastJoin(broker.table<number>(rules, { broadcast: true }), {
      name: "ruled",
      join: ({ user, n }, all): Row => ({ user, n, rules: [...all] }),
    }),
    broker.sink(output, { key: ({ user }) => user }),
  );
}

async function produce(topic: string, messages: readonly (readonly [key: string, value: unknown])[]): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({
    topic,
    messages: messages.map(([key, value]) => ({ key, value: value === null ? null : JSON.stringify(value) })),
  });
  await producer.disconnect();
}

const values = (n: number) => USERS.map((user) => [user, { user, n }] as const);

/** The results of one number, once all of them and those before are visible. */
async function results({ output }: World, n: number, job: Job): Promise<Row[]> {
  const rows = await first(kafka({ brokers }).source<Row>(output, { tombstones: "refuse" }), n * USERS.length, job);
  return (rows as Row[]).filter((row) => row.n === n);
}

describe("broadcastJoin() on Kafka", { ignore }, () => {
  it("gives every task of every worker all rules, as workers come and go, and each value one result", async () => {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    const [lines, silent] = [new Lines(), () => {}];
    await produce(here.rules, [["a", 1], ["b", 1], ["c", 1], ["d", 1]]);
    const one = await run(ruled(here), { name: here.name, state: kv, worker: "one", log: lines.log });
    await produce(here.values, values(1));
    const all = ["a", "b", "c", "d"].map((name) => [name, 1] as const);
    for (const { rules } of await results(here, 1, one)) assertEquals(rules, all);

    // The second worker gets tasks that have read all rules, and the first goes on with the others.
    const two = await run(ruled(here), { name: here.name, state: kv, worker: "two", log: silent });
    await produce(here.values, values(2));
    for (const { rules } of await results(here, 2, two)) assertEquals(rules, all);
    const read = [one, two].map((job) => job.metrics.snapshot().records_in);
    assertEquals(read[0] + read[1], 4 + 2 * USERS.length, "each record counts once, however many tasks read it");

    await one.stop();
    await produce(here.values, values(3));
    for (const { rules } of await results(here, 3, two)) assertEquals(rules, all);
    await produce(here.rules, [["a", null], ["e", 2]]);
    for (let n = 4;; n++) {
      // When a change of the rules reaches a task is not known beforehand; that it does is.
      await produce(here.values, values(n));
      const rows = await results(here, n, two);
      const changed = rows.filter(({ rules }) => rules.some(([name]) => name === "e") && rules.length === 4);
      if (changed.length === USERS.length) break;
      assert(n < 100, "the rules never changed");
    }
    await two.stop();
    const last = await run(ruled(here), { name: here.name, state: kv, log: lines.log });
    await last.stop();
    assert(lines.find(/restored, from .* 16 keys/) !== undefined, lines.all.join("\n"));
  });
});

describe("a table whose end an open transaction holds back", { ignore }, () => {
  it("is told, and read to its end before the first value", async () => {
    const { name, values, output } = await world();
    const table = freshTopic();
    await createTopicWith(table, {}, { partitions: PARTITIONS });
    const broker = kafka({ brokers });
    const pipeline = broker.source<{ user: string }>(values, { tombstones: "refuse" }).pipe(
      tableJoin(broker.table<number>(table), {
        name: "known",
        key: ({ user }) => user,
        type: "left",
        join: ({ user }, account) => ({ user, account: account ?? null }),
      }),
      broker.sink(output, { key: ({ user }) => user }),
    );
    const writer = plainClient().producer({ transactionalId: freshTopic(), idempotent: true, maxInFlightRequests: 1 });
    await writer.connect();
    await produce(table, USERS.map((user) => [user, 1] as const));
    const transaction = await writer.transaction();
    await transaction.send({ topic: table, messages: USERS.map((user) => ({ key: user, value: "2" })) });
    await produce(values, USERS.map((user) => [user, { user }] as const));

    const lines = new Lines();
    const job = await run(pipeline, { name, state: ":memory:", log: lines.log });
    await lines.line(/waiting, because task \d is new, and the table .* is not read to offset \d+ yet/);
    assertEquals(job.metrics.snapshot().records_in, USERS.length);
    await transaction.commit();
    await writer.disconnect();
    const rows = await first(broker.source<{ account: number }>(output, { tombstones: "refuse" }), USERS.length, job);
    assertEquals(rows.map((row) => (row as { account: number }).account), USERS.map(() => 2));
    await job.stop();
  });
});
