/**
 * Cuts: where the epochs of a run end.
 *
 * @module
 */
import { seeded } from "../base/random.ts";

/** How an input is cut into epochs. */
export interface EpochCut {
  /** For messages: `epochs of 2 records`. */
  readonly name: string;
  /** How many records each epoch has. The end of the input is an epoch of its own after them. */
  readonly lengths: readonly number[];
}

/** Longest epoch of a random cut, in records. */
const LONGEST = 5;

/** The whole input in one epoch. */
export function wholeCut(records: number): EpochCut {
  return { name: "the whole input in one epoch", lengths: records > 0 ? [records] : [] };
}

/** Epochs of equal length; the last one may be shorter. */
export function evenCut(records: number, length: number): EpochCut {
  const lengths: number[] = [];
  for (let left = records; left > 0; left -= length) lengths.push(Math.min(left, length));
  return { name: length === 1 ? "epochs of 1 record" : `epochs of ${length} records`, lengths };
}

/** Epochs of random lengths. The same seed gives the same lengths. */
export function randomCut(records: number, seed: number): EpochCut {
  const random = seeded(seed);
  const lengths: number[] = [];
  for (let left = records; left > 0; left -= lengths[lengths.length - 1]) {
    lengths.push(Math.min(left, 1 + Math.floor(random() * LONGEST)));
  }
  return { name: `epochs of random lengths (seed ${seed})`, lengths };
}
