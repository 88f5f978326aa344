/**
 * Recovery from a failure that a record, a pane or a timer causes, when `onError` has a dead-letter sink. The effects
 * since the last cut are undone, the pipelines are subscribed anew, the records of the epoch are pushed again from
 * memory without the one at fault, and the record or pane at fault goes to the sink.
 *
 * The cost depends on what changed since the last cut; the state is not loaded again. Each round leaves one more record
 * or pane out, so recovery ends. When a failure shows only at the cut, {@linkcode Tracing} finds its cause, or
 * {@linkcode watchCalls} where the result of a call is the cause.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { PaneAtHand, TaskFailure } from "../operators/_task.ts";
import type { Blame, Journal } from "./journal.ts";
import type { Settings } from "./options.ts";
import type { OwnedTask } from "./owned_task.ts";
import { brief, undeliverable } from "./brief.ts";
import { writeLetter } from "./letters.ts";
import type { TaskRunner } from "./task_runner.ts";
import { Tracing } from "./tracing.ts";
import { isWatched, watchCalls } from "./watching.ts";

/** A failure and the record that was being pushed. */
interface Fault {
  readonly failure: TaskFailure;
  readonly record: InputRecord | undefined;
}

export class Recovery {
  constructor(readonly settings: Pick<Settings, "onError">) {}

  /** Handles a failure. Returns `false` when the task has to stop. */
  recover(owned: OwnedTask, failure: TaskFailure, record: InputRecord | undefined): boolean {
    const { runner } = owned;
    const { journal } = runner;
    if (this.settings.onError === undefined || journal === undefined) return false;
    let at: Fault | undefined = { failure, record };
    while (at !== undefined) {
      const known = blame(journal, at) || this.#trace(owned, journal, at);
      if (!known && (!isUntold(at) || isWatched(runner))) {
        runner.failedAt = at.record;
        return false;
      }
      undo(owned);
      journal.startAgain();
      runner.skipPane = (pane) => this.#skip(runner, pane);
      const { failure }: Fault = at;
      at = this.#pushAgain(owned, journal, 0);
      if (runner.task.failure !== undefined && at === undefined) return false;
      if (known || watchCalls(owned)) continue;
      runner.task.fail(failure.error, failure.stage, failure.kind);
      return false;
    }
    runner.changed = true;
    return true;
  }

  /**
   * Pushes the records of the epoch again, from index `from` on, and writes those at fault to the sink. When a stage is full, the rest
   * waits until it is not, and no epoch is cut until then. Returns the next failure.
   */
  #pushAgain(owned: OwnedTask, journal: Journal, from: number): Fault | undefined {
    const { runner } = owned;
    const { pushed, records } = journal;
    for (let at = from; at < pushed.length; at++) {
      if (runner.task.full > 0) {
        runner.again = () => {
          runner.again = undefined;
          return this.#pushAgain(owned, journal, at)?.record ?? runner.failedAt;
        };
        return undefined;
      }
      const { record, queue } = pushed[at];
      const blamed = records.get(record);
      if (blamed !== undefined) {
        if (queue.counts) runner.count("records_in");
        if (queue.hop) runner.count(`read:${queue.topic}`);
        runner.hops?.leaveOut(queue, record);
        runner.count("dead");
        if (!this.#refuse(owned, record, blamed)) return undefined;
        continue;
      }
      runner.pushAgain(pushed[at]);
      const { failure } = runner.task;
      if (failure !== undefined) return { failure, record };
    }
    return undefined;
  }

  /** Handles a failure without a current record or pane: one of the records or panes of the epoch may be the cause. */
  #trace(owned: OwnedTask, journal: Journal, { failure, record }: Fault): boolean {
    if (!isUntold({ failure, record })) return false;
    const { runner } = owned;
    if (new Tracing(owned, journal, () => undo(owned)).blameCause()) return true;
    // The search subscribed the pipelines anew and cleared the failure, so it is set again.
    runner.task.fail(failure.error, failure.stage, failure.kind);
    return false;
  }

  /** Writes the record at fault to the sink. The task stops when it cannot be written. */
  #refuse({ runner }: OwnedTask, record: InputRecord, { stage, reason }: Blame): boolean {
    try {
      runner.outputs.refuse("failed", record, { stage, reason });
      return true;
    } catch (error) {
      runner.failedAt = record;
      runner.task.fail(new TypeError(undeliverable(reason, error as Error)), "", "misuse");
      return false;
    }
  }

  #skip(runner: TaskRunner, pane: PaneAtHand): boolean {
    const { journal } = runner;
    const blamed = journal?.blameOf(pane);
    if (journal === undefined || blamed === undefined) return false;
    journal.leftOut(pane);
    writeLetter(runner, pane, blamed);
    return true;
  }
}

/** Restores everything to the last cut, and subscribes the pipelines anew. */
function undo({ states, runner, committedClocks, committedCounters }: OwnedTask): void {
  states.undo();
  runner.rebind(committedClocks, committedCounters);
}

/** Whether neither a record nor a pane was at hand at a failure, as at a cut. */
function isUntold({ failure, record }: Fault): boolean {
  return record === undefined && failure.pane === undefined && !stops(failure);
}

/** Whether a failure must stop the job, whatever its policy is. */
function stops({ kind }: TaskFailure): boolean {
  return kind === "misuse" || kind === "call" || kind === "async";
}

/**
 * Marks the cause of a failure: the pane that fired, or the record that was pushed. A pipeline that is put together
 * wrongly has no such cause.
 */
function blame(journal: Journal, { failure, record }: Fault): boolean {
  const { pane, stage, error } = failure;
  if (stops(failure)) return false;
  const blamed = { stage, reason: brief(stage === "" ? error.message : `${stage}: ${error.message}`) };
  if (pane !== undefined) return journal.blamePane(pane, blamed);
  if (record === undefined || journal.records.has(record)) return false;
  journal.records.set(record, blamed);
  return true;
}
