/**
 * Topics in memory, for notebooks and tests.
 *
 * @module
 */

import type { Key, TableChange } from "../operators/_table_change.ts";
import { type TableOptions, tableVerb } from "./_tables.ts";
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import { type AppendRecord, type PackedRecord, placeRecords, timestampLimit } from "./local/append.ts";
import { systemClock } from "../base/clock.ts";
import { type LocalLog, type LocalReader, startLocalReader } from "./local/reader.ts";
import type { RecordCodec } from "./codec.ts";
import { json } from "./json.ts";
import type {
  Connection,
  ConnectionContext,
  Connector,
  From,
  InCommit,
  InputRecord,
  OutputRecord,
  PeekHandle,
  PeekObserver,
  RecordSink,
  RecordsRead,
} from "./connector.ts";
import { BATCH_RECORDS, MAX_PARTITIONS, MAX_RECORD_BYTES } from "./local/limits.ts";
import { keyPartition } from "./partitioner.ts";
import { RecordRows } from "./record_rows.ts";
import {
  type CheckTombstones,
  type KeepTombstones,
  type SinkOptions,
  sinkVerb,
  type SourceOptions,
  sourceVerb,
} from "./verbs.ts";

/** Options of {@linkcode memory}. */
export interface MemoryOptions {
  /** The clock that gives records their timestamps, in milliseconds since 1970. @default the wall clock */
  readonly now?: () => number;
  /**
   * How far the timestamp of an appended record may lie ahead of the clock, in milliseconds; `Infinity` sets no limit.
   * A wrong timestamp in the future makes the records after it late. The limit does not apply to results of a job.
   *
   * @default hours(1), as in Kafka 4
   */
  readonly maxTimestampAhead?: number;
}

/** One topic. Its records are kept twice: by partition for readers, and in the order of arrival for the user. */
interface Topic {
  /** By partition and offset. Deleted records leave empty places. */
  readonly partitions: readonly InputRecord[][];
  /** The first offset that is kept, by partition. */
  readonly first: number[];
  arrived: InputRecord[];
  ended: boolean;
  turn: number;
}

let made = 0;

/** Topics in memory. Made by {@linkcode memory}. */
export class MemoryLog implements Connector {
  /** Identifies the log in this process, also in messages. */
  readonly id: string = `memory ${++made}`;
  #topics = new Map<string, Topic>();
  #watchers = new Set<(topic: string) => void>();
  #now: () => number;
  #maxTimestampAhead: number;
  #local: LocalLog;

  /** Use {@linkcode memory}. */
  constructor({ now = systemClock.now, maxTimestampAhead }: MemoryOptions = {}) {
    this.#now = now;
    this.#maxTimestampAhead = timestampLimit(maxTimestampAhead);
    this.#local = {
      partitions: (topic) => this.#topic(topic).partitions.length,
      bounds: (topic, partition) => {
        const { first, partitions } = this.#topic(topic);
        return { earliest: first[partition], latest: partitions[partition].length };
      },
      ended: (topic) => this.#topic(topic).ended,
      fetch: (topic, partition, from) =>
        Promise.resolve(this.#topic(topic).partitions[partition].slice(from, from + BATCH_RECORDS)),
      watch: (listener) => {
        this.#watchers.add(listener);
        return () => this.#watchers.delete(listener);
      },
    };
  }

  /**
   * Creates a topic. A missing topic is created with one partition when it is first used.
   *
   * @throws {RangeError} when `partitions` is no integer from 1 to 128
   * @throws {Error} when the topic exists with another number of partitions
   */
  create(topic: string, { partitions = 1 }: { partitions?: number } = {}): void {
    if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
      throw new RangeError(
        `Cannot create the topic "${topic}": partitions must be an integer from 1 to ${MAX_PARTITIONS}, current value is ${partitions}`,
      );
    }
    const found = this.#topics.get(topic);
    if (found === undefined) {
      const empty = Array.from({ length: partitions }, () => []);
      const first = empty.map(() => 0);
      this.#topics.set(topic, { partitions: empty, first, arrived: [], ended: false, turn: 0 });
    } else if (found.partitions.length !== partitions) {
      throw new Error(
        `Cannot create the topic "${topic}" with ${partitions} partitions: it exists with ${found.partitions.length}.`,
      );
    }
  }

  /**
   * Appends records. Readers see them at once.
   *
   * @throws {RangeError} when a partition does not exist, a timestamp is no safe integer or too far ahead, or a record
   * is too large
   * @throws {TypeError} when a value has no JSON form
   * @throws {Error} when the topic has ended
   */
  append(topic: string, records: Iterable<AppendRecord>): void {
    const state = this.#open(topic);
    const placed = placeRecords(records, {
      topic,
      partitions: state.partitions.length,
      turn: state.turn,
      now: this.#now,
      maxTimestampAhead: this.#maxTimestampAhead,
    });
    state.turn = placed.turn;
    for (const [partition, record] of placed.records) this.#push(topic, partition, record);
    this.#changed(topic);
  }

  /** Marks the topic as complete. A job that reads it finishes, and its windows fire. */
  end(topic: string): void {
    this.#topic(topic).ended = true;
    this.#changed(topic);
  }

  /** The values of a topic in the order of arrival, decoded; `null` for tombstones. */
  read<T = unknown>(topic: string, { codec = json<T>() }: { codec?: RecordCodec<T> } = {}): (T | null)[] {
    return this.#topic(topic).arrived.map(({ value }) => value === null ? null : codec.decode(value));
  }

  /** The records of a topic in the order of arrival. */
  records(topic: string): readonly InputRecord[] {
    return [...this.#topic(topic).arrived];
  }

  /** The same, with tombstones: what the schema says, and `null`. */
  source<T = unknown>(topic: string, options: KeepTombstones<T>): Observable<T | null>;
  /** The same, without tombstones: what the schema says, or what is no tombstone. */
  source<T = unknown>(topic: string, options: CheckTombstones<T>): Observable<T>;
  /**
   * The values of a topic, as a cold Observable. Without a job it reads what is there at once, and goes on until {@linkcode end}.
   *
   * A record without a value, a tombstone, is `null`, so `null` is in the type. Stages that read fields refuse it as a bad record and
   * take it out of the type; a `filter` can do that before them. With a `schema` the type is the schema's, with
   * `tombstones: "refuse"` it is without `null`.
   */
  source<T = unknown>(topic: string, options?: SourceOptions<T>): Observable<T | null>;
  source<T = unknown>(topic: string, options?: SourceOptions<T>): Observable<T> {
    return sourceVerb<T>(this, topic, options);
  }

  /**
   * A compacted topic as the changes of a table, `{ key, value }`: the row that a key has from now on, and `undefined`
   * for a tombstone. A record without a key is a bad record. It is read by `tableJoin`.
   */
  table<V = unknown, K extends Key = string>(
    topic: string,
    options?: TableOptions<V, K>,
  ): Observable<TableChange<K, V>> {
    return tableVerb<V, K>(this, topic, options);
  }

  /** Writes every value to a topic and passes it on. */
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T> {
    return sinkVerb<T>(this, topic, options);
  }

  /** Opens the log for a job. Called by the runtime. */
  open({ after }: ConnectionContext): Promise<Connection> {
    const readers: LocalReader[] = [];
    return Promise.resolve({
      topic: (topic) =>
        Promise.resolve({
          partitions: this.#topic(topic).partitions.length,
          maxRecordBytes: MAX_RECORD_BYTES,
          maxTimestampAhead: Infinity,
          partitionOf: (key: Uint8Array) => keyPartition(key, this.#topic(topic).partitions.length),
        }),
      // deno-lint-ignore require-await -- a promise that rejects where create() throws
      createTopic: async (topic, partitions) => this.create(topic, { partitions }),
      // deno-lint-ignore require-await -- a promise that rejects where the topic is missing
      deleteBefore: async (topic, offsets) => this.#deleteBefore(topic, offsets),
      bounds: (topic) =>
        Promise.resolve(this.#topic(topic).partitions.map((_, partition) => this.#local.bounds(topic, partition))),
      offsets: (topic, from) => {
        const { partitions, first } = this.#topic(topic);
        return Promise.resolve(
          partitions.map((records, partition) => Math.max(first[partition], startOf(records, from))),
        );
      },
      shown: () => Promise.resolve(new Map()),
      // deno-lint-ignore require-await -- a promise that rejects where the partition is missing
      read: async (from, most) => this.#read(from, most),
      // deno-lint-ignore require-await -- a promise that rejects where the topic has ended
      append: async (records) => this.#appendRows(records),
      appendsWithState: false,
      ended: (topic) => this.#topic(topic).ended && readers.every((reader) => reader.sawEnd(topic)),
      // deno-lint-ignore require-await -- a promise that rejects where the reader throws
      reader: async (options, handler) => {
        const reader = startLocalReader(this.#local, { options, handler, after });
        readers.push(reader);
        return reader;
      },
      delivery: this.#delivery(),
      close: async () => {
        for (const reader of readers) await reader.stop();
      },
    });
  }

  /** Reads a topic without a job. Called by {@linkcode source}. */
  peek(topic: string, observer: PeekObserver): PeekHandle {
    const { partitions, arrived } = this.#topic(topic);
    let next = 0;
    let busy = false;
    let done = false;
    const read = (changed: string) => {
      // An observer may append to the topic that it reads. The running loop delivers those records too.
      if (changed !== topic || busy) return;
      busy = true;
      try {
        while (!done && next < arrived.length) observer.record(arrived[next++]);
      } finally {
        busy = false;
      }
      if (done || !this.#topic(topic).ended) return;
      stop();
      observer.ended();
    };
    const stop = () => {
      done = true;
      this.#watchers.delete(read);
    };
    this.#watchers.add(read);
    observer.partitions(partitions.length);
    read(topic);
    return { stop };
  }

  /** Writes a value without a job. Called by {@linkcode sink}. */
  write(spec: RecordSink, value: unknown): void {
    const { topic } = spec;
    const partition = spec.partition(value, this.#topic(topic).partitions.length);
    const headers = spec.headers(value);
    this.append(topic, [{ value: spec.value(value), key: spec.key(value) ?? null, partition, headers }]);
  }

  #delivery(): InCommit<OutputRecord> {
    let staged: OutputRecord[] = [];
    return {
      kind: "inCommit",
      encoder: (context) => new RecordRows(context),
      stage: (records) => {
        this.#checkRows(records);
        staged = staged.concat(records);
        return { ahead: [], last: [] };
      },
      committed: () => {
        const visible = staged;
        staged = [];
        this.#showRows(visible);
      },
    };
  }

  #read({ topic, partition, offset }: Pick<InputRecord, "topic" | "partition" | "offset">, most: number): RecordsRead {
    const records = partitionOf(this.#topic(topic).partitions, topic, partition);
    const from = Math.max(offset, this.#topic(topic).first[partition]);
    const read = records.slice(from, from + most);
    return { records: read, next: from + read.length };
  }

  #appendRows(records: readonly OutputRecord[]): void {
    this.#checkRows(records);
    this.#showRows(records);
  }

  #checkRows(records: readonly OutputRecord[]): void {
    for (const { topic, partition } of records) partitionOf(this.#open(topic).partitions, topic, partition);
  }

  #showRows(records: readonly OutputRecord[]): void {
    for (const record of records) this.#push(record.topic, record.partition, record);
    for (const topic of new Set(records.map((record) => record.topic))) this.#changed(topic);
  }

  #deleteBefore(name: string, offsets: ReadonlyMap<number, number>): void {
    const topic = this.#topic(name);
    for (const [partition, below] of offsets) {
      const records = topic.partitions[partition];
      for (let offset = topic.first[partition]; offset < below && offset < records.length; offset++) {
        delete records[offset];
      }
      topic.first[partition] = Math.max(topic.first[partition], Math.min(below, records.length));
    }
    topic.arrived = topic.arrived.filter(({ partition, offset }) => offset >= topic.first[partition]);
  }

  #push(topic: string, partition: number, record: PackedRecord): void {
    const state = this.#topic(topic);
    const { timestamp, key, value, headers } = record;
    const stored = { topic, partition, offset: state.partitions[partition].length, timestamp, key, value, headers };
    state.partitions[partition].push(stored);
    state.arrived.push(stored);
  }

  #topic(name: string): Topic {
    if (!this.#topics.has(name)) this.create(name);
    return this.#topics.get(name)!;
  }

  #open(name: string): Topic {
    const topic = this.#topic(name);
    if (topic.ended) throw new Error(`Cannot append to the topic "${name}" in memory: it was ended.`);
    return topic;
  }

  #changed(topic: string): void {
    for (const watcher of [...this.#watchers]) watcher(topic);
  }
}

/**
 * Topics in memory, for notebooks and tests. They have the semantics of every other connector, but end with the
 * process. Values are kept as encoded bytes, as on a broker.
 *
 * @param options the clock and the limit for timestamps
 *
 * @example A pipeline over a topic in memory
 * ```ts
 * import { map } from "rxjs";
 * import { memory } from "@tidemark/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const log = memory();
 * log.append("numbers", [{ value: 1 }, { value: 2 }]);
 * log.end("numbers");
 *
 * log.source<number>("numbers", { tombstones: "refuse" }).pipe(map((n) => n * 10), log.sink("tens")).subscribe();
 *
 * assertEquals(log.read("tens"), [10, 20]);
 * ```
 */
export function memory(options?: MemoryOptions): MemoryLog {
  return new MemoryLog(options);
}

function partitionOf<T>(partitions: readonly T[], topic: string, partition: number): T {
  const found = partitions[partition];
  if (found !== undefined) return found;
  throw new RangeError(
    `There is no partition ${partition} of the topic "${topic}": it has ${partitions.length} partitions.`,
  );
}

function startOf(records: readonly InputRecord[], from: From): number {
  if (from === "earliest") return 0;
  if (from === "latest") return records.length;
  const found = records.findIndex((record) => record?.timestamp >= from);
  return found === -1 ? records.length : found;
}
