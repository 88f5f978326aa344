/**
 * The port between the runtime and the outside: the interface that a connector implements.
 *
 * `source()` and `sink()` of a connector only describe (a {@linkcode SourceSpec}, a {@linkcode SinkSpec}). At `run` the
 * runtime opens one {@linkcode Connection} for each connector and drives it. A connection reads partitions from given
 * offsets. It delivers results either after the commit ({@linkcode AfterCommit}, Kafka) or in the epoch's own atomic
 * ({@linkcode InCommit}, the embedded log). The port assumes neither Kafka nor KV: the simulator implements it too.
 *
 * Offsets are always the next to read, as safe integers. Times are in milliseconds.
 *
 * @module
 */

import type { OutputRecord, RecordHeader, RecordHeaders } from "../state/outbox.ts";
import type { Delivery } from "./delivery.ts";
import type { InputRecord, InputRecords, TopicInfo, Unreadable } from "./records.ts";
import type { SinkTarget } from "./rows.ts";
import type { AtomicWrites, Store } from "../state/store.ts";

export type { AtomicWrites, OutputRecord, RecordHeader, RecordHeaders };
export type { InputRecord, InputRecords, TopicInfo, Unreadable };
export type {
  AfterCommit,
  DeliveredEpoch,
  DeliveredJob,
  DeliveredTask,
  Delivery,
  DeliveryLife,
  InCommit,
  LetterMaker,
  Published,
} from "./delivery.ts";
export { RefusedError } from "./delivery.ts";
export type { Refusal, ResultAt, RowContext, RowEncoder, SinkTarget, UndeliveredPane } from "./rows.ts";

/** One fetch of one partition. A fetch without records still reports the position. */
export interface Batch {
  /** The topic that was fetched. */
  readonly topic: string;
  /** The partition that was fetched. */
  readonly partition: number;
  /** In the order of their offsets, all at or after `start`. */
  readonly records: InputRecords;
  /** The memory that the records hold, in bytes, when they are not decoded yet. Absent when they are objects. */
  readonly bytes?: number;
  /** The offset that was requested. */
  readonly start: number;
  /** Where reading goes on. It may lie beyond the last record + 1, after control records or aborted records. */
  readonly position: number;
  /**
   * The end of what a `read_committed` reader may see, as of this fetch. `position === end` means that there is nothing
   * more to read.
   */
  readonly end: number;
  /**
   * The next offset that the partition will assign, as of this fetch. Open transactions hold back the records between
   * `end` and this offset. Absent when it equals `end`.
   */
  readonly latest?: number;
}

/** The first and the next offset of one partition. */
export interface Bounds {
  /** The offset of the first record that is kept. */
  readonly earliest: number;
  /** The next offset that will be read or assigned. */
  readonly latest: number;
}

/**
 * Where a new reader of a topic begins: at its first record, at its end, or at the first record with this time
 * (milliseconds since 1970) or a later one.
 */
export type From = "earliest" | "latest" | number;

/** The kinds of trouble of a reader. */
export type ReaderTrouble = "input" | "group" | "members" | "partitions" | "transactions";

/** A task of a job: its number, from 0 on. */
export type TaskId = number;

/** One partition of an input topic. */
export interface InputPartition {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
}

/** Which task of a job reads which partitions. */
export interface TaskLayout {
  /** How many partitions of each topic the job was created with. No task reads partitions that a topic gets later. */
  readonly partitions: ReadonlyMap<string, number>;
  /** How the tasks were formed. All workers of one job must agree on it. */
  readonly kind: "perPartition" | "single";
  /** The topics of which every task reads every partition. */
  readonly broadcast: ReadonlySet<string>;
  /** All tasks of the job, in order. */
  readonly tasks: readonly TaskId[];
  /** The partitions that a task reads. */
  inputsOf(task: TaskId): readonly InputPartition[];
  /**
   * The only task that reads a partition; `undefined` when none does, for example when the topic has got it since the
   * job was created, or when every task does.
   */
  taskOf(topic: string, partition: number): TaskId | undefined;
}

/** What a reader reports. Calls are made one at a time, in the order of events. */
export interface ReaderHandler {
  /**
   * The assignment is now exactly these tasks of the layout, including tasks that were assigned before. Resolves with
   * the start offset of each topic partition that was not assigned before; nothing is read from those until then. A
   * partition that every task reads comes again with each new task: reading goes on at the offset, which may be lower.
   * `alive` sends a heartbeat in the generation of this assignment, and throws when that generation is over.
   */
  assigned(partitions: readonly number[], alive: () => Promise<void>): Promise<readonly StartOffset[]>;
  /** The assignment is about to change: later commits may be fenced. Resolves when all work under way is committed. */
  revoking(): Promise<void>;
  /** A fetch arrived. Must not block: `pause` and `resume` are the back-pressure. */
  batch(batch: Batch): void;
  /**
   * The record at the wanted offset is gone or does not exist: the offset is below `bounds.earliest` or beyond
   * `bounds.latest`. Resolves with the offset to go on at, or throws.
   */
  missing(topic: string, partition: number, wanted: number, bounds: Bounds): Promise<number>;
  /**
   * Trouble that the reader waits out by itself. Called once when it begins, and with `undefined` when it is over. Each
   * kind has its own beginning and end: `input` (fetching), `group` (the broker that coordinates the group), `members`
   * (other programs are members of the group), `partitions` (some that no task reads), `transactions` (open
   * transactions of another program hold the input back).
   */
  trouble(kind: ReaderTrouble, error: Error | undefined): void;
  /** The reader has ended with this error and will not go on. */
  failed(error: Error): void;
}

/** Where to begin to read one topic partition. */
export interface StartOffset {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
}

/** An offset that a job's group shows to the broker's own tools. */
export interface ShownOffset {
  /** The next offset to read. */
  readonly offset: number;
  /** Whether a worker of a job committed it. `false` when another program set it. */
  readonly own: boolean;
}

/** The options of a reader. */
export interface ReaderOptions {
  /** The job's name, which is the consumer group. */
  readonly group: string;
  /**
   * This worker's name, unique among the live workers of a job. A worker with the same name that ran before is
   * certainly dead. `undefined` when this cannot be known.
   */
  readonly worker: string | undefined;
  /** The topics to read. They are co-partitioned when there is a task for each partition. */
  readonly topics: readonly string[];
  /** Which task reads which partitions. */
  readonly layout: TaskLayout;
  /** The incarnation of the job. Workers of another incarnation, on another state store, must not join. */
  readonly incarnation: string;
  /** The text that the predecessor of this worker left with `remember`, or `undefined`. */
  readonly remembered: string | undefined;
  /** Stores a short text (a group member id) for the successor of this worker. Resolves when it is durable. */
  readonly remember: (text: string) => Promise<void>;
}

/** A running reader. */
export interface Reader {
  /** Stops fetching a partition until `resume`. Batches under way may still arrive. */
  pause(topic: string, partition: number): void;
  /** Fetches a paused partition again. */
  resume(topic: string, partition: number): void;
  /**
   * Goes on reading a partition at another offset. Batches under way may still arrive; the next one after them begins
   * at the offset.
   */
  seek(start: StartOffset): void;
  /** Shows the job's progress to the broker's own tools. Correctness never depends on it, and errors are ignored. */
  show(offsets: readonly StartOffset[]): Promise<void>;
  /** Leaves the group and stops. No call to the handler begins after it resolves. */
  stop(): Promise<void>;
}

/** The records of one partition that were read without a reader. */
export interface RecordsRead {
  /** In the order of their offsets. */
  readonly records: readonly InputRecord[];
  /** Where reading goes on. */
  readonly next: number;
}

/** How records are appended that are no results of an epoch. */
export interface Appending {
  /** Who appends. At a time, one appends under one name. */
  readonly owner: string;
  /** Written in the same atomic, by a connection that {@linkcode Connection.appendsWithState}. */
  readonly along: readonly (readonly [key: readonly (string | number)[], value: unknown])[];
}

/** One connector, opened for one job in one process. */
export interface Connection {
  /** Describes a topic; `undefined` when it does not exist. */
  topic(topic: string): Promise<TopicInfo | undefined>;
  /**
   * Creates a topic. Resolves when it can be used. The records of a `transient` topic are kept until `deleteBefore`
   * removes them, whatever their age and size.
   */
  createTopic(topic: string, partitions: number, options?: { readonly transient?: boolean }): Promise<void>;
  /** Deletes the records of a topic below these offsets, by partition. */
  deleteBefore(topic: string, offsets: ReadonlyMap<number, number>): Promise<void>;
  /** The bounds of every partition. Records that an open transaction still holds back lie within them. */
  bounds(topic: string): Promise<readonly Bounds[]>;
  /** The start offset of every partition for a reader that begins at `from`. */
  offsets(topic: string, from: From): Promise<readonly number[]>;
  /**
   * The offsets that the job's group shows as committed, by partition. Users may have reset them. A partition without
   * one is absent.
   */
  shown(group: string, topic: string): Promise<ReadonlyMap<number, ShownOffset>>;
  /**
   * True when no record will be added to the topic any more and this connection's reader has reported it: since then
   * every partition that it reads had a batch with `position === end`. The topic is processed when all records up to
   * the `end` of the last batches are. Absent when topics never end, as in Kafka.
   */
  ended?(topic: string): boolean;
  /**
   * Reads records of one partition without a reader, outside of any group: at most `most`, from the offset on, or from
   * the first one that is kept. No records: there is nothing more that a `read_committed` reader may see.
   */
  read(from: Pick<StartOffset, "topic" | "partition" | "offset">, most: number): Promise<RecordsRead>;
  /** Appends records that are no results of an epoch: all of them or none. Resolves when they are visible. */
  append(records: readonly OutputRecord[], appending: Appending): Promise<void>;
  /** Whether the topics are in the store of the job, so that `append` writes to both in one atomic. */
  readonly appendsWithState: boolean;
  /** Starts to read. Rejects when the broker cannot be reached or a topic is missing. */
  reader(options: ReaderOptions, handler: ReaderHandler): Promise<Reader>;
  /** How results become visible. */
  readonly delivery: Delivery;
  /** Closes everything that it has opened. */
  close(): Promise<void>;
}

/** What the runtime gives a connector that it opens. */
export interface ConnectionContext {
  /** The job's name. Client ids may contain it. */
  readonly job: string;
  /** The job's own KV, for connectors that keep their topics in it. */
  readonly store: Store;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after this many milliseconds. The function that it returns cancels the call. */
  readonly after?: (ms: number, run: () => void) => () => void;
  /** Logs a line, with the job's name before it. */
  readonly log: (line: string) => void;
  /** Aborted when the job gives up its start. A connector that is still being opened then rejects soon. */
  readonly signal?: AbortSignal;
}

/** A place where topics are kept. Two specs with the same `id` in one job share a connection. */
export interface Connector {
  /** Identifies the connector, also in messages: `kafka localhost:9092`. */
  readonly id: string;
  /** Opens the connector for a job. */
  open(context: ConnectionContext): Promise<Connection>;
  /** The lock file that allows one process at a time to use the connector, if there is one. */
  readonly lockPath?: string;
  /** Reads a topic from its beginning without a job. May push before it returns. */
  readonly peek?: (topic: string, observer: PeekObserver) => PeekHandle;
  /** Writes a value without a job, for connectors that keep records in this process. */
  write?(spec: SinkSpec, value: unknown): void;
}

/** Receives the records of a `peek`. */
export interface PeekObserver {
  /** How many partitions the topic has. Called before the first record. */
  partitions(count: number): void;
  /** A record, in the order of its partition. */
  record(record: InputRecord): void;
  /** Called when a bounded topic has been read to its end. */
  ended(): void;
  /** Called when reading has ended with this error. */
  failed(error: Error): void;
}

/** A `peek` that is running. */
export interface PeekHandle {
  /** Stops it. No call to the observer follows. */
  stop(): void;
}

/** Decodes the keys of records. A codec is one. */
export interface KeyReader {
  /** Decodes a key. Throws when it cannot. */
  decode(bytes: Uint8Array): unknown;
  /** Fetches what `decode` needs for these bytes, as `RecordCodec.prepare` does. */
  prepare?(bytes: Uint8Array): Promise<void> | undefined;
}

/**
 * A source as a pipeline describes it. `decode` throws on a record that it cannot decode; the error message is the
 * reason.
 */
export interface SourceSpec<T = unknown> {
  /** The connector that has the topic. */
  readonly connector: Connector;
  /** The topic to read. */
  readonly topic: string;
  /** Whether every task reads every partition. @default false */
  readonly broadcast?: boolean;
  /** Decodes the value of a record. */
  decode(record: InputRecord): T;
  /** Decodes the record's key, which is compared with the keys of stages. @default text */
  readonly key?: KeyReader;
  /**
   * Fetches what `decode` and `key` need for this record; `undefined` when that is nothing. Absent when no record of
   * this source ever needs it.
   */
  prepare?(record: InputRecord): Promise<unknown> | undefined;
}

/** A sink as a pipeline describes it. Its connector's encoder knows the rest. */
export interface SinkSpec extends SinkTarget {
  /** The connector that has its target. */
  readonly connector: Connector;
  /** Fetches what the sink needs to encode values. Called when a job starts, before it reads anything. */
  prepare?(): Promise<void>;
}

/** A sink that writes records to a topic. Every function may throw; the runtime names the sink and the record. */
export interface RecordSink<T = unknown> extends SinkSpec {
  /** The record's value; `null` is a tombstone. */
  value(value: T): Uint8Array | null;
  /** Whether the sink writes all records without a key. @default false */
  readonly keyless?: boolean;
  /** The record's key; `undefined` when the sink does not set one. */
  key(value: T): Uint8Array | null | undefined;
  /** The record's headers; `undefined` when the sink sets none. */
  headers(value: T): RecordHeaders | undefined;
  /**
   * The partition. With `undefined` the key decides (as in Kafka's default partitioner), and without a key the task.
   */
  partition(value: T, partitions: number): number | undefined;
}

const SINKS = new WeakMap<object, SinkSpec>();

/** Remembers the spec of an operator that a connector's `sink()` returned, so that a policy accepts the operator. */
export function nameSink<O extends object>(operator: O, spec: SinkSpec): O {
  SINKS.set(operator, spec);
  return operator;
}

/** The spec of an operator that a connector's `sink()` returned. */
export function sinkSpecOf(operator: object): SinkSpec | undefined {
  return SINKS.get(operator);
}
