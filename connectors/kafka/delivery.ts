/**
 * Delivery on Kafka: one transaction carries the rows of an epoch and its number, which is the marker.
 *
 * A marker is a committed offset of a group that never has members, `<job>.<incarnation>.epochs`. An empty topic,
 * `<job>.tidemark`, has a partition for each task. No reset by a user or a client reaches such an offset. The metadata
 * of the offset tells how many rows of the next epoch are published, and how many rows were moved to the sink for
 * unpublishable results so far.
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
  type RowContext,
} from "../connector.ts";
import { RecordRows } from "../record_rows.ts";
import { FencedError } from "../../state/errors.ts";
import type { Driver, Line } from "./driver.ts";
import { CODE, hasCode, isPassing } from "./errors.ts";
import { ASK_LIMIT, RETRY_PAUSE, THROTTLE_TOLD } from "./limits.ts";
import { Pace } from "./pace.ts";
import { type Marker, TransactionalProducer } from "./producer.ts";
import { worded } from "./refusals.ts";
import { initialise, leadersOf } from "./steps.ts";

/** What a delivery needs. */
export interface KafkaDeliveryParts {
  readonly driver: Driver;
  readonly shared: Line;
  readonly clock: TimerClock;
  /** How long a transaction may stay open, in milliseconds. */
  readonly timeout: number;
  /** The number of the compression of its batches. */
  readonly codec: number;
  /** Logs a line. */
  readonly log: (line: string) => void;
  /** Everything that must be closed with the connection. */
  readonly open: Set<{ close(): Promise<void> }>;
  /** Aborted when the connection is closed. */
  readonly signal: AbortSignal;
  /** Runs a request, and repeats it while the failure is one that may pass. Rejects with the last error in words. */
  ask<T>(wanted: string, ask: () => Promise<T>, retries?: (error: unknown) => boolean): Promise<T>;
  /** The largest record batch that a topic takes, in bytes. */
  batchBytes(topic: string): Promise<number>;
  /** Creates a topic with this many partitions or more, if it is missing. */
  ensureTopic(topic: string, partitions: number): Promise<void>;
}

interface OpenProducer {
  readonly producer: TransactionalProducer;
  close(): Promise<void>;
}

/** A consecutive part of one epoch among the rows of a transaction. */
interface Stretch {
  readonly task: number;
  readonly epoch: number;
  /** Where it begins among the transaction's rows, and how many rows it has. */
  readonly start: number;
  readonly count: number;
  /** How many rows of the epoch come before it. */
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

  encoder(context: RowContext): RecordRows {
    return new RecordRows(context);
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
    const { clock, signal } = this.parts;
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
        // No other process has this id. So this process stood still for longer than a transaction may take, and its own
        // transaction was fenced by the broker.
        const late = clock.elapsed() >= deadline && !(error instanceof FencedError);
        if (error instanceof RefusedError || late) throw error;
        await backoff.wait(signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** Writes rows that are no results of an epoch. Resolves when they are visible. */
  async append(owner: string, rows: readonly OutputRecord[]): Promise<void> {
    const { producer, close } = await this.#open(owner);
    try {
      for (let written = 0; written < rows.length;) {
        written += await producer.publish({ rows: rows.slice(written), group: undefined, markers: () => [] });
      }
    } finally {
      await close();
    }
    // A commit returns shortly before its control records are written. Fencing waits for them.
    await this.fence(owner);
  }

  async fence(owner: string): Promise<void> {
    const { driver, shared, clock, timeout, signal } = this.parts;
    try {
      await initialise(shared, owner, { clock, timeout, signal });
    } catch (error) {
      throw worded(error, `fence the producer "${owner}"`, driver.name);
    }
  }

  async published(tasks: readonly number[]): Promise<ReadonlyMap<number, Published>> {
    const committed = await this.parts.ask(
      `read the markers of "${this.#group}"`,
      // A stable read waits for the offsets of a transaction that is being completed, so the answer is final.
      () => this.parts.shared.committed(this.#group, this.#topic, tasks, true),
      (error) => isPassing(error) || hasCode(error, CODE.unstableOffsetCommit),
    );
    return new Map([...committed].map(([task, { offset, note }]) => [task, { epoch: offset, ...readNote(note) }]));
  }

  async #open(owner: string): Promise<OpenProducer> {
    const { driver, clock, timeout, codec, open: opened, batchBytes, signal } = this.parts;
    const line = driver.line();
    opened.add(line);
    try {
      const identity = await initialise(line, owner, { clock, timeout, signal });
      const producer = new TransactionalProducer(line, identity, {
        brokers: driver.name,
        clock,
        pace: this.#pace,
        codec,
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
    } finally {
      opened.delete(line);
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

/** The empty topic that has a partition for each task of a job. */
export function markerTopic(job: string): string {
  return `${job}.tidemark`;
}

/** The rows of all tasks, the oldest epoch of each task first, so that no task waits for all epochs of another. */
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

/** How far each task is after this many rows were written. */
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
