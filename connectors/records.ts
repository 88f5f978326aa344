/**
 * Records as they are read, and what is known of their topics.
 *
 * @module
 */
import type { RecordHeaders } from "../state/outbox.ts";

/** A record as it was read. */
export interface InputRecord {
  /** The topic it was read from. */
  readonly topic: string;
  /** The partition it was read from. */
  readonly partition: number;
  /** Its offset there. */
  readonly offset: number;
  /** The record's own timestamp (in Kafka: create time or append time). */
  readonly timestamp: number;
  /** Its key, as bytes; `null` when it has none. */
  readonly key: Uint8Array | null;
  /** Its value, as bytes; `null`: a tombstone. */
  readonly value: Uint8Array | null;
  /** Its headers, if it has any. */
  readonly headers: RecordHeaders | undefined;
  /** Present when the bytes cannot be parsed: the record is then bad, whatever the source's codec is. */
  readonly unreadable?: Unreadable;
}

/** Why bytes cannot be parsed, and where reading goes on. The record that carries this has the bytes as its value. */
export interface Unreadable {
  /** What is wrong with the bytes. It completes the sentence "a bad record, because". */
  readonly reason: string;
  /** The offset after them. */
  readonly next: number;
}

/** Records in order. An array fits; a connector may also create each record when it is requested. */
export interface InputRecords extends Iterable<InputRecord> {
  /** How many records there are. */
  readonly length: number;
  /** One record. Requests in order are cheap and give each record once; an earlier record may be created anew. */
  at(index: number): InputRecord | undefined;
}

/** The properties of a topic against which results are checked before the commit. */
export interface TopicInfo {
  /**
   * Differs from the id of an earlier or later topic of the same name; `undefined` when the connector has no such id.
   */
  readonly id?: string;
  /** How many partitions it has. */
  readonly partitions: number;
  /** The largest record that the topic takes, in bytes of key, value and headers together. */
  readonly maxRecordBytes: number;
  /**
   * How far a record's timestamp may lie ahead of the wall clock, in milliseconds; `Infinity` when there is no limit.
   */
  readonly maxTimestampAhead: number;
  /** How far a record's timestamp may lie behind the wall clock, in milliseconds. @default Infinity */
  readonly maxTimestampBehind?: number;
  /** Whether the topic keeps only the last record of each key and refuses records without a key. @default false */
  readonly compacted?: boolean;
  /** The partition of a key, as the connector's default partitioner chooses it. */
  partitionOf(key: Uint8Array): number;
}
