/**
 * Limits of the Kafka connector, with units.
 *
 * @module
 */
import { HOUR, KIB, MIB, type PauseLimits, SECOND } from "../../base/limits.ts";

/**
 * How long a broker may delay the answer to a fetch without records, in milliseconds. A resumed partition waits no
 * longer than this.
 */
export const FETCH_WAIT = 20;

/**
 * The interval between the beginnings of small fetches, in milliseconds. A fetch for every second record would cost the
 * broker and the worker more than the records do.
 */
export const FETCH_REST = 2;

/** The size of a fetch after which the next one follows at once, in bytes. */
export const SMALL_FETCH_BYTES: number = 64 * KIB;

/**
 * The most that one fetch returns of one partition, in bytes (a single larger record batch is returned whole). It is
 * processed within some tens of milliseconds, so its memory is short-lived and cheap to collect.
 */
export const FETCH_PARTITION_BYTES: number = 512 * KIB;

/** The most that one fetch returns of all partitions of one broker, in bytes. */
export const FETCH_BYTES: number = 2 * MIB;

/**
 * From this size of an answer on, in bytes, a partition's bytes are copied when they are less than half of the answer,
 * so that they do not keep the whole answer in memory.
 */
export const SHARED_ANSWER_BYTES: number = 64 * KIB;

/**
 * The largest unpacked record batch, in bytes. Kafka limits packed batches (to 1 MB by default), so the batches of
 * producers stay far below this.
 */
export const UNPACKED_BATCH_BYTES: number = 64 * MIB;

/** When a fetch of one partition has unpacked to this many bytes, its remaining batches are left to the next fetch. */
export const UNPACKED_FETCH_BYTES: number = 4 * MIB;

/** How many bytes of a record batch that cannot be parsed are kept for its dead letter. */
export const UNREADABLE_BYTES: number = 256 * KIB;

/** The largest record batch that a broker accepts, in bytes: its default for a whole request. */
export const LARGEST_BATCH_BYTES: number = 100 * MIB;

/** How often a quiet partition is reported to be at its end, in milliseconds. */
export const IDLE_REPORT_INTERVAL = 50;

/** How long an open transaction may hold input back before it is reported, in milliseconds. */
export const HELD_BACK_UNTOLD: number = 3 * SECOND;

/** After this time without a heartbeat the group assigns a worker's tasks to others, in milliseconds. */
export const SESSION_TIMEOUT = 10_000;

/** How long the group waits for a member to commit and join again when the assignment changes, in milliseconds. */
export const REBALANCE_TIMEOUT = 60_000;

/** The interval between two heartbeats, in milliseconds. A change of the assignment is noticed within this time. */
export const HEARTBEAT_INTERVAL = 500;

/**
 * The default of how long a transaction may stay open, in milliseconds. The open transaction of a dead worker holds
 * every reader back for this long.
 */
export const TRANSACTION_TIMEOUT = 10_000;

/** The shortest and the longest transaction timeout that a user may set, in milliseconds. */
export const TRANSACTION_TIMEOUTS = { least: 1000, most: 15 * 60 * 1000 } as const;

/** The first piece that is written to a broker whose speed is unknown, in bytes. */
export const FIRST_PIECE_BYTES: number = 8 * 1024;

/** The smallest piece that is written, however slow a broker is, in bytes. */
export const SMALLEST_PIECE_BYTES = 512;

/**
 * The size of a piece, as a part of what a broker has accepted recently. A quota that the piece exceeds stops the
 * connection for about the same part of the quota's window.
 */
export const PIECE_SHARE = 0.25;

/** How long what a broker has accepted counts as recent, in milliseconds: about the window of Kafka's quotas. */
export const SHOWN_FOR = 10_000;

/** About how many bytes a row needs beside key, value and headers. */
export const ROW_OVERHEAD = 24;

/** The shortest delay by a quota that is logged, and the shortest interval between two such lines, in milliseconds. */
export const THROTTLE_TOLD = { from: 500, every: 60_000 } as const;

/**
 * How long a step of a transaction that is refused without effect is repeated before the transaction is given up, in
 * milliseconds.
 */
export const REFUSED_STEP_LIMIT = 5000;

/** How many times a step is repeated without a pause while the transaction before it is being completed. */
export const REFUSED_AT_ONCE = 8;

/** The pause between further tries of such a step, in milliseconds. */
export const CONCURRENT_TRANSACTION_PAUSE = 1;

/** The largest produce request, in bytes. */
export const PRODUCE_BYTES: number = 8 * MIB;

/** An upper bound of what a record batch with one record needs beside key, value and headers, in bytes. */
export const RECORD_OVERHEAD = 512;

/** The default limit of a topic's record batches, in bytes: Kafka's own default. */
export const DEFAULT_BATCH_BYTES = 1_048_588;

/** The default of how far a timestamp may lie ahead, in milliseconds: the default of Kafka 4. */
export const DEFAULT_TIMESTAMP_AHEAD: number = HOUR;

/** How long opening a connection may take, in milliseconds. */
export const CONNECTION_TIMEOUT = 3000;

/** How long a request at start (a topic's description, its bounds) is repeated before it fails, in milliseconds. */
export const ASK_LIMIT = 10_000;

/** How long connecting to a cluster that refuses connections is repeated at start, in milliseconds. */
export const CONNECT_LIMIT = 3000;

/** Pauses between tries, in milliseconds. */
export const RETRY_PAUSE: PauseLimits = { first: 20, longest: SECOND };

/**
 * How many failures in a row are not reported, when they are of the kind that moving leaders and coordinators cause.
 */
export const MOMENTS = 6;

/** How long the group may delay an answer before that is reported, in milliseconds. */
export const UNANSWERED_TOLD = 5000;

/** How long a silent broker is waited for before the next named one is asked too, in milliseconds. */
export const NEXT_BROKER_AFTER = 1000;

/** How long a broker may take to tell its versions and to accept the login, in milliseconds. */
export const AUTHENTICATION_TIMEOUT = 10_000;

/** How long to wait for an answer, in milliseconds. */
export const REQUEST_TIMEOUT = 30_000;

/** How long the leader of a partition may wait for its replicas before it refuses a write, in milliseconds. */
export const PRODUCE_TIMEOUT = 30_000;

/** How long the controller may take to create or grow a topic, in milliseconds. */
export const TOPIC_TIMEOUT = 5000;

/** The metadata of the offsets that a job shows. Offsets that a user sets do not have it. */
export const NOTE = "tidemark";

/** How often a member checks whether topics have grown and who else is in its group, in milliseconds. */
export const GROUP_WATCH_INTERVAL = 10_000;

/**
 * The configuration of a topic whose records are kept until they are deleted. Deleting frees whole segments only, so they are small. Its
 * records may be larger than those of the inputs, which Kafka limits to 1 MiB unless it is told otherwise.
 */
export const TRANSIENT_TOPIC: Readonly<Record<string, string>> = {
  "cleanup.policy": "delete",
  "retention.ms": "-1",
  "retention.bytes": "-1",
  "segment.bytes": String(16 * MIB),
  "max.message.bytes": String(20 * MIB),
  // The broker's own clock: it refuses no record for a worker's clock that is wrong.
  "message.timestamp.type": "LogAppendTime",
};
