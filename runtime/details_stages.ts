/**
 * The stages in the details of a job: what waits in them, and what would have kept their late values.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { DurableStates } from "../state/mod.ts";
import type { KeptBy, StageDetails } from "./details.ts";
import type { OwnedTask } from "./owned_task.ts";
import { rowsOf, StageRow } from "./stage_rows.ts";

class DetailsRow extends StageRow {
  waiting = 0;
  next = Infinity;
  /** The largest lateness, and the one that one value in a thousand exceeds; -1 where none is known. */
  worst = -1;
  most = -1;

  override add(tally: Tally, states: DurableStates): void {
    super.add(tally, states);
    const { upcoming, lates, late } = tally;
    for (let i = 0; i < upcoming.length; i++) {
      const { next } = upcoming[i];
      if (next < this.next) this.next = next;
      if (next < Infinity) this.waiting += upcoming[i].size;
    }
    if (late === 0 || lates === undefined) return;
    if (lates.worst > this.worst) this.worst = lates.worst;
    const allowed = Math.floor(tally.in / 1000);
    if (late > allowed) this.most = Math.max(this.most, lates.exceededBy(allowed));
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
    return { all: bound + this.worst + 1, most: bound + this.most + 1 };
  }
}

/** The stages that keep state, over these tasks. */
export function stageDetails(tasks: readonly OwnedTask[], bound: number | undefined): StageDetails[] {
  return rowsOf(tasks, (stage, operator) => new DetailsRow(stage, operator)).map((row) => row.details(bound));
}
