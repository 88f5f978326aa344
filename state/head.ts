/**
 * The head of a task: the small entry that determines what is committed. All other entries are live only if a head
 * names them.
 *
 * @module
 */
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { StateKind } from "../operators/keyed_state.ts";
import type { StoreEntry } from "./store.ts";

export type { ClockSnapshot };

/**
 * An object whose property names come from users and may be `__proto__` or `constructor`. It has no prototype, so that
 * only its own names are found.
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

/** Totals since the first start of the job, by name. */
export type Counters = Readonly<Record<string, number>>;

/** Identifies one write of a head, and all entries that were written for it. */
export interface AttemptId {
  /** Random, a new one for each claim of the task. */
  readonly fence: string;
  /** Counted within the fence; never used twice. */
  readonly attempt: number;
}

/** The deltas of consecutive epochs of one owner. */
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

/** An epoch that is committed and may not be published yet. */
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
  /** Its number, which is never used again. */
  readonly id: number;
  /** The stage's name. */
  readonly name: string;
  /** The version of the values' shape. */
  readonly version: number;
  /** The kind of the state. */
  readonly kind: StateKind;
  /** Whether it has namespaces. */
  readonly namespaced: boolean;
  /** How the bucket of a cell is found: 1 for the hash of format 1, otherwise `LAYOUT`. */
  readonly layout: number;
  /** The secret seed of the hash, 32 bits. */
  readonly seed: number;
  /** How many buckets there are. */
  readonly buckets: number;
  /** How many buckets have a base. */
  readonly bases: number;
  /** How many bytes the bases have. */
  readonly baseBytes: number;
  /** The exclusive or of the bases' placed checksums. */
  readonly checksum: number;
}

/** Chunks that are kept although no epoch needs them any more, such as those of a savepoint. */
export interface Pin {
  /** The name of the pin. */
  readonly name: string;
  /** The owner who wrote them. */
  readonly fence: string;
  /** The first of its attempts. */
  readonly first: number;
  /** The last of its attempts. */
  readonly last: number;
}

/** What an owner tells of itself and of its task. No decision depends on it. */
export interface Told {
  /** The name of the owner's worker; empty when it has none. */
  readonly worker: string;
  /** When the owner claimed the task, in milliseconds since 1970. */
  readonly since: number;
  /** When the last epoch was cut, in milliseconds since 1970; before the first one, when the task was claimed. */
  readonly at: number;
  /** The offset of the record that raised the mark of a partition last, by clock, topic and partition. */
  readonly raisedBy: Readonly<Record<string, Offsets>>;
}

/** Why a task cannot continue from its current position. */
export interface Unsafe {
  /** The offsets at which the possibly wrong run began. */
  readonly since: Offsets;
  /** The possible damage, in words. */
  readonly reason: string;
}

/** The head of a task. */
export interface Head extends AttemptId {
  /** 0 before the first commit; each commit makes it exactly one greater. */
  readonly epoch: number;
  /** The next offsets to read. */
  readonly offsets: Offsets;
  /** The id of each input topic, if known. It differs between topics that had the same name. */
  readonly topics: Readonly<Record<string, string>>;
  /** The clocks at the cut. */
  readonly clocks: Clocks;
  /** The totals at the cut. */
  readonly counters: Counters;
  /** The live deltas, oldest first. */
  readonly ranges: readonly DeltaRange[];
  /** The epochs that may not be published yet, in their order. */
  readonly outbox: readonly OutboxEntry[];
  /** The rows of the last epoch that did not fit into its atomic and may not be written yet. */
  readonly unwritten: OutboxEntry | undefined;
  /** Transactional ids that may have a transaction under way. The last one is the current owner's. */
  readonly publishers: readonly string[];
  /** The states, by number. */
  readonly states: readonly StateEntry[];
  /** The number that the next new state gets. */
  readonly nextState: number;
  /** Bases of other eras are not valid. */
  readonly era: number;
  /** The input has ended, and everything is in the results. */
  readonly finished: boolean;
  /** Why the task cannot continue; `undefined` if it can. */
  readonly unsafe: Unsafe | undefined;
  /** Chunks that are never deleted. */
  readonly pins: readonly Pin[];
  /** Additional data by name. A program that does not know a name keeps its value unchanged. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** `undefined` in a head that no program of format 4 or later has written. */
  readonly told: Told | undefined;
}

/** A head and the version with which it was read. */
export interface HeadEntry {
  /** The head. */
  readonly head: Head;
  /** The version with which it was read. */
  readonly versionstamp: StoreEntry["versionstamp"];
}

/** Whether results of committed epochs may not be visible yet. */
export function hasInvisible({ outbox, unwritten }: Head): boolean {
  return outbox.length > 0 || unwritten !== undefined;
}

/** The head of a task that had no owner yet. */
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
  unwritten: undefined,
  publishers: [],
  states: [],
  nextState: 0,
  era: 0,
  finished: false,
  unsafe: undefined,
  pins: [],
  extensions: dictionary([]),
  told: undefined,
};
