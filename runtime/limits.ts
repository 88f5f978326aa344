/**
 * Limits of the runtime, with units.
 *
 * @module
 */
import { DAY, MIB, type PauseLimits, SECOND } from "../base/limits.ts";

/** How long records are pushed before the input and output of the process continue, in milliseconds. */
export const SLICE_MS = 4;

/** How many records are pushed between two readings of the clock. */
export const SLICE_RECORDS = 64;

/** The largest value of a record that is read, in bytes. During processing it is in memory several times. */
export const INPUT_VALUE_BYTES: number = 16 * MIB;

/** The memory of fetched records that may wait for one input partition before its fetching pauses, in bytes. */
export const QUEUE_BYTES: number = MIB;

/**
 * How many bytes of results the current epochs of a worker may hold before no more records are pushed. This is the size
 * of one or two atomics: a larger epoch takes longer to commit, and the next epoch grows larger during that time.
 */
export const EPOCH_BYTES: number = MIB;

/** What a record costs besides its bytes, in bytes: the objects for itself, its key, its value and its headers. */
export const RECORD_OBJECTS = 300;

/** The memory of committed but unpublished results at which the source waits, in bytes. */
export const BACKLOG_BYTES: number = 32 * MIB;

/**
 * How many committed epochs of a worker may wait for the transaction under way. More epochs would only cost more
 * commits.
 */
export const WAITING_CUTS = 1;

/**
 * How long a task must have nothing to commit before its outbox is emptied by a separate write of the head, in
 * milliseconds.
 */
export const QUIET_MS = 200;

/** How often progress is shown to the broker's own tools, in milliseconds. */
export const SHOW_MS = 1000;

/** How often idle partitions are checked, in milliseconds. */
export const TICK_MS = 50;

/** Pauses between tries while something cannot be reached, in milliseconds. */
export const RETRY_PAUSE: PauseLimits = { first: 10, longest: SECOND };

/** How many rows of tasks, and of partitions, the details of a job have at most. */
export const DETAILS_ROWS = 32;

/** Of more rows than that, so many are shown as fit into about so many bytes of JSON: a snapshot stays below 32 KB. */
export const DETAILS_ROWS_BYTES = { tasks: 5_000, partitions: 7_800 } as const;

/** How many commits the details of a job have. */
export const DETAILS_EPOCHS = 24;

/** How old the heads of other workers' tasks may be in the details of a job, in milliseconds. */
export const DETAILS_HEADS_MS: number = SECOND;

/** How recently a worker must have been seen for a job to read as running from its state alone, in milliseconds. */
export const DETAILS_FRESH_MS: number = 10 * SECOND;

/** How often a worker says in the store that it is there, in milliseconds. */
export const WORKER_SEEN_MS: number = 3 * SECOND;

/** A worker that was not seen for this time is forgotten, in milliseconds. */
export const WORKER_FORGOTTEN_MS: number = 60 * SECOND;

/** Over which time the rates in the details of a job are taken, in milliseconds. */
export const DETAILS_RATE_MS: number = 5 * SECOND;

/** Over which time percentiles are those of the last minute, in milliseconds. */
export const RECENT_MS: number = 60 * SECOND;

/** How many commits a worker remembers. */
export const RECENT_EPOCHS = 256;

/** Over which time the shares of a worker's time are taken, in milliseconds. */
export const WORK_MS: number = 10 * SECOND;

/** How many late values the details of a job show. */
export const LATE_RECORDS = 10;

/** How often the late values and the dead letters of a task are written with its epochs, in milliseconds. */
export const SHELF_WRITE_MS: number = SECOND;

/**
 * How many dead letters a task remembers, and how many of them in a second; how many bytes of them details have, and how
 * many characters of a reason.
 */
export const DEAD_LETTERS = { most: 20, inSecond: 10, bytes: 4_096, reason: 160 } as const;

/**
 * When a partition is too far ahead: by so many times the bound of its watermark, which counts as at least so many
 * milliseconds.
 */
export const TOO_FAR = { bounds: 10, least: SECOND } as const;

/** How many samples of latency an epoch keeps. */
export const SAMPLES_AN_EPOCH = 64;

/** How many records of an epoch are looked at for the trace that they belong to. */
export const TRACES_AN_EPOCH = 8;

/** A job's and a worker's name, in characters. */
export const NAME_LENGTH = 100;

/** How many workers of one job may run beside one local state file. */
export const MAX_WORKERS = 64;

/** How many failed tries to publish are not logged, unless they take long. */
export const TRIES_UNTOLD = 3;

/**
 * How long a job has to stop, in milliseconds; the part of it that is kept for closing what does not answer, and how much of that part
 * is used: the rest is for the process to end in.
 */
export const STOP_MS = { within: 10_000, closing: 1000, lettingGo: 500 } as const;

/** After this time an operation that has neither failed nor answered is reported, in milliseconds. */
export const TOLD_AFTER_MS = 5000;

/** The longest reason of a dead letter, and of a stopped task, in characters. */
export const REASON_CHARACTERS = 500;

/**
 * How often a task sends its watermark into a hop, in milliseconds: at least this long apart, and longer by `each` for every sender or
 * partition, whichever are more. With 4 of both that is 160 control records a second, with 64 of both 12,800.
 */
export const HOP_INTERVAL = { least: 100, each: 5 } as const;

/**
 * How long a transaction waits at most that would carry only what was handed over to tasks of the same worker, in
 * milliseconds.
 */
export const HANDED_MS = 50;

/** When the position in a hop is committed although nothing else has happened, in milliseconds. */
export const HOP_MOVED_MS: number = SECOND;

/** How often records of a hop that no task needs any more are deleted, in milliseconds. */
export const HOP_DELETE_MS: number = 5 * SECOND;

/**
 * The counters of hot keys of a partition; when their counts are halved; how many keys are counted before they say something;
 * how many characters of a key, and how many keys, the details have.
 */
export const HOT_KEYS = { counters: 32, halvedAt: 16_384, least: 64, characters: 60, shown: 10 } as const;

/** A task with more than this times its fair share of the records is called hot. */
export const HOT_TASK = 1.5;

/** How many values must have been looked at before a bound is advised. */
export const DISORDER_SAMPLES = 1_000;

/** How many of a job's newest events are kept. */
export const EVENTS_KEPT = 200;

/** A commit that takes longer is an event, in milliseconds. */
export const SLOW_EPOCH_MS = 1_000;

/** How often an event of a kind that may come with each record is told, in milliseconds. */
export const SELDOM_MS = 10_000;

/** A value that is later than this, in milliseconds, has most likely its event time in seconds. */
export const AGES_MS: number = 40 * 365 * DAY;
