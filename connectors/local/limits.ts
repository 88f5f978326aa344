/**
 * Limits of the connectors whose topics lie in this process, with units. The memory connector has the embedded log's where it
 * has any, so that what passes there passes here.
 *
 * @module
 */
import { HOUR, KIB, MIB } from "../../base/limits.ts";

/** The most bytes of one stored value. Deno KV takes 65,536 after serialization. */
export const CHUNK_BYTES = 60_000;

/** The largest record, in bytes of key, value and headers together. */
export const MAX_RECORD_BYTES: number = MIB;

/** The most bytes of values in one atomic of our own. Deno KV takes 819,200 with keys and overhead. */
export const ATOMIC_BYTES = 600_000;

/** The most mutations in one atomic of our own. Deno KV takes 1,000, and 81,920 bytes of keys. */
export const ATOMIC_MUTATIONS = 200;

/** How far a record that a program appends may be dated ahead of the clock when nothing is said, in milliseconds: as in Kafka 4. */
export const TIMESTAMP_AHEAD: number = HOUR;

/** The partitions of a topic when nothing is said. */
export const DEFAULT_PARTITIONS = 4;

/** The most partitions of a topic: the ends of all of them move in one atomic. */
export const MAX_PARTITIONS = 128;

/** How many bytes of records a topic keeps when nothing is said: 256 MiB. */
export const DEFAULT_RETENTION_BYTES: number = 256 * MIB;

/** When a topic is over its bytes, this share of them is freed as well, so that deleting is done in strides. */
export const RETENTION_STRIDE: number = 1 / 16;

/** How many bytes of its newest chunks a partition keeps in memory; twice as many before they are cut back. */
export const RECENT_BYTES: number = 128 * KIB;

/** How often a reader says of a partition at its end that there is still nothing, in milliseconds: idleness is counted by it. */
export const REPORT_MS = 50;

/** About how many records a batch of a reader has at most. */
export const BATCH_RECORDS = 2_000;

/** About how many bytes a batch of a reader has at most. */
export const BATCH_BYTES = 1_000_000;
