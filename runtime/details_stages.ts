/**
 * The stages in the details of a job: what waits in them, and what would have kept their late values.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { DurableStates } from "../state/mod.ts";
import type { StoredState } from "../state/stored_state.ts";
import type { KeptBy, StageDetails } from "./details.ts";
import { keptByWords } from "./details_sentences.ts";
import { StageRow } from "./stage_rows.ts";

/** One stage, of one task or of all. */
export class DetailsRow extends StageRow {
  waiting = 0;
  next = Infinity;
  /** The largest lateness, and the one that one value in a thousand exceeds; -1 where none is known. */
  worst = -1;
  most = -1;
  #done = -1;
  #stored: readonly (StoredState | undefined)[] | undefined;

  /** @param tally what it counts, where it is the row of one task */
  constructor(stage: string, operator: string, readonly tally?: Tally) {
    super(stage, operator);
  }

  /** Looks at the stage of its task. */
  read(states: DurableStates): void {
    const { in: taken, out, late, acted, states: kept, timers, upcoming, lates } = this.tally!;
    // Each of them only grows, and what the stage keeps changes only together with one of them.
    const done = taken + out + late + acted;
    if (done === this.#done) return;
    this.#done = done;
    const stored = this.#stored ??= kept.map(({ name }) => states.named(name));
    let keys = 0, bytes = 0, set = 0, waiting = 0, next = Infinity;
    for (let i = 0; i < kept.length; i++) {
      keys += kept[i].size;
      bytes += stored[i]?.valueBytes ?? 0;
    }
    for (let i = 0; i < timers.length; i++) set += timers[i].size;
    for (let i = 0; i < upcoming.length; i++) {
      const at = upcoming[i].next;
      if (at === Infinity) continue;
      if (at < next) next = at;
      waiting += upcoming[i].size;
    }
    this.records_in = taken;
    this.records_out = out;
    this.late = late;
    this.keys = keys - set;
    this.state_bytes = bytes;
    this.timers = set;
    this.waiting = waiting;
    this.next = next;
    if (late === 0 || lates === undefined) return;
    this.worst = lates.worst;
    const allowed = Math.floor(taken / 1000);
    this.most = late > allowed ? lates.exceededBy(allowed) : -1;
  }

  /** Adds the row of one task. */
  include(other: DetailsRow): void {
    this.records_in += other.records_in;
    this.records_out += other.records_out;
    this.late += other.late;
    this.keys += other.keys;
    this.state_bytes += other.state_bytes;
    this.timers += other.timers;
    this.waiting += other.waiting;
    if (other.next < this.next) this.next = other.next;
    if (other.worst > this.worst) this.worst = other.worst;
    if (other.most > this.most) this.most = other.most;
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

/** The stages that keep state, over tasks with these rows. */
export function sumsOf(tasks: readonly (readonly DetailsRow[])[]): DetailsRow[] {
  const sums: DetailsRow[] = [];
  const byName = new Map<string, DetailsRow>();
  for (const rows of tasks) {
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at];
      // Tasks have the same stages in the same order, mostly.
      let sum = sums.length > at && sums[at].stage === row.stage ? sums[at] : byName.get(row.stage);
      if (sum === undefined) {
        sum = new DetailsRow(row.stage, row.operator);
        sums.push(sum);
        byName.set(row.stage, sum);
      }
      sum.include(row);
    }
  }
  return sums;
}
