/**
 * The reader of connectors whose topics are in this process: `memory()` and `embeddedLog()`. It is the only member, and
 * reads all partitions.
 *
 * One loop makes all calls to the handler, so they come one at a time. Fetches of all partitions run at the same time,
 * and the next fetch of a partition begins when its batch is delivered. There is no polling: the log signals new
 * records. Only empty batches are repeated on a timer, like a broker's empty fetches, because idleness is counted from
 * them.
 *
 * @module
 */

import type {
  Batch,
  Bounds,
  ConnectionContext,
  InputRecord,
  Reader,
  ReaderHandler,
  ReaderOptions,
  StartOffset,
  TaskLayout,
} from "../connector.ts";
import { REPORT_MS } from "./limits.ts";

/** What the reader needs of a log in this process. */
export interface LocalLog {
  /** How many partitions a topic has, or `undefined` when it does not exist. */
  partitions(topic: string): number | undefined;
  /** The offsets of a partition that may be read at present. */
  bounds(topic: string, partition: number): Bounds;
  /** Whether the topic is complete. */
  ended(topic: string): boolean;
  /**
   * About one batch of records from an offset on, with consecutive offsets; none when they are gone or not written yet.
   */
  fetch(topic: string, partition: number, from: number): Promise<readonly InputRecord[]>;
  /** Calls the listener when a topic has new records or has ended. Returns a function that removes the listener. */
  watch(listener: (topic: string) => void): () => void;
}

/** What a reader needs. */
export interface LocalReading {
  readonly options: Pick<ReaderOptions, "topics"> & { readonly layout: Pick<TaskLayout, "tasks"> };
  readonly handler: ReaderHandler;
  /** The timer for repeated empty batches. Without it an empty batch is delivered once. */
  readonly after?: ConnectionContext["after"];
}

/** The reading position in one partition. */
interface Cursor {
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  position: number;
  /**
   * The fetch that is under way, or done and not delivered. It never rejects: the loop decides when an error counts.
   */
  fetch: Promise<Fetched> | undefined;
  /** What the handler was told: the end of the partition, and whether the topic had ended. */
  toldEnd: number;
  toldEnded: boolean;
  /** Whether a batch has reported the final end of the partition. */
  sawEnd: boolean;
}

type Fetched = { readonly records: readonly InputRecord[] } | { readonly error: unknown };

const NOTHING: readonly InputRecord[] = [];

/**
 * Starts a reader.
 *
 * @param log the log that has the topics
 * @param how what to read, and the handler of the batches
 *
 * @throws {Error} when a topic does not exist
 */
export function startLocalReader(log: LocalLog, how: LocalReading): LocalReader {
  return new LocalReader(log, how);
}

/** A reader of a log in this process. Made by {@linkcode startLocalReader}. */
export class LocalReader implements Reader {
  readonly #log: LocalLog;
  readonly #handler: ReaderHandler;
  readonly #topics: ReadonlySet<string>;
  readonly #paused = new Set<string>();
  readonly #unwatch: () => void;
  readonly #after: LocalReading["after"];
  #cancelReport: (() => void) | undefined;
  #cursors: Cursor[] = [];
  /** Fetches whose results were dropped by a seek. A stop still waits for them. */
  #abandoned: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #woken = false;
  #wake: () => void = () => {};

  constructor(log: LocalLog, { options, handler, after }: LocalReading) {
    for (const topic of options.topics) {
      if (log.partitions(topic) === undefined) throw new Error(`Cannot read the topic "${topic}": it does not exist.`);
    }
    this.#log = log;
    this.#handler = handler;
    this.#after = after;
    this.#topics = new Set(options.topics);
    this.#unwatch = log.watch((topic) => {
      if (this.#topics.has(topic)) this.#signal();
    });
    void this.#run(options.layout.tasks);
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(keyOf(topic, partition));
  }

  resume(topic: string, partition: number): void {
    const key = keyOf(topic, partition);
    if (!this.#paused.delete(key)) return;
    // After `resume` the handler must be told the position, even when it has not changed.
    for (const cursor of this.#cursors) if (cursor.key === key) cursor.toldEnd = -1;
    this.#signal();
  }

  seek({ topic, partition, offset }: StartOffset): void {
    const key = keyOf(topic, partition);
    const cursor = this.#cursors.find((one) => one.key === key);
    if (cursor === undefined) throw new RangeError(`Cannot seek in ${key}: this reader does not read it.`);
    cursor.position = offset;
    cursor.toldEnd = -1;
    cursor.sawEnd = false;
    if (cursor.fetch !== undefined) this.#abandoned = Promise.all([this.#abandoned, cursor.fetch]);
    cursor.fetch = undefined;
    this.#signal();
  }

  /** There are no tools that could show it. */
  show(_offsets: readonly StartOffset[]): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    // The loop checks this flag in the same turn as each call to the handler, so no call begins after this.
    this.#halt();
    this.#signal();
    await Promise.all([this.#abandoned, ...this.#cursors.map((cursor) => cursor.fetch)]);
  }

  /** Whether a batch of every partition of the topic has reported its final end. */
  sawEnd(topic: string): boolean {
    const cursors = this.#cursors.filter((cursor) => cursor.topic === topic);
    return cursors.length > 0 && cursors.every((cursor) => cursor.sawEnd);
  }

  #halt(): void {
    this.#stopped = true;
    this.#unwatch();
    this.#cancelReport?.();
    this.#cancelReport = undefined;
  }

  /** Schedules the next report of every partition's position. */
  #scheduleReport(): void {
    this.#cancelReport ??= this.#after?.(REPORT_MS, () => {
      this.#cancelReport = undefined;
      for (const cursor of this.#cursors) cursor.toldEnd = -1;
      this.#signal();
    });
  }

  #signal(): void {
    this.#woken = true;
    this.#wake();
  }

  async #run(tasks: readonly number[]): Promise<void> {
    try {
      // Waits for a turn, so that the caller has the reader before the first call comes.
      await Promise.resolve();
      if (this.#stopped) return;
      this.#begin(await this.#handler.assigned(tasks, () => Promise.resolve()));
      while (!this.#stopped) {
        this.#woken = false;
        if (await this.#round() || this.#woken || this.#stopped) continue;
        this.#scheduleReport();
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } catch (error) {
      if (this.#stopped) return;
      this.#halt();
      this.#handler.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #begin(starts: readonly StartOffset[]): void {
    this.#cursors = starts.map(({ topic, partition, offset }) => {
      const partitions = this.#topics.has(topic) ? this.#log.partitions(topic) ?? 0 : 0;
      if (!(partition >= 0 && partition < partitions)) {
        throw new RangeError(`Cannot read ${topic}/${partition}: this reader has no such partition.`);
      }
      return {
        key: keyOf(topic, partition),
        topic,
        partition,
        position: offset,
        fetch: undefined,
        toldEnd: -1,
        toldEnded: false,
        sawEnd: false,
      };
    });
  }

  /** Delivers at most one batch of each partition. Returns false when there was nothing to do. */
  async #round(): Promise<boolean> {
    for (const cursor of this.#cursors) this.#prefetch(cursor);
    let moved = false;
    for (const cursor of this.#cursors) {
      if (this.#stopped) return false;
      if (!this.#paused.has(cursor.key) && await this.#step(cursor)) moved = true;
    }
    return moved;
  }

  #prefetch(cursor: Cursor): void {
    if (cursor.fetch !== undefined || this.#paused.has(cursor.key)) return;
    const { earliest, latest } = this.#log.bounds(cursor.topic, cursor.partition);
    if (cursor.position < earliest || cursor.position >= latest) return;
    cursor.fetch = this.#log.fetch(cursor.topic, cursor.partition, cursor.position).then(
      (records) => ({ records }),
      (error) => ({ error }),
    );
  }

  async #step(cursor: Cursor): Promise<boolean> {
    const fetch = cursor.fetch;
    if (fetch === undefined) return await this.#atEdge(cursor);
    const fetched = await fetch;
    // A seek has replaced this fetch.
    if (cursor.fetch !== fetch) return true;
    // The partition was paused during the fetch. The result is kept until it is resumed.
    if (this.#stopped || this.#paused.has(cursor.key)) return false;
    cursor.fetch = undefined;
    if ("error" in fetched) throw fetched.error;
    // An empty result means that retention has deleted the records. The next round finds that and calls `missing`.
    if (fetched.records.length > 0) this.#deliver(cursor, fetched.records);
    return true;
  }

  /** Handles a position at which there is no record: the end of the partition, or a missing record. */
  async #atEdge(cursor: Cursor): Promise<boolean> {
    const { topic, partition, position } = cursor;
    const bounds = this.#log.bounds(topic, partition);
    if (position === bounds.latest) {
      const told = cursor.toldEnd === position && cursor.toldEnded === this.#log.ended(topic);
      if (!told) this.#deliver(cursor, NOTHING);
      return false;
    }
    // New records have arrived since the round began.
    if (position >= bounds.earliest && position < bounds.latest) return true;
    const next = await this.#handler.missing(topic, partition, position, bounds);
    if (this.#stopped) return false;
    if (cursor.position !== position) return true;
    const now = this.#log.bounds(topic, partition);
    if (!(next >= bounds.earliest && next <= now.latest)) {
      throw new RangeError(
        `Cannot go on reading ${topic}/${partition} at offset ${next}: it has records from ${now.earliest} to ${now.latest}.`,
      );
    }
    cursor.position = next;
    return true;
  }

  #deliver(cursor: Cursor, records: readonly InputRecord[]): void {
    const { topic, partition, position: start } = cursor;
    const { latest: end } = this.#log.bounds(topic, partition);
    const position = records.length === 0 ? start : records[records.length - 1].offset + 1;
    const batch: Batch = { topic, partition, records, start, position, end };
    cursor.position = position;
    const ended = this.#log.ended(topic);
    if (records.length === 0) {
      // Only a batch without records reports an idle partition, so a batch with records does not count.
      cursor.toldEnd = end;
      cursor.toldEnded = ended;
    }
    cursor.sawEnd = ended && position === end;
    this.#prefetch(cursor);
    this.#handler.batch(batch);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
