/**
 * The port between the runtime and the outside: what a connector owes the engine, and nothing of how it does it.
 *
 * A user's `broker.source()` and `broker.sink()` only describe (a {@linkcode SourceSpec}, a {@linkcode SinkSpec}); at `run`
 * the runtime opens one {@linkcode Connection} for each connector and drives it. A connection reads by partition from given
 * offsets and delivers results either after the commit ({@linkcode AfterCommit}, Kafka) or in the epoch's own atomic
 * ({@linkcode InCommit}, the embedded log). No word here is about Kafka or KV alone: the simulator implements the same port.
 *
 * Offsets are always *the next to read*, as safe integers. Times are milliseconds.
 *
 * @module
 */

import type { OutputRecord, RecordHeader, RecordHeaders } from "../state/outbox.ts";
import type { Delivery } from "./delivery.ts";
import type { AtomicWrites, Store } from "../state/store.ts";

export type { AtomicWrites, OutputRecord, RecordHeader, RecordHeaders };
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

/** A record as it was read. */
export interface InputRecord {
  /** Where it was read. */
  readonly topic: string;
  /** The partition it was read from. */
  readonly partition: number;
  /** Its offset there. */
  readonly offset: number;
  /** The record's own timestamp (in Kafka: create time or append time). */
  readonly timestamp: number;
  /** Its key, as bytes; `null`: none. */
  readonly key: Uint8Array | null;
  /** Its value, as bytes; `null`: a tombstone. */
  readonly value: Uint8Array | null;
  /** Its headers, where it has any. */
  readonly headers: RecordHeaders | undefined;
  /** Present where these are bytes that no reader can take apart: a bad record, whatever the source's codec is. */
  readonly unreadable?: Unreadable;
}

/** Why bytes cannot be read, and where reading goes on. The record that carries it has the bytes as its value. */
export interface Unreadable {
  /** What is wrong with them, as the end of "a bad record, because". */
  readonly reason: string;
  /** The offset behind them. */
  readonly next: number;
}

/** Records in their order. An array is one; a connector may also make each record when it is asked for. */
export interface InputRecords extends Iterable<InputRecord> {
  /** How many there are. */
  readonly length: number;
  /** One of them. Asking in order is cheap, and gives each record once; asking for an earlier one may make it anew. */
  at(index: number): InputRecord | undefined;
}

/** One fetch of one partition. A fetch without records still says where the partition stands. */
export interface Batch {
  /** The topic that was fetched. */
  readonly topic: string;
  /** The partition that was fetched. */
  readonly partition: number;
  /** In order of their offsets; all at or after `start`. */
  readonly records: InputRecords;
  /** How much memory the records hold, in bytes, where they are not made yet; absent: they are objects already. */
  readonly bytes?: number;
  /** The offset that was asked for. */
  readonly start: number;
  /** Where reading goes on: past control records and aborted ones, so possibly beyond the last record + 1. */
  readonly position: number;
  /** The end of what a `read_committed` reader may see, as of this fetch. `position === end` means: nothing more to read. */
  readonly end: number;
  /**
   * The next offset that the partition will give, as of this fetch. What lies between `end` and it is held back by open
   * transactions. Absent: nothing is, it is `end`.
   */
  readonly latest?: number;
}

/** The first and the next offset of one partition. */
export interface Bounds {
  /** The offset of the first record that is kept. */
  readonly earliest: number;
  /** The next offset that will be read or given. */
  readonly latest: number;
}

/** Where a new reader of a topic begins: an end of it, or the first record at or after a time (milliseconds since 1970). */
export type From = "earliest" | "latest" | number;

/** What a reader can suffer from. */
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

/** Which task of a job reads what. */
export interface TaskLayout {
  /** How many partitions of each topic the job was made with. Others are read by nobody, also where a topic has grown since. */
  readonly partitions: ReadonlyMap<string, number>;
  /** How the tasks were made: workers of one job must agree on it. */
  readonly kind: "perPartition" | "single";
  /** All tasks of the job, in order. */
  readonly tasks: readonly TaskId[];
  /** What a task reads. */
  inputsOf(task: TaskId): readonly InputPartition[];
  /** The task that reads a partition; `undefined`: none does, as with one that the topic has got since the job was made. */
  taskOf(topic: string, partition: number): TaskId | undefined;
}

/** What a reader reports. All calls are made one at a time, in the order of events. */
export interface ReaderHandler {
  /**
   * The assignment is now exactly these tasks of the layout. Tasks kept
   * since before are among them. Resolves with where to read each topic partition that was not assigned before; nothing is
   * read from those until then. `alive` makes a heartbeat in the generation of this assignment and throws when that generation is over.
   */
  assigned(partitions: readonly number[], alive: () => Promise<void>): Promise<readonly StartOffset[]>;
  /** The assignment is about to change: what is committed from now on may be fenced. Resolves when all under way is committed. */
  revoking(): Promise<void>;
  /** A fetch arrived. Must not block: back-pressure is `pause` and `resume`. */
  batch(batch: Batch): void;
  /** A record to be read is not there (any more): below `bounds.earliest` or beyond `bounds.latest`. Resolves with where to go on, or throws. */
  missing(topic: string, partition: number, wanted: number, bounds: Bounds): Promise<number>;
  /**
   * Something the reader rides out by itself: once when it begins, and with `undefined` when it is over. Each kind has its own
   * beginning and end: `input` (fetching), `group` (the broker that shares out the tasks), `members` (others take part in the
   * group), `partitions` (there are some that no task reads), `transactions` (open ones of somebody else hold the input back).
   */
  trouble(kind: ReaderTrouble, error: Error | undefined): void;
  /** The reader has ended for good on this error. */
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
  /** Whether a worker of a job has shown it. `false`: somebody has set it. */
  readonly own: boolean;
}

/** What a reader reads, and for whom. */
export interface ReaderOptions {
  /** The job's name: the consumer group. */
  readonly group: string;
  /** This worker's name. Unique among live workers of a job; the same name after a restart means: the one before is surely dead. Undefined: unknown. */
  readonly worker: string | undefined;
  /** What to read, co-partitioned where there is a task for each partition. */
  readonly topics: readonly string[];
  /** Which task reads what. */
  readonly layout: TaskLayout;
  /** Which life of the job this is. Workers of another one, on another state store, must not take part. */
  readonly incarnation: string;
  /** Text that this very worker's predecessor left with `remember`, or undefined. */
  readonly remembered: string | undefined;
  /** Keeps a short text for the successor of this worker (a group member id). Resolves when it is durable. */
  readonly remember: (text: string) => Promise<void>;
}

/** A running reader. */
export interface Reader {
  /** Stops fetching a partition until `resume`; batches that are under way may still arrive. */
  pause(topic: string, partition: number): void;
  /** Fetches a partition again. */
  resume(topic: string, partition: number): void;
  /** Reads a partition on from another offset; batches under way may still arrive, the next one after them begins there. */
  seek(start: StartOffset): void;
  /** Shows the job's progress to the broker's own tools. Never awaited for correctness; errors are ignored. */
  show(offsets: readonly StartOffset[]): Promise<void>;
  /** Leaves: no call to the handler begins after it resolves. */
  stop(): Promise<void>;
}

/** What a topic is like, as far as results are checked against it before they are committed. */
export interface TopicInfo {
  /** Tells it from another topic that had or will have its name; `undefined` where nobody can tell. */
  readonly id?: string;
  /** How many partitions it has. */
  readonly partitions: number;
  /** The largest record that is taken, key, value and headers together, in bytes. */
  readonly maxRecordBytes: number;
  /** How far a record's timestamp may lie ahead of the wall clock, in milliseconds. `Infinity`: as far as it likes. */
  readonly maxTimestampAhead: number;
  /** How far a record's timestamp may lie behind the wall clock, in milliseconds. @default Infinity */
  readonly maxTimestampBehind?: number;
  /** Only the last record of each key is kept, and one without a key is refused. @default false */
  readonly compacted?: boolean;
  /** The partition of a key, as the connector's default partitioner has it. */
  partitionOf(key: Uint8Array): number;
}

/** One connector, opened for one job in one process. */
export interface Connection {
  /** Describes a topic; `undefined` when it does not exist. */
  topic(topic: string): Promise<TopicInfo | undefined>;
  /** Makes a topic. Resolves when it can be used. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Bounds of every partition. What an open transaction still holds back lies within them. */
  bounds(topic: string): Promise<readonly Bounds[]>;
  /** The offset of every partition where a reader begins that starts from there. */
  offsets(topic: string, from: From): Promise<readonly number[]>;
  /** What the job's group shows as committed (people may have reset it), by partition; absent where nothing was. */
  shown(group: string, topic: string): Promise<ReadonlyMap<number, ShownOffset>>;
  /**
   * True when no record will ever be added to this topic and this connection's reader has said so: every partition that it
   * reads had a batch with `position === end` since. Whoever has processed up to the `end` of the last batch has processed all.
   * Absent where topics never end, as in Kafka.
   */
  ended?(topic: string): boolean;
  /** Starts to read. Rejects when the broker cannot be reached or a topic is missing. */
  reader(options: ReaderOptions, handler: ReaderHandler): Promise<Reader>;
  /** How results become visible. */
  readonly delivery: Delivery;
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** What the runtime gives a connector when it opens it. */
export interface ConnectionContext {
  /** The job's name; client ids may carry it. */
  readonly job: string;
  /** The job's own KV, for connectors that live on it. */
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after that many milliseconds, unless it is cancelled by what it returns. */
  readonly after?: (ms: number, run: () => void) => () => void;
  /** Takes a line worth knowing. */
  readonly log: (line: string) => void;
}

/** Where topics live. Two specs with the same `id` in one job share a connection. */
export interface Connector {
  /** For messages and for telling connectors apart: `kafka localhost:9092`. */
  readonly id: string;
  /** Opens the connector for a job. */
  open(context: ConnectionContext): Promise<Connection>;
  /** The file whose lock says that one process at a time may use it, where there is such a file. */
  readonly lockPath?: string;
  /** Reads a topic from its beginning without a job. May push before it returns. */
  readonly peek?: (topic: string, observer: PeekObserver) => PeekHandle;
  /** Writes a value without a job, where records live in this process. */
  readonly write?: (spec: SinkSpec, value: unknown) => void;
}

/** Whoever looks at a topic without a job. */
export interface PeekObserver {
  /** How many partitions the topic has; before the first record. */
  partitions(count: number): void;
  /** A record, in the order of its partition. */
  record(record: InputRecord): void;
  /** A bounded topic has been read to its end. */
  ended(): void;
  /** Reading has ended with this error. */
  failed(error: Error): void;
}

/** A look that is going on. */
export interface PeekHandle {
  /** Ends it; nothing is observed afterwards. */
  stop(): void;
}

/** How a record's key reads: a codec does it. */
export interface KeyReader {
  /** The key of bytes. Throws on what it cannot read. */
  decode(bytes: Uint8Array): unknown;
}

/** A source as a pipeline describes it. `decode` throws on a record that it cannot read; its message is the reason. */
export interface SourceSpec<T = unknown> {
  /** Where the topic is. */
  readonly connector: Connector;
  /** What is read. */
  readonly topic: string;
  /** The value of a record. */
  decode(record: InputRecord): T;
  /** How a record's key reads, which is compared with the keys of stages. @default text */
  readonly key?: KeyReader;
}

/** A sink as a pipeline describes it. Every function may throw; the runtime names the sink and the record. */
export interface SinkSpec<T = unknown> {
  /** Where the topic is. */
  readonly connector: Connector;
  /** What is written. */
  readonly topic: string;
  /** The record's value; `null` is a tombstone. */
  value(value: T): Uint8Array | null;
  /** The sink gives no record a key. @default false */
  readonly keyless?: boolean;
  /** The record's key; `undefined` where the sink has none of its own. */
  key(value: T): Uint8Array | null | undefined;
  /** The record's headers, where it has any of its own. */
  headers(value: T): RecordHeaders | undefined;
  /** The partition, or `undefined` to go by the key (as Kafka's default partitioner) or, without a key, by the task. */
  partition(value: T, partitions: number): number | undefined;
}

const SINKS = new WeakMap<object, SinkSpec>();

/** Remembers which sink an operator writes to, so that a policy can be given the operator. */
export function nameSink<O extends object>(operator: O, spec: SinkSpec): O {
  SINKS.set(operator, spec);
  return operator;
}

/** The sink behind an operator that a connector's `sink()` returned. */
export function sinkSpecOf(operator: object): SinkSpec | undefined {
  return SINKS.get(operator);
}
