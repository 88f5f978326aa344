/** Reads topics to their end as a `read_committed` reader. */
import type { Kafka } from "kafkajs";
import type { InputRecord } from "../../../connectors/connector.ts";
import { follow } from "./committed_records.ts";

/** The value of the record that is written after all others. */
const LAST = "the last record";

/** What to read, and how long it may take. */
export interface ReadOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** How many partitions each of them has. */
  readonly partitions: number;
  /** In milliseconds. @default 60000 */
  readonly patience?: number;
}

/** Reads all records, up to a last record that is written after them. */
export async function readCommitted(
  kafka: Kafka,
  { brokers, topics, partitions, patience = 60_000 }: ReadOptions,
  each: (record: InputRecord) => void,
): Promise<void> {
  const end = new LastRecords(topics, partitions);
  await end.write(kafka);
  const enough = new AbortController();
  end.reached.then(() => enough.abort());
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    enough.abort();
  }, patience);
  try {
    await follow({ brokers, topics, signal: enough.signal }, (record) => end.pass(record) || each(record));
  } finally {
    clearTimeout(deadline);
  }
  if (late) throw new Error(`After ${patience} ms readers are still held back in ${end.left.join(", ")}`);
}

/**
 * Writes a last record in each partition. A reader that reaches it has passed everything before it, and knows the
 * outcome of every transaction.
 */
export class LastRecords {
  readonly reached: Promise<void>;
  readonly #left: Set<string>;
  readonly #complete = Promise.withResolvers<void>();

  constructor(readonly topics: readonly string[], readonly partitions: number) {
    this.reached = this.#complete.promise;
    this.#left = new Set(
      topics.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => `${topic}/${partition}`)),
    );
  }

  /** The partitions whose last record was not reached. */
  get left(): string[] {
    return [...this.#left];
  }

  async write(kafka: Kafka): Promise<void> {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const messages = Array.from({ length: this.partitions }, (_, partition) => ({ partition, value: LAST }));
    await producer.sendBatch({ acks: -1, topicMessages: this.topics.map((topic) => ({ topic, messages })) });
    await producer.disconnect();
  }

  /** Whether this is a last record, which is not a result. */
  pass({ topic, partition, value }: InputRecord): boolean {
    if (value === null || new TextDecoder().decode(value) !== LAST) return false;
    this.#left.delete(`${topic}/${partition}`);
    if (this.#left.size === 0) this.#complete.resolve();
    return true;
  }
}
