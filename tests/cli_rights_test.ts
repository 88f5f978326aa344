/** The doctor of the command line on a real Kafka that denies rights. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import type { Right } from "./sim/kafka/rights.ts";
import { findBroker } from "./support/broker.ts";
import { RealKafka } from "./support/changing_kafka.ts";
import { scratch } from "./support/jobs.ts";
import { freshTopic } from "./support/recording_reader.ts";
import { command } from "./support/terminal.ts";

const { kind } = await findBroker({ own: true });

interface Finding {
  readonly check: string;
  readonly result: string;
  readonly found: string;
  readonly fix?: string;
}

describe("the doctor", { ignore: kind === "none" }, () => {
  it("finds each right that a job lacks, and says how to grant it", async () => {
    await using world = await RealKafka.start();
    const { brokers } = world.broker;
    await using folder = await scratch();
    const state = folder.path("state.db");
    const [job, input, output] = [freshTopic(), freshTopic(), freshTopic()];
    for (const topic of [input, output]) await world.createTopicWith(topic);
    const words = ["doctor", "--state", state, "--brokers", brokers.join(",")];
    const made = await command(["produce", input, "-", "--brokers", brokers.join(",")], { input: '{"user":"ada"}' });
    assertEquals([made.code, made.err], [0, ""]);
    const broker = kafka({ brokers });
    const counts = broker.source<{ user: string }>(input, { tombstones: "refuse" }).pipe(
      keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
      broker.sink(output, { key: ({ key }) => key }),
    );
    await using running = await run(counts, { name: job, state, until: "end", log: () => {} });
    await running.finished;

    const rights = async () => {
      const { out } = await command([...words, "--json"]);
      const { findings } = JSON.parse(out) as { findings: Finding[] };
      return findings.filter(({ check }) => check === `rights of ${job}`).map((
        { result, found, fix },
      ) => [result, found, fix]);
    };
    // The input, the topic of the markers, two names of groups, the output, and the transactional id.
    assertEquals(await rights(), [["ok", "6 rights of this user", undefined]]);
    const grant = "Grant it: kafka-acls.sh --add --allow-principal User:NAME --operation";
    const cases: [Right, string[][]][] = [
      [{ to: "read", topic: input }, [[
        "fail",
        `READ on the topic ${input} is missing`,
        `${grant} Read --topic ${input}`,
      ]]],
      [{ to: "write", topic: output }, [
        ["fail", `WRITE on the topic ${output} is missing`, `${grant} Write --topic ${output}`],
      ]],
      [{ to: "use groups" }, [
        ["fail", `READ on the group ${job} is missing`, `${grant} Read --group ${job}`],
        [
          ...["fail", `READ on the group ${job}. and what begins so is missing`],
          `${grant} Read --group ${job}. --resource-pattern-type prefixed`,
        ],
      ]],
      [{ to: "use transactional ids" }, [[
        ...["fail", `WRITE on the transactional id ${job}. and what begins so is missing`],
        `${grant} Write --transactional-id ${job}. --resource-pattern-type prefixed`,
      ]]],
    ];
    for (const [right, expected] of cases) {
      await world.deny(right);
      assertEquals(await rights(), expected);
      assertEquals((await command(words)).code, 1);
      await world.allow(right);
    }
    assertEquals((await command(words)).code, 0);

    // This one is optional, and so no failure.
    const settings: Right = { to: "describe configs", topic: output };
    await world.deny(settings);
    const { code, out } = await command([...words, "--json"]);
    const { findings } = JSON.parse(out) as { findings: Finding[] };
    assertEquals([code, findings.find(({ check }) => check === `settings of ${output}`)], [0, {
      check: `settings of ${output}`,
      result: "warn",
      found: `DESCRIBE_CONFIGS on the topic ${output} is missing, so its limits are not known`,
      fix: `${grant} DescribeConfigs --topic ${output}`,
    }]);
  });
});
