/** What only a broker with a life of its own can do to a job: it knows more than the state, it forgets, it is reset. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Observable } from "rxjs";
import { type Keyed, keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import type { Connection, Connector, DeliveryLife } from "../connectors/connector.ts";
import { sinkVerb, sourceVerb } from "../connectors/verbs.ts";
import { afterCommit, withDelivery } from "./support/deliveries.ts";
import { UnavailableError } from "../state/errors.ts";
import { first, Lines, refusal, scratch } from "./support/jobs.ts";
import { brokers, connect, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic, startReading } from "./support/recording_reader.ts";

type Count = Keyed<string, number>;

const silent = { log: () => {} };

/** A job's topics on the shared broker, and what may be done to them. */
interface World {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly pipeline: Observable<Count>;
}

async function world(connector: Connector = kafka({ brokers })): Promise<World> {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  await createTopicWith(input, {});
  await createTopicWith(output, {});
  return { name, input, output, pipeline: counting(connector, { input, output }) };
}

function counting(connector: Connector, { input, output }: Pick<World, "input" | "output">): Observable<Count> {
  return sourceVerb<string>(connector, input).pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    sinkVerb<Count>(connector, output, { key: ({ key }) => key }),
  );
}

async function produce(topic: string, ...users: string[]): Promise<void> {
  const producer = plainClient().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: users.map((user) => ({ key: user, value: JSON.stringify(user) })) });
  await producer.disconnect();
}

/** Runs the job until so many results are visible, and stops it. */
async function runUntil({ name, pipeline, output }: World, state: string | Deno.Kv, results: number): Promise<Lines> {
  const lines = new Lines();
  const job = await run(pipeline, { name, state, log: lines.log });
  await first(kafka({ brokers }).source(output), results, job);
  await job.stop();
  return lines;
}

/** All counts that a `read_committed` reader sees, up to the end of the topic. */
async function visible(topic: string): Promise<number[]> {
  const connection = await connect();
  try {
    await using reading = await startReading(connection, { topics: [topic] });
    await reading.until("the end", () => reading.batches.some(({ position, end }) => position === end));
    return reading.records.map(({ value }) => JSON.parse(new TextDecoder().decode(value!)).value);
  } finally {
    await connection.close();
  }
}

async function administer(act: (admin: ReturnType<ReturnType<typeof plainClient>["admin"]>) => Promise<unknown>) {
  const admin = plainClient().admin();
  await admin.connect();
  try {
    await act(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The same cluster, but no results can be published: their transactions fail before anything is sent. */
function mute(): Connector {
  const real = kafka({ brokers });
  return {
    id: real.id,
    open: async (context) => withoutResults(await real.open(context)),
  };
}

function withoutResults(connection: Connection): Connection {
  const delivery = afterCommit(connection);
  return withDelivery(connection, {
    open: async (owner) => silenced(await delivery.open(owner)),
    rehearse: async (owner, topics) => silenced(await delivery.rehearse(owner, topics)),
  });
}

function silenced(life: DeliveryLife): DeliveryLife {
  return {
    publish: (tasks) =>
      tasks.some(({ epochs }) => epochs.some(({ rows }) => rows.length > 0))
        ? Promise.reject(new UnavailableError("No transaction goes through"))
        : life.publish(tasks),
    close: () => life.close(),
  };
}

Deno.test({
  name: "a state that is older than what was published is refused, with the choices",
  ignore,
  async fn() {
    await using folder = await scratch();
    const state = folder.path("state.db");
    const here = await world();
    await produce(here.input, "ada", "ada");
    await runUntil(here, state, 2);
    for (const end of ["", "-wal", "-shm"]) {
      await Deno.copyFile(state + end, folder.path("backup.db") + end).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    await produce(here.input, "ada");
    await runUntil(here, state, 3);

    const backup = folder.path("backup.db");
    assertMatch(
      await refusal(here.pipeline, { name: here.name, state: backup }),
      /^Task 0 is at epoch \d+ in the state store, but epoch \d+ has been published: the store is older than the results \(a restored backup, or another store\)\. Give the job the store that it ran on last, or start it with reset to process its input anew, results already visible included$/,
    );
    assertEquals(await visible(here.output), [1, 2, 3]);

    // The second choice: everything anew, on the old store.
    const job = await run(here.pipeline, { name: here.name, state: backup, reset: "earliest", ...silent });
    await first(kafka({ brokers }).source(here.output), 6, job);
    await job.stop();
    assertEquals(await visible(here.output), [1, 2, 3, 1, 2, 3]);
    await produce(here.input, "ada");
    await runUntil(here, backup, 7);
    assertEquals((await visible(here.output)).at(-1), 4);
  },
});

Deno.test({
  name: "results that were committed and not published are published by the next run, once",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, "ada", "ada");
    const muted = counting(mute(), here);
    assertEquals(await refusal(muted, { name: here.name, state: kv, giveUpAfter: 0 }), "No transaction goes through");
    assertEquals(await visible(here.output), []);
    const lines = await runUntil(here, kv, 2);
    assertMatch(lines.all[0], /^Job .*: restored, from .*, 1 keys in \d+ ms, republishing [12] epochs?$/);
    assertEquals(await visible(here.output), [1, 2]);
  },
});

Deno.test({
  name: "a marker that is gone while results wait to be published is refused, with the choices",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, "ada", "ada");
    await refusal(counting(mute(), here), { name: here.name, state: kv, giveUpAfter: 0 });
    await administer(async (admin) => {
      const { groups } = await admin.listGroups();
      const markers = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(`${here.name}.`));
      assertEquals(markers.length, 1);
      await admin.deleteGroups(markers);
    });
    assertMatch(
      await refusal(here.pipeline, { name: here.name, state: kv }),
      /^Task 0 has unpublished results up to epoch \d+, but its marker on the broker is gone .* start it with reset to process its input anew$/,
    );
    assertEquals(await visible(here.output), []);
    const job = await run(here.pipeline, { name: here.name, state: kv, reset: "earliest", ...silent });
    await first(kafka({ brokers }).source(here.output), 2, job);
    await job.stop();
    assertEquals(await visible(here.output), [1, 2]);
  },
});

Deno.test({
  name: 'input that was deleted on the broker stops the job, and is passed over with onMissing: "skip"',
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, "ada");
    await runUntil(here, kv, 1);
    await produce(here.input, "ada", "ada", "ada");
    await administer(async (admin) => {
      // The client deletes only where it knows the leaders.
      await admin.fetchTopicOffsets(here.input);
      await admin.deleteTopicRecords({ topic: here.input, partitions: [{ partition: 0, offset: "3" }] });
    });
    assertEquals(
      await refusal(here.pipeline, { name: here.name, state: kv }),
      `Cannot read ${here.input}/0@1, where the job's checkpoint goes on: it was deleted, the first record there is 3. ` +
        `Start the job with onMissing: "skip" to go on at 3 and count what is missing, or with reset to process the input anew`,
    );
    const job = await run(here.pipeline, { name: here.name, state: kv, onMissing: "skip", ...silent });
    await first(kafka({ brokers }).source(here.output), 2, job);
    await job.stop();
    assertEquals(job.metrics.snapshot().missing, 2);
    assertEquals(await visible(here.output), [1, 2]);
  },
});

Deno.test({
  name: "a group that somebody has reset changes nothing, and a line says so: the checkpoint is the truth",
  ignore,
  async fn() {
    using kv = await Deno.openKv(":memory:");
    const here = await world();
    await produce(here.input, "ada");
    await runUntil(here, kv, 1);
    await produce(here.input, "ada", "ada");
    await administer((admin) =>
      admin.setOffsets({ groupId: here.name, topic: here.input, partitions: [{ partition: 0, offset: "3" }] })
    );
    const lines = await runUntil(here, kv, 3);
    assertMatch(
      lines.find(/the group's offset/)!,
      /the group's offset of .*\/0 is 3, but the job goes on at 1, where its checkpoint is; to read from elsewhere, start it with reset$/,
    );
    assertEquals(await visible(here.output), [1, 2, 3]);
  },
});

Deno.test({
  name: "a topic that Kafka does not have is named, with the brokers",
  ignore,
  async fn() {
    const here = await world();
    const connector = kafka({ brokers });
    const nowhere = freshTopic();
    const options = { name: here.name, state: ":memory:" };
    assertEquals(
      await refusal(counting(connector, { ...here, input: nowhere }), options),
      `Cannot read topic "${nowhere}": there is no such topic on kafka ${brokers.join(",")}`,
    );
    assertEquals(
      await refusal(counting(connector, { ...here, output: nowhere }), options),
      `Cannot write to topic "${nowhere}": there is no such topic on kafka ${brokers.join(",")}`,
    );
  },
});
