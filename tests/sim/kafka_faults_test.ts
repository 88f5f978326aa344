/** Tests of the simulated Kafka under faults that no test can cause in a real one on demand. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Joined, Line, ProducerIdentity } from "../../connectors/kafka/driver.ts";
import { CODE, KafkaError } from "../../connectors/kafka/errors.ts";
import { initialise } from "../../connectors/kafka/steps.ts";
import { encodeBatch } from "../../connectors/kafka/record_batch_encode.ts";
import { pause } from "../../base/backoff.ts";
import { record, textOf } from "../support/recording_reader.ts";
import type { ClusterOptions } from "./kafka/world.ts";
import { seeded } from "../../base/random.ts";
import { simKafka, type SimKafkaSubject } from "./kafka_subject.ts";

const LIMITS = { wait: 0, partitionBytes: 1_000_000, bytes: 1_000_000 };
const GROUP = "job.epochs";

interface Bench {
  readonly kafka: SimKafkaSubject;
  readonly cluster: SimKafkaSubject["cluster"];
  readonly line: Line;
  wait(ms: number): Promise<void>;
  begin(): Promise<ProducerIdentity>;
  /** One record into partition 0 of "results". */
  send(identity: ProducerIdentity, text: string, sequence: number): Promise<readonly number[]>;
  join(group: string, member?: string): Promise<Joined>;
}

/** A test on a cluster of two brokers that has a topic "results" with two partitions. */
function test(name: string, run: (bench: Bench) => Promise<void>, options: Partial<ClusterOptions> = {}): void {
  Deno.test(name, async () => {
    await using kafka = await simKafka({ brokers: ["1", "2"], ...options });
    const { cluster, driver, clock } = kafka;
    cluster.createTopic("results", 2);
    const line = driver.line();
    await line.connect();
    await run({
      kafka,
      cluster,
      line,
      wait: (ms) => pause(clock, ms),
      async begin() {
        const identity = await initialise(line, "job-producer", { clock, timeout: 10_000 });
        await line.addPartitions(identity, [{ topic: "results", partitions: [0, 1] }]);
        await line.addOffsets(identity, GROUP);
        return identity;
      },
      async send(identity, text, sequence) {
        const { bytes } = encodeBatch([record("results", { text })], { start: 0, limit: 1e6, identity, sequence });
        const [{ leader }] = (await line.places("results"))!;
        const { failures } = await line.produce(leader ?? "1", identity, [{
          topic: "results",
          partition: 0,
          batch: bytes,
        }]);
        return failures.map(({ error }) => error);
      },
      join: (group, member = "") =>
        line.join({
          group,
          member,
          protocol: "any",
          subscription: new Uint8Array([cluster.groupMembers(group).length]),
          sessionTimeout: 10_000,
          rebalanceTimeout: 30_000,
        }),
    });
    await line.close();
  });
}

/** No randomness: these numbers, one after the other, repeated without end. */
function inTurn(...numbers: number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length];
}

async function assertRefused(request: Promise<unknown>, code: number): Promise<void> {
  assertEquals((await assertRejects(() => request, KafkaError)).code, code);
}

async function assertLost(request: Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(() => request, KafkaError)).kind, "connection");
}

test("brokers that are away answer nothing and forget nothing", async ({ cluster, line, wait, begin, send }) => {
  const identity = await begin();
  assertEquals(await send(identity, "kept", 0), []);
  await line.commitInTransaction(identity, GROUP, [{ topic: "results", partition: 0, offset: 3 }]);
  const held = line.fetch("1", [{ topic: "results", partition: 0, offset: 0 }], { ...LIMITS, wait: 500 });
  const lost = assertLost(held);
  await wait(5);
  await line.endTransaction(identity, true);
  cluster.down();
  await lost;
  await assertLost(line.places("results"));
  await wait(1000);
  assertEquals(cluster.openTransactions().map(({ state }) => state), ["committing"]);
  cluster.up();
  await wait(100);
  assertEquals(cluster.openTransactions(), []);
  assertEquals(cluster.committedRecords("results").map(textOf), ["kept"]);
  assertEquals(cluster.groupOffsets(GROUP, "results"), new Map([[0, 3]]));
}, { markerDelay: 1000, random: () => 0.9 });

test("a partition that moves is served by its new leader only", async ({ cluster, line, wait, begin, send }) => {
  const identity = await begin();
  const fetch = async (leader: string) =>
    (await line.fetch(leader, [{ topic: "results", partition: 0, offset: 0 }], LIMITS))[0].error;
  assertEquals([await fetch("1"), await fetch("2")], [0, CODE.notLeader]);
  const waiting = line.fetch("1", [{ topic: "results", partition: 0, offset: 0 }], { ...LIMITS, wait: 60_000 });
  await wait(1);
  cluster.moveLeader("results", 0, "2");
  assertEquals((await waiting)[0].error, CODE.notLeader);
  assertEquals([await fetch("1"), await fetch("2")], [CODE.notLeader, 0]);
  assertEquals(await send(identity, "moved", 0), []);
  cluster.moveLeader("results", 0, undefined);
  const places = (await line.places("results"))!;
  assertEquals(places.map(({ leader }) => leader), [undefined, "2"]);
  await assertRefused(line.listOffsets("results", places, -1), CODE.leaderNotAvailable);
  assertEquals(await send(identity, "nowhere", 1), [CODE.notLeader]);
  await line.endTransaction(identity, true);
  await wait(1000);
  // Without a leader the transaction cannot be completed.
  assertEquals(cluster.openTransactions().map(({ state }) => state), ["committing"]);
  cluster.moveLeader("results", 0, "1");
  await wait(100);
  assertEquals([cluster.openTransactions(), cluster.committedRecords("results").map(textOf)], [[], ["moved"]]);
});

test("coordinators that are being loaded refuse, and leaders cannot verify", async ({ cluster, line, wait, begin, send }) => {
  const identity = await begin();
  cluster.loadCoordinators(100);
  await assertRefused(line.initProducer("other", 1000), CODE.coordinatorLoading);
  await assertRefused(line.committed(GROUP, "results", [0], true), CODE.coordinatorLoading);
  assertEquals(await send(identity, "later", 0), [CODE.notEnoughReplicas]);
  await wait(100);
  assertEquals(await send(identity, "later", 0), []);
});

test("a transaction that is out of time is aborted, and whoever began it is fenced", async ({ cluster, line, wait, begin, send }) => {
  const identity = await begin();
  assertEquals(await send(identity, "never", 0), []);
  await wait(9_999);
  assertEquals(cluster.openTransactions().map(({ state }) => state), ["open"]);
  assertEquals(cluster.bounds("results")[0], { earliest: 0, stable: 0, latest: 1 });
  await wait(10_000 + 100);
  assertEquals(cluster.openTransactions(), []);
  assertEquals(cluster.bounds("results"), [{ earliest: 0, stable: 2, latest: 2 }, {
    earliest: 0,
    stable: 1,
    latest: 1,
  }]);
  assertEquals(cluster.committedRecords("results"), []);
  await assertRefused(line.endTransaction(identity, true), CODE.invalidProducerEpoch);
});

test(
  "the end of a transaction is seen later than it is answered, place by place",
  async ({ cluster, line, wait, begin, send }) => {
    const identity = await begin();
    assertEquals(await send(identity, "soon", 0), []);
    await line.commitInTransaction(identity, GROUP, [{ topic: "results", partition: 0, offset: 3 }]);
    await line.endTransaction(identity, true);
    const seen = () => [cluster.committedRecords("results").length, cluster.groupOffsets(GROUP, "results").size];
    assertEquals(seen(), [0, 0]);
    const states = new Set<string>();
    while (cluster.openTransactions().length > 0) {
      await wait(1);
      states.add(String(seen()));
    }
    assertEquals(seen(), [1, 1]);
    assert(states.has("1,0") || states.has("0,1"), `seen together: ${[...states].join(" ")}`);
  },
  { markerDelay: 1000, random: inTurn(0.5, 0.9, 0.7) },
);

test("a silent member is put out after its session, and one that does not come back after the wait", async ({ cluster, line, wait, join }) => {
  const first = await join("job");
  await line.sync({ group: "job", ...first }, []);
  await wait(9_900);
  await line.heartbeat({ group: "job", ...first });
  await wait(9_900);
  assertEquals(cluster.groupMembers("job"), [first.member]);
  await wait(200);
  assertEquals(cluster.groupMembers("job"), []);
  await assertRefused(line.heartbeat({ group: "job", ...first }), CODE.unknownMember);

  const second = await join("job");
  await line.sync({ group: "job", ...second }, []);
  const began = cluster.groupMembers("job");
  const joining = join("job");
  // It sends heartbeats, but does not join the next generation.
  for (let beat = 0; beat < 14; beat++) {
    await wait(2000);
    await assertRefused(line.heartbeat({ group: "job", ...second }), CODE.rebalanceInProgress);
  }
  const third = await joining;
  assert(third.generation === second.generation + 1 && !began.includes(third.member));
  assertEquals(third.members?.map(({ member }) => member), [third.member]);
  await assertRefused(line.heartbeat({ group: "job", ...second }), CODE.unknownMember);
});

test("a join under the id of one that waits takes its place, and the other's patience ends", async ({ cluster, line, wait, join }) => {
  const first = await join("job");
  await line.sync({ group: "job", ...first }, []);
  const second = join("job");
  await wait(5);
  const [, waiting] = cluster.groupMembers("job");
  const zombie = assertLost(second);
  const successor = join("job", waiting);
  await wait(5);
  await line.leave("job", first.member);
  assertEquals((await successor).member, waiting);
  await zombie;
});

test("time and people change what a group has committed, but not what is under way", async ({ cluster, line, join, begin }) => {
  const identity = await begin();
  const joined = await join(GROUP);
  await line.sync({ group: GROUP, ...joined }, []);
  await line.commitOffsets(
    { group: GROUP, ...joined },
    [0, 1].map((partition) => ({ topic: "results", partition, offset: 9 })),
    "",
  );
  await line.commitInTransaction(identity, GROUP, [{ topic: "results", partition: 1, offset: 10 }]);
  assertThrows(() => cluster.resetOffsets(GROUP, "results", new Map([[0, 0]])), Error, "it has members");
  cluster.expireOffsets(GROUP);
  assertEquals(cluster.groupOffsets(GROUP, "results"), new Map([[1, 9]]));
  await line.leave(GROUP, joined.member);
  cluster.resetOffsets(GROUP, "results", new Map([[0, 0]]));
  assertEquals(cluster.groupOffsets(GROUP, "results"), new Map([[0, 0], [1, 9]]));
});

test("a topic that is made again is empty, and no group has offsets on it", async ({ cluster, line, begin, send, kafka }) => {
  const identity = await begin();
  assertEquals(await send(identity, "gone", 0), []);
  await line.commitInTransaction(identity, GROUP, [{ topic: "results", partition: 0, offset: 3 }]);
  await line.endTransaction(identity, true);
  await initialise(line, identity.transactionalId, { clock: kafka.clock, timeout: 10_000 });
  cluster.deleteTopic("results");
  assertEquals(await line.places("results"), undefined);
  const [fetched] = await line.fetch("1", [{ topic: "results", partition: 0, offset: 0 }], LIMITS);
  assertEquals(fetched.error, CODE.unknownTopicOrPartition);
  cluster.createTopic("results", 3);
  assertEquals(cluster.bounds("results"), Array(3).fill({ earliest: 0, stable: 0, latest: 0 }));
  assertEquals(cluster.groupOffsets(GROUP, "results"), new Map());
});

test("a topic that a client makes is known some moments later", async ({ line, wait }) => {
  await line.createTopic("new", 1);
  assertEquals(await line.places("new"), undefined);
  await assertRefused(line.createTopic("new", 1), CODE.topicAlreadyExists);
  await wait(100);
  assertEquals((await line.places("new"))?.length, 1);
}, { topicDelay: 100, random: () => 0.9 });

test("plain records of the world lie where they were put", async ({ cluster, line }) => {
  cluster.append([
    record("results", { text: "a" }),
    record("results", { partition: 1, text: "b" }),
    record("results", { text: "c" }),
  ]);
  const found = cluster.committedRecords("results").map((one) => [one.partition, one.offset, textOf(one)]);
  assertEquals(found, [[0, 0, "a"], [0, 1, "c"], [1, 0, "b"]]);
  assertEquals(await line.listOffsets("results", (await line.places("results"))!, -1), [2, 1]);
});

Deno.test("one seed is one history, and another seed is another", async () => {
  const history = async (seed: number) => {
    await using kafka = await simKafka({ random: seeded(seed), markerDelay: 200 });
    const { cluster, scheduler, driver, clock } = kafka;
    cluster.createTopic("results", 2);
    const line = driver.line();
    await line.connect();
    const times: number[] = [];
    for (let transaction = 0; transaction < 5; transaction++) {
      const identity = await initialise(line, "job-producer", { clock, timeout: 10_000 });
      await line.addPartitions(identity, [{ topic: "results", partitions: [0, 1] }]);
      await line.endTransaction(identity, true);
      times.push(scheduler.now);
    }
    return times;
  };
  const [one, again, other] = [await history(7), await history(7), await history(8)];
  assertEquals(one, again);
  assert(String(one) !== String(other));
});
