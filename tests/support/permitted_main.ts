/** A job on Kafka with a file as its store, for the permissions that such a program needs: BROKERS INPUT OUTPUT STATE. */
import { keyedReduce, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";

const [brokers, input, output, state] = Deno.args;
const broker = kafka({ brokers: brokers.split(",") });
const totals = broker.source<string>(input, { tombstones: "refuse" }).pipe(
  keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
  broker.sink(output, { key: ({ key }) => key }),
);
const job = await run(totals, { name: input, state, until: "end", log: () => {} });
console.log((await job.finished).reason);
