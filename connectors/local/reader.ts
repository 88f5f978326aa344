/**
 * The reader of connectors whose topics lie in this process: `memory()` and `embeddedLog()`. One member, all partitions.
 *
 * One loop makes all calls of the handler, so they come one at a time. Fetches of all partitions are under way at once, and
 * the next one of a partition begins when its batch is delivered. There is no polling: the log says when there is more. Only
 * that there still is nothing is said again and again, as a broker's empty fetches do, because idleness is counted by it.
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
  /** What may be read of a partition right now. */
  bounds(topic: string, partition: number): Bounds;
  /** True when nothing will be added to the topic any more. */
  ended(topic: string): boolean;
  /** About a batch of records from an offset on, without a gap; none when they are not there (any more). */
  fetch(topic: string, partition: number, from: number): Promise<readonly InputRecord[]>;
  /** Calls the listener when a topic has new records or has ended. Returns what stops that. */
  watch(listener: (topic: string) => void): () => void;
}

/** What a reader is started with. */
export interface LocalReading {
  readonly options: Pick<ReaderOptions, "topics"> & { readonly layout: Pick<TaskLayout, "tasks"> };
  readonly handler: ReaderHandler;
  /** The timer for saying again and again that a partition has nothing; without one it is said once. */
  readonly after?: ConnectionContext["after"];
}

/** Where reading stands in one partition. */
interface Cursor {
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  position: number;
  /** The fetch that is under way or done and not delivered. It never rejects: the loop decides when an error counts. */
  fetch: Promise<Fetched> | undefined;
  /** What the handler knows: the end that it was told, and whether the topic had ended then. */
  toldEnd: number;
  toldEnded: boolean;
  /** A batch has said that this is all there will ever be. */
  sawEnd: boolean;
}

type Fetched = { readonly records: readonly InputRecord[] } | { readonly error: unknown };

const NOTHING: readonly InputRecord[] = [];

/**
 * Starts a reader.
 *
 * @param log Where the topics are.
 * @param how What to read, and who takes it.
 *
 * @throws {Error} If a topic does not exist.
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
  /** Fetches whose result nobody wants any more: a stop waits for them all the same. */
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
    // Whoever resumes wants to know where the partition stands, also when it stands where it stood.
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

  /** There is nobody to show it to. */
  show(_offsets: readonly StartOffset[]): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    // Every call of the handler is made after a look at this flag, in the same turn: none begins from here on.
    this.#halt();
    this.#signal();
    await Promise.all([this.#abandoned, ...this.#cursors.map((cursor) => cursor.fetch)]);
  }

  /** Whether a batch of every partition of the topic has said that nothing will follow. */
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

  /** Lets every partition say once more where it stands, in a while. */
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
      // In a turn of its own: whoever started the reader has it in hand before the first call comes.
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

  /** Delivers at most one batch of each partition. False when there was nothing to do. */
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
    // Another offset was sought meanwhile.
    if (cursor.fetch !== fetch) return true;
    // Paused while it came: it stays for the time after.
    if (this.#stopped || this.#paused.has(cursor.key)) return false;
    cursor.fetch = undefined;
    if ("error" in fetched) throw fetched.error;
    // Without records they are gone since: the next round sees that and asks.
    if (fetched.records.length > 0) this.#deliver(cursor, fetched.records);
    return true;
  }

  /** The position is not one of a record that is there. */
  async #atEdge(cursor: Cursor): Promise<boolean> {
    const { topic, partition, position } = cursor;
    const bounds = this.#log.bounds(topic, partition);
    if (position === bounds.latest) {
      const told = cursor.toldEnd === position && cursor.toldEnded === this.#log.ended(topic);
      if (!told) this.#deliver(cursor, NOTHING);
      return false;
    }
    // More has come since the round began.
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
      // A batch with records is not enough: that a partition is idle is said by one without.
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
