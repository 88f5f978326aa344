/**
 * Durable partitioned topics in Deno KV: a broker for one process, with nothing to install.
 *
 * @module
 */

import type { Key, TableChange } from "../../operators/_table_change.ts";
import { type TableOptions, tableVerb } from "../_tables.ts";
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import { type AppendRecord, type PackedRecord, placeRecords, timestampLimit } from "../local/append.ts";
import { systemClock } from "../../base/clock.ts";
import { peekLocally } from "../local/peek.ts";
import type {
  Bounds,
  Connection,
  ConnectionContext,
  Connector,
  From,
  InputRecord,
  PeekHandle,
  PeekObserver,
} from "../connector.ts";
import { EmbeddedConnection, type EmbeddedCore, localView } from "./connection.ts";
import { fetchRecords, startOffsets } from "./fetch.ts";
import { DEFAULT_PARTITIONS } from "../local/limits.ts";
import type { LogChange, LogEntry, LogKey, LogRange, LogStore } from "./store.ts";
import { EmbeddedTopics } from "./topics.ts";
import { LogWriter } from "./writer.ts";
import {
  type CheckTombstones,
  type KeepTombstones,
  type SinkOptions,
  sinkVerb,
  type SourceOptions,
  sourceVerb,
} from "../verbs.ts";

/** Options of {@linkcode embeddedLog}. */
export interface EmbeddedLogOptions {
  /** The clock that gives appended records their timestamps, in milliseconds since 1970. @default the wall clock */
  readonly now?: () => number;
  /**
   * How far the timestamp of an appended record may lie ahead of the clock, in milliseconds; `Infinity` sets no limit.
   * A wrong timestamp in the future makes the records after it late. The limit does not apply to results of a job.
   *
   * @default hours(1), as in Kafka 4
   */
  readonly maxTimestampAhead?: number;
  /**
   * The path of the KV's file. A job holds a lock file beside it, so that a second process fails with an error that
   * names the holder. Omit it for `:memory:`, which no second process can open.
   */
  readonly path?: string;
}

/** Options of {@linkcode EmbeddedLog.create}. */
export interface EmbeddedTopicOptions {
  /** How many partitions, 1 to 128. @default 4 */
  readonly partitions?: number;
  /** How many bytes of records the topic keeps; the oldest records are deleted. @default 268435456, which is 256 MiB */
  readonly retentionBytes?: number;
}

/** Options of {@linkcode EmbeddedLog.read}. */
export interface EmbeddedReadOptions {
  /** Only this partition. @default all, one after the other */
  readonly partition?: number;
  /** The first offset to read. @default the first offset that is kept */
  readonly from?: number;
}

/** Topics in a Deno KV. Made by {@linkcode embeddedLog}. */
export class EmbeddedLog implements Connector {
  /** Identifies the log in this process, also in messages. */
  readonly id: string;
  readonly lockPath: string | undefined;
  readonly #kv: Deno.Kv;
  readonly #core: EmbeddedCore;
  readonly #now: () => number;
  readonly #maxTimestampAhead: number;

  /** Use {@linkcode embeddedLog}. */
  constructor(kv: Deno.Kv, { now = systemClock.now, path, maxTimestampAhead }: EmbeddedLogOptions = {}) {
    const core = coreOf(kv);
    this.lockPath = path;
    this.id = core.id;
    this.#core = core;
    this.#kv = kv;
    this.#now = now;
    this.#maxTimestampAhead = timestampLimit(maxTimestampAhead);
  }

  /**
   * Creates a topic. An existing topic keeps its records.
   *
   * @throws {RangeError} when an option is out of its range
   * @throws {Error} when the topic exists with another number of partitions
   */
  async create(
    topic: string,
    { partitions = DEFAULT_PARTITIONS, retentionBytes }: EmbeddedTopicOptions = {},
  ): Promise<void> {
    const { topics, writer } = await this.#loaded();
    await writer.exclusive(() => topics.create(topic, { partitions, retentionBytes }));
  }

  /** The names of all topics, sorted. */
  async topics(): Promise<string[]> {
    return (await this.#loaded()).topics.names();
  }

  /** The first and the next offset of every partition. */
  async bounds(topic: string): Promise<Bounds[]> {
    const { topics } = await this.#loaded();
    return topics.get(topic).partitions.map(({ first, end }) => ({ earliest: first, latest: end }));
  }

  /**
   * The offset of every partition for a reader that begins at `from`: at the first record, at the end, or at the first
   * record with this time (milliseconds since 1970) or a later one.
   *
   * @throws {Error} when the topic does not exist
   */
  async offsets(topic: string, from: From): Promise<number[]> {
    const { topics } = await this.#loaded();
    return await startOffsets(topics, topic, from);
  }

  /**
   * Whether the topic is complete, as {@linkcode end} has marked it.
   *
   * @throws {Error} when the topic does not exist
   */
  async ended(topic: string): Promise<boolean> {
    return (await this.#loaded()).topics.get(topic).ended;
  }

  /**
   * Appends records to any number of partitions, atomically: after a crash either all of them are in the log or none.
   * Only one process at a time may append to a log.
   *
   * @returns the next offset of every partition
   *
   * @throws {RangeError} when a partition does not exist, a timestamp is no safe integer or too far ahead, or a record
   * is larger than 1 MiB
   * @throws {TypeError} when a value has no JSON form
   * @throws {Error} when the topic does not exist or has ended
   */
  async append(topic: string, records: Iterable<AppendRecord>): Promise<number[]> {
    const { topics, writer } = await this.#loaded();
    const state = topics.get(topic);
    const partitions = state.partitions.length;
    const [now, maxTimestampAhead] = [this.#now, this.#maxTimestampAhead];
    const placed = placeRecords(records, { topic, partitions, turn: state.turn, now, maxTimestampAhead });
    state.turn = placed.turn;
    const byPartition: PackedRecord[][] = Array.from({ length: partitions }, () => []);
    for (const [partition, record] of placed.records) byPartition[partition].push(record);
    return await writer.append(state, byPartition);
  }

  /** Marks the topic as complete, durably. A job that reads it finishes, and its windows fire. */
  async end(topic: string): Promise<void> {
    const { topics, writer } = await this.#loaded();
    await writer.end(topics.get(topic));
  }

  /** The records of a topic, up to its end at the moment of the call. */
  async *read(
    topic: string,
    { partition, from }: EmbeddedReadOptions = {},
  ): AsyncGenerator<InputRecord, void, undefined> {
    const { topics } = await this.#loaded();
    const state = topics.get(topic);
    const bounds = state.partitions.map(({ first, end }) => ({ first, end }));
    for (const one of state.partitions) {
      if (partition !== undefined && partition !== one.number) continue;
      const { first, end } = bounds[one.number];
      for (let next = Math.max(from ?? first, one.first); next < end;) {
        const records = await fetchRecords(topics, { topic: state, partition: one, from: next });
        for (const record of records) if (record.offset < end) yield record;
        // No records: retention has deleted them meanwhile.
        next = records.length > 0 ? records[records.length - 1].offset + 1 : Math.max(next, one.first);
      }
    }
  }

  /** The same, with tombstones: what the schema says, and `null`. */
  source<T = unknown>(topic: string, options: KeepTombstones<T>): Observable<T | null>;
  /** The same, without tombstones: what the schema says, or what is no tombstone. */
  source<T = unknown>(topic: string, options: CheckTombstones<T>): Observable<T>;
  /**
   * The values of a topic, as a cold Observable. Without a job it reads from the first record on until {@linkcode end}.
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

  /** Writes every value to a topic, in the atomic of its epoch, and passes it on. */
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T> {
    return sinkVerb<T>(this, topic, options);
  }

  /** Opens the log for a job, and removes unfinished writes of earlier processes. Called by the runtime. */
  async open({ job, store, after }: ConnectionContext): Promise<Connection> {
    if ((store as { readonly kv?: unknown }).kv !== this.#kv) {
      throw new TypeError(
        `The job "${job}" cannot use this embedded log, because the log is not on the job's own KV (${store.name}), where its ` +
          `records and the job's state become durable together: give the same KV to both, as in ` +
          `const kv = await Deno.openKv("state.db"); embeddedLog(kv) and run(pipeline, { state: kv }).`,
      );
    }
    const core = await this.#loaded();
    await core.writer.recover();
    return new EmbeddedConnection(core, { job, after });
  }

  /** Reads a topic without a job. Called by {@linkcode source}. */
  peek(topic: string, observer: PeekObserver): PeekHandle {
    let handle: PeekHandle | undefined;
    let stopped = false;
    this.#loaded().then(({ topics }) => {
      topics.get(topic);
      if (!stopped) handle = peekLocally(localView(topics), { topic, observer });
    }).catch((error) => {
      if (!stopped) observer.failed(error);
    });
    return {
      stop(): void {
        stopped = true;
        handle?.stop();
      },
    };
  }

  async #loaded(): Promise<EmbeddedCore> {
    await this.#core.topics.load();
    return this.#core;
  }
}

/**
 * Durable partitioned topics in a Deno KV, for a job in one process with no service at all. The results of a job become
 * durable in the same atomic that commits their epoch, so they are written exactly once.
 *
 * A topic keeps 256 MiB unless {@linkcode EmbeddedLog.create} sets another size; its oldest records are deleted. One
 * process at a time can use the log: a job holds a lock file beside the KV's file.
 *
 * @param kv the KV, which must be the job's own
 * @param options the clock, the limit for timestamps, and the path of the KV
 *
 * @example Append and read
 * ```ts
 * import { embeddedLog } from "@tidemark/streams";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * const log = embeddedLog(kv);
 * await log.create("orders", { partitions: 2 });
 * await log.append("orders", [{ key: "ada", value: { total: 12 } }]);
 *
 * const values: unknown[] = [];
 * for await (const record of log.read("orders")) values.push(JSON.parse(new TextDecoder().decode(record.value!)));
 * assertEquals(values, [{ total: 12 }]);
 * ```
 */
export function embeddedLog(kv: Deno.Kv, options?: EmbeddedLogOptions): EmbeddedLog {
  return new EmbeddedLog(kv, options);
}

/** One core for each KV, so that two logs on it, or two jobs, see each other's appends. */
const cores = new WeakMap<Deno.Kv, EmbeddedCore & { readonly id: string }>();
let made = 0;

function coreOf(kv: Deno.Kv): EmbeddedCore & { readonly id: string } {
  let core = cores.get(kv);
  if (core === undefined) {
    const topics = new EmbeddedTopics(storeOn(kv));
    cores.set(kv, core = { id: `embedded log ${++made}`, topics, writer: new LogWriter(topics) });
  }
  return core;
}

function storeOn(kv: Deno.Kv): LogStore {
  return {
    async get(key: LogKey): Promise<LogEntry | undefined> {
      const entry = await kv.get(key);
      return entry.versionstamp === null ? undefined : entry as LogEntry;
    },
    list({ prefix, start, end, reverse, limit, batch }: LogRange): AsyncIterable<LogEntry> {
      const selector = start !== undefined && end !== undefined
        ? { start, end }
        : start !== undefined
        ? { prefix, start }
        : end !== undefined
        ? { prefix, end }
        : { prefix };
      return kv.list(selector, { reverse, limit, batchSize: batch }) as AsyncIterable<LogEntry>;
    },
    async atomic({ checks = [], sets = [], deletes = [] }: LogChange): Promise<string | undefined> {
      const atomic = kv.atomic();
      for (const { key, versionstamp } of checks) atomic.check({ key, versionstamp });
      for (const [key, value] of sets) atomic.set(key, value);
      for (const key of deletes) atomic.delete(key);
      const result = await atomic.commit();
      return result.ok ? result.versionstamp : undefined;
    },
  };
}
