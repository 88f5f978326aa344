/** The crash job on Kafka. kafkajs writes the input, and the results are read on separate connections. */
import { headerOf } from "../../../connectors/headers.ts";
import type { Kafka, RetryOptions } from "kafkajs";
import { clientOf, connectTo } from "../kafka_clients.ts";
import type { ChildOptions } from "./child.ts";
import { type InputWriter, LastingWriter, plainWriter } from "./input_writer.ts";
import { readCommitted } from "./read_committed.ts";
import { readRow } from "./read_row.ts";
import { OUTPUTS, Rows } from "./rows.ts";
import type { Topics } from "./job.ts";
import { eventAt } from "./traffic.ts";
import { type StartOptions, World } from "./world.ts";

/** How many events of a partition are sent at once. */
const BATCH = 2000;
/** The pause between two sends of the input, in milliseconds. */
const FLOW_INTERVAL = 15;

/** The place of the crash job's world. */
export interface KafkaPlace {
  readonly seed: number;
  readonly partitions: number;
  /** The addresses that the job connects to. */
  readonly brokers: readonly string[];
  /** The addresses for writing the input and reading the results, when they differ from those of the job. */
  readonly direct?: readonly string[];
  /** How the world's own clients retry while brokers are stopped during the writing. */
  readonly retry?: RetryOptions;
  /** More options for the job's process. */
  readonly child?: Partial<ChildOptions>;
}

export class KafkaWorld extends World {
  readonly base: ChildOptions;
  /** A plain client, for what the job itself does not do. */
  readonly kafka: Kafka;
  readonly #folder: string;
  readonly #writer: InputWriter;
  readonly #next: number[];
  #flowing: Promise<void> | undefined;
  #still = false;

  private constructor(
    { seed, partitions, brokers, child }: KafkaPlace,
    { kafka, writer, folder, topics }: { kafka: Kafka; writer: InputWriter; folder: string; topics: Topics },
  ) {
    super(seed, partitions);
    this.kafka = kafka;
    this.#writer = writer;
    this.#folder = folder;
    this.#next = Array.from({ length: partitions }, () => 0);
    this.base = { job: topics.input, state: `${folder}/state.db`, topics, brokers, ...child };
  }

  static async create(place: KafkaPlace): Promise<KafkaWorld> {
    const { direct = place.brokers, retry } = place;
    const run = crypto.randomUUID().slice(0, 8);
    const [input, counts, activity, late] = ["events", ...OUTPUTS].map((name) => `crash-${name}-${run}`);
    const topics = { input, counts, activity, late };
    await createTopics(direct, Object.values(topics), place.partitions);
    const folder = await Deno.makeTempDir({ prefix: "tidemark-crash-" });
    const kafka = clientOf(direct, retry);
    const writer = await (retry === undefined ? plainWriter(kafka, input) : LastingWriter.open(direct, input));
    return new KafkaWorld(place, { kafka, writer, folder, topics });
  }

  async append(count: number): Promise<void> {
    for (let left = count; left > 0; left -= BATCH) await this.#appendBatch(Math.min(left, BATCH));
  }

  async #appendBatch(count: number): Promise<void> {
    await this.#writer.append(
      this.#next.flatMap((from, partition) =>
        Array.from({ length: count }, (_, step) => ({ partition, event: eventAt(this.seed, partition, from + step) }))
      ),
    );
    this.#next.forEach((from, partition) => this.#next[partition] = from + count);
  }

  flow(rate: number): void {
    this.#still = false;
    const each = Math.max(1, Math.round(rate * FLOW_INTERVAL / 1000 / this.partitions));
    this.#flowing = (async () => {
      while (!this.#still) {
        await this.append(each);
        await new Promise((resolve) => setTimeout(resolve, FLOW_INTERVAL));
      }
    })();
  }

  async still(): Promise<void> {
    this.#still = true;
    await this.#flowing;
  }

  async end(options: StartOptions = {}): Promise<void> {
    await this.start({ untilEnd: true, ...options }).finished();
  }

  lengths(): Promise<number[]> {
    return Promise.resolve([...this.#next]);
  }

  async seen(): Promise<Rows> {
    const { topics } = this.base;
    const outputs = new Map(OUTPUTS.map((output) => [topics[output], output]));
    const rows = new Rows();
    await readCommitted(
      this.kafka,
      { brokers: this.base.brokers!, topics: [...outputs.keys()], partitions: this.partitions },
      (record) => {
        rows.add(readRow(outputs.get(record.topic)!, { ...record, header: (name) => headerOf(record.headers, name) }));
      },
    );
    return rows;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#writer.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Creates topics that keep their records: event times are of another year, and the broker would delete the records. */
async function createTopics(brokers: readonly string[], topics: readonly string[], partitions: number): Promise<void> {
  const configEntries = [{ name: "retention.ms", value: "-1" }];
  const admin = clientOf(brokers).admin();
  await admin.connect();
  // Waiting by kafkajs fails when a topic is not known everywhere after 100 ms.
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: partitions, configEntries })),
    waitForLeaders: false,
  });
  await admin.disconnect();
  const connection = await connectTo(brokers);
  for (const topic of topics) await connection.createTopic(topic, partitions);
  await connection.close();
}
