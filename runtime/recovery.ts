/**
 * Recovery from what a record, a pane or a timer makes impossible, where the user gave `onError` a dead-letter sink: the effects
 * since the last cut are undone, the pipelines are subscribed anew, the epoch's innocent records are pushed again from memory, and
 * what is to blame goes to the sink.
 *
 * It costs what changed since the last cut, not a reload of the state. Each round leaves one record or pane out, so it ends.
 * Where a failure shows only at the cut, {@linkcode Tracing} finds who is to blame for it.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { PaneAtHand, TaskFailure } from "../operators/_task.ts";
import type { Blame, Journal } from "./journal.ts";
import type { Settings } from "./options.ts";
import type { OwnedTask } from "./owned_task.ts";
import { brief } from "./brief.ts";
import { Tracing } from "./tracing.ts";

/** A failure and the record that was being pushed. */
interface Fault {
  readonly failure: TaskFailure;
  readonly record: InputRecord | undefined;
}

export class Recovery {
  constructor(readonly settings: Pick<Settings, "onError">) {}

  /** Deals with a failure. Returns `false` where the task has to stop. */
  recover(owned: OwnedTask, failure: TaskFailure, record: InputRecord | undefined): boolean {
    const { runner } = owned;
    const { journal } = runner;
    if (this.settings.onError === undefined || journal === undefined) return false;
    let at: Fault | undefined = { failure, record };
    while (at !== undefined) {
      if (!blame(journal, at) && !this.#trace(owned, journal, at)) {
        runner.failedAt = at.record;
        return false;
      }
      undo(owned);
      runner.skipPane = (pane) => this.#skip(owned, pane, journal);
      at = this.#pushAgain(owned, journal, 0);
      if (runner.task.failure !== undefined && at === undefined) return false;
    }
    runner.changed = true;
    return true;
  }

  /**
   * Pushes the innocent records again, from that one on, and writes the others to the sink. Where a stage is full, the rest follows when it
   * no longer is; until then there is no cut. Returns what fails next.
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
      const { queue, record } = pushed[at];
      const blamed = records.get(record);
      if (blamed !== undefined) {
        runner.count("records_in");
        runner.count("dead");
        if (!this.#refuse(owned, record, blamed)) return undefined;
        continue;
      }
      runner.pushAgain(queue, record);
      const { failure } = runner.task;
      if (failure !== undefined) return { failure, record };
    }
    return undefined;
  }

  /** A failure that no record and no pane was at hand for: of those that the epoch is made of, one may be the cause. */
  #trace(owned: OwnedTask, journal: Journal, { failure, record }: Fault): boolean {
    if (record !== undefined || failure.pane !== undefined || failure.kind === "misuse" || failure.kind === "async") {
      return false;
    }
    const { runner } = owned;
    if (new Tracing(owned, journal, () => undo(owned)).blameCause()) return true;
    // The search has subscribed the pipelines anew: they have failed all the same.
    runner.task.fail(failure.error, failure.stage, failure.kind);
    return false;
  }

  /** Writes what is to blame to the sink. One that cannot be written stops the task. */
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

  #skip({ runner }: OwnedTask, pane: PaneAtHand, journal: Journal): boolean {
    const blamed = journal.blameOf(pane);
    if (blamed === undefined) return false;
    runner.count("dead");
    try {
      runner.outputs.undelivered(pane, blamed);
    } catch (error) {
      runner.task.fail(new TypeError(undeliverable(blamed.reason, error as Error)), "", "misuse");
    }
    return true;
  }
}

/** Everything is as at the last cut, and the pipelines are subscribed anew. */
function undo({ states, runner, committedClocks, committedCounters }: OwnedTask): void {
  states.undo();
  runner.rebind(committedClocks, committedCounters);
}

function undeliverable(reason: string, error: Error): string {
  return `${reason}; and it cannot be a dead letter: ${
    brief(error.message)
  }. Give the dead-letter topic a larger limit, or correct ` +
    `what is refused`;
}

/** Finds what is to blame: the pane being fired, or the record being pushed. A pipeline that is put together wrongly is nobody's fault. */
function blame(journal: Journal, { failure, record }: Fault): boolean {
  const { pane, kind, stage, error } = failure;
  if (kind === "misuse" || kind === "async") return false;
  const blamed = { stage, reason: brief(stage === "" ? error.message : `${stage}: ${error.message}`) };
  if (pane !== undefined) return journal.blamePane(pane, blamed);
  if (record === undefined || journal.records.has(record)) return false;
  journal.records.set(record, blamed);
  return true;
}
