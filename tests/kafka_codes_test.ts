import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { describeCode } from "../connectors/kafka/codes.ts";
import { brokerError, CODE, explain } from "../connectors/kafka/errors.ts";
import { FencedError, UnavailableError } from "../state/errors.ts";
import { jarsAtHand, javaCommand, kafkaJars } from "./support/broker/jars.ts";

const { ok } = await jarsAtHand();

/** What a user reads when the broker answers with that code. */
function sentence(code: number, said?: string): string {
  return explain(brokerError(code, "a fetch", said), 'read the topic "orders"', "localhost:9092").message;
}

/** The broker's own table: name and code of all that it may answer with. */
async function brokersTable(): Promise<{ readonly name: string; readonly code: number }[]> {
  const { stdout } = await new Deno.Command(javaCommand(), {
    args: ["-cp", `${await kafkaJars()}/*`, "org.apache.kafka.common.protocol.Errors"],
    stderr: "null",
  }).output();
  const rows = new TextDecoder().decode(stdout).matchAll(/<td>([A-Z_]+)<\/td>\s*<td>(-?\d+)<\/td>/g);
  return [...rows].map(([, name, code]) => ({ name, code: Number(code) }));
}

describe("Kafka's error codes", () => {
  const whole = ok ? it : it.ignore;
  whole("are all in words: the broker's own table has none that this one lacks, and their names agree", async () => {
    const table = await brokersTable();
    assert(table.length > 130, `the broker knows ${table.length} codes only`);
    for (const { name, code } of table) {
      const words = describeCode(code);
      assertEquals([words.name, words.code], [name, code]);
      assertMatch(words.meaning, /^[a-z][^.]{10,}/, name);
      assertMatch(words.cure, /^[a-z].{5,}/, name);
      if (code === 0) continue;
      const said = sentence(code);
      assertMatch(said, /^Cannot read the topic "orders": [^.]{20,}/);
      assert(!/\bcode\b|undefined/.test(said), said);
    }
  });

  it("give a sentence with what was wanted, the reason in words with Kafka's name, and the cure", () => {
    assertEquals(
      sentence(29, "Not authorized to access topics: [Topic authorization failed.]"),
      'Cannot read the topic "orders": Kafka at localhost:9092: the broker refused a fetch, because it does not allow this user to use the topic ' +
        "(TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed.]); grant READ and DESCRIBE on the " +
        "job's inputs, WRITE and DESCRIBE on its outputs, CREATE on its own topics, DELETE on those of its hops",
    );
  });

  it("that are newer than this client are told with their number and where to look it up", () => {
    assertStringIncludes(sentence(999), "number 999 in Kafka's table of error codes");
    assertStringIncludes(sentence(999), "look it up");
  });

  it("become the error that says what the caller must do", () => {
    const error = (code: number) => explain(brokerError(code, "a fetch"), "read", "localhost:9092");
    assert(error(CODE.notLeader) instanceof UnavailableError);
    assert(error(CODE.concurrentTransactions) instanceof UnavailableError);
    assert(error(CODE.producerFenced) instanceof FencedError);
    assert(!(error(CODE.topicAuthorizationFailed) instanceof UnavailableError));
  });

  it("name the topic with which a new one collides, and say how to choose another name", () => {
    const said = sentence(CODE.invalidTopic, "Topic 'a_v1.tidemark' collides with existing topics: a.v1.tidemark");
    assertStringIncludes(said, 'that of the topic "a.v1.tidemark" differ only in . and _');
    assertStringIncludes(said, "choose another name (the topics of a job begin with the job's name)");
  });
});
