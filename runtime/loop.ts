/**
 * The loop of a worker. It decides which task is pushed next, passes time on to all tasks, and sleeps when there is
 * nothing to do.
 *
 * Tasks are pushed in time slices, so that input and output of the process do not starve. Each slice begins with
 * another task.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Epochs } from "./epochs.ts";
import type { InputQueue } from "./input_queue.ts";
import { QUEUE_BYTES, SLICE_MS, TICK_MS } from "./limits.ts";
import type { OwnedTask } from "./owned_task.ts";
import { WorkTime } from "./work_time.ts";

/** What the loop needs. */
export interface LoopParts {
  readonly clock: Clock;
  readonly epochs: Epochs;
  readonly tasks: () => readonly OwnedTask[];
  /** Called when a queue has room again after its fetching was paused. */
  readonly resume: (queue: InputQueue) => void;
  /** Called when the input of a queue has ended. */
  readonly over: (queue: InputQueue) => void;
  /** Whether a queue has reached the end of a bounded input. */
  readonly atEnd: (queue: InputQueue) => boolean;
  readonly taskFailed: (owned: OwnedTask) => void;
  /** Called when all tasks are finished; decides whether the job is. */
  readonly finished: () => Promise<boolean>;
}

export class Loop {
  /** What the time went to. */
  readonly time: WorkTime = new WorkTime();
  /** Counts slices. The task that begins a slice gets the largest part of it. */
  #first = 0;
  #wake: (() => void) | undefined;
  #stopping = false;
  #turned: number;
  /** Whether it waits for a store. */
  #asking = false;

  constructor(readonly parts: LoopParts) {
    this.#turned = parts.clock.elapsed();
  }

  /**
   * For how long it has not turned, in milliseconds. A loop that waits for a store counts as one that turns: the store
   * may be away.
   */
  get age(): number {
    return this.#asking ? 0 : this.parts.clock.elapsed() - this.#turned;
  }

  /** Runs until it is stopped or the job is finished. Resolves with `true` when the job is finished. */
  async run(): Promise<boolean> {
    const { clock, epochs, tasks, finished } = this.parts;
    let ticked = clock.elapsed();
    while (!this.#stopping) {
      const began = this.#turned = clock.elapsed();
      this.#slice();
      const now = clock.elapsed();
      this.time.spent("push", began, now);
      const wait = epochs.advance(began);
      if (now - ticked >= TICK_MS) {
        ticked = now;
        // Uses elapsed time: the wall clock may be set back, and event time never goes back.
        for (const task of tasks()) task.runner.tick(ticked);
        epochs.publish();
        await this.#ask(epochs.settleQuiet());
      }
      if (this.#allFinished && await this.#ask(finished())) return true;
      if (this.#more) await clock.turn();
      else if (!this.#stopping) await this.#rest(wait > 0 ? Math.min(wait, TICK_MS) : TICK_MS);
    }
    return false;
  }

  /** Sleeps, and counts the time for what the loop waits for. */
  async #rest(ms: number): Promise<void> {
    const { clock, epochs } = this.parts;
    const activity = epochs.backedUp ? "publish" : epochs.full ? "commit" : "input";
    const began = clock.elapsed();
    await this.#asleep(ms);
    this.time.spent(activity, began, clock.elapsed());
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    this.#asking = true;
    try {
      return await answer;
    } finally {
      this.#asking = false;
    }
  }

  /** Wakes the loop when something has changed that it may be waiting for. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  /** Sleeps until `wake` is called or this many milliseconds have passed. */
  #asleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.clock.after(ms, () => this.wake());
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Pushes records of every task for one slice of time. */
  #slice(): void {
    const { clock, epochs, tasks, taskFailed } = this.parts;
    // A task that has failed at its cut keeps its results, which may be as many as an epoch may have. So it is looked for
    // first: where the epoch is full, no task is pushed.
    for (const owned of tasks()) {
      if (owned.ownership === "owned" && owned.runner.task.failure !== undefined) taskFailed(owned);
    }
    if (epochs.backedUp) return;
    const until = clock.elapsed() + SLICE_MS;
    const list = tasks();
    this.#first++;
    for (let turn = 0; turn < list.length; turn++) {
      const owned = list[(this.#first + turn) % list.length];
      if (owned.ownership !== "owned") continue;
      if (!epochs.full) owned.runner.pushSlice(clock.elapsed, until);
      // An epoch that is processed again cannot be cut before it is complete, however large it is.
      else if (owned.runner.again !== undefined) owned.runner.catchUp();
      else continue;
      this.#resumeReading(owned);
      this.#endInputs(owned);
      if (owned.runner.task.failure !== undefined) taskFailed(owned);
    }
  }

  /** Ends each source whose input has ended. The task ends with its last source. */
  #endInputs({ runner }: OwnedTask): void {
    // The failed record of a task must stay known until the failure is handled.
    if (runner.ended || runner.task.failure !== undefined) return;
    for (const queue of runner.queues) {
      if (queue.done || !this.parts.atEnd(queue)) continue;
      queue.done = true;
      this.parts.over(queue);
    }
    runner.endSources((queue) => queue.done);
  }

  /** Whether there is something to push and it may be pushed. */
  get #more(): boolean {
    const { epochs, tasks } = this.parts;
    if (epochs.backedUp) return false;
    const { full } = epochs;
    return tasks().some(({ ownership, runner }) =>
      ownership === "owned" && runner.ready && (!full || runner.again !== undefined)
    );
  }

  #resumeReading({ runner }: OwnedTask): void {
    for (const queue of runner.queues) {
      if (!queue.paused || queue.bytes >= QUEUE_BYTES / 2) continue;
      queue.paused = false;
      this.parts.resume(queue);
    }
  }

  /** Whether this worker has tasks and all of them are finished. A worker without tasks waits for one. */
  get #allFinished(): boolean {
    const tasks = this.parts.tasks();
    return tasks.length > 0 && tasks.every((task) => task.finished && task.outbox.empty);
  }
}
