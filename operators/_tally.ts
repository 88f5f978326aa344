/**
 * What a stage counts, and what it keeps, for the metrics of the job. Only a stage that keeps state counts, and only in a
 * job: no other stage has any work with it.
 *
 * @module
 */

import type { LateRecords } from "./_late_facts.ts";
import { TALLY_COUNTS, TALLY_IN, TALLY_LATE, TALLY_OUT } from "./_limits.ts";
import type { Upcoming } from "./_time_facts.ts";

/** The counts of one stage of one subscription. */
export class Tally {
  #counts = new Float64Array(TALLY_COUNTS);
  #at = 0;
  /** What is known of them; `undefined` while there are none and the stage has not acted on a watermark. */
  lates: LateRecords | undefined = undefined;
  /** Its results that wait for the watermark. */
  readonly upcoming: Upcoming[] = [];
  /** Its keyed states, those of timers too. */
  readonly states: { readonly name: string; readonly size: number }[] = [];
  /** Its timers. */
  readonly timers: { readonly size: number }[] = [];

  constructor(readonly operator: string, readonly name: string | undefined) {}

  /** Values that have come in. */
  get in(): number {
    return this.#counts[this.#at + TALLY_IN];
  }

  /** Results that have gone out. */
  get out(): number {
    return this.#counts[this.#at + TALLY_OUT];
  }

  /** Records that came too late. */
  get late(): number {
    return this.#counts[this.#at + TALLY_LATE];
  }

  /** Counts one more of them: `TALLY_IN`, `TALLY_OUT`, `TALLY_LATE`, or `TALLY_ACTED` where the stage acts without a value. */
  count(what: number): void {
    this.#counts[this.#at + what]++;
  }

  /**
   * Counts there from now on. Whoever reads many gives them places that lie together. Only the reader that asked last sees
   * them there.
   */
  tellTo(counts: Float64Array<ArrayBuffer>, at: number): void {
    for (let n = 0; n < TALLY_COUNTS; n++) counts[at + n] = this.#counts[this.#at + n];
    this.#counts = counts;
    this.#at = at;
  }
}

/** Where a stage's results go. They are counted on the way. */
export class CountedOut<T> {
  constructor(readonly out: { next(value: T): void; readonly closed: boolean }, readonly tally: Tally) {}

  get closed(): boolean {
    return this.out.closed;
  }

  next(value: T): void {
    this.tally.count(TALLY_OUT);
    this.out.next(value);
  }
}

/** The handler of a stage that is built, which counts its values if the stage counts. */
export function countedHandle<T>(
  { alone, tally }: { readonly alone: boolean; readonly tally: Tally },
  handle: (value: T) => void,
): (value: T) => void {
  if (alone || tally.states.length === 0) return handle;
  return (value) => {
    tally.count(TALLY_IN);
    handle(value);
  };
}
