/**
 * The stages in the details of a job: what waits in them, and what would have kept their late values.
 *
 * Most of the time that a snapshot takes goes to memory that no cache holds. So the numbers of a task's stages are in one
 * array, and of a stage only that is read which may have changed.
 *
 * Invariants:
 * - what a stage counts only grows, and what it keeps changes only together with one of its counts; the mean length of its
 *   values changes with a cut;
 * - a sum is what adding up its rows would give, unless it is `stale`: then its least and its largest must be found anew.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { DurableStates } from "../state/mod.ts";
import type { StoredState } from "../state/stored_state.ts";
import type { KeptBy, StageDetails } from "./details.ts";
import { keptByWords } from "./details_sentences.ts";
import { StageRow } from "./stage_rows.ts";

/** Where the numbers of a row are. */
const IN = 0, OUT = 1, LATE = 2, KEYS = 3, BYTES = 4, TIMERS = 5, WAITING = 6, NEXT = 7, WORST = 8, MOST = 9, DONE = 10;
const WIDTH = 11;

/** One stage, over all tasks. */
export class StageSum extends StageRow {
  waiting = 0;
  next = Infinity;
  /** The largest lateness, and the one that one value in a thousand exceeds; -1 where none is known. */
  worst = -1;
  most = -1;
  /** Whether `next`, `worst` and `most` must be found anew, because the row that had one of them has another now. */
  stale = false;

  /** A row has these numbers, and had those before. */
  moved(numbers: Float64Array, at: number, before: Float64Array): void {
    this.records_in += numbers[at + IN] - before[IN];
    this.records_out += numbers[at + OUT] - before[OUT];
    this.late += numbers[at + LATE] - before[LATE];
    this.keys += numbers[at + KEYS] - before[KEYS];
    this.state_bytes += numbers[at + BYTES] - before[BYTES];
    this.timers += numbers[at + TIMERS] - before[TIMERS];
    this.waiting += numbers[at + WAITING] - before[WAITING];
    if (before[NEXT] === this.next && numbers[at + NEXT] > before[NEXT]) this.stale = true;
    if (before[MOST] === this.most && numbers[at + MOST] < before[MOST]) this.stale = true;
    if (before[WORST] === this.worst && numbers[at + WORST] < before[WORST]) this.stale = true;
    this.reach(numbers, at);
  }

  /** Forgets the least and the largest. The caller adds those of all rows. */
  renew(): void {
    [this.next, this.worst, this.most] = [Infinity, -1, -1];
  }

  /** Takes the least and the largest of a row, if they exceed those that are known. */
  reach(numbers: Float64Array, at: number): void {
    if (numbers[at + NEXT] < this.next) this.next = numbers[at + NEXT];
    if (numbers[at + WORST] > this.worst) this.worst = numbers[at + WORST];
    if (numbers[at + MOST] > this.most) this.most = numbers[at + MOST];
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

/** The numbers of a row that has not been read. */
function clear(numbers: Float64Array, at: number): void {
  numbers.fill(0, at, at + WIDTH);
  numbers[at + NEXT] = Infinity;
  numbers[at + WORST] = numbers[at + MOST] = numbers[at + DONE] = -1;
}

const NONE = new Float64Array(WIDTH);
clear(NONE, 0);

/** The numbers that a row had, while it is read. */
const before = new Float64Array(WIDTH);

/** The stages of one task that keep state. */
export class TaskStages {
  readonly #tallies: readonly Tally[];
  readonly #stored: readonly (readonly (StoredState | undefined)[])[];
  readonly #numbers: Float64Array;
  /** The sum that each of them is part of; `undefined` while they are part of none. */
  #sums: readonly StageSum[] | undefined;

  constructor(tallies: Iterable<Tally>, states: DurableStates) {
    this.#tallies = [...tallies];
    this.#stored = this.#tallies.map((tally) => tally.states.map(({ name }) => states.named(name)));
    this.#numbers = new Float64Array(this.#tallies.length * WIDTH);
    for (let row = 0; row < this.#tallies.length; row++) clear(this.#numbers, row * WIDTH);
  }

  /**
   * Looks at the stages, and moves the sums that they are part of.
   *
   * @param cut whether an epoch has been cut since the last time
   * @returns how many values came too late
   */
  read(cut: boolean): number {
    const tallies = this.#tallies, numbers = this.#numbers, sums = this.#sums;
    let lates = 0;
    for (let row = 0; row < tallies.length; row++) {
      const at = row * WIDTH, tally = tallies[row];
      lates += tally.late;
      const done = tally.in + tally.out + tally.late + tally.acted;
      if (!cut && done === numbers[at + DONE]) continue;
      for (let n = 0; n < WIDTH; n++) before[n] = numbers[at + n];
      if (done !== before[DONE]) count(tally, numbers, at);
      numbers[at + DONE] = done;
      keep(tally, this.#stored[row], numbers, at);
      if (sums !== undefined) sums[row].moved(numbers, at, before);
    }
    return lates;
  }

  /** Adds all rows to sums, which they are part of from now on. */
  join(sums: StageSum[], byName: Map<string, StageSum>): void {
    this.#sums = this.#tallies.map(({ name, operator }, row) => {
      // Tasks have the same stages in the same order, mostly.
      let sum = sums.length > row && sums[row].stage === name ? sums[row] : byName.get(name!);
      if (sum === undefined) {
        sum = new StageSum(name!, operator);
        sums.push(sum);
        byName.set(name!, sum);
      }
      sum.moved(this.#numbers, row * WIDTH, NONE);
      return sum;
    });
  }

  /** Takes the least and the largest of each row to its sum, where that is stale. */
  reach(): void {
    this.#sums?.forEach((sum, row) => {
      if (sum.stale) sum.reach(this.#numbers, row * WIDTH);
    });
  }
}

/** Reads what a stage counts, and how late its values were. */
function count(tally: Tally, numbers: Float64Array, at: number): void {
  const { in: taken, late, lates } = tally;
  const allowed = Math.floor(taken / 1000);
  const moved = late !== numbers[at + LATE] || allowed !== Math.floor(numbers[at + IN] / 1000);
  numbers[at + IN] = taken;
  numbers[at + OUT] = tally.out;
  numbers[at + LATE] = late;
  if (!moved || late === 0 || lates === undefined) return;
  numbers[at + WORST] = lates.worst;
  numbers[at + MOST] = late > allowed ? lates.exceededBy(allowed) : -1;
}

/** Reads what a stage keeps, and what waits in it. */
function keep(
  { states, timers, upcoming }: Tally,
  stored: readonly (StoredState | undefined)[],
  numbers: Float64Array,
  at: number,
): void {
  let keys = 0, bytes = 0, set = 0, waiting = 0, next = Infinity;
  for (let i = 0; i < states.length; i++) {
    keys += states[i].size;
    bytes += stored[i]?.valueBytes ?? 0;
  }
  for (let i = 0; i < timers.length; i++) set += timers[i].size;
  for (let i = 0; i < upcoming.length; i++) {
    const { next: first } = upcoming[i];
    if (first === Infinity) continue;
    if (first < next) next = first;
    waiting += upcoming[i].size;
  }
  numbers[at + KEYS] = keys - set;
  numbers[at + BYTES] = bytes;
  numbers[at + TIMERS] = set;
  numbers[at + WAITING] = waiting;
  numbers[at + NEXT] = next;
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
