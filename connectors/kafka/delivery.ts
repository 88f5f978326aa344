/**
 * Delivery on Kafka: an epoch's rows and its number go in one transaction.
 *
 * The number stands where offsets do: it is the committed offset of a group that never has members, `<job>.<incarnation>.epochs`,
 * on a partition for each task of an empty topic, `<job>.tidemark`. There no reset by people or by a client reaches it.
 *
 * @module
 */

import type { AfterCommit, DeliveredEpoch, DeliveredJob, DeliveryLife, OutputRecord } from "../connector.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { Driver, Line } from "./driver.ts";
import { CODE, explain, hasCode, isPassing } from "./errors.ts";
import { initialise, leadersOf, type Marker, TransactionalProducer } from "./producer.ts";

/** What a delivery works with. */
export interface KafkaDeliveryParts {
  readonly driver: Driver;
  readonly shared: Line;
  readonly clock: TimerClock;
  /** What must be closed with the connection. */
  readonly open: Set<{ close(): Promise<void> }>;
  /** Asks, again and again while the failure is of a kind that passes; words what remains. */
  ask<T>(wanted: string, ask: () => Promise<T>, retries?: (error: unknown) => boolean): Promise<T>;
  /** The largest record batch that a topic takes, in bytes. */
  batchBytes(topic: string): Promise<number>;
  /** Makes a topic with at least that many partitions where it is missing. */
  ensureTopic(topic: string, partitions: number): Promise<void>;
}

/** One job's delivery on one cluster. */
export class KafkaDelivery implements AfterCommit {
  readonly kind = "afterCommit";
  #group = "";
  #topic = "";

  constructor(readonly parts: KafkaDeliveryParts) {}

  async knows(job: string): Promise<boolean> {
    const topic = markerTopic(job);
    return await this.parts.ask(`describe the topic "${topic}"`, () => this.parts.shared.places(topic)) !== undefined;
  }

  async prepare({ name, incarnation, tasks }: DeliveredJob): Promise<void> {
    this.#group = `${name}.${incarnation}.epochs`;
    this.#topic = markerTopic(name);
    await this.parts.ensureTopic(this.#topic, tasks);
  }

  async open(owner: string): Promise<DeliveryLife> {
    const { driver, clock, open: opened, batchBytes } = this.parts;
    const line = driver.line();
    try {
      const identity = await initialise(line, owner, clock);
      const producer = new TransactionalProducer(line, identity, {
        brokers: driver.name,
        clock,
        describe: async (topic) => ({
          leaders: leadersOf(topic, await line.places(topic)),
          batchBytes: await batchBytes(topic),
        }),
      });
      const open = { close: () => close() };
      const close = async () => {
        opened.delete(open);
        await producer.close();
      };
      opened.add(open);
      return { publish: (epochs) => producer.publish(rowsOf(epochs), this.#markers(epochs)), close };
    } catch (error) {
      await line.close();
      throw explain(error, `initialise the producer "${owner}"`, driver.name);
    }
  }

  async fence(owner: string): Promise<void> {
    const { driver, shared, clock } = this.parts;
    try {
      await initialise(shared, owner, clock);
    } catch (error) {
      throw explain(error, `fence the producer "${owner}"`, driver.name);
    }
  }

  published(tasks: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.parts.ask(
      `read the markers of "${this.#group}"`,
      // Stable: what a transaction that is being finished has written is waited for, so the answer is the last word.
      async () => {
        const committed = await this.parts.shared.committed(this.#group, this.#topic, tasks, true);
        return new Map([...committed].map(([task, { offset }]) => [task, offset]));
      },
      (error) => isPassing(error) || hasCode(error, CODE.unstableOffsetCommit),
    );
  }

  /** Of each task the last of these epochs. */
  #markers(epochs: readonly DeliveredEpoch[]): Marker[] {
    const last = new Map(epochs.map(({ task, epoch }) => [task, epoch]));
    return [...last].map(([partition, epoch]) => ({ group: this.#group, topic: this.#topic, partition, epoch }));
  }
}

/** The empty topic whose partitions stand for a job's tasks. */
function markerTopic(job: string): string {
  return `${job}.tidemark`;
}

function rowsOf(epochs: readonly DeliveredEpoch[]): OutputRecord[] {
  const rows: OutputRecord[] = [];
  for (const epoch of epochs) for (const row of epoch.rows) rows.push(row);
  return rows;
}
