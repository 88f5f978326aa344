/**
 * Delivery on Kafka: an epoch's rows and its number go in one transaction.
 *
 * The number stands where offsets do: it is the committed offset of a group that never has members, `<job>.<incarnation>.epochs`,
 * on a partition for each task of an empty topic, `<job>.tidemark`. There no reset by people or by a client reaches it. The note
 * beside it says how many rows of the next epoch are there already, and how many rows were ever moved out of the way.
 *
 * @module
 */

import { Backoff } from "../../base/backoff.ts";
import type { TimerClock } from "../../base/clock.ts";
import {
  type AfterCommit,
  type DeliveredJob,
  type DeliveredTask,
  type DeliveryLife,
  type LetterMaker,
  type OutputRecord,
  type Published,
  RefusedError,
} from "../connector.ts";
import { FencedError } from "../../state/errors.ts";
import type { Driver, Line } from "./driver.ts";
import { CODE, hasCode, isPassing } from "./errors.ts";
import { ASK_LIMIT, RETRY_PAUSE, THROTTLE_TOLD } from "./limits.ts";
import { Pace } from "./pace.ts";
import { type Marker, TransactionalProducer } from "./producer.ts";
import { worded } from "./refusals.ts";
import { initialise, leadersOf } from "./steps.ts";

/** What a delivery works with. */
export interface KafkaDeliveryParts {
  readonly driver: Driver;
  readonly shared: Line;
  readonly clock: TimerClock;
  /** How long a transaction may stay open, in milliseconds. */
  readonly timeout: number;
  /** Takes a line worth knowing. */
  readonly log: (line: string) => void;
  /** What must be closed with the connection. */
  readonly open: Set<{ close(): Promise<void> }>;
  /** Asks, again and again while the failure is of a kind that passes; words what remains. */
  ask<T>(wanted: string, ask: () => Promise<T>, retries?: (error: unknown) => boolean): Promise<T>;
  /** The largest record batch that a topic takes, in bytes. */
  batchBytes(topic: string): Promise<number>;
  /** Makes a topic with at least that many partitions where it is missing. */
  ensureTopic(topic: string, partitions: number): Promise<void>;
}

interface OpenProducer {
  readonly producer: TransactionalProducer;
  close(): Promise<void>;
}

/** A piece of an epoch in a transaction's rows. */
interface Stretch {
  readonly task: number;
  readonly epoch: number;
  /** Where it begins among the transaction's rows, and how many it has. */
  readonly start: number;
  readonly count: number;
  /** How many rows of the epoch lie before it. */
  readonly before: number;
}

/** One job's delivery on one cluster. */
export class KafkaDelivery implements AfterCommit {
  readonly kind = "afterCommit";
  #group = "";
  #topic = "";
  #toldThrottle = -Infinity;
  readonly #pace: Pace;

  constructor(readonly parts: KafkaDeliveryParts) {
    this.#pace = new Pace(parts.clock, parts.timeout);
  }

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
    const { producer, close } = await this.#open(owner);
    return this.#life(producer, close);
  }

  async rehearse(owner: string, topics: ReadonlyMap<string, number>): Promise<DeliveryLife> {
    const { clock } = this.parts;
    const backoff = new Backoff(RETRY_PAUSE, clock);
    const deadline = clock.elapsed() + ASK_LIMIT;
    const wanted = [...topics].map(([topic, partitions]) => ({
      topic,
      partitions: Array.from({ length: partitions }, (_, partition) => partition),
    }));
    const marker = { group: this.#group, topic: this.#topic, partition: 0, epoch: 0, note: "" };
    for (;;) {
      let life: OpenProducer | undefined;
      try {
        life = await this.#open(owner);
        await life.producer.rehearse(wanted, [marker]);
        return this.#life(life.producer, life.close);
      } catch (error) {
        await life?.close();
        // Nobody else has this id: it stood still for longer than a transaction may take, and is awake again.
        const late = clock.elapsed() >= deadline && !(error instanceof FencedError);
        if (error instanceof RefusedError || late) throw error;
        await backoff.wait();
      }
    }
  }

  async fence(owner: string): Promise<void> {
    const { driver, shared, clock, timeout } = this.parts;
    try {
      await initialise(shared, owner, { clock, timeout });
    } catch (error) {
      throw worded(error, `fence the producer "${owner}"`, driver.name);
    }
  }

  async published(tasks: readonly number[]): Promise<ReadonlyMap<number, Published>> {
    const committed = await this.parts.ask(
      `read the markers of "${this.#group}"`,
      // Stable: what a transaction that is being finished has written is waited for, so the answer is the last word.
      () => this.parts.shared.committed(this.#group, this.#topic, tasks, true),
      (error) => isPassing(error) || hasCode(error, CODE.unstableOffsetCommit),
    );
    return new Map([...committed].map(([task, { offset, note }]) => [task, { epoch: offset, ...readNote(note) }]));
  }

  async #open(owner: string): Promise<OpenProducer> {
    const { driver, clock, timeout, open: opened, batchBytes } = this.parts;
    const line = driver.line();
    try {
      const identity = await initialise(line, owner, { clock, timeout });
      const producer = new TransactionalProducer(line, identity, {
        brokers: driver.name,
        clock,
        pace: this.#pace,
        describe: async (topic) => ({
          leaders: leadersOf(topic, await line.places(topic)),
          batchBytes: await batchBytes(topic),
        }),
        throttled: (ms) => this.#throttled(ms),
      });
      const open = { close: () => close() };
      const close = async () => {
        opened.delete(open);
        await producer.close();
      };
      opened.add(open);
      return { producer, close };
    } catch (error) {
      await line.close();
      throw worded(error, `initialise the producer "${owner}" with transactions of ${timeout} ms`, driver.name);
    }
  }

  #life(producer: TransactionalProducer, close: () => Promise<void>): DeliveryLife {
    return { publish: (tasks, letter) => this.#publish(producer, tasks, letter), close };
  }

  async #publish(
    producer: TransactionalProducer,
    tasks: readonly DeliveredTask[],
    letter: LetterMaker | undefined,
  ): Promise<ReadonlyMap<number, Published>> {
    const { rows, stretches } = flatten(tasks);
    if (stretches.length === 0) return new Map();
    const before = new Map(tasks.map(({ task, from }) => [task, from.moved]));
    let reached: ReadonlyMap<number, Published> = new Map();
    await producer.publish({
      rows,
      group: this.#group,
      letter,
      markers: (written, moved) => {
        reached = reach(stretches, written, moved, before);
        return [...reached].map(([task, published]) => this.#marker(task, published));
      },
    });
    return reached;
  }

  #marker(partition: number, { epoch, rows, moved }: Published): Marker {
    const note = rows === 0 && moved === 0 ? "" : `${rows}/${moved}`;
    return { group: this.#group, topic: this.#topic, partition, epoch, note };
  }

  #throttled(ms: number): void {
    const now = this.parts.clock.elapsed();
    if (ms < THROTTLE_TOLD.from || now - this.#toldThrottle < THROTTLE_TOLD.every) return;
    this.#toldThrottle = now;
    this.parts.log(
      `Kafka at ${this.parts.driver.name} holds back what is written, now for ${ms} ms, because a quota of this client is used up: ` +
        `results come as fast as it lets them, and the input waits`,
    );
  }
}

/** The empty topic whose partitions stand for a job's tasks. */
function markerTopic(job: string): string {
  return `${job}.tidemark`;
}

/** The rows of all tasks, the oldest epoch of each first, so that none waits for the whole of another. */
function flatten(tasks: readonly DeliveredTask[]): { rows: readonly OutputRecord[]; stretches: readonly Stretch[] } {
  const rows: OutputRecord[] = [];
  const stretches: Stretch[] = [];
  const most = tasks.reduce((length, { epochs }) => Math.max(length, epochs.length), 0);
  for (let turn = 0; turn < most; turn++) {
    for (const { task, from, epochs } of tasks) {
      if (turn >= epochs.length) continue;
      const { epoch, rows: own } = epochs[turn];
      const before = turn === 0 ? from.rows : 0;
      stretches.push({ task, epoch, start: rows.length, count: own.length - before, before });
      for (let at = before; at < own.length; at++) rows.push(own[at]);
    }
  }
  return { rows, stretches };
}

/** How far each task is when so many of the rows are written. */
function reach(
  stretches: readonly Stretch[],
  written: number,
  moved: readonly number[],
  before: ReadonlyMap<number, number>,
): ReadonlyMap<number, Published> {
  const reached = new Map<number, Published>();
  for (const { task, epoch, start, count, before: earlier } of stretches) {
    const part = Math.min(count, written - start);
    if (part < 0 || (part === 0 && count > 0)) continue;
    const sum = (reached.get(task)?.moved ?? before.get(task)!) + movedIn(moved, start, start + part);
    reached.set(
      task,
      part === count ? { epoch, rows: 0, moved: sum } : { epoch: epoch - 1, rows: earlier + part, moved: sum },
    );
  }
  return reached;
}

function movedIn(moved: readonly number[], from: number, to: number): number {
  let count = 0;
  for (const row of moved) if (row >= from && row < to) count++;
  return count;
}

function readNote(note: string): Pick<Published, "rows" | "moved"> {
  const found = /^(\d+)\/(\d+)$/.exec(note);
  return found === null ? { rows: 0, moved: 0 } : { rows: Number(found[1]), moved: Number(found[2]) };
}
