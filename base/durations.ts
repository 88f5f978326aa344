/**
 * Durations in fixed buckets, as systems for metrics keep them: what was counted never changes its bucket, so counts of
 * several processes can be added.
 *
 * @module
 */

/** Upper bounds of buckets for commits and transactions, in milliseconds. */
export const STEP_BOUNDS: readonly number[] = [1, 2.5, 5, 10, 20, 50, 100, 250, 500, 1000, 2500, 10_000];

/** Those for the time until a result is visible, which may be as long as a backlog is old, in milliseconds. */
export const LATENCY_BOUNDS: readonly number[] = [...STEP_BOUNDS, 30_000, 60_000, 300_000, 3_600_000];

/** How many durations there were, by their length. */
export interface DurationCounts {
  /** The upper bounds of the buckets, in milliseconds. A bound belongs to its bucket. */
  readonly bounds: readonly number[];
  /** How many durations are in each bucket; the last one, which has no bound, has the rest. */
  readonly counts: readonly number[];
  /** How many there are. */
  readonly count: number;
  /** All of them together, in milliseconds. */
  readonly sum: number;
}

/** Counts durations. */
export class Durations implements DurationCounts {
  readonly counts: number[];
  count = 0;
  sum = 0;

  constructor(readonly bounds: readonly number[]) {
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  record(ms: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && ms > this.bounds[bucket]) bucket++;
    this.counts[bucket]++;
    this.count++;
    this.sum += ms;
  }

  /** A copy that stays as it is. */
  snapshot(): DurationCounts {
    const { bounds, counts, count, sum } = this;
    return { bounds, counts: [...counts], count, sum };
  }
}
