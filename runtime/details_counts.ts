/**
 * What the stages of one task have counted, as the sums of a snapshot have it.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { StageSum } from "./details_sum.ts";

/** Where the numbers of a stage are. */
const IN = 0, OUT = 1, LATE = 2, WORST = 3, MOST = 4, WIDTH = 5;

/** The counts of one task. */
export class TaskCounts {
  readonly #tallies: readonly Tally[];
  /** How much each stage had done: what it counts only grows. */
  readonly #done: Float64Array;
  readonly #numbers: Float64Array;

  constructor(tallies: readonly Tally[]) {
    this.#tallies = tallies;
    this.#done = new Float64Array(tallies.length);
    this.#numbers = new Float64Array(tallies.length * WIDTH);
    this.clear();
  }

  /** How many values came too late. */
  late = 0;

  /** Nothing of it is in any sum. */
  clear(): void {
    this.#done.fill(-1);
    this.#numbers.fill(0);
    for (let at = 0; at < this.#numbers.length; at += WIDTH) this.#numbers[at + WORST] = this.#numbers[at + MOST] = -1;
  }

  /** Moves the sums by what was counted since the last time. Returns whether there was anything. */
  move(sums: readonly StageSum[]): boolean {
    const tallies = this.#tallies, dones = this.#done;
    let lates = 0, moved = false;
    for (let row = 0; row < tallies.length; row++) {
      const tally = tallies[row], { late } = tally;
      const done = tally.in + tally.out + late + tally.acted;
      lates += late;
      if (done === dones[row]) continue;
      dones[row] = done;
      moved = true;
      this.#moveOne(tally, row * WIDTH, sums[row]);
    }
    this.late = lates;
    return moved;
  }

  #moveOne(tally: Tally, at: number, sum: StageSum): void {
    const numbers = this.#numbers, { in: taken, out, late } = tally;
    const allowed = Math.floor(taken / 1000);
    const isLate = late > 0 && (late !== numbers[at + LATE] || allowed !== Math.floor(numbers[at + IN] / 1000));
    sum.records_in += taken - numbers[at + IN];
    sum.records_out += out - numbers[at + OUT];
    sum.late += late - numbers[at + LATE];
    numbers[at + IN] = taken;
    numbers[at + OUT] = out;
    numbers[at + LATE] = late;
    if (!isLate || tally.lates === undefined) return;
    const { worst } = tally.lates, most = late > allowed ? tally.lates.exceededBy(allowed) : -1;
    if (numbers[at + WORST] === sum.worst && worst < sum.worst) sum.stale = true;
    if (numbers[at + MOST] === sum.most && most < sum.most) sum.stale = true;
    numbers[at + WORST] = worst;
    numbers[at + MOST] = most;
    if (worst > sum.worst) sum.worst = worst;
    if (most > sum.most) sum.most = most;
  }

  /** Takes the largest to each sum that is stale. */
  reach(sums: readonly StageSum[]): void {
    const numbers = this.#numbers;
    for (let row = 0; row < sums.length; row++) {
      const sum = sums[row], at = row * WIDTH;
      if (!sum.stale) continue;
      if (numbers[at + WORST] > sum.worst) sum.worst = numbers[at + WORST];
      if (numbers[at + MOST] > sum.most) sum.most = numbers[at + MOST];
    }
  }
}
