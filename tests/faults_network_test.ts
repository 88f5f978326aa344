/** A network between the job and its broker that is slow, silent, or cut in the worst moment. */
import { assertEquals, assertMatch } from "@std/assert";
import { keyedReduce } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { connectorContract } from "./connector_contract.ts";
import { describe } from "./support/crash/compare.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import type { Point } from "./support/crash/points.ts";
import type { JobProcess } from "./support/crash/process.ts";
import { ignore } from "./support/faults/own_cluster.ts";
import { type ProxiedBroker, proxiedBroker } from "./support/faults/proxied_broker.ts";
import type { Proxy } from "./support/faults/proxy.ts";
import { finishing } from "./support/finishing.ts";
import { refusal } from "./support/jobs.ts";
import { connect, NO_STORE } from "./support/kafka.ts";

/** How long a client waits for an answer where it may be that none comes, in milliseconds. */
const PATIENCE = 1500;
/** How long each piece of data takes on a slow network, in milliseconds. */
const SLOW = 15;

let place: ProxiedBroker;

Deno.test.beforeAll(async () => {
  if (!ignore) place = await proxiedBroker();
});

Deno.test.afterAll(async () => {
  if (!ignore) await place[Symbol.asyncDispose]();
});

interface Fault {
  readonly what: string;
  readonly seed: number;
  /** Where the job stands when the fault begins. */
  readonly point: Point;
  readonly begin: (proxy: Proxy) => void;
  /** Resolves when the fault has been felt. */
  readonly felt: (process: JobProcess) => Promise<void>;
}

const refused = (process: JobProcess) => process.says("refused ");

const FAULTS: readonly Fault[] = [
  {
    what: "loses the answer to the transaction's end",
    seed: 41,
    point: "sent",
    begin: (proxy) => proxy.loseAnswers(),
    felt: refused,
  },
  {
    what: "cuts every connection while records are being sent",
    seed: 42,
    point: "written",
    begin: (proxy) => proxy.cut(),
    felt: refused,
  },
  {
    what: "falls silent before the transaction's end, and carries what was said long after its sender gave up",
    seed: 43,
    point: "sent",
    begin: (proxy) => proxy.silence(),
    felt: refused,
  },
];

for (const { what, seed, point, begin, felt } of FAULTS) {
  Deno.test({
    name: `A network that ${what} costs no result and doubles none`,
    ignore,
    async fn() {
      const { brokers, direct } = place;
      await using proxy = place.network();
      await using world = await KafkaWorld.create({
        ...{ seed, brokers, direct, partitions: 2 },
        child: { patience: PATIENCE },
      });
      await world.append(1000);
      const process = world.start({ untilEnd: true, aim: { point, occurrence: 1, action: "stop" } });
      await process.stands(point);
      begin(proxy);
      process.goOn();
      await felt(process);
      proxy.pass();
      await process.finished();
      assertEquals(describe(await world.differences()), "no difference");
    },
  });
}

Deno.test({
  name: "A job on a slow network has all of its results, each once",
  ignore,
  async fn() {
    const { brokers, direct } = place;
    await using proxy = place.network();
    proxy.slow(SLOW);
    await using world = await KafkaWorld.create({ seed: 44, partitions: 2, brokers, direct });
    await world.append(3000);
    await world.end();
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test({
  name: "A broker that accepts connections and never answers is told in one sentence when a job starts",
  ignore,
  async fn() {
    const { brokers } = place;
    await using proxy = place.network();
    proxy.silence();
    const connector = kafka({ brokers, client: { requestTimeout: 500 } });
    const pipeline = connector.source<string>("visits").pipe(
      keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
      connector.sink("counts", { key: ({ key }) => key }),
    );
    const why = await refusal(pipeline, { name: "visits", state: ":memory:" });
    assertMatch(
      why,
      new RegExp(`^Cannot connect to Kafka: no Kafka broker answers at ${brokers[0]} \\(.*timed out.*\\); check that `),
    );
  },
});

connectorContract("kafka() on a slow network", () => {
  const proxy = place.network();
  proxy.slow(SLOW);
  return Promise.resolve({
    connect: async () => finishing(await connect(place.brokers)),
    store: NO_STORE,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  });
}, { ignore });
