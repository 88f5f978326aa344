/**
 * Quantile sketches as plain data. The mapping of values to bins, and the search for a quantile, are those of DDSketch:
 * Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees" (2019).
 *
 * @module
 */
import { DDSketch } from "@datadog/sketches-js";

/** How many values are in each bin, apart for positive and negative ones. */
export interface Sketch {
  /** Numbers of positive values, by bin. */
  positive: Map<number, number>;
  /** Numbers of negative values, by the bin of their absolute value. */
  negative: Map<number, number>;
  /** How many values were 0, or too close to it for a bin. */
  zeros: number;
  /** The least value. */
  least: number;
  /** The largest value. */
  most: number;
}

/** A sketch without values. */
export function emptySketch(): Sketch {
  return { positive: new Map(), negative: new Map(), zeros: 0, least: Infinity, most: -Infinity };
}

/** The sketches of one accuracy. */
export class Sketches {
  readonly #mapping: DDSketch["mapping"];

  constructor(readonly relativeAccuracy: number) {
    this.#mapping = new DDSketch({ relativeAccuracy }).mapping;
  }

  /** Adds a value. */
  add(sketch: Sketch, value: number): Sketch {
    const mapping = this.#mapping;
    if (value > mapping.minPossible) count(sketch.positive, mapping.key(value), 1);
    else if (value < -mapping.minPossible) count(sketch.negative, mapping.key(-value), 1);
    else sketch.zeros++;
    if (value < sketch.least) sketch.least = value;
    if (value > sketch.most) sketch.most = value;
    return sketch;
  }

  /** Merges the second into the first. */
  merge(sketch: Sketch, other: Sketch): Sketch {
    for (const [bin, n] of other.positive) count(sketch.positive, bin, n);
    for (const [bin, n] of other.negative) count(sketch.negative, bin, n);
    sketch.zeros += other.zeros;
    sketch.least = Math.min(sketch.least, other.least);
    sketch.most = Math.max(sketch.most, other.most);
    return sketch;
  }

  /** The values at some quantiles, never beyond the least and the largest value. */
  quantiles(sketch: Sketch, quantiles: readonly number[]): number[] {
    const whole = new DDSketch({ relativeAccuracy: this.relativeAccuracy });
    whole.zeroCount = whole.count = sketch.zeros;
    for (const [bins, store] of [[sketch.positive, whole.store], [sketch.negative, whole.negativeStore]] as const) {
      for (const [bin, n] of bins) {
        store.add(bin, n);
        whole.count += n;
      }
    }
    return quantiles.map((quantile) => {
      if (quantile === 0) return sketch.least;
      if (quantile === 1) return sketch.most;
      return Math.min(sketch.most, Math.max(sketch.least, whole.getValueAtQuantile(quantile)));
    });
  }
}

function count(bins: Map<number, number>, bin: number, n: number): void {
  bins.set(bin, (bins.get(bin) ?? 0) + n);
}
