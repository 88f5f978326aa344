/** What writes the input of a crash job: each record once. */
import type { Kafka } from "kafkajs";
import type { AfterCommit, Connection, DeliveryLife, OutputRecord } from "../../../connectors/connector.ts";
import { pause } from "../../../base/backoff.ts";
import { systemClock } from "../../../base/clock.ts";
import { deliver, prepared } from "../deliveries.ts";
import { connectTo } from "../kafka_clients.ts";
import type { Event } from "./traffic.ts";

/** An event and where it is to lie. */
export interface Placed {
  readonly partition: number;
  readonly event: Event;
}

export interface InputWriter {
  append(events: readonly Placed[]): Promise<void>;
  close(): Promise<void>;
}

/** Between two tries, in milliseconds. */
const PAUSE = 100;
const encoder = new TextEncoder();

/** Plain kafkajs: for brokers that stay. (Its idempotent producer has lost and doubled batches where a leader moved.) */
export async function plainWriter(kafka: Kafka, topic: string): Promise<InputWriter> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return {
    async append(events) {
      const messages = events.map(({ partition, event }) => ({
        partition,
        key: event.user_id,
        value: JSON.stringify(event),
      }));
      await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] });
    },
    close: () => producer.disconnect(),
  };
}

/** Lives through everything that happens to brokers: each batch is a transaction, with a marker that says which one was the last. */
export class LastingWriter implements InputWriter {
  readonly #topic: string;
  readonly #connection: Connection;
  readonly #delivery: AfterCommit;
  #life: DeliveryLife | undefined;
  /** The number of the batch under way. */
  #batch = 0;
  #closed = false;

  private constructor(connection: Connection, delivery: AfterCommit, topic: string) {
    this.#connection = connection;
    this.#delivery = delivery;
    this.#topic = topic;
  }

  static async open(brokers: readonly string[], topic: string): Promise<LastingWriter> {
    const connection = await connectTo(brokers);
    return new LastingWriter(connection, await prepared(connection, `${topic}.batches`), topic);
  }

  async append(events: readonly Placed[]): Promise<void> {
    this.#batch++;
    const records = events.map(({ partition, event }): OutputRecord => ({
      ...{ topic: this.#topic, partition, timestamp: Date.now(), headers: undefined },
      ...{ key: encoder.encode(event.user_id), value: encoder.encode(JSON.stringify(event)) },
    }));
    for (;;) {
      try {
        if (this.#life === undefined && await this.#begin()) return;
        return await deliver(this.#life!, records, this.#batch);
      } catch (error) {
        await this.#drop();
        if (this.#closed) throw error;
        await pause(systemClock, PAUSE);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
    await this.#connection.close();
  }

  /** A new life. Says whether the batch under way was written in an earlier one. */
  async #begin(): Promise<boolean> {
    this.#life = await this.#delivery.open(`${this.#topic}.writer`);
    return (await this.#delivery.published([0])).get(0)?.epoch === this.#batch;
  }

  async #drop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    // Its outcome is in doubt already.
    await life?.close().catch(() => {});
  }
}
