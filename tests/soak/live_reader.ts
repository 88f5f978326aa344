/** A `read_committed` consumer that follows the outputs of a job while they are written, whatever happens to the broker. */
import type { Consumer, KafkaMessage } from "kafkajs";
import type { KafkaWorld } from "../support/crash/kafka_world.ts";
import { LAST, writeLast } from "../support/crash/read_committed.ts";
import { readRow } from "../support/crash/read_row.ts";
import { OUTPUTS, type Row } from "../support/crash/rows.ts";

/** How the plain clients of a soak try again: for ever, and soon. */
export const PATIENT = { initialRetryTime: 50, maxRetryTime: 500, retries: Number.MAX_SAFE_INTEGER } as const;

export class LiveReader implements AsyncDisposable {
  readonly #world: KafkaWorld;
  /** How often a consumer was given up for a new one. */
  renewed = 0;
  #consumer: Promise<Consumer>;
  readonly #given: Promise<void>[] = [];
  readonly #see: (row: Row) => void;
  /** The next offset by topic partition: what a client reads again after a broken connection was seen before. */
  readonly #next = new Map<string, bigint>();
  readonly #left: Set<string>;
  readonly #complete = Promise.withResolvers<void>();

  private constructor(world: KafkaWorld, see: (row: Row) => void) {
    this.#world = world;
    this.#see = see;
    this.#left = new Set(
      this.#topics.flatMap((topic) => Array.from({ length: world.partitions }, (_, at) => `${topic}/${at}`)),
    );
    this.#consumer = this.#consume();
  }

  /** Begins to read; each row is told once, those of a partition in their order. */
  static async start(world: KafkaWorld, see: (row: Row) => void): Promise<LiveReader> {
    const reader = new LiveReader(world, see);
    await reader.#consumer;
    return reader;
  }

  /** Gives the consumer up and goes on with a new one. */
  renew(): void {
    this.renewed++;
    this.#given.push(this.#consumer.then((consumer) => consumer.disconnect()).catch(() => {}));
    this.#consumer = this.#consume();
    // Whoever waits for it is told.
    this.#consumer.catch(() => {});
  }

  /** Writes one more record behind everything else, and resolves when the reader has come to it in each partition. */
  async toTheEnd(): Promise<void> {
    await writeLast(this.#world.kafka, this.#topics, this.#world.partitions);
    await this.#complete.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#consumer).disconnect();
    await Promise.all(this.#given);
  }

  /** Each consumer has a group of its own and begins at the beginning; what was seen before is passed over. */
  async #consume(): Promise<Consumer> {
    const consumer = this.#world.kafka.consumer({
      groupId: `soak-${crypto.randomUUID()}`,
      readUncommitted: false,
      maxWaitTimeInMs: 20,
      retry: { ...PATIENT, restartOnFailure: () => Promise.resolve(true) },
    });
    await consumer.connect();
    await consumer.subscribe({ topics: this.#topics, fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 1000,
      eachBatch: ({ batch: { topic, partition, messages } }) => {
        for (const message of messages) this.#hear(topic, partition, message);
        return Promise.resolve();
      },
    });
    return consumer;
  }

  get #topics(): string[] {
    return OUTPUTS.map((output) => this.#world.base.topics[output]);
  }

  #hear(topic: string, partition: number, { key, value, offset, headers = {} }: KafkaMessage): void {
    const place = `${topic}/${partition}`;
    if (BigInt(offset) < (this.#next.get(place) ?? 0n)) return;
    this.#next.set(place, BigInt(offset) + 1n);
    if (value?.toString() === LAST) {
      this.#left.delete(place);
      if (this.#left.size === 0) this.#complete.resolve();
      return;
    }
    const output = OUTPUTS.find((name) => this.#world.base.topics[name] === topic)!;
    this.#see(readRow(output, { key, value, header: (name) => headers[name] as Uint8Array }));
  }
}
