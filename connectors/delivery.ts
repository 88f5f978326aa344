/**
 * The port's way out: how rows of results become visible, in the commit of their epoch or after it.
 *
 * @module
 */
import type { OutputRecord } from "../state/outbox.ts";
import type { AtomicWrites } from "../state/store.ts";

/** How far the results of a task are visible. */
export interface Published {
  /** Those of every epoch up to this one are. */
  readonly epoch: number;
  /** And so many rows of the epoch after it: one that is too large for one go becomes visible bit by bit. */
  readonly rows: number;
  /** How many rows had to be moved out of the way, since the birth of the job. */
  readonly moved: number;
}

/** An epoch whose rows are to become visible. Without rows, only its number does. */
export interface DeliveredEpoch {
  /** The epoch's number. */
  readonly epoch: number;
  /** What it writes. */
  readonly rows: readonly OutputRecord[];
}

/** A task whose epochs are to become visible. */
export interface DeliveredTask {
  /** The task's number. */
  readonly task: number;
  /** How far it is. */
  readonly from: Published;
  /** What comes next, in order. Where `from` has rows, they are the first ones of the first epoch, which follows it at once. */
  readonly epochs: readonly DeliveredEpoch[];
}

/** Makes the row that stands in for one that is refused for good. */
export type LetterMaker = (row: OutputRecord, reason: string) => OutputRecord;

/** Rows, or all of them, are refused for good: to try again would be of no use. The message says why, and what to do. */
export class RefusedError extends Error {
  /** Its own name. */
  override name = "RefusedError";
}

/** One life of an owner that delivers: every earlier life of it is fenced. After any error it is of no use. */
export interface DeliveryLife {
  /**
   * Makes rows of these epochs visible, and with them, atomically, how far each task is. They are the first ones, as many as can be
   * delivered in one go; at least one. Resolves with how far each task is then. Rejects on any doubt about its outcome.
   *
   * @throws {RefusedError} where a row is refused for good and there is no `letter`: nothing of this call is visible then
   */
  publish(tasks: readonly DeliveredTask[], letter?: LetterMaker): Promise<ReadonlyMap<number, Published>>;
  /** Lets go of its connections. */
  close(): Promise<void>;
}

/** A job as a delivery knows it. */
export interface DeliveredJob {
  /** The job's name. */
  readonly name: string;
  /** Tells it from other jobs that had or will have its name. */
  readonly incarnation: string;
  /** How many tasks it has. */
  readonly tasks: number;
}

/** Delivery in two phases: the epoch is committed first, then its rows become visible together with its number. */
export interface AfterCommit {
  /** Tells it from the other way. */
  readonly kind: "afterCommit";
  /** Whether a job of this name was ever prepared here. */
  knows(job: string): Promise<boolean>;
  /** Makes ready for a job. Before anything else is asked, but for `knows`. */
  prepare(job: DeliveredJob): Promise<void>;
  /** A new life of this owner. Resolves only after earlier lives of it can no longer make anything visible. */
  open(owner: string): Promise<DeliveryLife>;
  /**
   * The first life of an owner: everything that delivering needs was tried, and taken back.
   *
   * @param topics how many partitions each topic has
   * @throws {RefusedError} where something of it is not allowed, or not possible
   */
  rehearse(owner: string, topics: ReadonlyMap<string, number>): Promise<DeliveryLife>;
  /** Makes sure that no life of this owner can make anything visible any more, and that it has left nothing half done. */
  fence(owner: string): Promise<void>;
  /** How far tasks are published; absent: nobody has ever said. Only to be asked after fencing. */
  published(tasks: readonly number[]): Promise<ReadonlyMap<number, Published>>;
}

/** Delivery in one phase, on the KV that also holds the job's state. */
export interface InCommit {
  /** Tells it from the other way. */
  readonly kind: "inCommit";
  /**
   * Takes the rows of one task's cut, gives them their offsets and returns what the cut's atomic has to write. Several tasks may be
   * staged before `committed`; their atomics are committed in that order. What was staged is committed, or the process ends.
   */
  stage(rows: readonly OutputRecord[]): AtomicWrites;
  /** Everything that was staged is committed: readers may see it. */
  committed(): void;
}

/** How the rows of results become visible. */
export type Delivery = InCommit | AfterCommit;
