/** The program of `deno task start` under SIGTERM while its broker is away, or stands still: it ends in time, with exit code 0. */
import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Broker } from "./support/broker.ts";
import { ignore, ownCluster, signalNode } from "./support/faults/own_cluster.ts";
import { SilentServer } from "./support/faults/silent.ts";
import { scratch, until } from "./support/jobs.ts";
import { makeTopic } from "./support/kafka_clients.ts";
import { Program } from "./support/shop/program.ts";
import { freshTopic } from "./support/recording_reader.ts";

/** How long a program may take to end, in milliseconds. What a supervisor kills after ten seconds must have ended by then. */
const WITHIN = 10_000;

const FLAGS = ["--input", "--output", "--activity", "--late", "--dead-letter"];

/** The flags of a job with topics and a state of its own. */
async function flagsOn({ brokers }: Broker, state: string): Promise<string[]> {
  const flags = ["--brokers", brokers.join(","), "--job", freshTopic(), "--state", state, "--json"];
  for (const flag of FLAGS) {
    const topic = freshTopic();
    await makeTopic(brokers, topic);
    flags.push(flag, topic);
  }
  return flags;
}

/** Asks it to stop; returns its exit code once it has ended. */
async function terminated(program: Program): Promise<number> {
  const began = performance.now();
  program.kill("SIGTERM");
  const { code } = await program.ended();
  assertLess(performance.now() - began, WITHIN);
  return code;
}

describe("The program under SIGTERM", { ignore }, () => {
  it("ends with exit code 0 in time, whatever its broker does", async (t) => {
    await using broker = await ownCluster();
    await using folder = await scratch();

    await t.step("while the broker stands still", async () => {
      await using program = new Program(await flagsOn(broker, folder.path("still.db")));
      await program.says(/: fresh/);
      signalNode(broker, 0, "SIGSTOP");
      try {
        assertEquals(await terminated(program), 0);
      } finally {
        signalNode(broker, 0, "SIGCONT");
      }
    });

    await t.step("while it starts, and the broker stands still", async () => {
      const flags = await flagsOn(broker, folder.path("start.db"));
      signalNode(broker, 0, "SIGSTOP");
      try {
        await using program = new Program(flags);
        await program.says(/the start has taken 5 s so far/);
        assertEquals(await terminated(program), 0);
      } finally {
        signalNode(broker, 0, "SIGCONT");
      }
    });

    await t.step("while the broker is away", async () => {
      await using program = new Program(await flagsOn(broker, folder.path("away.db")));
      await program.says(/: fresh/);
      await broker.kill();
      await program.says(/waiting/);
      assertEquals(await terminated(program), 0);
    });
  });

  it("ends with exit code 0 while it makes its topics on a broker that never answers", async () => {
    await using folder = await scratch();
    await using server = new SilentServer();
    const flags = ["--brokers", server.address, "--job", freshTopic(), "--state", folder.path("topics.db")];
    await using program = new Program([...flags, "--create-topics", "--json"]);
    await until("a connection", () => server.taken > 0);
    assertEquals(await terminated(program), 0);
  });
});
