/**
 * Limits of the state, with units. Those of an atomic are lower than Deno KV's own, which are in `base/kv.ts`.
 *
 * @module
 */
import { KV_ATOMIC_CHECKS } from "../base/kv.ts";
import { KIB, MIB, type PauseLimits, SECOND } from "../base/limits.ts";

/** The most bytes of a chunk, its checksum included. */
export const CHUNK_BYTES = 60_000;

/** The most mutations of one of our atomics. */
export const ATOMIC_MUTATIONS = 900;

/** The most bytes of one of our atomics: values, and each key twice. */
export const ATOMIC_BYTES = 760_000;

/** The most bytes of keys in one of our atomics, including those of checks and deletes. */
export const ATOMIC_KEY_BYTES = 76_000;

/** The most tasks whose epochs share an atomic: one check each. */
export const ATOMIC_TASKS = KV_ATOMIC_CHECKS;

/** The longest name of a job, in bytes of UTF-8. */
export const JOB_NAME_BYTES = 200;

/** The largest encoded value of a state's cell, in bytes. */
export const STATE_VALUE_BYTES: number = 16 * MIB;

/** The deepest nesting of a stored value. */
export const VALUE_DEPTH = 200;

/** The largest head that the check at the start of a job allows, in bytes. */
export const HEAD_BYTES: number = 16 * KIB;

/**
 * The largest head that a commit may write, in bytes. It is larger than `HEAD_BYTES`, so that unexpectedly large
 * numbers do not make a commit fail.
 */
export const HEAD_BYTES_AT_MOST = 60_000;

/** The most committed epochs that wait to be published. At this limit the next cut waits, and its epoch grows. */
export const OUTBOX_EPOCHS = 32;

/** The most publishers that may have a transaction under way for one task. */
export const PUBLISHERS = 64;

/** The longest transactional id, in bytes of UTF-8. */
export const PUBLISHER_BYTES = 249;

/** The most ranges of deltas in a head. At this limit the next commit rewrites the whole state. */
export const DELTA_RANGES = 16;

/** The most states of one task. */
export const STATES = 64;

/** The most pins of one head. */
export const PINS = 4;

/** The longest name of a pin, in characters. */
export const PIN_NAME_CHARS = 24;

/** The most bytes of the extensions of a head that its shape does not name, encoded. */
export const EXTENSION_BYTES = 256;

/**
 * How many partitions a clock may have for its head to tell which records raised their marks. Heads of tasks with more
 * would become too large.
 */
export const RAISED_PARTITIONS = 64;

/** How many characters of a worker's name a head tells. */
export const WORKER_CHARS = 40;

/** The most bytes of all extensions of a head, encoded. */
export const EXTENSIONS_BYTES: number = 12 * KIB;

/** The longest reason for which a task is unsafe, in characters. */
export const UNSAFE_REASON_CHARS = 500;

/** About how many keys a bucket holds. */
export const BUCKET_KEYS = 1000;

/** The most bytes in the base of a bucket, approximately. */
export const BUCKET_BYTES: number = 32 * KIB;

/** A bucket is not split for its bytes while buckets hold fewer keys than this. */
export const BUCKET_KEYS_AT_LEAST = 4;

/**
 * How many bytes of bases are rewritten for each byte of a delta. With this factor, deltas take about the size of the
 * bases divided by it.
 */
export const COMPACTION_FACTOR = 1.1;

/**
 * How many bytes of bases are written for each byte of a delta to split buckets, while a state grows. Each split writes
 * two buckets.
 */
export const GROWTH_FACTOR = 2;

/** Compaction begins when live deltas have this many bytes, with `ENTRY_OVERHEAD_BYTES` added for each. */
export const COMPACTION_BEGIN_BYTES: number = 64 * KIB;

/** The overhead of an entry in the store, in bytes. */
export const ENTRY_OVERHEAD_BYTES = 100;

/** The most buckets that one epoch rewrites, and the most chunks that it deletes. */
export const EPOCH_ENTRIES = 300;

/** The most bytes of keys for each of these two. */
export const EPOCH_ENTRY_KEY_BYTES = 30_000;

/**
 * When deltas have more than `SNAPSHOT_FACTOR` times the bytes of the bases plus this many bytes, compaction cannot
 * keep up, and the next commit rewrites the whole state.
 */
export const SNAPSHOT_BYTES: number = 16 * MIB;

/** See `SNAPSHOT_BYTES`. */
export const SNAPSHOT_FACTOR = 3;

/** How many chunks that are no longer live an epoch deletes, in addition to twice the number that it writes. */
export const DELETES_AN_EPOCH = 32;

/** How many chunks a sweep deletes in one atomic. */
export const SWEEP_DELETES = 400;

/** Pauses between retries, in milliseconds. */
export const RETRY_PAUSE: PauseLimits = { first: 5, longest: SECOND };

/** How often a call is repeated while the file is locked, before it fails. */
export const LOCKED_RETRIES = 40;

/** How long a call to a store may have no answer before the wait is reported, in milliseconds. */
export const CALL_TOLD_MS = 5000;

/**
 * How long a call to a store may have no answer before it fails, in milliseconds, because a half-open connection never
 * answers. The outcome of the call is then unknown.
 */
export const CALL_LIMIT_MS = 30_000;
