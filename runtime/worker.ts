/**
 * A worker: the tasks that the group assigns to this process, pushed in time slices so that input and output never starve each
 * other.
 *
 * @module
 */
import type { Batch, Bounds, Reader, ReaderHandler, StartOffset } from "../connectors/connector.ts";
import { Claims } from "./claims.ts";
import { Epochs } from "./epochs.ts";
import type { InputQueue } from "./input_queue.ts";
import { areOthersFinished } from "./job_finished.ts";
import { QUEUE_BYTES, SLICE_MS, TICK_MS } from "./limits.ts";
import type { Meter } from "./metrics.ts";
import { listOffsets } from "./offsets.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Publisher } from "./publisher.ts";
import { Recovery } from "./recovery.ts";
import { takeOver, type TakeoverParts } from "./takeover.ts";
import { describeTaken, explain, explainRefused, warnAboutShown } from "./telling.ts";
import type { TroubleKind, Troubles } from "./troubles.ts";

/** What a worker works with. */
export interface WorkerParts extends Omit<TakeoverParts, "onFailure"> {
  readonly publisher: Publisher | undefined;
  readonly meter: Meter;
  readonly troubles: Troubles;
  /** Where each topic partition ends for a job that runs until the end; absent: it does not end. */
  readonly ends: ReadonlyMap<string, readonly number[]>;
  /** The worker has ended: with an error, or because its tasks are finished. */
  readonly ended: (error: Error | undefined) => void;
}

export class Worker implements ReaderHandler {
  readonly tasks = new Map<number, OwnedTask>();
  readonly epochs: Epochs;
  reader: Reader | undefined;
  /** Settles with the first assignment: taken over, or failed. */
  readonly ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #takeover: TakeoverParts;
  readonly #recovery: Recovery;
  readonly #claims: Claims;
  readonly #queues = new Map<string, InputQueue>();
  #assigned: readonly number[] | undefined;
  #list: OwnedTask[] = [];
  /** Counts slices: the task that begins one has the most of it. */
  #first = 0;
  #reset: TakeoverParts["settings"]["from"] | undefined;
  #wake: (() => void) | undefined;
  #stopping = false;
  #ended = false;
  #failure: Error | undefined;
  #looping: Promise<void> | undefined;

  constructor(readonly parts: WorkerParts) {
    // Whoever waits for it is told; a failure after the first assignment is told by the job's end.
    this.ready.promise.catch(() => {});
    this.#reset = parts.settings.reset;
    this.#recovery = new Recovery(parts.settings);
    this.#claims = new Claims({
      settings: parts.settings,
      take: (numbers) => this.#take(numbers),
      lacking: () => (this.#assigned ?? []).filter((number) => !this.tasks.has(number)),
      retaken: (starts) => starts.forEach((start) => this.reader?.seek(start)),
      stopping: () => this.#stopping,
      trouble: (error) => this.trouble("tasks", error),
      failed: (error) => this.#end(error),
    });
    this.#takeover = {
      ...parts,
      onFailure: (number) => (failure, record) => this.#recovery.recover(this.tasks.get(number)!, failure, record),
    };
    this.epochs = new Epochs({
      store: parts.store,
      clock: parts.settings.clock,
      inCommit: parts.open.inCommit,
      publisher: parts.publisher,
      patience: parts.patience,
      minEpoch: parts.settings.minEpoch,
      meter: parts.meter,
      tasks: () => this.#list,
      fenced: (task) => this.#fenced(task),
      failed: (error) => this.#end(explainRefused(parts.settings.name, error)),
      wake: () => this.wake(),
    });
  }

  /** Begins to push what the reader brings. */
  start(): void {
    this.#looping = this.#loop().catch((error: Error) => this.#end(error));
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Stops reading, commits, publishes and releases every task. */
  async stop(): Promise<void> {
    this.ready.resolve();
    this.#stopping = true;
    this.wake();
    await this.#looping;
    if (!this.#ended) await this.epochs.drain();
    // What failed in the last cut, or since the loop has ended, is told by nobody else.
    const failed = this.#list.find((task) => !task.lost && task.runner.task.failure !== undefined);
    if (failed !== undefined) await this.#taskFailed(failed);
    if (!this.#ended) await this.show();
    await this.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Shows progress to the broker's own tools; nobody depends on it. */
  async show(): Promise<void> {
    const offsets = this.#list.filter((task) => !task.lost).flatMap((task) =>
      listOffsets(task.checkpoint.head.offsets)
    );
    await this.reader?.show(offsets).catch(() => {});
  }

  /** Ends everything as it stands: nothing is committed any more. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#looping;
    await this.epochs.halt();
    for (const task of this.tasks.values()) task.runner.close();
    await this.reader?.stop();
  }

  // What the reader reports.

  assigned(partitions: readonly number[], alive: () => Promise<void>): Promise<readonly StartOffset[]> {
    return this.#claims.whileAssigned(alive, () => this.#assign(partitions));
  }

  async #assign(partitions: readonly number[]): Promise<readonly StartOffset[]> {
    for (const number of [...this.tasks.keys()]) if (!partitions.includes(number)) this.#release(number);
    const before = this.#assigned ?? [];
    this.#assigned = partitions;
    const fresh = partitions.filter((number) => !this.tasks.has(number));
    const starts = await this.#claims.take(fresh);
    this.#reset = undefined;
    this.ready.resolve();
    if (partitions.length === 0 && before.length > 0) {
      this.parts.settings.log(`Job ${this.parts.settings.name}: no task is assigned to this worker, it stands by`);
    }
    this.wake();
    return starts;
  }

  async revoking(): Promise<void> {
    await this.epochs.drain();
  }

  batch(batch: Batch): void {
    const queue = this.#queues.get(`${batch.topic}/${batch.partition}`);
    if (queue === undefined) return;
    const before = queue.position;
    // A fetch that does not begin where the last one ended was under way before a seek, or is the client's own reset: never taken.
    if (!queue.add(batch)) {
      return this.reader?.seek({ topic: queue.topic, partition: queue.partition, offset: queue.expected });
    }
    if (batch.records.length === 0) this.#idle(queue, queue.position > before);
    if (queue.bytes >= QUEUE_BYTES && !queue.paused) {
      queue.paused = true;
      this.reader?.pause(queue.topic, queue.partition);
    }
    this.wake();
  }

  missing(topic: string, partition: number, wanted: number, bounds: Bounds): Promise<number> {
    const { settings } = this.parts;
    const next = Math.min(Math.max(wanted, bounds.earliest), bounds.latest);
    const why = wanted < bounds.earliest
      ? `it was deleted, the first record there is ${bounds.earliest}`
      : `the topic ends at ${bounds.latest}, so it was made anew or cut off`;
    if (settings.onMissing === "stop") {
      const error = new Error(
        `Cannot read ${topic}/${partition}@${wanted}, where the job's checkpoint goes on: ${why}. Start the job with onMissing: "skip" ` +
          `to go on at ${next} and count what is missing, or with reset to process the input anew`,
      );
      return Promise.reject(error);
    }
    this.#queues.get(`${topic}/${partition}`)?.skip(next);
    this.wake();
    settings.log(`Job ${settings.name}: ${topic}/${partition}@${wanted} is gone (${why}); reading goes on at ${next}`);
    return Promise.resolve(next);
  }

  trouble(kind: TroubleKind, error: Error | undefined): void {
    this.parts.troubles.tell(kind, error);
  }

  failed(error: Error): void {
    this.#end(error);
  }

  async #take(numbers: readonly number[]): Promise<StartOffset[]> {
    if (numbers.length === 0) return [];
    const { settings } = this.parts;
    const began = settings.clock.elapsed();
    // A transaction under way may still carry epochs of a task that was released and is ours again: its marker must show them.
    await this.epochs.settled();
    const taken = await takeOver(this.#takeover, numbers, this.#reset);
    const starts: StartOffset[] = [];
    for (const { owned } of taken) {
      this.tasks.set(owned.number, owned);
      owned.outbox.onVisible = (samples) => {
        this.parts.meter.visible(samples, settings.clock.now());
        owned.quietSince = settings.clock.elapsed();
      };
      owned.quietSince = settings.clock.elapsed();
      for (const queue of owned.runner.queues) {
        this.#queues.set(`${queue.topic}/${queue.partition}`, queue);
        starts.push({ topic: queue.topic, partition: queue.partition, offset: queue.position });
      }
    }
    this.#list = [...this.tasks.values()];
    this.epochs.publish();
    settings.log(describeTaken(settings.name, taken, settings.clock.elapsed() - began));
    await warnAboutShown(this.parts, taken);
    return starts;
  }

  #release(number: number): void {
    const owned = this.tasks.get(number);
    if (owned === undefined) return;
    owned.lose();
    owned.runner.close();
    for (const queue of owned.runner.queues) this.#queues.delete(`${queue.topic}/${queue.partition}`);
    this.tasks.delete(number);
    this.#list = [...this.tasks.values()];
  }

  /** Another owner has the task. If the group still says that it is ours, it is claimed again. */
  #fenced(task: OwnedTask): void {
    if (this.tasks.get(task.number) !== task) return;
    this.#release(task.number);
    this.parts.settings.log(
      `Job ${this.parts.settings.name}: task ${task.number} has another owner now; this worker has stopped it`,
    );
    this.#claims.takeAgain();
  }

  #ownerOf(queue: InputQueue): OwnedTask | undefined {
    return this.#list.find((task) => task.runner.queues.includes(queue));
  }

  /** A fetch had no records. One that passed control records or aborted ones has moved the position: lag that is none is not shown. */
  #idle(queue: InputQueue, moved: boolean): void {
    const owner = this.#ownerOf(queue);
    if (owner === undefined || !queue.empty) return;
    if (moved) owner.runner.changed = true;
    const { idleSince } = owner.runner.task;
    if (!(idleSince[queue.slot] >= 0)) idleSince[queue.slot] = this.parts.settings.clock.elapsed();
  }

  async #loop(): Promise<void> {
    const { clock } = this.parts.settings;
    let ticked = clock.elapsed();
    while (!this.#stopping) {
      this.#slice();
      const wait = this.epochs.advance();
      if (clock.elapsed() - ticked >= TICK_MS) {
        ticked = clock.elapsed();
        // Not the wall clock: somebody may set it, and event time never goes back.
        for (const task of this.#list) task.runner.tick(ticked);
        await this.epochs.settleQuiet();
      }
      if (this.#ownFinished && await areOthersFinished(this.parts, this.tasks)) return this.#end(undefined);
      if (this.#more) await clock.turn();
      else await this.#asleep(wait > 0 ? Math.min(wait, TICK_MS) : TICK_MS);
    }
  }

  /** Sleeps until something happens, or that many milliseconds. */
  #asleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.settings.clock.after(ms, () => this.wake());
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Pushes records of every task for one slice of time, each slice beginning with another task. */
  #slice(): void {
    if (this.epochs.backedUp) return;
    const { clock } = this.parts.settings;
    const until = clock.elapsed() + SLICE_MS;
    const list = this.#list;
    this.#first++;
    for (let turn = 0; turn < list.length && !this.epochs.full; turn++) {
      const owned = list[(this.#first + turn) % list.length];
      if (owned.ownership !== "owned") continue;
      owned.runner.pushSlice(clock.elapsed, until);
      this.#resumeReading(owned);
      if (!owned.runner.ended && this.#atEnd(owned)) owned.runner.end();
      if (owned.runner.task.failure !== undefined) this.#taskFailed(owned).catch(() => {});
    }
  }

  /** Whether there is something to push, and it may be pushed. */
  get #more(): boolean {
    if (this.epochs.backedUp || this.epochs.full) return false;
    return this.#list.some((owned) => owned.ownership === "owned" && owned.runner.queues.some((queue) => !queue.empty));
  }

  #resumeReading(owned: OwnedTask): void {
    for (const queue of owned.runner.queues) {
      if (!queue.paused || queue.bytes >= QUEUE_BYTES / 2) continue;
      queue.paused = false;
      this.reader?.resume(queue.topic, queue.partition);
    }
  }

  /** Whoever has no task waits for one. */
  get #ownFinished(): boolean {
    return this.#list.length > 0 && this.#list.every((task) => task.finished && task.outbox.empty);
  }

  #atEnd(owned: OwnedTask): boolean {
    const { ends, open } = this.parts;
    return owned.runner.queues.every((queue) => {
      if (!queue.empty) return false;
      const end = ends.get(queue.topic)?.[queue.partition];
      if (end !== undefined) return queue.position >= end;
      return open.input.ended?.(queue.topic) === true && queue.position >= queue.end;
    });
  }

  async #taskFailed(owned: OwnedTask): Promise<void> {
    const failure = owned.runner.task.failure!;
    const error = explain(this.parts.settings.name, owned, failure);
    if (failure.kind !== "async") return this.#end(error);
    this.#stopping = true;
    await this.#markUnsafe(owned, failure.error.message).finally(() => this.#end(error));
  }

  /** Offsets beyond a value that came too late may be committed: whoever starts the job again must know. */
  async #markUnsafe(owned: OwnedTask, reason: string): Promise<void> {
    await this.epochs.settled();
    await owned.checkpoint.rewrite({ unsafe: { since: owned.began.offsets, reason } });
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = error !== undefined;
    this.#failure = error;
    if (error !== undefined) this.ready.reject(error);
    this.#stopping = true;
    this.wake();
    this.parts.ended(error);
  }
}
