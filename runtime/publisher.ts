/**
 * The publisher: makes committed results visible, atomically with the number of their epoch, the marker.
 *
 * Invariants:
 * - only what is committed is published, each task's epochs in their order;
 * - a life of an owner ends with any doubt: it is dropped, and the one order begins anew - initialise (which fences its former
 *   self), read the heads and drop every task that is no longer ours, read the markers, publish what is missing in that life only;
 * - a publisher that is fenced is not therefore fenced as an owner.
 *
 * Why it holds: whoever takes a task claims its head before it fences the publishers that the head names, and reads the marker
 * only after that. So an old publisher either had committed, and the marker shows it, or can no longer commit.
 *
 * @module
 */
import type { AfterCommit, DeliveredEpoch, DeliveryLife, OutputRecord } from "../connectors/connector.ts";
import type { Clock } from "../base/clock.ts";
import { Tries } from "./tries.ts";
import { FencedError } from "../state/mod.ts";
import { TRIES_UNTOLD } from "./limits.ts";

/** An epoch that is committed and not yet published. */
export interface WaitingEpoch {
  readonly epoch: number;
  readonly records: readonly OutputRecord[];
  readonly bytes: number;
  /** Timestamps of some of its input records. */
  readonly samples: readonly number[];
}

/** A task as the publisher sees it. */
export interface PublishedTask {
  readonly number: number;
  /** Committed epochs with results, in order. */
  readonly waiting: WaitingEpoch[];
  /** How many of them are in the transaction under way. */
  sending: number;
  /** The task is no longer ours. */
  lost: boolean;
  /** Reads the head: `false` when another owner has it. */
  verify(): Promise<boolean>;
  /** Everything up to this epoch is visible. */
  published(epochs: readonly WaitingEpoch[]): void;
  /** Its marker says this; `undefined` when there is none. Throws where that is no consequence of what the head says. */
  checkMarker(marker: number | undefined): void;
}

/** What a publisher is made of. */
export interface PublisherParts {
  readonly delivery: AfterCommit;
  /** Who delivers: `<job>.<random per process>`. */
  readonly owner: string;
  readonly clock: Clock;
  readonly giveUpAfter: number;
  readonly trouble: (error: Error | undefined) => void;
}

export class Publisher {
  #life: DeliveryLife | undefined;
  /** What was asked for last, done or not. */
  #last: Promise<void> = Promise.resolve();
  #abandoned = false;
  /** Whose results it publishes: all of them are looked at when a life begins, whoever begins it. */
  #tasks: () => readonly PublishedTask[] = () => [];

  constructor(readonly parts: PublisherParts) {}

  /** Publishes everything that waits at this moment. Resolves when it is visible; rejects when it was tried for too long. */
  publish(tasks: () => readonly PublishedTask[]): Promise<void> {
    this.#tasks = tasks;
    return this.#inTurn(() => this.#publish(tasks));
  }

  /**
   * Publishes a marker alone: what the head of a task without one begins with. Rejects with a `FencedError` when another owner has
   * taken the task meanwhile: it has a marker then, which must not be moved back.
   */
  publishMarker(task: PublishedTask, epoch: number): Promise<void> {
    return this.#inTurn(() => this.#publishMarker(task, epoch));
  }

  /**
   * A life has one transaction under way; and after a doubt its next life must begin with the one order, so nobody else may
   * begin it meanwhile.
   */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #publish(tasks: () => readonly PublishedTask[]): Promise<void> {
    const tries = new Tries(this.parts.clock, this.parts.giveUpAfter);
    for (;;) {
      try {
        this.#life ??= await this.#begin(tasks());
        await this.#send(this.#life, tasks().filter((task) => !task.lost));
        if (tries.count > TRIES_UNTOLD) this.parts.trouble(undefined);
        return;
      } catch (error) {
        await this.#drop();
        if (error instanceof MarkerError || this.#abandoned) throw error;
        if (tries.count === TRIES_UNTOLD) this.parts.trouble(error as Error);
        await tries.wait(error as Error);
      }
    }
  }

  async #publishMarker(task: PublishedTask, epoch: number): Promise<void> {
    const tries = new Tries(this.parts.clock, this.parts.giveUpAfter);
    while (!task.lost) {
      try {
        this.#life ??= await this.#begin([...this.#tasks(), task]);
        if (!task.lost) return await this.#life.publish([{ task: task.number, epoch, rows: [] }]);
      } catch (error) {
        await this.#drop();
        if (error instanceof MarkerError || this.#abandoned) throw error;
        await tries.wait(error as Error);
      }
    }
    throw new FencedError(`Task ${task.number} has another owner`);
  }

  /** Tries no more: what is not published stays in the heads, for the next owner. */
  abandon(): void {
    this.#abandoned = true;
  }

  async close(): Promise<void> {
    await this.#drop();
  }

  /** The one order. */
  async #begin(tasks: readonly PublishedTask[]): Promise<DeliveryLife> {
    const { delivery, owner } = this.parts;
    const life = await delivery.open(owner);
    try {
      for (const task of tasks) if (!task.lost && !(await task.verify())) task.lost = true;
      const mine = tasks.filter((task) => !task.lost && task.waiting.length > 0);
      if (mine.length > 0) {
        const markers = await delivery.published(mine.map((task) => task.number));
        for (const task of mine) if (!(await settle(task, markers.get(task.number)))) task.lost = true;
      }
      return life;
    } catch (error) {
      await life.close().catch(() => {});
      throw error;
    }
  }

  async #send(life: DeliveryLife, tasks: readonly PublishedTask[]): Promise<void> {
    const delivered: DeliveredEpoch[] = [];
    const sent: { task: PublishedTask; epochs: WaitingEpoch[] }[] = [];
    for (const task of tasks) {
      if (task.waiting.length === 0) continue;
      const epochs = task.waiting.slice();
      for (const { epoch, records } of epochs) delivered.push({ task: task.number, epoch, rows: records });
      task.sending = epochs.length;
      sent.push({ task, epochs });
    }
    if (sent.length === 0) return;
    try {
      await life.publish(delivered);
    } finally {
      for (const { task } of sent) task.sending = 0;
    }
    for (const { task, epochs } of sent) {
      task.waiting.splice(0, epochs.length);
      task.published(epochs);
    }
  }

  async #drop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    // Its outcome is in doubt already, so how it closes says nothing more.
    await life?.close().catch(() => {});
  }
}

/** What the marker says contradicts the head; nothing is guessed. */
export class MarkerError extends Error {
  override name = "MarkerError";
}

/**
 * Forgets the epochs that the marker shows as published. Returns `false` where another owner has the task: then its marker is that
 * one's, and says nothing about a head that is not read again.
 *
 * @throws {MarkerError} when the marker contradicts the head
 */
export async function settle(task: PublishedTask, marker: number | undefined): Promise<boolean> {
  try {
    task.checkMarker(marker);
  } catch (error) {
    if (error instanceof MarkerError && !(await task.verify())) return false;
    throw error;
  }
  const visible = task.waiting.filter(({ epoch }) => epoch <= marker!);
  task.waiting.splice(0, visible.length);
  if (visible.length > 0) task.published(visible);
  return true;
}
