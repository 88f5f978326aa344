/**
 * What the epochs of a worker have taken lately. Figures since the start of the process hide a change.
 *
 * @module
 */
import { Histogram, type Percentiles } from "./histogram.ts";
import { RECENT_EPOCHS, RECENT_MS } from "./limits.ts";

/** Percentiles of the last minute. */
export interface RecentPercentiles extends Percentiles {
  /** The longest, in milliseconds. */
  readonly max: number;
}

/** Durations of the last one to two minutes: of the minute under way, and of the one before. */
export class RecentHistogram {
  #now = new Histogram();
  #before = new Histogram();
  #since = NaN;

  /** @param at milliseconds of a monotonic clock */
  record(ms: number, at: number): void {
    this.#turn(at);
    this.#now.record(ms);
  }

  percentiles(at: number): RecentPercentiles {
    this.#turn(at);
    const both = this.#before.with(this.#now);
    return { ...both.percentiles(), max: both.longest };
  }

  #turn(at: number): void {
    if (at - this.#since < RECENT_MS) return;
    this.#before = at - this.#since >= 2 * RECENT_MS ? new Histogram() : this.#now;
    this.#now = new Histogram();
    this.#since = at;
  }
}

/** The transaction that made results of a commit visible. */
export interface PublishDetails {
  /** When it began. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** How many epochs of tasks it published together. */
  readonly epochs: number;
}

/** One commit of a worker. */
export interface EpochDetails {
  /** The number of the commit in this process, from 1 on. */
  readonly commit: number;
  /** When it was cut. */
  readonly at: number;
  /** How many tasks were cut together. */
  readonly tasks: number;
  /** Input records in it. */
  readonly records: number;
  /** Results in it, and rows of tables. */
  readonly results: number;
  /** Bytes of these. */
  readonly bytes: number;
  /** How long its commit took, in milliseconds. */
  readonly commit_ms: number;
  /**
   * The transaction that made its results visible; `undefined` while they are not, and where there are none or they are
   * visible with the commit.
   */
  readonly publish: PublishDetails | undefined;
}

/** A commit before it has a number. */
export type CommittedEpoch = Omit<EpochDetails, "commit" | "publish">;

/** The newest commits of a worker. */
export class RecentEpochs {
  readonly #epochs: EpochDetails[] = [];
  #next = 0;

  /** How many commits there were: the number of the last one. */
  get last(): number {
    return this.#next;
  }

  add(epoch: CommittedEpoch): void {
    this.#epochs[this.#next % RECENT_EPOCHS] = { commit: ++this.#next, ...epoch, publish: undefined };
  }

  /** A transaction has made the results of these commits visible. */
  published(commits: Iterable<number>, publish: PublishDetails): void {
    for (const commit of commits) {
      const at = (commit - 1) % RECENT_EPOCHS, epoch = this.#epochs[at];
      if (epoch?.commit === commit) this.#epochs[at] = { ...epoch, publish };
    }
  }

  /** Those with a higher number, the oldest first. */
  after(commit: number): EpochDetails[] {
    return this.newest(Math.max(0, this.#next - commit)).reverse();
  }

  /** The newest, the newest first. */
  newest(most: number): EpochDetails[] {
    const count = Math.min(most, this.#epochs.length);
    return Array.from({ length: count }, (_none, n) => this.#epochs[(this.#next - 1 - n) % RECENT_EPOCHS]);
  }
}
