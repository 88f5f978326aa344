/**
 * The head of a task: the one small entry that says what is committed. Everything else is live only if a head names it.
 *
 * @module
 */
import type { StoreEntry } from "./store.ts";

/** The next offset to read, by input topic and partition. */
export type Offsets = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** What a watermark must know again after a restart. */
export interface ClockSnapshot {
  /** The highest timestamp seen, for each partition that has been read. */
  readonly partitions: readonly (readonly [topic: string, partition: number, highest: number])[];
  readonly watermark: number;
}

/** The clocks of a task by name. */
export type Clocks = Readonly<Record<string, ClockSnapshot>>;

/** Totals since the birth of the job, by name. */
export type Counters = Readonly<Record<string, number>>;

/** What identifies one write of a head, and with it everything that was written for it. */
export interface AttemptId {
  /** Random, for each time that the task was taken. */
  readonly fence: string;
  /** Counted within the fence; never used twice. */
  readonly attempt: number;
}

/** Deltas of one owner's successive epochs. */
export interface DeltaRange {
  readonly fence: string;
  readonly first: number;
  readonly last: number;
  readonly chunks: number;
  readonly bytes: number;
  /** The sum over the chunks' placed checksums, modulo 2^32. */
  readonly checksum: number;
}

/** An epoch that is committed and perhaps not yet published. */
export interface OutboxEntry {
  readonly epoch: number;
  readonly fence: string;
  readonly attempt: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly records: number;
  readonly checksum: number;
}

/** A keyed state as it is stored. */
export interface StateEntry {
  /** Its number, never given again. */
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly namespaced: boolean;
  readonly buckets: number;
  /** How many buckets have a base, of how many bytes, and the exclusive or of their placed checksums. */
  readonly bases: number;
  readonly baseBytes: number;
  readonly checksum: number;
}

/** A task that cannot go on from where it stands. */
export interface Unsafe {
  /** Where the run began that may have gone wrong. */
  readonly since: Offsets;
  readonly reason: string;
}

/** The head of a task. */
export interface Head extends AttemptId {
  /** 0 before the first commit; each commit makes it exactly one greater. */
  readonly epoch: number;
  readonly offsets: Offsets;
  readonly clocks: Clocks;
  readonly counters: Counters;
  readonly ranges: readonly DeltaRange[];
  /** In the order of epochs. */
  readonly outbox: readonly OutboxEntry[];
  /** Transactional ids that may have a transaction under way. The last one is the current owner's. */
  readonly publishers: readonly string[];
  readonly states: readonly StateEntry[];
  /** The number that the next new state gets. */
  readonly nextState: number;
  /** Bases of any other era are void. */
  readonly era: number;
  /** The input has ended, and everything is in the results. */
  readonly finished: boolean;
  readonly unsafe: Unsafe | undefined;
}

/** A head and the version under which it was found. */
export interface HeadEntry {
  readonly head: Head;
  readonly versionstamp: StoreEntry["versionstamp"];
}

/** The head of a task that nobody has had yet. */
export const NEW_HEAD: Head = {
  fence: "",
  attempt: 0,
  epoch: 0,
  offsets: {},
  clocks: {},
  counters: {},
  ranges: [],
  outbox: [],
  publishers: [],
  states: [],
  nextState: 0,
  era: 0,
  finished: false,
  unsafe: undefined,
};
