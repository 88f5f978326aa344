/** The broker of the benchmarks, and operations on its topics. */
import { KafkaConnection } from "../../connectors/kafka/connection.ts";
import { KafkaJsDriver } from "../../connectors/kafka/kafkajs_driver.ts";
import { decodePartition } from "../../connectors/kafka/record_batch_decode.ts";
import { findBroker, startBroker } from "../../tests/support/broker.ts";
import { eventRecord, PARTITIONS, timeOf } from "./events.ts";
import { RawBroker } from "./raw_broker.ts";

/**
 * The options of Kafka's own start script, except for the garbage collector: a concurrent one would compete for the two
 * cores that all processes share.
 */
const JVM = ["-Xms1g", "-Xmx1g", "-XX:+UseSerialGC"];
/** Records of one preloading request. */
const LOAD_CHUNK = 4000;

/** A broker to measure on. */
export interface BenchBroker extends AsyncDisposable {
  readonly address: string;
  readonly pid: number | undefined;
  readonly description: string;
}

/** Takes the broker that `KAFKA_BROKERS` names, or starts one. */
export async function openBroker(): Promise<BenchBroker> {
  const named = Deno.env.get("KAFKA_BROKERS");
  if (named) {
    return {
      address: named.split(",")[0],
      pid: undefined,
      description: `KAFKA_BROKERS ${named}`,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const { reason } = await findBroker({ own: true });
  // A longer session timeout, so that the only broker does not lose its leadership when its process stalls for some
  // seconds.
  const broker = await startBroker({ jvm: JVM, properties: { "broker.session.timeout.ms": "30000" } });
  return {
    address: broker.brokers[0],
    pid: broker.pid,
    description: `${reason}, ${JVM.join(" ")}`,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** Makes topics with the number of partitions that all benchmarks use. */
export async function makeTopics({ address }: BenchBroker, ...topics: readonly string[]): Promise<void> {
  const connection = await KafkaConnection.open(new KafkaJsDriver([address], {}));
  for (const topic of topics) await connection.createTopic(topic, PARTITIONS);
  await connection.close();
}

/** Fills a topic with the first `count` events; the event time of the first one is `first`. */
export async function preload(
  { address }: BenchBroker,
  topic: string,
  { count, first, users }: { readonly count: number; readonly first: number; readonly users: number },
): Promise<void> {
  const connection = await RawBroker.connect(address);
  for (let from = 0; from < count; from += LOAD_CHUNK) {
    const records = Array.from({ length: Math.min(LOAD_CHUNK, count - from) }, (_, at) => {
      return eventRecord(from + at, { topic, timestamp: timeOf(from + at, first, users), users });
    });
    await connection.produce(topic, records);
  }
  await connection.close();
}

/** Counts the records of a topic that a `read_committed` consumer sees, and passes their values on. */
export async function countVisible(
  { address }: BenchBroker,
  topic: string,
  each?: (value: Uint8Array) => void,
): Promise<number> {
  const connection = await RawBroker.connect(address);
  const ends = await connection.offsets(topic, PARTITIONS, "stable");
  const places = ends.map((_, partition) => ({ topic, partition, offset: 0 }));
  let visible = 0;
  while (places.some(({ offset, partition }) => offset < ends[partition])) {
    for (const one of await connection.fetch(places.filter(({ offset, partition }) => offset < ends[partition]), 100)) {
      const { records, position } = decodePartition(one, places[one.partition].offset);
      visible += records.length;
      if (each !== undefined) { for (const { value } of records) each(value!); }
      places[one.partition].offset = position;
    }
  }
  await connection.close();
  return visible;
}

/** Watches the end of a topic as `read_committed` consumers see it, and remembers when it moved last. */
export class EndWatch {
  readonly #until = new AbortController();
  readonly #watching: Promise<void>;
  moved = NaN;

  /** @param every how often to look, in milliseconds */
  constructor(
    readonly broker: BenchBroker,
    readonly topic: string,
    { clock, every = 10 }: { clock: () => number; every?: number },
  ) {
    this.#watching = this.#watch(clock, every);
  }

  async stop(): Promise<void> {
    this.#until.abort();
    await this.#watching;
  }

  async #watch(clock: () => number, every: number): Promise<void> {
    const connection = await RawBroker.connect(this.broker.address);
    let before = 0;
    while (!this.#until.signal.aborted) {
      const end = (await connection.offsets(this.topic, PARTITIONS, "stable")).reduce((sum, offset) => sum + offset, 0);
      if (end !== before) this.moved = clock();
      before = end;
      await new Promise((resolve) => setTimeout(resolve, every));
    }
    await connection.close();
  }
}
