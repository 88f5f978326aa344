/**
 * The epochs of a task after their cut: cut -> committed -> sending -> visible.
 *
 * Invariants:
 * - only committed epochs are sent, in order, and an epoch leaves the outbox when it is visible;
 * - `reached` never goes back, and never passes a waiting epoch.
 *
 * @module
 */
import type { DeliveredEpoch, DeliveredTask, Published } from "../connectors/connector.ts";
import { RECORD_OBJECTS } from "./limits.ts";
import type { EpochCount } from "./process_counts.ts";
import { type Publication, resolvePublication } from "../state/decide.ts";

/** Results of an epoch that are to be published. */
export interface Outgoing {
  readonly rows: DeliveredEpoch["rows"];
  readonly bytes: number;
  /** Timestamps of some of its input records. */
  readonly samples: readonly number[];
  /** What it adds to the counts of this process; absent where another owner has cut it. */
  readonly counts?: readonly EpochCount[];
}

/** Results of a committed epoch. */
export interface OutgoingEpoch extends Outgoing, DeliveredEpoch {
  /** The number of the commit in this process; absent where another owner has committed it. */
  readonly commit?: number;
  /** Whether all of it goes through hops to tasks that have it already. @default false */
  readonly handed?: boolean;
}

export class Outbox {
  #cut: Outgoing | undefined;
  #waiting: readonly OutgoingEpoch[] = [];
  #sending = 0;
  #reached: Published;
  /** Called with the samples of each epoch that has become visible. */
  onVisible: (samples: readonly number[]) => void = () => {};

  /** @param reached how far the task is published when nothing waits */
  constructor(reached: Published) {
    this.#reached = reached;
  }

  /** How far results are visible. */
  get reached(): Published {
    return this.#reached;
  }

  /** Committed epochs with results, in order. */
  get waiting(): readonly OutgoingEpoch[] {
    return this.#waiting;
  }

  /** Whether every result that was committed is visible. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether an epoch is cut, and it is not known yet whether it is committed. */
  get inDoubt(): boolean {
    return this.#cut !== undefined;
  }

  /** How many waiting epochs are not in the transaction under way. */
  get unsent(): number {
    return this.#waiting.length - this.#sending;
  }

  /** The memory of epochs that are committed and not yet visible, in bytes. */
  get backlog(): number {
    let bytes = 0;
    for (const epoch of this.#waiting) bytes += epoch.bytes + epoch.rows.length * RECORD_OBJECTS;
    return bytes;
  }

  /** Takes the results of an epoch that was cut. Its commit either succeeds or is fenced. */
  cut(outgoing: Outgoing): void {
    this.#cut = outgoing;
  }

  /** Whether somebody waits for what is committed and not yet visible. Nobody does for what was handed over. */
  get awaited(): boolean {
    return this.#waiting.some(({ handed }) => handed !== true);
  }

  /** The cut epoch is committed under this number, by a commit of this process. */
  committed(epoch: number, commit?: number, handed = false): void {
    const cut = this.#cut!;
    this.#cut = undefined;
    if (epoch <= this.#reached.epoch) {
      throw new Error(`Epoch ${epoch} was taken for published before it was committed`);
    }
    if (cut.rows.length > 0) this.#waiting = [...this.#waiting, { ...cut, epoch, commit, handed }];
    else {
      if (this.empty) this.#reached = { ...this.#reached, epoch, rows: 0 };
      this.onVisible(cut.samples);
    }
  }

  /** The cut epoch was not committed, because another owner has the task. */
  fenced(): void {
    this.#cut = undefined;
  }

  /** Restores the epochs that the head holds and that may not be visible yet. To be called before the first cut. */
  restore(epochs: readonly OutgoingEpoch[]): void {
    this.#waiting = epochs;
    if (epochs.length > 0) this.#reached = { ...this.#reached, epoch: epochs[0].epoch - 1, rows: 0 };
  }

  /** Hands all waiting epochs to a transaction. `over` is called when the transaction has ended, with any outcome. */
  send(task: number): DeliveredTask {
    this.#sending = this.#waiting.length;
    return { task, from: this.#reached, epochs: this.#waiting };
  }

  over(): void {
    this.#sending = 0;
  }

  /** Results are visible up to this point. Removes those epochs. */
  visible(reached: Published): void {
    const out = this.#waiting.filter(({ epoch }) => epoch <= reached.epoch);
    this.#waiting = this.#waiting.slice(out.length);
    // Does not use the head's epoch: while other tasks are being committed, the head may be ahead of the waiting
    // epochs.
    this.#reached = reached;
    for (const { samples } of out) this.onVisible(samples);
  }

  /** What a marker says of a task whose head is at `epoch`. Removes the epochs that the marker shows as visible. */
  resolve(epoch: number, marker: Published | undefined): Publication<OutgoingEpoch> {
    const found = resolvePublication({ epoch, outbox: this.#waiting }, marker);
    if (found.kind !== "known") return found;
    const moved = Math.max(this.#reached.moved, marker!.moved);
    const reached = { epoch: found.published, rows: found.rows, moved };
    if (this.empty) this.#reached = { ...this.#reached, moved };
    else this.visible(reached);
    return found;
  }
}
