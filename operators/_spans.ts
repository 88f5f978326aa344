/**
 * How long things were, by their logarithm: few numbers, from which it is known what a longer wait would have covered.
 *
 * @module
 */

const GROWTH = Math.log(1.1);

/** A histogram of durations, in milliseconds. */
export class Spans {
  /** How many were added. */
  count = 0;
  /** The longest of them. */
  worst = 0;
  readonly #counts: number[] = [];

  add(ms: number): void {
    this.count++;
    if (ms > this.worst) this.worst = ms;
    const bucket = bucketOf(ms);
    while (this.#counts.length <= bucket) this.#counts.push(0);
    this.#counts[bucket]++;
  }

  /** Adds all of another one. */
  include(other: Spans): void {
    this.count += other.count;
    if (other.worst > this.worst) this.worst = other.worst;
    other.#counts.forEach((count, bucket) => {
      while (this.#counts.length <= bucket) this.#counts.push(0);
      this.#counts[bucket] += count;
    });
  }

  /** The time that no more than so many exceed, rounded up by at most a tenth. */
  exceededBy(most: number): number {
    if (most <= 0) return this.worst;
    let left = most;
    for (let bucket = this.#counts.length - 1; bucket >= 0; bucket--) {
      left -= this.#counts[bucket];
      if (left >= 0) continue;
      return bucket === 0 ? 0 : Math.min(this.worst, Math.ceil(Math.exp((bucket - 1) * GROWTH)));
    }
    return 0;
  }

  /** How many are longer than this time, as far as the buckets tell. */
  longerThan(ms: number): number {
    let count = 0;
    for (let bucket = bucketOf(ms) + 1; bucket < this.#counts.length; bucket++) count += this.#counts[bucket];
    return count;
  }
}

function bucketOf(ms: number): number {
  return ms <= 0 ? 0 : ms <= 1 ? 1 : 1 + Math.ceil(Math.log(ms) / GROWTH);
}
