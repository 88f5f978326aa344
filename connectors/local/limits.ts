/**
 * Limits of the connectors whose topics are in this process, with units. The memory connector has the limits of the
 * embedded log where they apply, so that a program which works with one works with the other.
 *
 * @module
 */
import { HOUR, KIB, MIB } from "../../base/limits.ts";

/** The largest stored value, in bytes. Deno KV allows 65,536 after serialization. */
export const CHUNK_BYTES = 60_000;

/** The largest record, in bytes of key, value and headers together. */
export const MAX_RECORD_BYTES: number = MIB;

/** The most bytes of values in one atomic. Deno KV allows 819,200 with keys and overhead. */
export const ATOMIC_BYTES = 600_000;

/** The most mutations in one atomic. Deno KV allows 1,000, and 81,920 bytes of keys. */
export const ATOMIC_MUTATIONS = 200;

/** The default of how far a record's timestamp may lie ahead of the clock, in milliseconds: as in Kafka 4. */
export const TIMESTAMP_AHEAD: number = HOUR;

/** The default number of partitions of a topic. */
export const DEFAULT_PARTITIONS = 4;

/** The most partitions of a topic: all of their ends are in one entry, which one atomic writes. */
export const MAX_PARTITIONS = 128;

/** The default of how many bytes of records a topic keeps: 256 MiB. */
export const DEFAULT_RETENTION_BYTES: number = 256 * MIB;

/** A topic above its limit also deletes this share of the limit, so that deletions are rare. */
export const RETENTION_STRIDE: number = 1 / 16;

/** How many bytes of its newest chunks a partition keeps in memory. They are trimmed when there are twice as many. */
export const RECENT_BYTES: number = 128 * KIB;

/**
 * How often a reader reports that a partition has no new records, in milliseconds. Idleness is counted from these
 * reports.
 */
export const REPORT_MS = 50;

/** About how many records a reader's batch has at most. */
export const BATCH_RECORDS = 2_000;

/** About how many bytes a reader's batch has at most. */
export const BATCH_BYTES = 1_000_000;
