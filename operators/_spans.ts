/**
 * How long things were, in buckets that grow with the duration: few numbers, from which it is known what a longer wait
 * would have covered. A value in sixteen of a stream is added, so a bucket is found without a logarithm.
 *
 * @module
 */

/** Each power of two has so many buckets, which makes them a sixteenth wide. */
const PARTS = 16;
const PARTS_BITS = 4;
/** Durations from here on, which is 24 days, are counted in units of a second or so. */
const LONG = 2 ** 31;
const LONG_BITS = 10;

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
    const bucket = bucketOf(ms), counts = this.#counts;
    while (counts.length <= bucket) counts.push(0);
    counts[bucket]++;
  }

  /** Adds all of another one. */
  include(other: Spans): void {
    this.count += other.count;
    if (other.worst > this.worst) this.worst = other.worst;
    const counts = this.#counts, added = other.#counts;
    while (counts.length < added.length) counts.push(0);
    for (let bucket = 0; bucket < added.length; bucket++) counts[bucket] += added[bucket];
  }

  /** The time that no more than so many exceed, rounded up by at most a sixteenth. */
  exceededBy(most: number): number {
    if (most <= 0) return this.worst;
    let left = most;
    for (let bucket = this.#counts.length - 1; bucket >= 0; bucket--) {
      left -= this.#counts[bucket];
      if (left < 0) return Math.min(this.worst, topOf(bucket));
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
  if (ms >= LONG) return bucketOf(Math.min(LONG - 1, Math.floor(ms / 2 ** LONG_BITS))) + LONG_BITS * PARTS;
  const whole = ms | 0;
  if (whole < PARTS) return whole < 0 ? 0 : whole;
  const shift = 31 - PARTS_BITS - Math.clz32(whole);
  return shift * PARTS + (whole >>> shift);
}

/** The longest duration of a bucket. */
function topOf(bucket: number): number {
  if (bucket < 2 * PARTS) return bucket;
  const shift = Math.floor(bucket / PARTS) - 1;
  return (bucket - shift * PARTS + 1) * 2 ** shift - 1;
}
