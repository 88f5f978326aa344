/**
 * The head of a task: the one small entry that says what is committed. Everything else is live only if a head names it.
 *
 * @module
 */
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { StateKind } from "../operators/keyed_state.ts";
import type { StoreEntry } from "./store.ts";

export type { ClockSnapshot };

/**
 * An object whose properties are names that anybody may have chosen, `__proto__` and `constructor` among them: without a prototype, so
 * that a name that is not there is not found.
 */
export function dictionary<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const made: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) made[name] = value;
  return made;
}

/** The next offset to read, by input topic and partition. */
export type Offsets = Readonly<Record<string, Readonly<Record<number, number>>>>;

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
  /** What it keeps for a key. */
  readonly kind: StateKind;
  /** Whether it has namespaces. */
  readonly namespaced: boolean;
  /** How the bucket of a cell is found: 1 by the hash of format 1, else `LAYOUT`. */
  readonly layout: number;
  /** With which secret, 32 bits. */
  readonly seed: number;
  /** How many buckets there are. */
  readonly buckets: number;
  /** How many buckets have a base, of how many bytes, and the exclusive or of their placed checksums. */
  readonly bases: number;
  /** How many bytes the bases have. */
  readonly baseBytes: number;
  /** The exclusive or of the bases' placed checksums. */
  readonly checksum: number;
}

/** Chunks that stay, though no epoch needs them any more: those of a savepoint. */
export interface Pin {
  /** Whose they are. */
  readonly name: string;
  /** The owner who wrote them. */
  readonly fence: string;
  /** The first of its attempts. */
  readonly first: number;
  /** The last of its attempts. */
  readonly last: number;
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
  /** Chunks that are never deleted. */
  readonly pins: readonly Pin[];
  /** What else there is to know, by name. A program that does not know a name keeps it as it is. */
  readonly extensions: Readonly<Record<string, unknown>>;
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
  offsets: dictionary([]),
  topics: dictionary([]),
  clocks: dictionary([]),
  counters: dictionary([]),
  ranges: [],
  outbox: [],
  publishers: [],
  states: [],
  nextState: 0,
  era: 0,
  finished: false,
  unsafe: undefined,
  pins: [],
  extensions: dictionary([]),
};
