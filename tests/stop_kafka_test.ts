/** A job that is stopped while its broker is away, or does not answer, ends in time, and its next start publishes what is left. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { run, type RunOptions } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import type { Connector } from "../connectors/connector.ts";
import { sinkVerb, sourceVerb } from "../connectors/verbs.ts";
import type { Broker } from "./support/broker.ts";
import { afterCommit, withDelivery } from "./support/deliveries.ts";
import { ignore, ownCluster, signalNode } from "./support/faults/own_cluster.ts";
import { first, Lines, scratch, until } from "./support/jobs.ts";
import { clientOf, makeTopic } from "./support/kafka_clients.ts";
import { freshTopic } from "./support/recording_reader.ts";

/** A cluster at which the second transaction with results, and all after it, tell that they begin, and wait until they may. */
function held(brokers: string[]): { connector: Connector; begun: Promise<void>; release(): void } {
  const real = kafka({ brokers });
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let published = 0;
  return {
    begun: begun.promise,
    release: released.resolve,
    connector: {
      id: real.id,
      open: async (context) => {
        const connection = await real.open(context);
        const { rehearse } = bound(afterCommit(connection));
        return withDelivery(connection, {
          rehearse: async (owner, topics) => {
            const life = await rehearse(owner, topics);
            return {
              close: () => life.close(),
              publish: async (tasks, letter) => {
                if (tasks.some(({ epochs }) => epochs.some(({ rows }) => rows.length > 0)) && ++published > 1) {
                  begun.resolve();
                  await released.promise;
                }
                return await life.publish(tasks, letter);
              },
            };
          },
        });
      },
    },
  };
}

function bound(delivery: ReturnType<typeof afterCommit>) {
  return { rehearse: delivery.rehearse.bind(delivery) };
}

/** Topics of their own on a broker, and a job that copies one to the other. */
async function place(broker: Broker) {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  for (const topic of [input, output]) await makeTopic(broker.brokers, topic);
  const lines = new Lines();
  const start = (
    state: string,
    options: Partial<RunOptions> = {},
    connector: Connector = kafka({ brokers: broker.brokers }),
  ) =>
    run(sourceVerb<string>(connector, input).pipe(sinkVerb<string>(connector, output)), {
      ...{ name, state, log: lines.log },
      ...options,
    });
  const send = async (...values: string[]) => {
    const producer = clientOf(broker.brokers).producer();
    await producer.connect();
    await producer.send({ topic: input, messages: values.map((value) => ({ value: JSON.stringify(value) })) });
    await producer.disconnect();
  };
  const read = (count: number) => first(kafka({ brokers: broker.brokers }).source<string>(output), count);
  return { lines, start, send, read };
}

describe("A job that is stopped while results cannot be published", { ignore }, () => {
  it("ends in time, says what is left, and its next start publishes it once", async (t) => {
    await using broker = await ownCluster();
    await using folder = await scratch();

    await t.step("the broker stands still", async () => {
      const { lines, start, send, read } = await place(broker);
      const state = folder.path("still.db");
      const { connector, begun, release } = held(broker.brokers);
      const job = await start(state, {}, connector);
      await send("a");
      assertEquals(await read(1), ["a"]);
      await send("b");
      await begun;
      signalNode(broker, 0, "SIGSTOP");
      try {
        release();
        await job.stop({ within: 2000 });
        assertEquals(await job.finished, { reason: "stopped" });
      } finally {
        signalNode(broker, 0, "SIGCONT");
      }
      assertMatch(
        lines.find(/stopped in time/)!,
        /1 epoch with 1 result for ".*" may be unpublished, and the next start/,
      );
      const again = await start(state);
      await send("c");
      assertEquals(await read(3), ["a", "b", "c"]);
      await again.stop();
    });

    await t.step("the broker is away", async () => {
      const { lines, start, send, read } = await place(broker);
      const state = folder.path("away.db");
      const { connector, begun, release } = held(broker.brokers);
      const job = await start(state, {}, connector);
      await send("a");
      assertEquals(await read(1), ["a"]);
      await send("b");
      await begun;
      await broker.kill();
      try {
        release();
        await until("a word", () => job.metrics.snapshot().trouble !== undefined, job);
        await job.stop({ within: 2000 });
      } finally {
        await broker.start();
      }
      assertMatch(lines.find(/stopped in time/)!, /1 epoch with 1 result/);
      await using again = await start(state);
      await send("c");
      assertEquals(await read(3), ["a", "b", "c"]);
      await again.stop();
    });

    await t.step("a start under way is given up when its signal is aborted", async () => {
      const { start } = await place(broker);
      const stop = new AbortController();
      signalNode(broker, 0, "SIGSTOP");
      try {
        const starting = start(":memory:", { signal: stop.signal });
        stop.abort(new Error("nobody wants it any more"));
        await assertRejects(() => starting, Error, "nobody wants it any more");
      } finally {
        signalNode(broker, 0, "SIGCONT");
      }
    });

    await t.step("how long it may take is a number of milliseconds", async () => {
      const { start, send, read } = await place(broker);
      const job = await start(":memory:");
      await send("a");
      assertEquals(await read(1), ["a"]);
      await assertRejects(() => job.stop({ within: NaN }), RangeError, "within must be a number >= 0");
      await job.stop({ within: Infinity });
    });
  });
});
