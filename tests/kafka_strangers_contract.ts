/**
 * What a worker owes the engine where its group and its topics are not what the job was made with, on a real or simulated Kafka:
 * topics that grow, workers of another state store, consumers that are no workers.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Member } from "./support/kafka_member.ts";
import { NO_STORE } from "./support/no_store.ts";
import { contract, type KafkaBench } from "./support/kafka_subject.ts";
import { freshTopic, publish, record } from "./support/recording_reader.ts";

/** A topic with that many partitions, and the name of a group. */
async function place({ connection }: KafkaBench, partitions = 2): Promise<{ topics: string[]; group: string }> {
  const topic = freshTopic();
  await connection.createTopic(topic, partitions);
  return { topics: [topic], group: freshTopic() };
}

/** The words with which a member has ended. */
async function refusal(member: Member): Promise<string> {
  const { message } = await assertRejects(() => member.until("nothing", () => false), Error);
  return message;
}

/** Registers the contract's tests for one Kafka. */
export const strangersContract = contract((name, on, ignore) => {
  describe(`${name}, topics that grow`, { ignore }, () => {
    it(
      "are told, and the tasks stay those that the job was made with",
      on(async (bench) => {
        const { connection: one, other } = bench;
        const { topics, group } = await place(bench);
        const [topic] = topics;
        const made = { group, topics, partitions: new Map([[topic, 2]]) };
        const first = await Member.join(one, made);
        await first.owns([0, 1]);
        assertEquals(first.inTrouble.size, 0);
        await (await bench.line()).growTopic(topic, 4);
        const second = await Member.join(other, made);
        await first.owns([0]);
        await second.owns([1]);
        for (const member of [first, second]) {
          await member.until("a word", () => member.inTrouble.has("partitions"));
          assertStringIncludes(
            member.inTrouble.get("partitions")!,
            `topic ${topic} has 4 partitions, and the job was made with 2: partitions 2 to 3 are read by nobody`,
          );
        }
        await second.reader.stop();
        await first.owns([0, 1]);
        const records = [0, 1].map((partition) => record(topic, { partition }));
        await publish({ connection: one, store: NO_STORE }, records);
        await first.until("its records", () => first.records.length === 2);
        assertEquals([first.failure, second.failure], [undefined, undefined]);
      }),
    );

    it(
      "leave a job of a single task with the partitions that it was made with",
      on(async (bench) => {
        const { topics, group } = await place(bench);
        const [topic] = topics;
        await (await bench.line()).growTopic(topic, 3);
        await bench.connection.createTopic(topic, 3);
        const single = { group, topics, tasks: "single" as const, partitions: new Map([[topic, 2]]) };
        const member = await Member.join(bench.connection, single);
        await member.owns([0]);
        await member.until("a word", () => member.inTrouble.has("partitions"));
        assertStringIncludes(member.inTrouble.get("partitions")!, "partition 2 is read by nobody");
        const records = [2, 1, 0].map((partition) => record(topic, { partition }));
        await publish({ connection: bench.connection, store: NO_STORE }, records);
        await member.until("two records", () => member.records.length === 2);
        assertEquals(member.records.map(({ partition }) => partition).toSorted(), [0, 1]);
      }),
    );
  });

  describe(`${name}, workers that must not work together`, { ignore }, () => {
    it(
      "a worker on another state store is refused with words, and those that have tasks go on",
      on(async (bench) => {
        const { topics, group } = await place(bench);
        const first = await Member.join(bench.connection, { group, topics });
        await first.owns([0, 1]);
        const stranger = await Member.join(bench.other, { group, topics, incarnation: "second" });
        assertStringIncludes(
          await refusal(stranger),
          `Cannot run job ${group}: other workers run this job on another state store`,
        );
        assertEquals(stranger.events, ["failed"]);
        await stranger.reader.stop();
        await first.until("its tasks again", () => first.times("assigned 0,1") >= 2);
        assertEquals(first.failure, undefined);
      }),
    );

    it(
      "of workers on two state stores that start together one has all tasks, and the other none",
      on(async (bench) => {
        const { topics, group } = await place(bench);
        const members = await Promise.all([
          Member.join(bench.connection, { group, topics, incarnation: "first" }),
          Member.join(bench.other, { group, topics, incarnation: "second" }),
        ]);
        const ended = members.map((member) => member.until("an end", () => false).catch(() => member));
        const refused = await Promise.race(ended);
        assert(refused instanceof Member);
        assertEquals(refused.events, ["failed"]);
        const [left] = members.filter((member) => member !== refused);
        await refused.reader.stop();
        await left.owns([0, 1]);
        await left.reader.stop();
        // Nobody waits for it any more.
        left.failure = new Error("the test is over");
        left.tell();
        await Promise.all(ended);
      }),
    );

    it(
      "a worker with another setting of tasks is refused, and those that have tasks go on",
      on(async (bench) => {
        const { topics, group } = await place(bench);
        const first = await Member.join(bench.connection, { group, topics });
        await first.owns([0, 1]);
        const single = await Member.join(bench.other, { group, topics, tasks: "single" });
        assertStringIncludes(
          await refusal(single),
          'started with tasks: "single", and other workers of the job run with tasks: "perPartition"',
        );
        await single.reader.stop();
        await first.until("its tasks again", () => first.times("assigned 0,1") >= 2);
        assertEquals(first.failure, undefined);
      }),
    );
  });

  describe(`${name}, consumers in the group that are no workers`, { ignore }, () => {
    it(
      "one of Kafka's newer protocol that was there first is told with what it has, and so is the task that has no worker",
      on(async (bench) => {
        const { topics, group } = await place(bench);
        const intruder = await bench.kafka.intrude(group, topics[0]);
        const member = await Member.join(bench.connection, { group, topics });
        await member.until("a word", () => member.inTrouble.has("members"));
        await member.until("a part", () => member.owned.length === 1);
        const [task] = [0, 1].filter((one) => !member.owned.includes(one));
        const whole = `which has ${
          topics[0]
        }/${task}), so Kafka shares the partitions out by itself, and task ${task} has no worker`;
        await member.until("who has what", () => member.inTrouble.get("members")!.includes(whole));
        const told = member.inTrouble.get("members")!;
        assertStringIncludes(told, `the consumer group "${group}" has members that are no workers of this job (`);
        assertStringIncludes(told, "End those consumers, or give them a group of their own");

        await publish(
          { connection: bench.connection, store: NO_STORE },
          [0, 1].map((partition) => record(topics[0], { partition })),
        );
        await member.until("its record", () => member.records.length === 1);
        await intruder.leave();
        await member.owns([0, 1]);
        await member.until("the other's record", () => member.records.length === 2);
        await member.until("the end of it", () => !member.inTrouble.has("members"));
        assertEquals(member.failure, undefined);
      }),
    );

    it(
      "one of Kafka's newer protocol cannot come in while a worker is there",
      on(async (bench) => {
        const { topics, group } = await place(bench);
        const member = await Member.join(bench.connection, { group, topics });
        await member.owns([0, 1]);
        await assertRejects(() => bench.kafka.intrude(group, topics[0]), Error, "GROUP_ID_NOT_FOUND");
        await member.alive();
        assertEquals(member.events, ["assigned 0,1"]);
      }),
    );
  });

  describe(`${name}, offsets that people set`, { ignore }, () => {
    it(
      "are told from those that the job has shown",
      on(async (bench) => {
        const { topics: [topic], group } = await place(bench);
        const member = await Member.join(bench.connection, { group, topics: [topic] });
        await member.owns([0, 1]);
        await member.reader.show([0, 1].map((partition) => ({ topic, partition, offset: 42 })));
        await member.reader.stop();
        await bench.kafka.setOffset(group, topic, 1, 7);
        assertEquals(
          await bench.connection.shown(group, topic),
          new Map([[0, { offset: 42, own: true }], [1, { offset: 7, own: false }]]),
        );
      }),
    );
  });
});
