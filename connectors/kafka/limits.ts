/**
 * Limits of the Kafka connector, with units.
 *
 * @module
 */
import { HOUR, KIB, MIB, type PauseLimits, SECOND } from "../../base/limits.ts";

/** How long a broker may hold back a fetch that finds nothing, in milliseconds: a resumed partition waits at most this long. */
export const FETCH_WAIT = 20;

/**
 * How far apart fetches begin that bring little, in milliseconds: a fetch for every other record costs the broker and the worker
 * more than the records do.
 */
export const FETCH_REST = 2;

/** What a fetch must bring so that the next one follows at once, in bytes. */
export const SMALL_FETCH_BYTES: number = 64 * KIB;

/**
 * The most that one fetch brings of one partition, in bytes (a single larger record batch is brought whole). What a fetch brings is
 * processed within some tens of milliseconds, so that its memory is young garbage, which costs little.
 */
export const FETCH_PARTITION_BYTES: number = 512 * KIB;

/** The most that one fetch brings of all partitions of one broker, in bytes. */
export const FETCH_BYTES: number = 2 * MIB;

/** Bytes of a partition that lie in an answer at least so large, and are less than half of it, are taken out of it, so that they do not keep it. */
export const SHARED_ANSWER_BYTES: number = 64 * KIB;

/**
 * The most that one compressed record batch may unpack to, in bytes. Kafka's own limit is on what is packed (1 MB by default), so a
 * producer's batches are far below it.
 */
export const UNPACKED_BATCH_BYTES: number = 64 * MIB;

/** When a fetch of one partition has unpacked to so many bytes, the rest of it is left and comes with the next fetch. */
export const UNPACKED_FETCH_BYTES: number = 4 * MIB;

/** How many bytes of a record batch that cannot be read are kept, for whoever looks into it. */
export const UNREADABLE_BYTES: number = 256 * KIB;

/** The largest record batch that a broker takes, in bytes: its default for a whole request. */
export const LARGEST_BATCH_BYTES: number = 100 * MIB;

/** How often a quiet partition is reported to be at its end, in milliseconds. */
export const IDLE_REPORT_INTERVAL = 50;

/** How long an open transaction may hold input back without a word, in milliseconds. */
export const HELD_BACK_UNTOLD: number = 3 * SECOND;

/** How long the group waits for a sign of life before it gives a worker's tasks away, in milliseconds. */
export const SESSION_TIMEOUT = 10_000;

/** How long the group waits for a member to commit and come back when the assignment changes, in milliseconds. */
export const REBALANCE_TIMEOUT = 60_000;

/** Between two signs of life, in milliseconds; a change of the assignment is noticed within this time. */
export const HEARTBEAT_INTERVAL = 500;

/**
 * How long a transaction may stay open where nothing else is said, in milliseconds: what a dead worker left open holds every reader
 * back until then.
 */
export const TRANSACTION_TIMEOUT = 10_000;

/** The shortest and the longest time that a user may set for it, in milliseconds. */
export const TRANSACTION_TIMEOUTS = { least: 1000, most: 15 * 60 * 1000 } as const;

/** What is written at once to a broker that has shown nothing yet, in bytes. */
export const FIRST_PIECE_BYTES: number = 8 * 1024;

/** The least that is written at once, however slow a broker is, in bytes. */
export const SMALLEST_PIECE_BYTES = 512;

/** How much of what a broker has taken of late is written at once: a quota that it hits stops the connection for about a part. */
export const PIECE_SHARE = 0.25;

/** For how long what a broker has taken says something, in milliseconds: about as long as Kafka's quotas look back. */
export const SHOWN_FOR = 10_000;

/** What a row needs beside key, value and headers, in bytes, about. */
export const ROW_OVERHEAD = 24;

/** From which hold-up on it is told that a quota holds results back, in milliseconds, and how rarely. */
export const THROTTLE_TOLD = { from: 500, every: 60_000 } as const;

/** How long a step of a transaction may be refused without effect before the transaction is given up, in milliseconds. */
export const REFUSED_STEP_LIMIT = 5000;

/** How many times a step is repeated without a pause while the transaction before it is still being finished. */
export const REFUSED_AT_ONCE = 8;

/** The pause between two further tries of such a step, in milliseconds. */
export const CONCURRENT_TRANSACTION_PAUSE = 1;

/** The most that one produce request carries, in bytes. */
export const PRODUCE_BYTES: number = 8 * MIB;

/** What a record batch and its record need beside key, value and headers, in bytes, generously. */
export const RECORD_OVERHEAD = 512;

/** How large a record batch may be where the topic does not say, in bytes: Kafka's own default. */
export const DEFAULT_BATCH_BYTES = 1_048_588;

/** How far a timestamp may lie ahead where the topic does not say, in milliseconds: the default of Kafka 4. */
export const DEFAULT_TIMESTAMP_AHEAD: number = HOUR;

/** How long opening a connection may take, in milliseconds. */
export const CONNECTION_TIMEOUT = 3000;

/** How long a question at start (a topic's description, its bounds) is repeated before it fails, in milliseconds. */
export const ASK_LIMIT = 10_000;

/** How long a cluster that refuses connections is given at start, in milliseconds. */
export const CONNECT_LIMIT = 3000;

/** Pauses between tries, in milliseconds. */
export const RETRY_PAUSE: PauseLimits = { first: 20, longest: SECOND };

/** How many failures in a row, of the kind that comes when leaders and coordinators move, are not worth a word. */
export const MOMENTS = 6;

/** How long an answer of the group may be held back before somebody is told, in milliseconds. */
export const UNANSWERED_TOLD = 5000;

/** How long a broker that is silent is given before the next of the named ones is asked as well, in milliseconds. */
export const NEXT_BROKER_AFTER = 1000;

/** How long a broker may take to say what it speaks and to take the login, in milliseconds. */
export const AUTHENTICATION_TIMEOUT = 10_000;

/** How long an answer is waited for, in milliseconds. */
export const REQUEST_TIMEOUT = 30_000;

/** How long the leader of a partition may wait for its replicas before it refuses a write, in milliseconds. */
export const PRODUCE_TIMEOUT = 30_000;

/** How long the controller may take to make or grow a topic, in milliseconds. */
export const TOPIC_TIMEOUT = 5000;

/** What is written beside the offsets that a job shows: whoever sets them by hand does not write it. */
export const NOTE = "tidemark";

/** How often a member looks whether topics have grown, and who else is in its group, in milliseconds. */
export const GROUP_WATCH_INTERVAL = 10_000;
