/**
 * What a task has done since its last cut, kept where a policy may want it done again without what is to blame.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { PaneAtHand } from "../operators/_task.ts";
import type { InputQueue } from "./input_queue.ts";

/** A record that was pushed, and the queue that it came from. */
export interface Pushed {
  readonly queue: InputQueue;
  readonly record: InputRecord;
}

/** Why something is left out. */
export interface Blame {
  /** The stage that could not go on, or "". */
  readonly stage: string;
  readonly reason: string;
}

/** The records of the epoch in the making, in their order, and what of it is left out. */
export class Journal {
  readonly pushed: Pushed[] = [];
  /** Why a record is left out, by record. */
  readonly records: Map<InputRecord, Blame> = new Map();
  readonly #panes = new Map<string, Blame>();

  /** Leaves a pane out. Returns `false` where it is left out already. */
  blamePane(pane: PaneAtHand, blame: Blame): boolean {
    const identity = identify(pane);
    if (this.#panes.has(identity)) return false;
    this.#panes.set(identity, blame);
    return true;
  }

  /** Why a pane is left out, or `undefined`. */
  blameOf(pane: PaneAtHand): Blame | undefined {
    return this.#panes.size === 0 ? undefined : this.#panes.get(identify(pane));
  }
}

function identify({ state, key, namespace, index }: PaneAtHand): string {
  return JSON.stringify([state, typeof key, String(key), namespace, index]);
}
