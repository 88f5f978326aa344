/**
 * Finds the cause of a failure that shows only at the cut: a value that a state cannot store, or a result that fails
 * when `emit: "latest"` emits it. The epoch is processed again up to one of its records and then cut without a commit,
 * until the first record is found after which the cut fails. When that record fired windows, the pane is found in the
 * same way.
 *
 * The search halves the range, so an epoch of n records is processed again log n times and not n times.
 *
 * @module
 */
import type { PaneAtHand } from "../operators/_task.ts";
import type { Blame, Journal } from "./journal.ts";
import type { OwnedTask } from "./owned_task.ts";
import { brief } from "./brief.ts";

/** The outcome of processing a part of an epoch. */
interface Trial {
  /** Why this part cannot be cut; `undefined` when it can. */
  readonly blame: Blame | undefined;
  /** The panes that the last event of this part fired. */
  readonly panes: readonly PaneAtHand[];
}

export class Tracing {
  /**
   * How many events the epoch has. The last one is not a record: it is the last tick, and the end of the input if it
   * was reached.
   */
  readonly #events: number;
  readonly #ended: boolean;

  /** @param undo restores everything to the last cut */
  constructor(readonly owned: OwnedTask, readonly journal: Journal, readonly undo: () => void) {
    this.#events = journal.pushed.length + 1;
    this.#ended = owned.runner.ended;
  }

  /**
   * Finds a record or a pane to leave out, so that the epoch can be cut or has one cause of failure less. Returns
   * `false` when it finds none.
   */
  blameCause(): boolean {
    const whole = this.#try(this.#events);
    if (whole.blame === undefined || this.#try(0).blame !== undefined) return false;
    const event = firstFailing(0, this.#events, (count) => this.#try(count).blame !== undefined);
    const { blame, panes } = this.#try(event);
    if (blame === undefined) return false;
    if (panes.length > 0 && this.#try(event, 0).blame === undefined) {
      const pane = firstFailing(0, panes.length, (count) => this.#try(event, count).blame !== undefined);
      return this.journal.blamePane(panes[pane - 1], blame);
    }
    const pushed = this.journal.pushed[event - 1];
    if (pushed === undefined || this.journal.records.has(pushed.record)) return false;
    this.journal.records.set(pushed.record, blame);
    return true;
  }

  /**
   * Processes the epoch again up to this event, fires at most this many of the event's panes, and cuts without a
   * commit.
   */
  #try(events: number, most = Infinity): Trial {
    const { runner } = this.owned;
    const { pushed, records } = this.journal;
    const panes: PaneAtHand[] = [];
    this.undo();
    runner.skipPane = (pane) => this.journal.blameOf(pane) !== undefined;
    const last = () => {
      runner.skipPane = (pane) => {
        if (this.journal.blameOf(pane) !== undefined) return true;
        return panes.push(pane) > most;
      };
    };
    for (let at = 0; at < Math.min(events, pushed.length); at++) {
      if (at === events - 1) last();
      const { queue, record } = pushed[at];
      if (records.has(record)) runner.hops?.leaveOut(queue, record);
      else runner.pushAgain(pushed[at]);
      if (runner.task.failure !== undefined) break;
    }
    if (events === this.#events) {
      last();
      runner.repeat("tick");
      if (this.#ended) runner.repeat("end");
    }
    runner.repeat("cut");
    return { blame: this.#refusal(), panes };
  }

  #refusal(): Blame | undefined {
    const { runner, states } = this.owned;
    const { failure } = runner.task;
    if (failure !== undefined) {
      return { stage: failure.stage, reason: brief(`${failure.stage}: ${failure.error.message}`) };
    }
    try {
      states.assertStorable();
      return undefined;
    } catch (error) {
      return { stage: "", reason: brief((error as Error).message) };
    }
  }
}

/** The lowest number above `good` that fails. `bad` fails. */
function firstFailing(good: number, bad: number, fails: (count: number) => boolean): number {
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (fails(middle)) bad = middle;
    else good = middle;
  }
  return bad;
}
