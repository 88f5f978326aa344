/** Results that a real Kafka refuses for good: told at start where that can be known, else moved out of the way or told with the cure. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map } from "rxjs";
import { deadLetter, type Job, run, type RunOptions } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { type GuardedBroker, guardedBroker } from "./support/faults/guarded_broker.ts";
import { ignore } from "./support/faults/own_cluster.ts";
import { failureOf, first, Lines, scratch, until } from "./support/jobs.ts";
import { clientOf, makeTopic } from "./support/kafka_clients.ts";
import { freshTopic } from "./support/recording_reader.ts";

/** What a test works with: topics of its own, and a job that writes each value to one of them. */
class Place {
  readonly name = freshTopic();
  readonly input = freshTopic();
  readonly output = freshTopic();
  readonly dead = freshTopic();
  readonly lines = new Lines();

  constructor(readonly world: GuardedBroker, readonly state: string) {}

  static async make(world: GuardedBroker, state: string, config: Record<string, string> = {}): Promise<Place> {
    const place = new Place(world, state);
    await place.create(place.input);
    await place.create(place.output, config);
    await place.create(place.dead);
    return place;
  }

  create(topic: string, config: Record<string, string> = {}, partitions = 1): Promise<void> {
    return makeTopic(this.world.direct, topic, { partitions, config });
  }

  async configure(topic: string, config: Record<string, string>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.world.administer((admin) =>
      admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] })
    );
  }

  async send(...values: string[]): Promise<void> {
    const producer = clientOf(this.world.direct).producer();
    await producer.connect();
    await producer.send({
      topic: this.input,
      messages: values.map((value) => ({ value: JSON.stringify(value), timestamp: String(Date.now()) })),
    });
    await producer.disconnect();
  }

  /** Starts the job. The broker allows no transaction of more than 8 s. */
  run({ keyed = false, ...options }: Partial<RunOptions> & { keyed?: boolean } = {}): Promise<Job> {
    const broker = this.kafka();
    const key = keyed ? (value: string) => value : undefined;
    const pipeline = broker.source<string>(this.input, { tombstones: "refuse" }).pipe(
      map((value) => value.repeat(value.startsWith("large") ? 500 : 1)),
      broker.sink(this.output, { key }),
    );
    return run(pipeline, { name: this.name, state: this.state, log: this.lines.log, ...options });
  }

  kafka() {
    return kafka({ ...this.world.options, transactionTimeout: 5000 });
  }

  dump() {
    return deadLetter(this.kafka().sink(this.dead));
  }

  /** The first values of a topic that a reader sees. */
  read(topic: string, count: number, job?: Job): Promise<unknown[]> {
    return first(kafka({ brokers: this.world.direct }).source(topic), count, job);
  }

  /** The topics that hold records of the group's markers: what was committed has left a trace there. */
  async offsets(topic: string): Promise<number[]> {
    const found = await this.world.administer((admin) => admin.fetchTopicOffsets(topic));
    return found.map(({ high }) => Number(high));
  }
}

describe("A job whose results Kafka refuses for good", { ignore }, () => {
  it("is told at start, before anything is committed, or stops with the cure", async (t) => {
    await using world = await guardedBroker({ "transaction.max.timeout.ms": "8000" });
    await using folder = await scratch();
    const place = (config?: Record<string, string>) => Place.make(world, folder.path(`${freshTopic()}.db`), config);
    for (const [sentence, test] of Object.entries(CASES)) {
      await t.step(sentence, async () => await test(place, world));
    }
  });
});

type Case = (place: (config?: Record<string, string>) => Promise<Place>, world: GuardedBroker) => Promise<void>;

const CASES: Record<string, Case> = {
  "a sink without a key on a compacted topic is refused at start, as a dead-letter sink on one is": async (place) => {
    for (const policy of ["compact", "compact,delete"]) {
      const here = await place({ "cleanup.policy": policy });
      const error = await assertRejects(() => here.run(), TypeError);
      assertMatch(error.message, /topic ".*" is compacted .* Give the sink a key/);
      const letters = deadLetter(here.kafka().sink(here.output));
      const other = await assertRejects(() => here.run({ keyed: true, onError: letters }), TypeError);
      assertMatch(other.message, /dead letters that share a key, or have none, would be lost/);
      const job = await here.run({ keyed: true });
      await here.send("a");
      assertEquals(await here.read(here.output, 1, job), ["a"]);
      await job.stop();
    }
  },
  "transactions that may take longer than the broker allows are refused at start": async (place) => {
    const here = await place();
    const broker = kafka(here.world.options);
    const pipeline = broker.source<string>(here.input).pipe(broker.sink(here.output));
    const started = run(pipeline, { name: here.name, state: ":memory:", log: here.lines.log });
    const { message } = await assertRejects(() => started, Error);
    assertMatch(message, /transactions of 10000 ms.*INVALID_TRANSACTION_TIMEOUT.*transaction\.max\.timeout\.ms/);
  },
  "what is not allowed is a sentence at start, with nothing written": async (place, { deny, allow }) => {
    const here = await place();
    const denials = [
      [
        { resource: "TOPIC", name: here.output, operation: "WRITE" },
        new RegExp(`"${here.output}".*does not allow this user to use the topic`),
      ],
      [
        { resource: "TRANSACTIONAL_ID", name: here.name, operation: "WRITE", prefixed: true },
        /does not allow this user to use the transactional id/,
      ],
      [
        { resource: "GROUP", name: `${here.name}.`, operation: "READ", prefixed: true },
        /does not allow this user to use the consumer group/,
      ],
    ] as const;
    await here.send("a");
    for (const [denial, words] of denials) {
      await deny(denial);
      const { message } = await assertRejects(() => here.run(), Error);
      assertMatch(message, words);
      await allow(denial);
    }
    const job = await here.run();
    assertEquals(await here.read(here.output, 1, job), ["a"]);
    await job.stop();
  },
  "a topic that takes less than can be known stops the job with the cure, and a corrected one gets past it": async (
    place,
    { deny },
  ) => {
    const here = await place({ "max.message.bytes": "1000" });
    await deny({ resource: "TOPIC", name: here.output, operation: "DESCRIBE_CONFIGS" });
    const job = await here.run();
    await here.send("a", "large", "b");
    const message = await failureOf(job);
    assertMatch(message, /can never be published.*MESSAGE_TOO_LARGE.*max\.message\.bytes.*unpublishable: deadLetter/);
    await job.stop();
    await here.configure(here.output, { "max.message.bytes": "100000" });
    const again = await here.run();
    assertEquals(await here.read(here.output, 3, again), ["a", "large".repeat(500), "b"]);
    await again.stop();
  },
  "what is too large is moved out of the way once, counted and in the head": async (place, { deny }) => {
    const here = await place({ "max.message.bytes": "1000" });
    await deny({ resource: "TOPIC", name: here.output, operation: "DESCRIBE_CONFIGS" });
    const job = await here.run({ unpublishable: here.dump() });
    await here.send("a", "large 1", "b", "large 2", "c");
    assertEquals(await here.read(here.output, 3, job), ["a", "b", "c"]);
    assertEquals(await here.read(here.dead, 2, job), ["large 1".repeat(500), "large 2".repeat(500)]);
    await until("the count", () => job.metrics.snapshot().unpublishable === 2, job);
    assert(here.lines.find(/go to ".*", because they can never be published: .*MESSAGE_TOO_LARGE/));
    await job.stop();
    const again = await here.run({ unpublishable: here.dump() });
    await here.send("d");
    assertEquals(await here.read(here.output, 4, again), ["a", "b", "c", "d"]);
    assertEquals(again.metrics.snapshot().unpublishable, 2);
    await again.stop();
  },
  "a topic that becomes compacted while the job runs stops it with the cure, and a dead letter gets past it": async (
    place,
  ) => {
    const here = await place();
    const job = await here.run();
    await here.send("a");
    await here.read(here.output, 1, job);
    await here.configure(here.output, { "cleanup.policy": "compact" });
    await here.send("b");
    assertMatch(await failureOf(job), /can never be published.*INVALID_RECORD/);
    await job.stop();
    const again = await here.run({ keyed: true, unpublishable: here.dump() });
    await here.send("c");
    assertEquals(await here.read(here.output, 2, again), ["a", "c"]);
    assertEquals(await here.read(here.dead, 1, again), ["b"]);
    assertEquals(again.metrics.snapshot().unpublishable, 1);
    await again.stop();
  },
  "a topic that comes back with fewer partitions than it had is told, and a dead letter gets past it": async (
    place,
  ) => {
    const here = await place();
    await here.world.administer((admin) => admin.deleteTopics({ topics: [here.output] }));
    await here.create(here.output, {}, 4);
    const job = await here.run({ keyed: true });
    await here.send("a", "b", "c", "d", "e", "f");
    await here.read(here.output, 6, job);
    await here.world.administer((admin) => admin.deleteTopics({ topics: [here.output] }));
    await here.create(here.output, {}, 1);
    await here.send("a", "b", "c", "d", "e", "f");
    assertMatch(await failureOf(job), /topic ".*" has 1 partition now, fewer than it had/);
    await job.stop();
    const again = await here.run({ keyed: true, unpublishable: here.dump() });
    await here.send("g");
    await until("all of them", () => again.metrics.snapshot().records_in === 13, again);
    const moved = () => again.metrics.snapshot().unpublishable;
    await until("what is moved", () => moved() > 0, again);
    const [out, dead] = [await here.read(here.output, 7 - moved(), again), await here.read(here.dead, moved(), again)];
    assertEquals([...out, ...dead].sort(), ["a", "b", "c", "d", "e", "f", "g"]);
    await again.stop();
  },
  "a right that is taken away while the job runs is told at once, and costs no result": async (
    place,
    { deny, allow },
  ) => {
    const here = await place();
    const job = await here.run();
    await here.send("a");
    await here.read(here.output, 1, job);
    const denial = { resource: "TOPIC", name: here.output, operation: "WRITE" } as const;
    await deny(denial);
    await here.send("b");
    assertMatch(await failureOf(job), /does not allow this user to use the topic/);
    await job.stop();
    await allow(denial);
    const again = await here.run();
    assertEquals(await here.read(here.output, 2, again), ["a", "b"]);
    await again.stop();
  },
};
