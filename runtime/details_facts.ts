/**
 * What is known of the tasks of this worker, as of their last change. A task that has not changed since the last snapshot
 * costs next to nothing in the next one.
 *
 * Invariant: what a task has counted, what its stages keep and how far its clocks are changes only while its runner is
 * `changed`, or with a cut.
 *
 * @module
 */
import type { ClockFacts } from "../operators/_time_facts.ts";
import type { Task } from "../operators/_task.ts";
import { type LateSample, newestLate } from "./details_late.ts";
import { clocksOf } from "./details_live.ts";
import { DetailsRow } from "./details_stages.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Counters } from "./task_runner.ts";

/** One task. */
export class TaskFacts {
  clocks: readonly ClockFacts[] = [];
  /** Its stages that keep state. */
  rows: readonly DetailsRow[] = [];
  /** Its newest late values. */
  late: readonly LateSample[] = [];
  counters: Readonly<Counters> = {};
  #lates = -1;
  #task: Task | undefined;
  #cuts = -1;
  /** Whether the task had changed since its last cut when it was looked at, and so may have changed more. */
  #open = true;

  constructor(readonly owned: OwnedTask) {}

  /** Whether the task is as it was when it was looked at. */
  get current(): boolean {
    const { runner } = this.owned;
    return !this.#open && !runner.changed && this.#cuts === runner.cuts && this.#task === runner.task;
  }

  /** Looks at the task. */
  read(): void {
    const { owned, owned: { number, runner, runner: { task }, states } } = this;
    this.#open = runner.changed;
    this.#cuts = runner.cuts;
    if (this.#task !== task) {
      this.#task = task;
      this.#lates = -1;
      this.rows = [...task.tallies].map((tally) => new DetailsRow(tally.name!, tally.operator, tally));
    }
    let lates = 0;
    for (const row of this.rows) {
      row.read(states);
      lates += row.late;
    }
    if (lates !== this.#lates) this.late = newestLate({ task: number, tallies: task.tallies });
    this.#lates = lates;
    this.clocks = clocksOf(owned);
    this.counters = { ...runner.counters };
  }
}

/** All tasks of a worker. */
export class LiveFacts {
  #tasks: TaskFacts[] = [];
  /** The sums of the counters of all tasks. */
  readonly counters: Record<string, number> = Object.create(null);

  /** The tasks as of now. */
  of(tasks: readonly OwnedTask[]): readonly TaskFacts[] {
    const same = tasks.length === this.#tasks.length && tasks.every((owned, at) => owned === this.#tasks[at].owned);
    if (!same) this.#follow(tasks);
    for (const facts of this.#tasks) {
      if (facts.current) continue;
      this.#count(facts.counters, -1);
      facts.read();
      this.#count(facts.counters, 1);
    }
    return this.#tasks;
  }

  #follow(tasks: readonly OwnedTask[]): void {
    const known = new Map(this.#tasks.map((facts) => [facts.owned, facts]));
    this.#tasks = tasks.map((owned) => known.get(owned) ?? new TaskFacts(owned));
    for (const owned of tasks) known.delete(owned);
    for (const { counters } of known.values()) this.#count(counters, -1);
  }

  #count(counters: Readonly<Counters>, sign: 1 | -1): void {
    for (const name of Object.keys(counters)) this.counters[name] = (this.counters[name] ?? 0) + sign * counters[name];
  }
}
