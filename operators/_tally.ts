/**
 * What a stage counts, and what it keeps, for the metrics of the job. Only a stage that keeps state counts, and only in a
 * job: no other stage has any work with it.
 *
 * @module
 */

import type { Upcoming } from "./_time_facts.ts";
import type { LateRecords } from "./_late_facts.ts";

/** The counts of one stage of one subscription. */
export class Tally {
  /** Values that have come in, and results that have gone out. */
  in = 0;
  out = 0;
  /** How often it has acted without a value: by the clock, or because an epoch is cut. */
  acted = 0;
  /** Records that came too late. */
  late = 0;
  /** What is known of them; `undefined` while there are none and the stage has not acted on a watermark. */
  lates: LateRecords | undefined = undefined;
  /** Its results that wait for the watermark. */
  readonly upcoming: Upcoming[] = [];
  /** Its keyed states, those of timers too. */
  readonly states: { readonly name: string; readonly size: number }[] = [];
  /** Its timers. */
  readonly timers: { readonly size: number }[] = [];

  constructor(readonly operator: string, readonly name: string | undefined) {}
}

/** Where a stage's results go. They are counted on the way. */
export class CountedOut<T> {
  constructor(readonly out: { next(value: T): void; readonly closed: boolean }, readonly tally: Tally) {}

  get closed(): boolean {
    return this.out.closed;
  }

  next(value: T): void {
    this.tally.out++;
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
    tally.in++;
    handle(value);
  };
}
