/**
 * The publisher: makes committed results visible, atomically with the number of their epoch, which is the marker.
 *
 * Invariants:
 * - only committed epochs are published, and those of a task in order;
 * - a life of an owner ends when the outcome of a transaction is in doubt. The next life follows one order: initialise
 *   (which fences the earlier life), read the heads and drop every task that has another owner, read the markers, and
 *   publish only what is missing, in this life;
 * - a fenced publisher may still own its tasks: only a head says that a task has another owner;
 * - a record that is refused for good is not tried again: it goes to the sink for unpublishable results, or the job
 *   ends with an error.
 *
 * Why this is safe: a new owner claims the head of a task before it fences the publishers that the head names, and
 * reads the marker only after that. So an old publisher has either committed, and the marker shows it, or can no longer
 * commit.
 *
 * @module
 */
import {
  type AfterCommit,
  type DeliveredTask,
  type DeliveryLife,
  type LetterMaker,
  type Published,
  RefusedError,
} from "../connectors/connector.ts";
import type { Clock } from "../base/clock.ts";
import { FencedError } from "../state/mod.ts";
import { TOLD_AFTER_MS, TRIES_UNTOLD } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { Tries } from "./tries.ts";

/** A task as the publisher sees it. */
export interface PublishedTask {
  readonly number: number;
  /** Its epochs that are not yet visible. */
  readonly outbox: Outbox;
  /** Whether the task has another owner. */
  readonly lost: boolean;
  /** Called when another owner has the task. */
  lose(): void;
  /** Reads the head: `false` when another owner has it. */
  verify(): Promise<boolean>;
  /** Called when its results are visible up to this point. */
  visible(reached: Published): void;
  /** Applies the task's marker; `undefined` when there is none. Throws when the marker contradicts the head. */
  resolve(marker: Published | undefined): void;
}

/** What a publisher needs. */
export interface PublisherParts {
  readonly delivery: AfterCommit;
  /** The owner's name: `<job>.<random per process>`. */
  readonly owner: string;
  readonly clock: Clock;
  readonly giveUpAfter: number;
  readonly trouble: (error: Error | undefined) => void;
  /** Makes the record that replaces a result which is refused for good. Without it the job ends. */
  readonly letter?: LetterMaker;
  /** Called with what is about to be published. */
  readonly sending?: (outboxes: readonly Outbox[]) => void;
}

export class Publisher {
  #life: DeliveryLife | undefined;
  /** The last work that was requested, whether it is done or not. */
  #last: Promise<void> = Promise.resolve();
  #abandoned = false;
  readonly #abandoning = new AbortController();
  /** The tasks to publish. A new life reads the heads of all of them, whichever work begins it. */
  #tasks: () => readonly PublishedTask[] = () => [];

  constructor(readonly parts: PublisherParts) {}

  /** Begins with a life in which nothing was published. To be called before there is any task. */
  begin(life: DeliveryLife): void {
    this.#life = life;
  }

  /**
   * Publishes the waiting epochs, as many as fit into one transaction. Resolves when they are visible. Rejects when the
   * time limit for tries is over.
   */
  publish(tasks: () => readonly PublishedTask[]): Promise<void> {
    this.#tasks = tasks;
    return this.#inTurn(() => this.#persist(tasks, (life) => this.#send(life, tasks().filter((task) => !task.lost))));
  }

  /**
   * Publishes a marker alone: the first marker of a task that has none. Rejects with a `FencedError` when another owner
   * has taken the task meanwhile. The task then has a marker of that owner, which must not be moved back.
   */
  publishMarker(task: PublishedTask, epoch: number): Promise<void> {
    return this.#inTurn(() => this.#publishMarker(task, epoch));
  }

  /**
   * Runs work one after the other. A life has one transaction under way; after a doubt the next life must begin in its
   * order, and no other work may begin a life meanwhile.
   */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #publishMarker(task: PublishedTask, epoch: number): Promise<void> {
    const { number, outbox: { reached } } = task;
    await this.#persist(() => [...this.#tasks(), task], async (life) => {
      if (task.lost) throw new LostError(`Task ${number} has another owner`);
      await life.publish([{ task: number, from: reached, epochs: [{ epoch, rows: [] }] }]);
    });
  }

  /** Runs work in a life. Begins a new life and tries again after each failure that may pass. */
  async #persist(
    tasks: () => readonly PublishedTask[],
    act: (life: DeliveryLife) => Promise<void>,
  ): Promise<void> {
    const { clock, giveUpAfter, trouble } = this.parts;
    const tries = new Tries(clock, giveUpAfter);
    const began = clock.elapsed();
    for (;;) {
      try {
        this.#life ??= await this.#begin(tasks());
        await act(this.#life);
        return trouble(undefined);
      } catch (error) {
        if (error instanceof LostError) {
          trouble(undefined);
          throw error;
        }
        await this.#drop();
        if (error instanceof MarkerError || error instanceof RefusedError || this.#abandoned) throw error;
        if (tries.count >= TRIES_UNTOLD || clock.elapsed() - began >= TOLD_AFTER_MS) trouble(error as Error);
        await tries.wait(error as Error, this.#abandoning.signal);
      }
    }
  }

  /** Stops trying. Unpublished results stay in the heads for the next owner. */
  abandon(): void {
    this.#abandoned = true;
    this.#abandoning.abort();
  }

  async close(): Promise<void> {
    await this.#drop();
  }

  /** Begins a life, in the order that the head of this file gives. */
  async #begin(tasks: readonly PublishedTask[]): Promise<DeliveryLife> {
    const { delivery, owner } = this.parts;
    const life = await delivery.open(owner);
    try {
      for (const task of tasks) if (!task.lost && !(await task.verify())) task.lose();
      const mine = tasks.filter((task) => !task.lost && !task.outbox.empty);
      if (mine.length > 0) {
        const markers = await delivery.published(mine.map((task) => task.number));
        for (const task of mine) if (!(await settle(task, markers.get(task.number)))) task.lose();
      }
      return life;
    } catch (error) {
      await life.close().catch(() => {});
      throw error;
    }
  }

  async #send(life: DeliveryLife, tasks: readonly PublishedTask[]): Promise<void> {
    const sending: DeliveredTask[] = [];
    for (const { number, outbox } of tasks) if (!outbox.empty) sending.push(outbox.send(number));
    if (sending.length === 0) return;
    this.parts.sending?.(tasks.map(({ outbox }) => outbox));
    try {
      const reached = await life.publish(sending, this.parts.letter);
      for (const task of tasks) {
        const now = reached.get(task.number);
        if (now !== undefined) task.visible(now);
      }
    } finally {
      for (const { outbox } of tasks) outbox.over();
    }
  }

  async #drop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    // The outcome of the life is in doubt already, so an error of its close says nothing more.
    await life?.close().catch(() => {});
  }
}

/** The marker contradicts the head. The job stops, since no guess would be safe. */
export class MarkerError extends Error {
  override name = "MarkerError";
}

/** The task has another owner. */
class LostError extends FencedError {}

/**
 * Removes the epochs that the marker shows as published. Returns `false` when another owner has the task: the marker is
 * then that owner's, and cannot be compared with the head as this worker knows it.
 *
 * @throws {MarkerError} when the marker contradicts the head
 */
export async function settle(task: PublishedTask, marker: Published | undefined): Promise<boolean> {
  try {
    task.resolve(marker);
    return true;
  } catch (error) {
    if (error instanceof MarkerError && !(await task.verify())) return false;
    throw error;
  }
}
