/**
 * The stages of a task in the details of a job.
 *
 * Most of the time that a snapshot takes goes to memory that no cache holds. So the numbers of a task's stages lie together,
 * and of a stage only that is read which may have changed.
 *
 * Invariants:
 * - what a stage counts only grows, and what it keeps changes only together with one of its counts; the mean length of its
 *   values changes with a cut;
 * - a sum is what adding up its rows as they were read last would give, unless it is `stale`: then its least and its largest
 *   must be found anew.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { DurableStates } from "../state/mod.ts";
import { TaskCounts } from "./details_counts.ts";
import { TaskKept } from "./details_kept.ts";
import { StageSum } from "./details_sum.ts";

/** The stages of one task that keep state. */
export class TaskStages {
  readonly #tallies: readonly Tally[];
  readonly #counts: TaskCounts;
  readonly #kept: TaskKept;
  /** The sum that each of them is part of; `undefined` while they are part of none. */
  #sums: readonly StageSum[] | undefined;

  constructor(tallies: Iterable<Tally>, states: DurableStates) {
    this.#tallies = [...tallies];
    this.#counts = new TaskCounts(this.#tallies);
    this.#kept = new TaskKept(this.#tallies, states);
  }

  /**
   * Looks at the stages, and moves the sums that they are part of.
   *
   * @param cut whether an epoch has been cut since the last time
   * @returns how many values came too late
   */
  read(cut: boolean): number {
    const sums = this.#sums;
    // Without sums there is nothing to move: all is read when they join.
    if (sums === undefined) return this.#tallies.reduce((lates, { late }) => lates + late, 0);
    if (this.#counts.move(sums) || cut) this.#kept.move(sums);
    return this.#counts.late;
  }

  /** Adds all rows to sums, which they are part of from now on. */
  join(sums: StageSum[], byName: Map<string, StageSum>): void {
    const own = this.#tallies.map(({ name, operator }, row) => {
      // Tasks have the same stages in the same order, mostly.
      let sum = sums.length > row && sums[row].stage === name ? sums[row] : byName.get(name!);
      if (sum === undefined) {
        sum = new StageSum(name!, operator);
        sums.push(sum);
        byName.set(name!, sum);
      }
      return sum;
    });
    // Tasks with the same stages share one list, which is near at hand then.
    this.#sums = own.every((sum, row) => sum === sums[row]) ? sums : own;
    this.#counts.clear();
    this.#kept.clear();
    this.#counts.move(this.#sums);
    this.#kept.move(this.#sums);
  }

  /** Takes the least and the largest of each row to its sum, where that is stale. */
  reach(): void {
    if (this.#sums === undefined) return;
    this.#counts.reach(this.#sums);
    this.#kept.reach(this.#sums);
  }
}

/** The stages over these tasks, which are part of the sums from now on. */
export function sumsOf(tasks: Iterable<TaskStages>): readonly StageSum[] {
  const sums: StageSum[] = [], byName = new Map<string, StageSum>();
  for (const stages of tasks) stages.join(sums, byName);
  return sums;
}

/** Finds the least and the largest of stale sums anew. */
export function renew(sums: readonly StageSum[], tasks: Iterable<TaskStages>): void {
  const stale = sums.filter((sum) => sum.stale);
  if (stale.length === 0) return;
  for (const sum of stale) sum.renew();
  for (const stages of tasks) stages.reach();
  for (const sum of stale) sum.stale = false;
}
