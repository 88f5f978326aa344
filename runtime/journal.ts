/**
 * The records that a task has processed since its last cut. They are kept when a policy may need to process the epoch
 * again without the record or pane that caused a failure.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { PaneAtHand } from "../operators/_task.ts";
import type { InputQueue } from "./input_queue.ts";

/** A pushed record, and the queue that it came from. */
export interface Pushed {
  readonly queue: InputQueue;
  readonly record: InputRecord;
  /** The wall clock when it was pushed. It is pushed again with the same one, so that timers get the same times. */
  readonly now: number;
}

/** Why a record or a pane is left out. */
export interface Blame {
  /** The stage that failed, or "". */
  readonly stage: string;
  readonly reason: string;
}

/** The records of the current epoch, in order, and what is left out of it. */
export class Journal {
  readonly pushed: Pushed[] = [];
  /** Why each of these records is left out. */
  readonly records: Map<InputRecord, Blame> = new Map();
  readonly #panes = new Map<string, Blame>();
  /** The panes that have come again since, and were left out. */
  readonly #leftOut = new Set<string>();

  /** Whether a pane is left out. */
  get blamesPanes(): boolean {
    return this.#panes.size > 0;
  }

  /**
   * The journal of the next epoch. While a stage holds something back, it takes over the panes that have not come again:
   * the result of a call, and a window that waits for it, may come in a later epoch than the one in which it failed.
   */
  next(held: boolean): Journal {
    const next = new Journal();
    if (!held) return next;
    for (const [identity, blame] of this.#panes) if (!this.#leftOut.has(identity)) next.#panes.set(identity, blame);
    return next;
  }

  /** The epoch is processed again from its start. */
  startAgain(): void {
    this.#leftOut.clear();
  }

  /** A pane has come again and was left out. */
  leftOut(pane: PaneAtHand): void {
    this.#leftOut.add(identify(pane));
  }

  /** Leaves a pane out. Returns `false` when it is left out already. */
  blamePane(pane: PaneAtHand, blame: Blame): boolean {
    const identity = identify(pane);
    if (this.#panes.has(identity)) return false;
    this.#panes.set(identity, blame);
    return true;
  }

  /** Why a pane is left out; `undefined` when it is not. */
  blameOf(pane: PaneAtHand): Blame | undefined {
    return this.#panes.size === 0 ? undefined : this.#panes.get(identify(pane));
  }
}

function identify({ state, key, namespace, index }: PaneAtHand): string {
  return JSON.stringify([state, typeof key, String(key), namespace, index]);
}
