/** A table in the KV of a job on Kafka: its rows go with the commit, beside results that follow it in a transaction. */
import { assertEquals } from "@std/assert";
import { map, mergeMap } from "rxjs";
import { keyedReduce, kvTable, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { first, scratch } from "./support/jobs.ts";
import { brokers, createTopicWith, ignore, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";

const SEATS = 1500;
const USERS = ["ada", "bob", "cyd"];
const ROUNDS = 4;

Deno.test({
  name:
    "kvTable() in a job on Kafka has every row when its results are visible, also after a restart in tasks of two kinds",
  ignore,
  async fn() {
    for (const tasks of ["perPartition", "single"] as const) {
      await using folder = await scratch();
      const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
      await createTopicWith(input, {}, { partitions: 2 });
      await createTopicWith(output, {}, { partitions: 2 });
      const broker = kafka({ brokers });
      const counts = broker.source<string>(input, { tombstones: "refuse" }).pipe(
        keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
        map(({ key, value }) => ({ user: key, orders: value })),
        broker.sink(output, { key: ({ user }) => user }),
        mergeMap(({ user, orders }) => Array.from({ length: SEATS }, (_, seat) => ({ user, seat, orders }))),
        kvTable(["seats"], { key: ({ user, seat }) => [user, seat], value: ({ orders }) => ({ orders }) }),
      );
      using kv = await Deno.openKv(folder.path("state.db"));
      for (let round = 1; round <= ROUNDS; round++) {
        const producer = plainClient().producer();
        await producer.connect();
        await producer.send({ topic: input, messages: USERS.map((key) => ({ key, value: JSON.stringify(key) })) });
        await producer.disconnect();
        const job = await run(counts, { name, state: kv, tasks, log: () => {} });
        await first(broker.source(output), round * USERS.length, job);
        const rows = await Array.fromAsync(kv.list<{ orders: number }>({ prefix: ["seats"] }));
        assertEquals(rows.length, USERS.length * SEATS);
        assertEquals(new Set(rows.map(({ value }) => value.orders)), new Set([round]));
        await job.stop();
      }
    }
  },
});
