/**
 * Limits of the runtime, with units.
 *
 * @module
 */
import { MIB, MINUTE, type PauseLimits, SECOND } from "../base/limits.ts";

/** How long records are pushed before input and output of the process get a turn, in milliseconds. */
export const SLICE_MS = 4;

/** How many records are pushed before the clock is looked at. */
export const SLICE_RECORDS = 64;

/** The largest value of a record that is read, in bytes: it is in memory several times while it is processed. */
export const INPUT_VALUE_BYTES: number = 16 * MIB;

/** How much memory fetched records may hold that wait for one input partition before its fetching pauses, in bytes. */
export const QUEUE_BYTES: number = MIB;

/**
 * How many bytes of results the epochs of a worker may hold before no further record is pushed into them: an atomic or two, for
 * larger ones take longer to commit, while which the next ones grow, and so on.
 */
export const EPOCH_BYTES: number = MIB;

/** What a record costs beside its bytes, in bytes: objects for itself, its key, its value and its headers. */
export const RECORD_OBJECTS = 300;

/** How much memory results may hold that are committed and not yet published before the source waits, in bytes. */
export const BACKLOG_BYTES: number = 32 * MIB;

/** How many epochs of a worker may be committed and wait for the transaction under way: more would only cost commits. */
export const WAITING_CUTS = 1;

/** How long a task must have nothing to commit before its outbox is emptied by a head write of its own, in milliseconds. */
export const QUIET_MS = 200;

/** How often progress is shown to the broker's own tools, in milliseconds. */
export const SHOW_MS = 1000;

/** How often idle partitions are looked at, in milliseconds. */
export const TICK_MS = 50;

/**
 * How much nearer than the broker's limit a record's timestamp stays, because clocks differ and a transaction takes its time: a part of
 * the limit, and at most so many milliseconds.
 */
export const TIMESTAMP_MARGIN = { part: 0.1, most: MINUTE } as const;

/** Pauses between tries at something that is away, in milliseconds. */
export const RETRY_PAUSE: PauseLimits = { first: 10, longest: SECOND };

/** How many samples of latency an epoch keeps. */
export const SAMPLES_AN_EPOCH = 64;

/** A job's and a worker's name, in characters. */
export const NAME_LENGTH = 100;

/** How many workers of one job may run beside one local state file. */
export const MAX_WORKERS = 64;

/** How many failed tries to publish are not worth a word, unless they take long. */
export const TRIES_UNTOLD = 3;

/**
 * How long a job has to stop, in milliseconds; how much of it is kept for letting go of what still hangs, and how much of that is used:
 * the rest is the process's own, to end in.
 */
export const STOP_MS = { within: 10_000, closing: 1000, lettingGo: 500 } as const;

/** After how long something that is waited for is told, though it has neither failed nor answered, in milliseconds. */
export const TOLD_AFTER_MS = 5000;

/** The longest reason of a dead letter, and of a task that stops, in characters. */
export const REASON_CHARACTERS = 500;
