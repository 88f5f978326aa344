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
  /** The highest timestamp seen, for each partition that has been read, and whether the partition was idle. */
  readonly partitions: readonly (readonly [topic: string, partition: number, highest: number, idle?: boolean])[];
  /** How far event time had come, in milliseconds since 1970. */
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
  /** The owner's fence. */
  readonly fence: string;
  /** The attempt of the first delta. */
  readonly first: number;
  /** The attempt of the last delta. */
  readonly last: number;
  /** How many chunks there are. */
  readonly chunks: number;
  /** How many bytes they have. */
  readonly bytes: number;
  /** The sum over the chunks' placed checksums, modulo 2^32. */
  readonly checksum: number;
}

/** An epoch that is committed and perhaps not yet published. */
export interface OutboxEntry {
  /** The epoch. */
  readonly epoch: number;
  /** The fence of the owner who committed it. */
  readonly fence: string;
  /** The attempt that committed it. */
  readonly attempt: number;
  /** How many chunks there are. */
  readonly chunks: number;
  /** How many bytes they have. */
  readonly bytes: number;
  /** How many results there are. */
  readonly records: number;
  /** The sum over the chunks' placed checksums, modulo 2^32. */
  readonly checksum: number;
}

/** A keyed state as it is stored. */
export interface StateEntry {
  /** Its number, never given again. */
  readonly id: number;
  /** The stage's name. */
  readonly name: string;
  /** The version of the values' shape. */
  readonly version: number;
  /** Whether it has namespaces. */
  readonly namespaced: boolean;
  /** How many buckets there are. */
  readonly buckets: number;
  /** How many buckets have a base, of how many bytes, and the exclusive or of their placed checksums. */
  readonly bases: number;
  /** How many bytes the bases have. */
  readonly baseBytes: number;
  /** The exclusive or of the bases' placed checksums. */
  readonly checksum: number;
}

/** A task that cannot go on from where it stands. */
export interface Unsafe {
  /** Where the run began that may have gone wrong. */
  readonly since: Offsets;
  /** What may have gone wrong. */
  readonly reason: string;
}

/** The head of a task. */
export interface Head extends AttemptId {
  /** 0 before the first commit; each commit makes it exactly one greater. */
  readonly epoch: number;
  /** The next offsets to read. */
  readonly offsets: Offsets;
  /** What tells each input topic from others of its name, where that is known. */
  readonly topics: Readonly<Record<string, string>>;
  /** The clocks at the cut. */
  readonly clocks: Clocks;
  /** The totals at the cut. */
  readonly counters: Counters;
  /** The live deltas, oldest first. */
  readonly ranges: readonly DeltaRange[];
  /** In the order of epochs. */
  readonly outbox: readonly OutboxEntry[];
  /** Transactional ids that may have a transaction under way. The last one is the current owner's. */
  readonly publishers: readonly string[];
  /** The states, by number. */
  readonly states: readonly StateEntry[];
  /** The number that the next new state gets. */
  readonly nextState: number;
  /** Bases of any other era are void. */
  readonly era: number;
  /** The input has ended, and everything is in the results. */
  readonly finished: boolean;
  /** Why the task cannot go on, where it cannot. */
  readonly unsafe: Unsafe | undefined;
}

/** A head and the version under which it was found. */
export interface HeadEntry {
  /** What it says. */
  readonly head: Head;
  /** The version under which it was found. */
  readonly versionstamp: StoreEntry["versionstamp"];
}

/** The head of a task that nobody has had yet. */
export const NEW_HEAD: Head = {
  fence: "",
  attempt: 0,
  epoch: 0,
  offsets: {},
  topics: {},
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
