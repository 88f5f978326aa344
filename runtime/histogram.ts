/**
 * A histogram of durations. Its buckets grow by 5 %, so a percentile is exact to 5 % at any size, and is never more than
 * the longest duration.
 *
 * @module
 */

const GROWTH = Math.log(1.05);
const LOWEST = 0.01;

/** Percentiles of the recorded durations, in milliseconds. */
export interface Percentiles {
  /** Half of all, in milliseconds. */
  readonly p50: number;
  /** 95 of 100, in milliseconds. */
  readonly p95: number;
  /** 99 of 100, in milliseconds. */
  readonly p99: number;
}

/** Durations in milliseconds, from 10 microseconds on. */
export class Histogram {
  readonly #counts: number[] = [];
  #total = 0;
  #longest = 0;

  record(ms: number, times = 1): void {
    const bucket = ms <= LOWEST ? 0 : Math.ceil(Math.log(ms / LOWEST) / GROWTH);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#total += times;
    if (ms > this.#longest) this.#longest = ms;
  }

  /** Both together. */
  with(other: Histogram): Histogram {
    const both = new Histogram();
    for (const one of [this, other]) {
      one.#counts.forEach((count, bucket) => both.#counts[bucket] = (both.#counts[bucket] ?? 0) + count);
      both.#total += one.#total;
      both.#longest = Math.max(both.#longest, one.#longest);
    }
    return both;
  }

  /** The longest of them; 0 when nothing was recorded. */
  get longest(): number {
    return this.#longest;
  }

  get count(): number {
    return this.#total;
  }

  /** The duration that this part (0 to 1) of all durations does not exceed; 0 when nothing was recorded. */
  percentile(part: number): number {
    let left = Math.ceil(this.#total * part);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Number(Math.min(this.#longest, LOWEST * Math.exp(bucket * GROWTH)).toFixed(2));
    }
    return 0;
  }

  percentiles(): Percentiles {
    return { p50: this.percentile(0.5), p95: this.percentile(0.95), p99: this.percentile(0.99) };
  }
}
