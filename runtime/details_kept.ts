/**
 * What the stages of one task keep and what waits in them, as the sums of a snapshot have it.
 *
 * States and the calendars of windows tell their numbers in one array of the task. Others are asked.
 *
 * @module
 */
import { WAIT_NEXT, WAIT_NUMBERS, WAIT_SIZE } from "../operators/_limits.ts";
import type { Tally } from "../operators/_tally.ts";
import type { Upcoming } from "../operators/_time_facts.ts";
import type { DurableStates } from "../state/mod.ts";
import { STATE_MEAN, STATE_NUMBERS, STATE_SIZE, type StoredState } from "../state/stored_state.ts";
import type { StageSum } from "./details_sum.ts";

/** What the sums have of a state, and of what waits. */
const SIZE = 0, BYTES = 1, NEXT = 0, WAITING = 1, WIDTH = 2;

/** A state of a stage, and the same state as it is stored; `undefined` where it is not. */
interface Stored {
  readonly state: Tally["states"][number];
  readonly stored: StoredState | undefined;
}

/** The parts of one kind that the stages of a task have, those of one stage together. */
class Parts<T> {
  readonly all: readonly T[];
  /** The row of the stage of each. */
  readonly rows: Uint16Array;
  /** The numbers of each as they are. */
  readonly now: Float64Array;
  /** As the sums have them. */
  readonly before: Float64Array;
  /** Those that must be asked for their numbers. */
  readonly asked: readonly number[];

  /** @param tell asks one to tell its numbers there from now on. Returns whether it does */
  constructor(
    ofStages: readonly (readonly T[])[],
    { width, tell }: { readonly width: number; readonly tell: (part: T, numbers: Float64Array, at: number) => boolean },
  ) {
    this.all = ofStages.flat();
    this.rows = Uint16Array.from(ofStages.flatMap((parts, row) => parts.map(() => row)));
    this.now = new Float64Array(this.all.length * width);
    this.before = new Float64Array(this.all.length * WIDTH);
    this.asked = this.all.flatMap((part, at) => tell(part, this.now, at * width) ? [] : [at]);
  }
}

/** What one task keeps. */
export class TaskKept {
  readonly #states: Parts<Stored>;
  readonly #upcoming: Parts<Upcoming>;
  readonly #timers: Parts<Tally["timers"][number]>;

  constructor(tallies: readonly Tally[], states: DurableStates) {
    const stored = (state: Stored["state"]): Stored => ({ state, stored: states.named(state.name) });
    this.#states = new Parts(tallies.map((tally) => tally.states.map(stored)), {
      width: STATE_NUMBERS,
      tell: tellState,
    });
    this.#upcoming = new Parts(tallies.map(({ upcoming }) => upcoming), { width: WAIT_NUMBERS, tell: tellUpcoming });
    this.#timers = new Parts(tallies.map(({ timers }) => timers), { width: 1, tell: () => false });
    this.clear();
  }

  /** Nothing of it is in any sum. */
  clear(): void {
    const { before } = this.#upcoming;
    this.#states.before.fill(0);
    this.#timers.before.fill(0);
    before.fill(0);
    for (let at = 0; at < before.length; at += WIDTH) before[at + NEXT] = Infinity;
  }

  /** Moves the sums by what has changed since the last time. */
  move(sums: readonly StageSum[]): void {
    moveStates(this.#states, sums);
    moveUpcoming(this.#upcoming, sums);
    moveTimers(this.#timers, sums);
  }

  /** Takes the least to each sum that is stale. */
  reach(sums: readonly StageSum[]): void {
    const { before, rows } = this.#upcoming;
    for (let i = 0; i < rows.length; i++) {
      const sum = sums[rows[i]], next = before[i * WIDTH + NEXT];
      if (sum.stale && next < sum.next) sum.next = next;
    }
  }
}

function tellState({ state, stored }: Stored, numbers: Float64Array, at: number): boolean {
  if (stored === undefined || stored as unknown !== state) return false;
  stored.tellTo(numbers, at);
  return true;
}

function tellUpcoming(upcoming: Upcoming, numbers: Float64Array, at: number): boolean {
  upcoming.tellTo?.(numbers, at);
  return upcoming.tellTo !== undefined;
}

function moveStates({ all, rows, now, before, asked }: Parts<Stored>, sums: readonly StageSum[]): void {
  for (const i of asked) {
    now[i * STATE_NUMBERS + STATE_SIZE] = all[i].state.size;
    now[i * STATE_NUMBERS + STATE_MEAN] = NaN;
  }
  for (let i = 0; i < rows.length; i++) {
    const size = now[i * STATE_NUMBERS + STATE_SIZE], mean = now[i * STATE_NUMBERS + STATE_MEAN], at = i * WIDTH;
    // Before the first value is written the bytes are those of the bases.
    const bytes = Number.isNaN(mean) ? all[i].stored?.valueBytes ?? 0 : Math.round(mean * size);
    if (size === before[at + SIZE] && bytes === before[at + BYTES]) continue;
    const sum = sums[rows[i]];
    sum.keys += size - before[at + SIZE];
    sum.state_bytes += bytes - before[at + BYTES];
    before[at + SIZE] = size;
    before[at + BYTES] = bytes;
  }
}

function moveUpcoming({ all, rows, now, before, asked }: Parts<Upcoming>, sums: readonly StageSum[]): void {
  for (const i of asked) {
    now[i * WAIT_NUMBERS + WAIT_NEXT] = all[i].next;
    now[i * WAIT_NUMBERS + WAIT_SIZE] = all[i].size;
  }
  for (let i = 0; i < rows.length; i++) {
    const next = now[i * WAIT_NUMBERS + WAIT_NEXT], at = i * WIDTH;
    const waiting = next === Infinity ? 0 : now[i * WAIT_NUMBERS + WAIT_SIZE];
    if (next === before[at + NEXT] && waiting === before[at + WAITING]) continue;
    const sum = sums[rows[i]];
    sum.waiting += waiting - before[at + WAITING];
    if (before[at + NEXT] === sum.next && next > sum.next) sum.stale = true;
    if (next < sum.next) sum.next = next;
    before[at + NEXT] = next;
    before[at + WAITING] = waiting;
  }
}

function moveTimers({ all, rows, before }: Parts<Tally["timers"][number]>, sums: readonly StageSum[]): void {
  for (let i = 0; i < rows.length; i++) {
    const { size } = all[i], at = i * WIDTH;
    if (size === before[at]) continue;
    const sum = sums[rows[i]];
    sum.timers += size - before[at];
    sum.keys -= size - before[at];
    before[at] = size;
  }
}
