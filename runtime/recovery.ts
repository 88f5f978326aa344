/**
 * Recovery from a throwing function of the pipeline, where the user gave `onError` a dead-letter sink: the effects since the
 * last cut are undone, the pipelines are subscribed anew, the epoch's innocent records are pushed again from memory, and what is to
 * blame goes to the sink.
 *
 * It costs what changed since the last cut, not a reload of the state. Each round leaves one record or pane out, so it ends.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { PaneAtHand, TaskFailure } from "../operators/_task.ts";
import type { Settings } from "./options.ts";
import type { OwnedTask } from "./owned_task.ts";

interface Blamed {
  /** Why a record is left out, by record. */
  readonly records: Map<InputRecord, string>;
  /** Why a pane is passed over, by its identity. */
  readonly panes: Map<string, string>;
}

/** A failure and the record that was being pushed. */
interface Fault {
  readonly failure: TaskFailure;
  readonly record: InputRecord | undefined;
}

export class Recovery {
  constructor(readonly settings: Settings) {}

  /** Deals with a failure. Returns `false` where the task has to stop. */
  recover(owned: OwnedTask, failure: TaskFailure, record: InputRecord | undefined): boolean {
    if (this.settings.onError === undefined) return false;
    const { runner } = owned;
    const blamed: Blamed = { records: new Map(), panes: new Map() };
    let at: Fault | undefined = { failure, record };
    const replay = runner.journal ?? [];
    while (at !== undefined) {
      if (!blame(blamed, at)) return false;
      owned.states.undo();
      runner.rebind(owned.committedClocks, owned.committedCounters);
      runner.skipPane = (pane) => this.#skip(owned, pane, blamed);
      at = undefined;
      for (const { queue, record } of replay) {
        const reason = blamed.records.get(record);
        if (reason !== undefined) {
          runner.count("records_in");
          runner.count("dead");
          if (!this.#refuse(owned, record, reason)) return false;
          continue;
        }
        runner.pushAgain(queue, record);
        if (runner.task.failure !== undefined) {
          at = { failure: runner.task.failure, record };
          break;
        }
      }
    }
    runner.changed = true;
    return true;
  }

  /** Writes what is to blame to the sink. One that cannot be written stops the task. */
  #refuse({ runner }: OwnedTask, record: InputRecord, reason: string): boolean {
    try {
      runner.outputs.refuse("failed", record, reason);
      return true;
    } catch (error) {
      runner.task.fail(
        new TypeError(`${reason}; and it cannot be a dead letter: ${(error as Error).message}`),
        "",
        "misuse",
      );
      return false;
    }
  }

  #skip(owned: OwnedTask, pane: PaneAtHand, blamed: Blamed): boolean {
    const reason = blamed.panes.get(identify(pane));
    if (reason === undefined) return false;
    owned.runner.count("dead");
    owned.runner.outputs.undelivered(pane, reason);
    return true;
  }
}

/** Finds what is to blame. A pipeline that is put together wrongly, or a result that no sink can encode, is nobody's. */
function blame(blamed: Blamed, { failure, record }: Fault): boolean {
  const { pane } = failure;
  const reason = `${failure.stage}: ${failure.error.message}`;
  if (pane !== undefined && (failure.kind === "firing" || failure.kind === "result")) {
    if (blamed.panes.has(identify(pane))) return false;
    blamed.panes.set(identify(pane), reason);
    return true;
  }
  if (failure.kind !== "user" || record === undefined || blamed.records.has(record)) return false;
  blamed.records.set(record, reason);
  return true;
}

function identify({ state, key, namespace, index }: PaneAtHand): string {
  return JSON.stringify([state, typeof key, String(key), namespace, index]);
}
