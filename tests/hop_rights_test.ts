/** A hop's topic in which the job may not delete grows. The job says so once, with the cure, and goes on. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { keyedReduce, repartition, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { HopSweep } from "../runtime/hop_sweep.ts";
import type { EventFacts } from "../runtime/events.ts";
import type { OwnedTask } from "../runtime/owned_task.ts";
import { UnavailableError } from "../state/errors.ts";
import { guardedBroker } from "./support/faults/guarded_broker.ts";
import { ignore } from "./support/faults/own_cluster.ts";
import { first, Lines } from "./support/jobs.ts";
import { clientOf, connectTo, makeTopic } from "./support/kafka_clients.ts";
import { freshTopic } from "./support/recording_reader.ts";

describe("what was read of a hop and cannot be deleted", () => {
  const task = (topic: string, offset: number) =>
    ({
      lost: false,
      runner: { queues: [{ hop: true, topic, partition: 0 }] },
      checkpoint: { head: { offsets: { [topic]: { 0: offset } } } },
    }) as unknown as OwnedTask;

  it("is told once for each hop, and not while the broker only does not answer", async () => {
    const told: [EventFacts, string][] = [];
    let now = 0;
    let thrown: Error = new UnavailableError("the broker is away");
    const sweep = new HopSweep({
      input: { deleteBefore: () => Promise.reject(thrown) },
      clock: { elapsed: () => now },
      events: { tell: (facts, text) => void told.push([facts, text]) },
      hops: [{ name: "a", topic: "job.a.repartition" }, { name: "b", topic: "job.b.repartition" }],
    });
    const later = async (...topics: string[]) => {
      now += 60_000;
      await sweep.sweep(topics.map((topic) => task(topic, now)));
    };
    await later("job.a.repartition");
    assertEquals(told, []);
    thrown = new Error("grant DELETE");
    await later("job.a.repartition");
    await later("job.a.repartition", "job.b.repartition");
    await later("job.a.repartition", "job.b.repartition");
    assertEquals(
      told,
      ["a", "b"].map((hop) => [
        { kind: "hop grows", hop },
        `the job goes on, but what repartition "${hop}" has read stays on the broker, and its topic grows: grant DELETE`,
      ]),
    );
  });

  it("is told by a job on Kafka without DELETE, which goes on, and is deleted once that is granted", {
    ignore,
    ...{ sanitizeOps: false, sanitizeResources: false },
  }, async () => {
    await using world = await guardedBroker();
    const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
    for (const topic of [input, output]) await makeTopic(world.direct, topic);
    const hop = `${name}.by-name.repartition`;
    const denial = { resource: "TOPIC", name: hop, operation: "DELETE" } as const;
    await world.deny(denial);
    const broker = kafka(world.options);
    const totals = broker.source<string>(input, { tombstones: "refuse" }).pipe(
      repartition({ name: "by-name", key: (name) => name }),
      keyedReduce({ name: "totals", key: (name) => name, initial: 0, reduce: (total) => total + 1 }),
      broker.sink(output),
    );
    const producer = clientOf(world.direct).producer();
    await producer.connect();
    const send = (value: string) => producer.send({ topic: input, messages: [{ value: JSON.stringify(value) }] });

    const lines = new Lines();
    const job = await run(totals, { name, state: ":memory:", log: lines.log });
    let sent = 0, line: string | undefined;
    const results = kafka({ brokers: world.direct });
    const goOn = async () => {
      await send("ada");
      await first(results.source(output), ++sent, job);
    };
    while (line === undefined) {
      assert(sent < 2000, "it is never told");
      await goOn();
      line = lines.find(/topic grows/);
    }
    assertMatch(
      line,
      new RegExp(`repartition "by-name" has read stays .* "${hop}".*not allow.*DELETE on those of its hops`),
    );
    const [event, ...others] = job.events.list().filter(({ kind }) => kind === "hop grows");
    assertEquals([event.level, event.text, others], ["warning", line.replace(`Job ${name}: `, ""), []]);

    await world.allow(denial);
    const connection = await connectTo(world.direct);
    while ((await connection.bounds(hop))[0].earliest === 0) {
      assert(sent < 4000, "nothing is ever deleted");
      await goOn();
    }
    await connection.close();
    assertEquals(lines.all.filter((one) => /topic grows/.test(one)).length, 1);
    await producer.disconnect();
    await job.stop();
  });
});
