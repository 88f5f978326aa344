/**
 * The output side of the port: makes result rows visible, in the commit of their epoch or after it.
 *
 * @module
 */
import type { OutputRecord } from "../state/outbox.ts";
import type { AtomicWrites } from "../state/store.ts";
import type { RowContext, RowEncoder } from "./rows.ts";

/** How far the results of a task are visible. */
export interface Published {
  /** The results of every epoch up to this one are visible. */
  readonly epoch: number;
  /**
   * This many rows of the next epoch are visible too. An epoch that is too large for one transaction becomes visible in
   * several steps.
   */
  readonly rows: number;
  /** How many rows were moved to the sink for unpublishable results, since the job was created. */
  readonly moved: number;
}

/** An epoch whose rows are to become visible. An epoch without rows only moves the marker. */
export interface DeliveredEpoch {
  /** The epoch's number. */
  readonly epoch: number;
  /** The rows that it writes. */
  readonly rows: readonly OutputRecord[];
}

/** A task whose epochs are to become visible. */
export interface DeliveredTask {
  /** The task's number. */
  readonly task: number;
  /** How far its results are visible. */
  readonly from: Published;
  /**
   * The epochs that follow, in order. If `from` has rows, they are the first rows of the first of these epochs, which
   * then directly follows `from.epoch`.
   */
  readonly epochs: readonly DeliveredEpoch[];
}

/** Makes the row that replaces a row which is refused for good. */
export type LetterMaker = (row: OutputRecord, reason: string) => OutputRecord;

/**
 * Rows, or the delivery as a whole, are refused for good, so another try is useless. The message gives the reason and
 * the cure.
 */
export class RefusedError extends Error {
  /** The name of the error class. */
  override name = "RefusedError";
}

/** One life of an owner. All earlier lives of this owner are fenced. After any error it cannot be used any more. */
export interface DeliveryLife {
  /**
   * Makes rows of these epochs visible and atomically records how far each task is: the first rows, as many as fit into
   * one transaction, and at least one. Resolves with how far each task is then. Rejects when the outcome is in doubt.
   *
   * @throws {RefusedError} when a row is refused for good and there is no `letter`; then nothing of this call is
   * visible
   */
  publish(tasks: readonly DeliveredTask[], letter?: LetterMaker): Promise<ReadonlyMap<number, Published>>;
  /** Closes its connections. */
  close(): Promise<void>;
}

/** A job, as a delivery identifies it. */
export interface DeliveredJob {
  /** The job's name. */
  readonly name: string;
  /** Differs from the incarnation of every earlier or later job of the same name. */
  readonly incarnation: string;
  /** How many tasks it has. */
  readonly tasks: number;
}

/** Delivery in two phases: the epoch is committed first, then its rows become visible together with its number. */
export interface AfterCommit {
  /** The kind of delivery. */
  readonly kind: "afterCommit";
  /** Makes the encoder of a sink. Rows that wait for their delivery are stored, so they are records. */
  encoder(context: RowContext): RowEncoder<OutputRecord>;
  /** Whether a job of this name was ever prepared here. */
  knows(job: string): Promise<boolean>;
  /** Prepares for a job. To be called before every other method except `knows`. */
  prepare(job: DeliveredJob): Promise<void>;
  /** Begins a new life of this owner. Resolves only after its earlier lives can no longer make anything visible. */
  open(owner: string): Promise<DeliveryLife>;
  /**
   * Begins the first life of an owner. Everything that a delivery needs was tried, and rolled back.
   *
   * @param topics how many partitions each topic has
   * @throws {RefusedError} when a step of it is not allowed or not possible
   */
  rehearse(owner: string, topics: ReadonlyMap<string, number>): Promise<DeliveryLife>;
  /**
   * Makes sure that no life of this owner can make anything visible any more, and that none of its transactions is
   * open.
   */
  fence(owner: string): Promise<void>;
  /** How far tasks are published; a task without a marker is absent. To be called only after fencing. */
  published(tasks: readonly number[]): Promise<ReadonlyMap<number, Published>>;
}

/** Delivery in one phase, in the KV that also holds the job's state. */
export interface InCommit<R = unknown> {
  /** The kind of delivery. */
  readonly kind: "inCommit";
  /** Makes the encoder of a sink. Its rows may have any form, since only `stage` gets them. */
  encoder(context: RowContext): RowEncoder<R>;
  /**
   * What a row replaces, where it replaces anything: of the rows of an epoch with the same text only the last one is
   * staged. Without it all rows are.
   */
  replaces?(row: R): string;
  /**
   * Takes the rows of one task's cut, assigns their offsets and returns what the cut's atomic has to write. Several
   * tasks may be staged before `committed`; their atomics are committed in that order. Staged rows are committed, or
   * the process ends.
   */
  stage(rows: readonly R[]): AtomicWrites;
  /** Everything that was staged is committed: readers may see it. */
  committed(): void;
}

/** How result rows become visible. */
export type Delivery = InCommit | AfterCommit;
