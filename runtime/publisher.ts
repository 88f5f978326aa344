/**
 * The publisher: makes committed results visible, atomically with the number of their epoch, the marker.
 *
 * Invariants:
 * - only what is committed is published, each task's epochs in their order;
 * - a life of an owner ends with any doubt: it is dropped, and the one order begins anew - initialise (which fences its former
 *   self), read the heads and drop every task that is no longer ours, read the markers, publish what is missing in that life only;
 * - a publisher that is fenced is not therefore fenced as an owner;
 * - what is refused for good is not tried again: it is moved out of the way, or the job ends with a sentence.
 *
 * Why it holds: whoever takes a task claims its head before it fences the publishers that the head names, and reads the marker
 * only after that. So an old publisher either had committed, and the marker shows it, or can no longer commit.
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
  /** Its epochs on their way out. */
  readonly outbox: Outbox;
  /** The task is no longer ours. */
  readonly lost: boolean;
  /** Another owner has it. */
  lose(): void;
  /** Reads the head: `false` when another owner has it. */
  verify(): Promise<boolean>;
  /** Its results are visible up to there. */
  visible(reached: Published): void;
  /** Its marker says this; `undefined` when there is none. Throws where that is no consequence of what the head says. */
  resolve(marker: Published | undefined): void;
}

/** What a publisher is made of. */
export interface PublisherParts {
  readonly delivery: AfterCommit;
  /** Who delivers: `<job>.<random per process>`. */
  readonly owner: string;
  readonly clock: Clock;
  readonly giveUpAfter: number;
  readonly trouble: (error: Error | undefined) => void;
  /** Makes what stands in for a result that is refused for good; absent: the job ends. */
  readonly letter?: LetterMaker;
}

export class Publisher {
  #life: DeliveryLife | undefined;
  /** What was asked for last, done or not. */
  #last: Promise<void> = Promise.resolve();
  #abandoned = false;
  readonly #abandoning = new AbortController();
  /** Whose results it publishes: all of them are looked at when a life begins, whoever begins it. */
  #tasks: () => readonly PublishedTask[] = () => [];

  constructor(readonly parts: PublisherParts) {}

  /** Begins with a life of its owner that nothing was published in. Before there is any task. */
  begin(life: DeliveryLife): void {
    this.#life = life;
  }

  /** Publishes what waits at this moment, as much as goes at once. Resolves when it is visible; rejects when it was tried for too long. */
  publish(tasks: () => readonly PublishedTask[]): Promise<void> {
    this.#tasks = tasks;
    return this.#inTurn(() => this.#persist(tasks, (life) => this.#send(life, tasks().filter((task) => !task.lost))));
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

  async #publishMarker(task: PublishedTask, epoch: number): Promise<void> {
    const { number, outbox: { reached } } = task;
    await this.#persist(() => [...this.#tasks(), task], async (life) => {
      if (task.lost) throw new LostError(`Task ${number} has another owner`);
      await life.publish([{ task: number, from: reached, epochs: [{ epoch, rows: [] }] }]);
    });
  }

  /** Does something in a life, as many lives as it takes. */
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

  /** Tries no more: what is not published stays in the heads, for the next owner. */
  abandon(): void {
    this.#abandoned = true;
    this.#abandoning.abort();
  }

  async close(): Promise<void> {
    await this.#drop();
  }

  /** The one order. */
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
    // Its outcome is in doubt already, so how it closes says nothing more.
    await life?.close().catch(() => {});
  }
}

/** What the marker says contradicts the head; nothing is guessed. */
export class MarkerError extends Error {
  override name = "MarkerError";
}

/** The task that something was to be done for is no longer ours. */
class LostError extends FencedError {}

/**
 * Forgets the epochs that the marker shows as published. Returns `false` where another owner has the task: then its marker is that
 * one's, and says nothing about a head that is not read again.
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
