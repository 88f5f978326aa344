/**
 * What the stages of one task have counted, as the sums of a snapshot have it.
 *
 * @module
 */
import { TALLY_ACTED, TALLY_COUNTS, TALLY_IN, TALLY_LATE, TALLY_OUT } from "../operators/_limits.ts";
import type { Tally } from "../operators/_tally.ts";
import type { StageSum } from "./details_sum.ts";

/** Where the numbers of a stage are, as the sums have them: how much it has done only grows. */
const IN = 0, OUT = 1, LATE = 2, DONE = 3, WIDTH = 4;
/** And those of its late values, which change seldom. */
const WORST = 0, MOST = 1, LATENESS = 2;

/** The counts of one task. */
export class TaskCounts {
  readonly #tallies: readonly Tally[];
  /** What the stages count. */
  readonly #counts: Float64Array<ArrayBuffer>;
  readonly #numbers: Float64Array;
  readonly #lateness: Float64Array;

  constructor(tallies: readonly Tally[]) {
    this.#tallies = tallies;
    this.#counts = new Float64Array(tallies.length * TALLY_COUNTS);
    tallies.forEach((tally, row) => tally.tellTo(this.#counts, row * TALLY_COUNTS));
    this.#numbers = new Float64Array(tallies.length * WIDTH);
    this.#lateness = new Float64Array(tallies.length * LATENESS);
    this.clear();
  }

  /** How many values came too late. */
  late = 0;

  /** Nothing of it is in any sum. */
  clear(): void {
    this.#numbers.fill(0);
    this.#lateness.fill(-1);
    for (let at = DONE; at < this.#numbers.length; at += WIDTH) this.#numbers[at] = -1;
  }

  /** Moves the sums by what was counted since the last time. Returns whether there was anything. */
  move(sums: readonly StageSum[]): boolean {
    const counts = this.#counts, numbers = this.#numbers;
    let lates = 0, moved = false;
    for (let row = 0, from = 0, at = 0; from < counts.length; row++, from += TALLY_COUNTS, at += WIDTH) {
      const taken = counts[from + TALLY_IN], out = counts[from + TALLY_OUT], late = counts[from + TALLY_LATE];
      const done = taken + out + late + counts[from + TALLY_ACTED];
      lates += late;
      if (done === numbers[at + DONE]) continue;
      moved = true;
      const sum = sums[row];
      if (late > 0) this.#moveLate(row, sum);
      sum.records_in += taken - numbers[at + IN];
      sum.records_out += out - numbers[at + OUT];
      sum.late += late - numbers[at + LATE];
      numbers[at + IN] = taken;
      numbers[at + OUT] = out;
      numbers[at + LATE] = late;
      numbers[at + DONE] = done;
    }
    this.late = lates;
    return moved;
  }

  /** Moves the sum by what is known of late values. Called before the counts of the stage are moved. */
  #moveLate(row: number, sum: StageSum): void {
    const numbers = this.#numbers, lateness = this.#lateness, at = row * LATENESS;
    const late = this.#counts[row * TALLY_COUNTS + TALLY_LATE];
    const allowed = Math.floor(this.#counts[row * TALLY_COUNTS + TALLY_IN] / 1000);
    const same = late === numbers[row * WIDTH + LATE] && allowed === Math.floor(numbers[row * WIDTH + IN] / 1000);
    const lates = same ? undefined : this.#tallies[row].lates;
    if (lates === undefined) return;
    const { worst } = lates, most = late > allowed ? lates.exceededBy(allowed) : -1;
    if (lateness[at + WORST] === sum.worst && worst < sum.worst) sum.stale = true;
    if (lateness[at + MOST] === sum.most && most < sum.most) sum.stale = true;
    lateness[at + WORST] = worst;
    lateness[at + MOST] = most;
    if (worst > sum.worst) sum.worst = worst;
    if (most > sum.most) sum.most = most;
  }

  /** Takes the largest to each sum that is stale. */
  reach(sums: readonly StageSum[]): void {
    const lateness = this.#lateness;
    for (let row = 0, at = 0; at < lateness.length; row++, at += LATENESS) {
      const sum = sums[row];
      if (!sum.stale) continue;
      if (lateness[at + WORST] > sum.worst) sum.worst = lateness[at + WORST];
      if (lateness[at + MOST] > sum.most) sum.most = lateness[at + MOST];
    }
  }
}
