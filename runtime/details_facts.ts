/**
 * What is known of the tasks of this worker, as of their last change. A task that has not changed since the last snapshot
 * costs next to nothing in the next one, and one that has changed only moves the sums.
 *
 * Invariant: what a task has counted and what its stages keep changes only while its runner is `changed`, or with a cut.
 *
 * @module
 */
import type { Task } from "../operators/_task.ts";
import type { ClockFacts } from "../operators/_time_facts.ts";
import type { DeadLetters } from "./details_dead.ts";
import { type LateSample, newestLate, newestOf } from "./details_late.ts";
import { clockHandlesOf } from "./details_live.ts";
import { renew, sumsOf, TaskStages } from "./details_stages.ts";
import type { StageSum } from "./details_sum.ts";
import type { InputQueue } from "./input_queue.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Counters } from "./task_runner.ts";

/** One task. */
export class TaskFacts {
  /** Its clocks, which tell how far they are at the moment of each question. */
  clocks: readonly ClockFacts[] = [];
  /** Its stages that keep state. */
  stages: TaskStages | undefined;
  /** Its newest late values. */
  late: readonly LateSample[] = [];
  /** The names of its counters, and how far each of them is. */
  names: string[] = [];
  counts: number[] = [];
  /** Its input records. */
  records = 0;
  /** How many of its values were late since the last cut. */
  uncutLate = 0;
  #clocks = -1;
  #lates = -1;
  #task: Task | undefined;
  #cuts = -1;
  /** Whether the task had changed since its last cut when it was looked at, and so may have changed more. */
  #open = true;

  /** Its dead letters; absent where it has no sink for them. */
  readonly letters: DeadLetters | undefined;

  constructor(readonly owned: OwnedTask) {
    this.letters = owned.runner.outputs.parts.letters;
  }

  /** Whether the task is as it was when it was looked at. */
  get current(): boolean {
    const { runner } = this.owned;
    return !this.#open && !runner.changed && this.#cuts === runner.cuts && this.#task === runner.task;
  }

  /** Looks at the task. Returns whether its pipelines were subscribed anew, so that its stages are others. */
  read(): boolean {
    const { number, runner, runner: { task }, states } = this.owned;
    const isNew = this.#task !== task, cut = this.#cuts !== runner.cuts;
    this.#open = runner.changed;
    this.#cuts = runner.cuts;
    if (isNew) {
      this.#task = task;
      this.#lates = this.#clocks = -1;
      this.stages = new TaskStages(task.tallies, states);
    }
    this.uncutLate = task.late;
    const lates = this.stages!.read(cut);
    if (lates !== this.#lates) this.late = newestLate({ task: number, tallies: task.tallies });
    this.#lates = lates;
    if (task.clocks.size !== this.#clocks) {
      this.#clocks = task.clocks.size;
      this.clocks = clockHandlesOf(task).map((clock) => clock.explain!());
    }
    return isNew;
  }
}

/** An input partition of a task, which is no hop. */
export interface QueueOfTask {
  readonly facts: TaskFacts;
  readonly queue: InputQueue;
}

/** All tasks of a worker. */
export class LiveFacts {
  /** The input partitions of all tasks. */
  queues: readonly QueueOfTask[] = [];
  /** The newest late values of all tasks; `undefined` where they must be found anew. */
  #late: readonly LateSample[] | undefined;
  #tasks: TaskFacts[] = [];
  /** The sums of the counters of all tasks. */
  readonly counters: Record<string, number> = Object.create(null);
  /** How many tasks had changed when they were looked at last. */
  looked = 0;

  /** The stages that keep state, over all tasks; `undefined` where other tasks or stages must be added up. */
  #sums: readonly StageSum[] | undefined;

  /** The stages that keep state, over the tasks as they were found last. */
  get stages(): readonly StageSum[] {
    if (this.#sums === undefined) this.#sums = sumsOf(this.#stages());
    else renew(this.#sums, this.#stages());
    return this.#sums;
  }

  /** The newest late values of all tasks, the newest first. */
  get late(): readonly LateSample[] {
    return this.#late ??= newestOf(this.#tasks.map(({ late }) => late));
  }

  /** The tasks as of now. */
  of(tasks: readonly OwnedTask[]): readonly TaskFacts[] {
    const same = tasks.length === this.#tasks.length && tasks.every((owned, at) => owned === this.#tasks[at].owned);
    if (!same) this.#follow(tasks);
    this.looked = 0;
    for (const facts of this.#tasks) {
      if (facts.current) continue;
      this.looked++;
      const { late } = facts;
      if (facts.read()) this.#sums = undefined;
      if (facts.late !== late) this.#late = undefined;
      this.#count(facts, facts.owned.runner.counters);
    }
    return this.#tasks;
  }

  *#stages(): Iterable<TaskStages> {
    for (const { stages } of this.#tasks) if (stages !== undefined) yield stages;
  }

  #follow(tasks: readonly OwnedTask[]): void {
    this.#sums = this.#late = undefined;
    const known = new Map(this.#tasks.map((facts) => [facts.owned, facts]));
    this.#tasks = tasks.map((owned) => known.get(owned) ?? new TaskFacts(owned));
    this.queues = this.#tasks.flatMap((facts) =>
      facts.owned.runner.queues.flatMap((queue): QueueOfTask[] => queue.hop ? [] : [{ facts, queue }])
    );
    for (const owned of tasks) known.delete(owned);
    for (const facts of known.values()) this.#count(facts, {});
  }

  /** The counters of a task are these now. Those of a task that has left, and of one that is undone, become less. */
  #count(facts: TaskFacts, now: Readonly<Counters>): void {
    const { names, counts } = facts, { counters } = this;
    facts.records = now.records_in ?? 0;
    let at = 0, isOther = false;
    // Counters are seldom added, and keep their order.
    for (const name in now) {
      if (name === names[at]) {
        const count = now[name], by = count - counts[at];
        if (by !== 0) counters[name] += by;
        counts[at++] = count;
      } else {
        isOther = true;
        break;
      }
    }
    if (at === names.length && !isOther) return;
    const all = Object.keys(now);
    for (let n = at; n < names.length; n++) counters[names[n]] -= counts[n];
    facts.names = all;
    facts.counts = Object.values(now);
    for (let n = at; n < all.length; n++) counters[all[n]] = (counters[all[n]] ?? 0) + facts.counts[n];
  }
}
