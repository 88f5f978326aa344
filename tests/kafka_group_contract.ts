/** What a member of a consumer group owes the engine, on a real or simulated Kafka: who reads what, and when that changes. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeSubscription, PROTOCOL } from "../connectors/kafka/assignment.ts";
import type { Line } from "../connectors/kafka/driver.ts";
import { Member } from "./support/kafka_member.ts";
import { NO_STORE } from "./support/no_store.ts";
import { contract } from "./support/kafka_subject.ts";
import { freshTopic, publish, record } from "./support/recording_reader.ts";

/** Registers the contract's tests for one Kafka. */
export const groupContract = contract((name, on, ignore) => {
  describe(`${name}, groups of workers`, { ignore }, () => {
    it(
      "two members share the tasks, co-partitioned, and each keeps what it had",
      on(async ({ connection: one, other }) => {
        const [left, right, group] = [freshTopic(), freshTopic(), freshTopic()];
        await one.createTopic(left, 4);
        await one.createTopic(right, 4);
        const topics = [left, right];
        const first = await Member.join(one, { group, topics });
        await first.owns([0, 1, 2, 3]);
        await first.alive();

        const second = await Member.join(other, { group, topics });
        await first.owns([0, 1]);
        await second.owns([2, 3]);
        await assertRejects(() => Member.join(one, { group, topics: [freshTopic()] }), Error, "There is no topic");

        const records = topics.flatMap((topic) =>
          [0, 1, 2, 3].map((partition) => record(topic, { partition, text: topic }))
        );
        await publish({ connection: one, store: NO_STORE }, records);
        const all = (member: Member, partitions: number[]) => () =>
          topics.every((topic) =>
            partitions.every((partition) =>
              member.records.some((it) => it.topic === topic && it.partition === partition)
            )
          );
        await first.until("its four records", all(first, [0, 1]));
        await second.until("its four records", all(second, [2, 3]));
        assertEquals([first.records.length, second.records.length], [4, 4]);

        await second.reader.stop();
        await first.owns([0, 1, 2, 3]);
        assertEquals(first.times("revoking"), 2);
      }),
    );

    it(
      "a member whose assignment is over before it begins takes part in the next one",
      on(async ({ connection: one, other }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 2);
        const refusals: string[] = [];
        let second: Promise<Member> | undefined;
        const first = await Member.join(one, {
          group,
          topics: [topic],
          async onAssigned(alive) {
            // Another one joins just now. The group says so to the next sign of life, as soon as it knows.
            second ??= Member.join(other, { group, topics: [topic] });
            while (refusals.length === 0) {
              await alive().catch((error: Error) => {
                refusals.push(error.message);
                throw error;
              });
            }
          },
        });
        await first.until("its share", () => first.owned.length === 1);
        const joined = await second!;
        await joined.until("its share", () => joined.owned.length === 1);
        assertEquals([...first.owned, ...joined.owned].toSorted(), [0, 1]);
        assertEquals(refusals, [`The assignment is over: the consumer group "${group}" is changing`]);
        assertEquals([first.failure, joined.failure], [undefined, undefined]);
      }),
    );

    it(
      "the assignment changes only when revoking() has resolved, and nothing is read meanwhile",
      on(async ({ connection: one, other }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 2);
        const first = await Member.join(one, { group, topics: [topic] });
        await first.owns([0, 1]);
        const { alive } = first;
        const committed = Promise.withResolvers<void>();
        first.onRevoking = () => committed.promise;
        const second = await Member.join(other, { group, topics: [topic] });
        await first.until("revoking", () => first.events.includes("revoking"));
        await assertRejects(alive, Error, "The assignment is over");
        await publish({ connection: one, store: NO_STORE }, [0, 1].map((partition) => record(topic, { partition })));
        assertEquals([first.records.length, second.events], [0, []]);
        committed.resolve();
        await first.owns([0]);
        await second.owns([1]);
        assertEquals(first.events, ["assigned 0,1", "revoking", "revoked", "assigned 0"]);
        await first.until("its record", () => first.records.length === 1);
        await second.until("its record", () => second.records.length === 1);
      }),
    );

    it(
      "one member has everything where the job is a single task, and the other stands by",
      on(async ({ connection: one, other }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 3);
        const single = { group, topics: [topic], tasks: "single" as const };
        const first = await Member.join(one, single);
        await first.owns([0]);
        const second = await Member.join(other, single);
        await second.until("an assignment", () => second.events.includes("assigned "));
        await first.until("the new generation", () => first.times("assigned 0") === 2);
        await publish({ connection: one, store: NO_STORE }, [0, 1, 2].map((partition) => record(topic, { partition })));
        await first.until("all records", () => first.records.length === 3);
        await first.reader.stop();
        await second.owns([0]);
        await second.until("all records", () => second.records.length === 3);
      }),
    );

    it(
      "a member that was killed is succeeded under its id, and nobody else loses a task",
      on(async ({ connection: one, line, kafka }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 4);
        const bystander = await Member.join(one, { group, topics: [topic] });
        await bystander.owns([0, 1, 2, 3]);
        const dead = await joinAndDie(await line(), { group, topic });
        await bystander.owns([0, 1]);

        const before = await kafka.members(group);
        const remembered = JSON.stringify({ member: dead });
        const successor = await Member.join(one, { group, topics: [topic], remembered });
        await successor.owns([2, 3]);
        await bystander.owns([0, 1]);
        assertEquals(await kafka.members(group), before);
        assert(before.includes(dead));
        // It has the id that was remembered already.
        assertEquals(successor.remembered, undefined);
        assertEquals(bystander.failure, undefined);
      }),
    );

    it(
      "a member whose remembered id is gone joins as a new one",
      on(async ({ connection: one }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 1);
        for (const remembered of ['{"member":"nobody-1234"}', "no JSON"]) {
          const member = await Member.join(one, { group, topics: [topic], remembered });
          await member.owns([0]);
          await member.reader.stop();
          assertStringIncludes(member.remembered!, "member");
        }
      }),
    );

    it(
      "show() lets Kafka's own tools see how far a job is",
      on(async ({ connection: one }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 2);
        const member = await Member.join(one, { group, topics: [topic] });
        await member.owns([0, 1]);
        await member.reader.show([{ topic, partition: 1, offset: 42 }]);
        assertEquals(await one.shown(group, topic), new Map([[1, { offset: 42, own: true }]]));
      }),
    );

    it(
      "what retention took away is asked about, not skipped",
      on(async ({ connection: one, kafka }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 1);
        await publish(
          { connection: one, store: NO_STORE },
          ["a", "b", "c", "d"].map((text) => record(topic, { text })),
        );
        await kafka.deleteRecords(topic, 0, 3);
        const strict = await Member.join(one, { group: `${group}-strict`, topics: [topic] });
        await assertRejects(() => strict.until("nothing", () => false), Error, "offset 0 is gone");
        const lenient = await Member.join(one, {
          group,
          topics: [topic],
          missing: (_wanted, { earliest }) => earliest,
        });
        await lenient.until("what is left", () => lenient.records.length === 1);
        assertEquals(lenient.missed, [{ wanted: 0, bounds: { earliest: 3, latest: 5 } }]);
        assertEquals(lenient.records[0].offset, 3);
      }),
    );

    it(
      "a group with other consumers in it is refused in one sentence",
      on(async ({ connection: one, line }) => {
        const [topic, group] = [freshTopic(), freshTopic()];
        await one.createTopic(topic, 1);
        await joinAndDie(await line(), { group, topic }, "range");
        const member = await Member.join(one, { group, topics: [topic] });
        const error = await assertRejects(() => member.until("nothing", () => false), Error);
        assertStringIncludes(
          error.message,
          `the consumer group "${group}": it has members that are no workers of this job (`,
        );
      }),
    );
  });
});

/** Joins a group and takes its assignment, then is gone without leaving: as a process that is killed. Returns the member's id. */
async function joinAndDie(
  line: Line,
  { group, topic }: { readonly group: string; readonly topic: string },
  protocol = PROTOCOL,
): Promise<string> {
  const joined = await line.join({
    group,
    member: "",
    protocol,
    subscription: encodeSubscription({
      topics: [topic],
      tasks: "perPartition",
      incarnation: "first",
      owned: [],
      generation: -1,
    }),
    sessionTimeout: 30_000,
    rebalanceTimeout: 30_000,
  });
  const { member, generation } = joined;
  await line.sync(
    { group, member, generation },
    joined.members?.map((one) => ({ member: one.member, assignment: new Uint8Array() })) ?? [],
  );
  await line.close();
  return member;
}
