/** What a coordinator of consumer groups owes the engine, request by request, on whatever driver and real or simulated. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Joined, Line } from "../connectors/kafka/driver.ts";
import { CODE, KafkaError } from "../connectors/kafka/errors.ts";
import { assertRefused, freshGroup } from "./support/kafka_asking.ts";
import { contract } from "./support/kafka_subject.ts";
import { freshTopic } from "./support/recording_reader.ts";

/** Joins as the only member, or as one that the others let in. */
function join(line: Line, group: string, { member = "", subscription = "" } = {}): Promise<Joined> {
  const options = { group, member, protocol: "contract", sessionTimeout: 10_000, rebalanceTimeout: 20_000 };
  return line.join({ ...options, subscription: new TextEncoder().encode(subscription) });
}

/** Asks until the broker refuses with that code. */
async function untilRefused(ask: () => Promise<void>, code: number): Promise<void> {
  for (let tries = 0; tries < 100_000; tries++) {
    try {
      await ask();
    } catch (error) {
      if (error instanceof KafkaError && error.code === code) return;
      throw error;
    }
  }
  throw new Error(`Nothing was refused with code ${code}`);
}

/** What a coordinator of groups does. */
export const coordinatorContract = contract((name, on, ignore) => {
  describe(`${name}, groups`, { ignore }, () => {
    it(
      "one member assigns for all, and each gets its own",
      on(async (bench) => {
        const [one, other] = [await bench.line(), await bench.line()];
        const group = await freshGroup(bench);
        const alone = await join(one, group, { subscription: "one" });
        assertEquals(alone.members?.map(({ subscription }) => new TextDecoder().decode(subscription)), ["one"]);
        await one.sync({ group, ...alone }, [{ member: alone.member, assignment: Uint8Array.of(1) }]);
        const joining = join(other, group, { subscription: "other" });
        await untilRefused(() => one.heartbeat({ group, ...alone }), CODE.rebalanceInProgress);
        const [first, second] = await Promise.all([
          join(one, group, { member: alone.member, subscription: "one" }),
          joining,
        ]);
        assertEquals([first.generation, second.generation], [alone.generation + 1, alone.generation + 1]);
        assertEquals([first.members?.length, second.members], [2, undefined]);
        const assignments = [
          { member: first.member, assignment: Uint8Array.of(7) },
          { member: second.member, assignment: Uint8Array.of(8, 9) },
        ];
        const shares = await Promise.all([
          one.sync({ group, ...first }, assignments),
          other.sync({ group, ...second }, []),
        ]);
        assertEquals(shares.map((share) => [...share]), [[7], [8, 9]]);
        assertEquals(await bench.kafka.members(group), [first.member, second.member].sort());
      }),
    );

    it(
      "offsets are not committed in a generation that is over, nor by a stranger",
      on(async (bench) => {
        const [one, other] = [await bench.line(), await bench.line()];
        const [topic, group] = [freshTopic(), await freshGroup(bench)];
        await bench.connection.createTopic(topic, 1);
        const commit = (joined: Joined, offset: number) =>
          one.commitOffsets({ group, ...joined }, [{ topic, partition: 0, offset }], "as it is");
        const alone = await join(one, group);
        await one.sync({ group, ...alone }, [{ member: alone.member, assignment: Uint8Array.of(1) }]);
        await commit(alone, 5);
        const joining = join(other, group);
        await untilRefused(() => one.heartbeat({ group, ...alone }), CODE.rebalanceInProgress);
        // A generation that is being ended can still commit: that is what revoking is for.
        await commit(alone, 6);
        const [again] = await Promise.all([join(one, group, { member: alone.member }), joining]);
        await assertRefused(commit(alone, 7), CODE.illegalGeneration);
        await assertRefused(one.heartbeat({ group, ...alone }), CODE.illegalGeneration);
        await one.leave(group, again.member);
        await assertRefused(commit(again, 8), CODE.unknownMember);
        await assertRefused(one.heartbeat({ group, ...again }), CODE.unknownMember);
        await assertRefused(join(one, group, { member: again.member }), CODE.unknownMember);
        assertEquals(await one.committed(group, topic, [0], true), new Map([[0, { offset: 6, note: "as it is" }]]));
      }),
    );

    it(
      "whoever leaves makes room at once",
      on(async (bench) => {
        const [one, other] = [await bench.line(), await bench.line()];
        const group = await freshGroup(bench);
        const alone = await join(one, group);
        await one.sync({ group, ...alone }, []);
        const joining = join(other, group);
        await untilRefused(() => one.heartbeat({ group, ...alone }), CODE.rebalanceInProgress);
        // It never comes back for the next generation, and the other does not have to wait for its session to end.
        await one.leave(group, alone.member);
        const joined = await joining;
        assertEquals(joined.members?.map(({ member }) => member), [joined.member]);
        await assertRefused(other.leave(group, alone.member), CODE.unknownMember);
      }),
    );
  });
});
