/**
 * One stage in the details of a job, over all tasks of this worker: how much it has done, what waits in it, and what would have
 * kept its late values.
 *
 * @module
 */
import type { KeptBy, StageDetails } from "./details.ts";
import { keptByWords } from "./details_sentences.ts";
import { StageRow } from "./stage_rows.ts";

/** One stage, over all tasks. */
export class StageSum extends StageRow {
  waiting = 0;
  next = Infinity;
  /** The largest lateness, and the one that one value in a thousand exceeds; -1 where none is known. */
  worst = -1;
  most = -1;
  /** Whether `next`, `worst` and `most` must be found anew, because what had one of them has another now. */
  stale = false;

  /** Forgets the least and the largest. The caller adds those of all tasks. */
  renew(): void {
    [this.next, this.worst, this.most] = [Infinity, -1, -1];
  }

  /** @param bound of the watermarks of the job, where there is one */
  details(bound: number | undefined): StageDetails {
    const { stage, operator, records_in, records_out, late, keys, state_bytes, timers, waiting, next } = this;
    return {
      ...{ stage, operator, records_in, records_out, late, keys, state_bytes, timers, waiting },
      next: next === Infinity ? undefined : next,
      keptBy: bound === undefined || this.worst < 0 ? undefined : this.#keptBy(bound),
    };
  }

  #keptBy(bound: number): KeptBy {
    const kept = { all: bound + this.worst + 1, most: bound + this.most + 1 };
    return { ...kept, sentence: keptByWords(this.stage, kept) };
  }
}
