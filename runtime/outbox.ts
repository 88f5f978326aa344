/**
 * The epochs of a task after their cut: cut -> committed -> sending -> visible.
 *
 * Invariants:
 * - only what is committed is sent, in the order of epochs, and it leaves when it is visible;
 * - `reached` never goes back, and never passes an epoch that waits.
 *
 * @module
 */
import type { DeliveredEpoch, DeliveredTask, Published } from "../connectors/connector.ts";
import { RECORD_OBJECTS } from "./limits.ts";
import { type Publication, resolvePublication } from "../state/decide.ts";

/** Results of an epoch on their way out. */
export interface Outgoing {
  readonly rows: DeliveredEpoch["rows"];
  readonly bytes: number;
  /** Timestamps of some of its input records. */
  readonly samples: readonly number[];
}

/** The same, of an epoch that is committed. */
export interface OutgoingEpoch extends Outgoing, DeliveredEpoch {}

export class Outbox {
  #cut: Outgoing | undefined;
  #waiting: readonly OutgoingEpoch[] = [];
  #sending = 0;
  #reached: Published;
  /** Told what has become visible. */
  onVisible: (samples: readonly number[]) => void = () => {};

  /** @param reached how far a task is published that has nothing waiting */
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

  /** Whether an epoch is cut, and nobody knows yet whether it is committed. */
  get inDoubt(): boolean {
    return this.#cut !== undefined;
  }

  /** How many epochs wait that are not in the transaction under way. */
  get unsent(): number {
    return this.#waiting.length - this.#sending;
  }

  /** The memory that epochs hold which are committed and not yet visible, in bytes. */
  get backlog(): number {
    let bytes = 0;
    for (const epoch of this.#waiting) bytes += epoch.bytes + epoch.rows.length * RECORD_OBJECTS;
    return bytes;
  }

  /** An epoch is cut, and will be committed or never be. */
  cut(outgoing: Outgoing): void {
    this.#cut = outgoing;
  }

  /** What was cut is committed, as this epoch. */
  committed(epoch: number): void {
    const cut = this.#cut!;
    this.#cut = undefined;
    if (epoch <= this.#reached.epoch) {
      throw new Error(`Epoch ${epoch} was taken for published before it was committed`);
    }
    if (cut.rows.length > 0) this.#waiting = [...this.#waiting, { ...cut, epoch }];
    else {
      if (this.empty) this.#reached = { ...this.#reached, epoch, rows: 0 };
      this.onVisible(cut.samples);
    }
  }

  /** What was cut belongs to a task that another owner has: it was not committed. */
  fenced(): void {
    this.#cut = undefined;
  }

  /** What the head holds and perhaps no reader has seen yet. Before anything is cut. */
  restore(epochs: readonly OutgoingEpoch[]): void {
    this.#waiting = epochs;
    if (epochs.length > 0) this.#reached = { ...this.#reached, epoch: epochs[0].epoch - 1, rows: 0 };
  }

  /** Everything that waits goes into a transaction; `over` says that it has ended, however. */
  send(task: number): DeliveredTask {
    this.#sending = this.#waiting.length;
    return { task, from: this.#reached, epochs: this.#waiting };
  }

  over(): void {
    this.#sending = 0;
  }

  /** Results are visible up to there. */
  visible(reached: Published): void {
    const out = this.#waiting.filter(({ epoch }) => epoch <= reached.epoch);
    this.#waiting = this.#waiting.slice(out.length);
    // Never the head's epoch: while the commit of other tasks is under way, the head may be ahead of what waits here.
    this.#reached = reached;
    for (const { samples } of out) this.onVisible(samples);
  }

  /** What a marker says of a task whose head is at `epoch`. What it shows as visible has left the outbox then. */
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
