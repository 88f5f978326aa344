/**
 * Topics, wherever they are: what the commands need of them.
 *
 * @module
 */
import type { AppendRecord } from "../connectors/local/append.ts";
import type { Bounds, Connection, InputRecord } from "../connectors/connector.ts";

/** A topic in a list. */
export interface TopicRow {
  readonly topic: string;
  readonly partitions: number;
  /** How many records lie between the first and the next offset of each partition. With transactions fewer may be seen. */
  readonly records: number;
  /** Whether no record will be added any more; `undefined` where topics do not end. */
  readonly ended: boolean | undefined;
}

/** What to read. */
export interface Reading {
  /** The first offset of each partition to read. */
  readonly starts: ReadonlyMap<number, number>;
  /** Where to stop in each partition. @default goes on with new records */
  readonly ends?: ReadonlyMap<number, number>;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** Topics in a state file or in a Kafka cluster. */
export interface Topics {
  /** Where they are, for messages. */
  readonly where: string;
  /** All topics, by name. */
  list(): Promise<readonly TopicRow[]>;
  /**
   * The first and the next offset of every partition.
   *
   * @throws {Error} when there is no such topic
   */
  bounds(topic: string): Promise<readonly Bounds[]>;
  /** The offset of the first record at a time or later, for every partition. */
  atTime(topic: string, time: number): Promise<readonly number[]>;
  /** Reads records. Ends when `ends` is reached, `record` returns false, or the signal is aborted. */
  read(topic: string, reading: Reading, record: (record: InputRecord) => boolean | void): Promise<void>;
  /** Adds records. Returns how many. */
  append(topic: string, records: readonly AppendRecord[]): Promise<number>;
  /** The id of a topic, which differs from that of an earlier topic of the same name, where there are ids. */
  id(topic: string): Promise<string | undefined>;
  /** A connection as a job has it. Of a state file it may be opened only by who has its lock. */
  connection(job: string): Promise<Connection>;
}
