/**
 * Limits of the state, with units: those that Deno KV sets, and ours, which stay below them.
 *
 * @module
 */
import { KIB, MIB, type PauseLimits, SECOND } from "../base/limits.ts";

/** The largest encoded key that Deno KV writes, in bytes. */
export const KV_KEY_BYTES = 2048;

/** The largest value that Deno KV takes, in bytes after serialization. */
export const KV_VALUE_BYTES: number = 64 * KIB;

/** The most mutations that Deno KV takes in one atomic. */
export const KV_ATOMIC_MUTATIONS = 1000;

/** The most bytes that Deno KV takes in one atomic: values, and each key twice. */
export const KV_ATOMIC_BYTES: number = 800 * KIB;

/** The most bytes of keys that Deno KV takes in the sets of one atomic. */
export const KV_ATOMIC_KEY_BYTES: number = 80 * KIB;

/** The most checks in one atomic. A local file takes 100, a server only 10: so never more than 10. */
export const KV_ATOMIC_CHECKS = 10;

/** The most bytes of a chunk, its checksum included. */
export const CHUNK_BYTES = 60_000;

/** The most mutations of an atomic of ours. */
export const ATOMIC_MUTATIONS = 900;

/** The most bytes of an atomic of ours: values, and each key twice. */
export const ATOMIC_BYTES = 760_000;

/** The most bytes of keys in an atomic of ours, those of checks and deletes included. */
export const ATOMIC_KEY_BYTES = 76_000;

/** The most tasks whose epochs share an atomic: one check each. */
export const ATOMIC_TASKS = KV_ATOMIC_CHECKS;

/** The longest name of a job, in bytes of UTF-8. */
export const JOB_NAME_BYTES = 200;

/** The largest encoded value of a state's cell, in bytes. */
export const STATE_VALUE_BYTES: number = 16 * MIB;

/** The deepest nesting of a stored value. */
export const VALUE_DEPTH = 200;

/** The largest head at the most of everything that a start allows, in bytes. */
export const HEAD_BYTES: number = 16 * KIB;

/** The largest head that is ever written, in bytes: numbers beyond reason are no reason to lose a commit. */
export const HEAD_BYTES_AT_MOST = 60_000;

/** The most committed epochs that wait to be published; then the next cut waits, and its epoch grows. */
export const OUTBOX_EPOCHS = 32;

/** The most publishers that may have a transaction under way for one task. */
export const PUBLISHERS = 64;

/** The longest transactional id, in bytes of UTF-8. */
export const PUBLISHER_BYTES = 249;

/** The most ranges of deltas in a head; at this many the next commit writes the whole state anew. */
export const DELTA_RANGES = 16;

/** The most states of one task. */
export const STATES = 64;

/** The most pins of one head. */
export const PINS = 4;

/** The longest name of a pin, in characters. */
export const PIN_NAME_CHARS = 24;

/** The most bytes of a head's extensions, encoded. */
export const EXTENSION_BYTES = 256;

/** The longest reason for which a task is unsafe, in characters. */
export const UNSAFE_REASON_CHARS = 500;

/** About how many keys a bucket holds. */
export const BUCKET_KEYS = 1000;

/** About how many bytes the base of a bucket has at most. */
export const BUCKET_BYTES: number = 32 * KIB;

/** A bucket is not split for its bytes while buckets hold fewer keys than this. */
export const BUCKET_KEYS_AT_LEAST = 4;

/** How many bytes of bases are rewritten for each byte of a delta. Deltas then hold about as much as bases divided by this. */
export const COMPACTION_FACTOR = 1.1;

/** How many bytes of bases are written for each byte of a delta to split buckets, while a state grows: each split writes two. */
export const GROWTH_FACTOR = 2;

/** No compaction begins before live deltas have so many bytes, each with `ENTRY_OVERHEAD_BYTES`. */
export const COMPACTION_BEGIN_BYTES: number = 64 * KIB;

/** What an entry of the store costs beside its bytes. */
export const ENTRY_OVERHEAD_BYTES = 100;

/** The most buckets that one epoch rewrites, and the most chunks that it deletes. */
export const EPOCH_ENTRIES = 300;

/** The most bytes of keys of each. */
export const EPOCH_ENTRY_KEY_BYTES = 30_000;

/** Deltas have outgrown compaction when they have so many bytes, beside `SNAPSHOT_FACTOR` times the bases: the next commit writes the whole state anew. */
export const SNAPSHOT_BYTES: number = 16 * MIB;

/** See `SNAPSHOT_BYTES`. */
export const SNAPSHOT_FACTOR = 3;

/** How many chunks that are no longer live an epoch deletes, beside twice what it writes. */
export const DELETES_AN_EPOCH = 32;

/** How many chunks a sweep deletes in one atomic. */
export const SWEEP_DELETES = 400;

/** Pauses before something is tried again, in milliseconds. */
export const RETRY_PAUSE: PauseLimits = { first: 5, longest: SECOND };

/** How often an atomic is tried again at once that the file was locked for. */
export const LOCKED_RETRIES = 40;

/** How long a call to a store may go unanswered before somebody is told, in milliseconds. */
export const CALL_TOLD_MS = 5000;

/**
 * How long a call to a store may go unanswered, in milliseconds: a connection that is half open never answers. What became of the
 * call is unknown then.
 */
export const CALL_LIMIT_MS = 30_000;
