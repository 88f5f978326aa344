/** Writes the input of a crash job, each record once. */
import type { Kafka } from "kafkajs";
import type { AfterCommit, Connection, DeliveryLife, OutputRecord } from "../../../connectors/connector.ts";
import { pause } from "../../../base/backoff.ts";
import { systemClock } from "../../../base/clock.ts";
import { deliver, prepared } from "../deliveries.ts";
import { connectTo } from "../kafka_clients.ts";
import type { Event } from "./traffic.ts";

/** An event and its partition. */
export interface Placed {
  readonly partition: number;
  readonly event: Event;
}

export interface InputWriter {
  append(events: readonly Placed[]): Promise<void>;
  close(): Promise<void>;
}

/** The pause between two tries, in milliseconds. */
const PAUSE = 100;
const encoder = new TextEncoder();

/**
 * Writes by kafkajs, for brokers without faults. (Its idempotent producer has lost and doubled batches when a leader
 * moved.)
 */
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

/**
 * Writes through all faults of the brokers: each batch is a transaction, whose marker tells which batch was the last.
 */
export class LastingWriter implements InputWriter {
  readonly #topic: string;
  readonly #connection: Connection;
  readonly #delivery: AfterCommit;
  #life: DeliveryLife | undefined;
  /** The number of the batch being written. */
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

  /** Begins a new life. Returns whether an earlier life has written the batch already. */
  async #begin(): Promise<boolean> {
    this.#life = await this.#delivery.open(`${this.#topic}.writer`);
    return (await this.#delivery.published([0])).get(0)?.epoch === this.#batch;
  }

  async #drop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    // The outcome is in doubt already.
    await life?.close().catch(() => {});
  }
}
