/**
 * A worker: the part of a job in this process. It hands the reports of the reader to its tasks (`Assignment`), has them
 * pushed (`Loop`) and committed (`Epochs`), and ends all of it in order.
 *
 * @module
 */
import { Background } from "../base/background.ts";
import type { Batch, Bounds, Reader, ReaderHandler, StartOffset } from "../connectors/connector.ts";
import { type AssignedQueue, Assignment, type AssignmentParts } from "./assignment.ts";
import { Epochs } from "./epochs.ts";
import { HopSweep } from "./hop_sweep.ts";
import { HopWatch } from "./hop_watch.ts";
import type { InputQueue } from "./input_queue.ts";
import { LocalHops } from "./local_hops.ts";
import { areOthersFinished } from "./job_finished.ts";
import { UnavailableError } from "../state/mod.ts";
import { QUEUE_BYTES, TOLD_AFTER_MS } from "./limits.ts";
import { Loop } from "./loop.ts";
import { leastOffsets, listOffsets } from "./offsets.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Publisher } from "./publisher.ts";
import { Preparation } from "./preparation.ts";
import { explain, explainRefused } from "./telling.ts";
import type { TroubleKind, Troubles } from "./troubles.ts";

/** What a worker needs. */
export interface WorkerParts
  extends Omit<AssignmentParts, "epochs" | "seek" | "resume" | "background" | "wake" | "trouble" | "failed"> {
  readonly publisher: Publisher | undefined;
  readonly troubles: Troubles;
  /** Where each topic partition ends, for a job that runs until the end. A topic without an entry does not end. */
  readonly ends: ReadonlyMap<string, readonly number[]>;
  /** Called when the worker has ended: with an error, or because its tasks are finished. */
  readonly ended: (error: Error | undefined) => void;
}

export class Worker implements ReaderHandler {
  readonly assignment: Assignment;
  readonly epochs: Epochs;
  reader: Reader | undefined;
  /** Settles with the first assignment: taken over, or failed. */
  readonly ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly preparation: Preparation;
  readonly loop: Loop;
  /** Its signal is aborted when the worker stops. */
  readonly #background = new Background();
  /** Since when tasks are being taken over; Infinity when they are not. */
  #assigningSince = Infinity;
  /** Since when a task has been waiting for its tables; NaN when none does. */
  #waitsSince = NaN;
  #ended = false;
  #failure: Error | undefined;
  #looping: Promise<void> | undefined;
  readonly #sweep: HopSweep;
  readonly #hopWatch: HopWatch;
  /** The end that each failed task causes. */
  readonly #failing = new Map<OwnedTask, Promise<void>>();

  constructor(readonly parts: WorkerParts) {
    // `ready` must not reject unhandled: its awaiter gets the error, and the end of the job reports later failures.
    this.ready.promise.catch(() => {});
    const { settings: { clock, minEpoch, events }, open } = parts;
    this.preparation = new Preparation({ ...parts, trouble: (error) => this.trouble("codecs", error) });
    this.#sweep = new HopSweep({ input: open.input, clock, events, hops: open.hops?.hops ?? [] });
    this.#hopWatch = new HopWatch(parts.settings, open.layout);
    const tasks = () => this.assignment.list;
    this.assignment = new Assignment({
      ...parts,
      epochs: () => this.epochs,
      seek: (start) => this.reader?.seek(start),
      resume: (queue) => this.#resume(queue),
      background: this.#background,
      wake: () => this.wake(),
      trouble: (kind, error) => this.trouble(kind, error),
      failed: (error) => this.#end(error),
    });
    this.epochs = new Epochs({
      store: parts.store,
      clock,
      inCommit: open.inCommit,
      local: open.hops && new LocalHops(open.hops.hops, (...place) => this.assignment.queuesOf(...place)),
      publisher: parts.publisher,
      patience: parts.patience,
      minEpoch,
      meter: parts.meter,
      tasks,
      fenced: (task) => this.assignment.fenced(task),
      failed: (error) => this.#end(explainRefused(parts.settings.name, error)),
      slow: (what, error) => this.trouble(what, error),
      events: parts.settings.events,
      wake: () => this.wake(),
    });
    this.loop = new Loop({
      clock,
      epochs: this.epochs,
      tasks,
      resume: (queue) => this.#resume(queue),
      over: ({ topic, partition }) => {
        const done = this.assignment.queuesOf(topic, partition).every(({ queue }) => queue.done);
        if (done) this.reader?.pause(topic, partition);
      },
      atEnd: (queue) => this.#atEnd(queue),
      taskFailed: (owned) => this.#background.run(() => this.#taskFailed(owned)),
      finished: () => areOthersFinished(parts, this.tasks),
    });
  }

  get tasks(): ReadonlyMap<number, OwnedTask> {
    return this.assignment.tasks;
  }

  /** Begins to push records. */
  start(): void {
    this.#looping = this.loop.run().then(
      (finished) => {
        if (finished) this.#end(undefined);
      },
      (error: Error) => this.#end(error),
    );
  }

  wake(): void {
    this.loop.wake();
  }

  /** Stops reading, commits, publishes and releases every task. */
  async stop(): Promise<void> {
    this.ready.resolve();
    this.#halt();
    await this.#looping;
    if (!this.#ended) await this.epochs.drain();
    // A failure of the last cut, or since the end of the loop, has no other place where it is reported.
    const failed = this.assignment.list.find((task) => !task.lost && task.runner.task.failure !== undefined);
    if (failed !== undefined) await this.#taskFailed(failed);
    if (!this.#ended) await this.show();
    await this.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Reports work that has been under way for long without an answer. */
  watch(): void {
    this.epochs.watch();
    this.#hopWatch.look(this.assignment.list);
    this.#watchTables();
    if (this.parts.settings.clock.elapsed() - this.#assigningSince < TOLD_AFTER_MS) return;
    const so = `taking over tasks has taken ${
      TOLD_AFTER_MS / 1000
    } s so far: the broker or the state store does not answer`;
    this.trouble("tasks", new UnavailableError(so));
  }

  /** Reports a task that has waited for its tables for long: records may be held back by an open transaction. */
  #watchTables(): void {
    const { clock } = this.parts.settings;
    const waiting = this.assignment.list.find(({ runner }) => runner.parts.tablesFirst?.waitsFor !== undefined);
    if (waiting === undefined) this.#waitsSince = NaN;
    else if (Number.isNaN(this.#waitsSince)) this.#waitsSince = clock.elapsed();
    if (waiting === undefined) this.trouble("tables", undefined);
    else if (clock.elapsed() - this.#waitsSince >= TOLD_AFTER_MS) {
      const { number, runner } = waiting;
      this.trouble("tables", new Error(`task ${number} is new, and ${runner.parts.tablesFirst!.waitsFor}`));
    }
  }

  /** Shows progress soon. Where there are hops, it deletes what was read from them, and follows a reset by another worker. */
  showSoon(): void {
    this.#background.run(() => this.show());
    if (this.parts.open.hops === undefined) return;
    this.#background.run(() => this.#sweep.sweep(this.assignment.list));
    this.#background.run(() => this.assignment.followReset());
  }

  /**
   * Shows progress to the broker's own tools. Nothing depends on it. Of a partition that every task reads it shows the
   * least offset of this worker's tasks; the worker that shows last counts.
   */
  async show(): Promise<void> {
    const offsets = this.assignment.list.filter((task) => !task.lost).flatMap((task) =>
      listOffsets(task.checkpoint.head.offsets)
    );
    await this.reader?.show(leastOffsets(offsets)).catch(() => {});
  }

  /** Ends everything in its present state. Nothing more is committed. */
  async close(): Promise<void> {
    this.#halt();
    await this.#looping;
    await this.epochs.halt();
    for (const task of this.tasks.values()) task.runner.close();
    await this.reader?.stop();
  }

  /** Resolves when nothing of the worker is under way any more. To be called after its end. */
  ended(): Promise<void> {
    return this.#background.ended();
  }

  /** Ends everything at once, without waiting for work under way. */
  abandon(): void {
    this.ready.resolve();
    this.#halt();
    this.epochs.abandon();
    for (const task of this.tasks.values()) task.runner.close();
  }

  // Calls of the reader.

  async assigned(partitions: readonly number[], alive: () => Promise<void>): Promise<readonly StartOffset[]> {
    this.#assigningSince = this.parts.settings.clock.elapsed();
    const following = this.assignment.follow(partitions, alive).finally(() => this.#assigningSince = Infinity);
    this.#background.run(() => following);
    const starts = await following;
    this.ready.resolve();
    this.wake();
    return starts;
  }

  async revoking(): Promise<void> {
    await this.epochs.drain();
  }

  batch(fetch: Batch): void {
    const assigned = this.assignment.queuesOf(fetch.topic, fetch.partition);
    if (assigned.length === 0) return;
    const batch = assigned[0].queue.shared ? sharedFetch(fetch) : fetch;
    const prepared = assigned.some(({ queue }) => queue.follows(batch)) ? this.preparation.of(batch) : undefined;
    const taking: AssignedQueue[] = [];
    for (const one of assigned) {
      const { queue, owned } = one;
      const before = queue.position;
      if (!queue.add(batch, prepared !== undefined)) continue;
      taking.push(one);
      queue.fetchedAt = this.parts.settings.clock.elapsed();
      if (batch.records.length === 0) this.#idle(queue, owned, queue.position > before);
      if (queue.bytes < QUEUE_BYTES || queue.paused) continue;
      queue.paused = true;
      this.reader?.pause(queue.topic, queue.partition);
    }
    if (prepared !== undefined) this.#hold(taking, batch, prepared);
    // A fetch that does not begin where the last one ended was under way before a seek, or follows a reset by the
    // client itself. It is never taken.
    if (taking.length < assigned.length) this.reader?.seek(this.assignment.startOf(assigned[0].queue));
    if (taking.length > 0) this.wake();
  }

  /** Goes on fetching when no queue of the partition has enough. */
  #resume({ topic, partition }: InputQueue): void {
    if (this.assignment.queuesOf(topic, partition).some(({ queue }) => queue.paused)) return;
    this.reader?.resume(topic, partition);
  }

  missing(topic: string, partition: number, wanted: number, bounds: Bounds): Promise<number> {
    const { settings } = this.parts;
    const next = Math.min(Math.max(wanted, bounds.earliest), bounds.latest);
    const why = wanted < bounds.earliest
      ? `it was deleted, the first record there is ${bounds.earliest}`
      : `the topic ends at ${bounds.latest}, so it was made anew or cut off`;
    if (this.parts.open.hops?.hops.some((hop) => hop.topic === topic)) {
      return this.#missingInHop(topic, partition, { wanted, next, why });
    }
    if (settings.onMissing === "stop") {
      const error = new Error(
        `Cannot read ${topic}/${partition}@${wanted}, where the job's checkpoint goes on: ${why}. Start the job with onMissing: "skip" ` +
          `to go on at ${next} and count what is missing, or with reset to process the input anew`,
      );
      return Promise.reject(error);
    }
    for (const { queue } of this.assignment.queuesOf(topic, partition)) {
      const { expected } = queue;
      const from = expected === wanted ? next : Math.min(Math.max(expected, bounds.earliest), bounds.latest);
      if (from !== expected) queue.skip(from);
    }
    this.wake();
    settings.events.tell(
      { kind: "missing", topic, partition, offset: wanted, next },
      `${topic}/${partition}@${wanted} is gone (${why}); reading goes on at ${next}`,
    );
    return Promise.resolve(next);
  }

  /**
   * Records of a hop are deleted when the task that reads them has committed them. So another owner has the task by now,
   * or somebody else has deleted them.
   */
  async #missingInHop(
    topic: string,
    partition: number,
    { wanted, next, why }: { readonly wanted: number; readonly next: number; readonly why: string },
  ): Promise<number> {
    for (const { queue, owned } of this.assignment.queuesOf(topic, partition)) {
      // The task was given away and has come back meanwhile, further on.
      if (queue.expected !== wanted) return queue.expected;
      if (await owned.verify()) {
        throw new Error(
          `Cannot read ${topic}/${partition}@${wanted}, where the job's checkpoint goes on: ${why}. Only the job may delete from this ` +
            `topic, and what was on its way in it is lost: start the job with reset to process its input anew`,
        );
      }
      owned.lose();
      this.assignment.fenced(owned);
    }
    return next;
  }

  trouble(kind: TroubleKind, error: Error | undefined): void {
    this.parts.troubles.tell(kind, error);
  }

  failed(error: Error): void {
    // What is away does not fail a job that is being stopped: its end says what is left.
    if (this.#background.signal.aborted && error instanceof UnavailableError) return;
    this.#end(error);
  }

  /** Lets the records of a fetch be pushed once they can be decoded. */
  #hold(
    taking: readonly AssignedQueue[],
    batch: Batch,
    prepared: (wanted: () => boolean) => Promise<void>,
  ): void {
    // The partition has records, so it must not count as idle while they wait.
    for (const { queue: { slot }, owned: { runner: { task: { idleSince } } } } of taking) {
      if (idleSince[slot] >= 0) idleSince[slot] = NaN;
    }
    const wanted = () => {
      const now = this.assignment.queuesOf(batch.topic, batch.partition);
      return taking.some((one) => now.includes(one));
    };
    const release = () => {
      if (this.preparation.stopped || !wanted()) return;
      for (const { queue } of taking) queue.release(batch);
      this.wake();
    };
    this.#background.run(() => prepared(wanted).then(release, (error: Error) => this.failed(error)));
  }

  /**
   * A fetch without records. If it passed control records or aborted ones, the position has moved and must be
   * committed, or tools would show lag that does not exist.
   */
  #idle(queue: InputQueue, { runner }: OwnedTask, moved: boolean): void {
    if (!queue.empty) return;
    // In a hop every transaction leaves a control record. An epoch for each of them would cause the next one.
    if (moved && !queue.hop) runner.changed = true;
    // A transaction holds records back that are still to come. The partition must not count as idle.
    if (queue.position < queue.latest) return;
    const { idleSince } = runner.task;
    if (!(idleSince[queue.slot] >= 0)) idleSince[queue.slot] = this.parts.settings.clock.elapsed();
  }

  #atEnd(queue: InputQueue): boolean {
    // A hop ends when its senders have told so.
    if (queue.hop || !queue.empty) return false;
    const { ends, open } = this.parts;
    const end = ends.get(queue.topic)?.[queue.partition];
    if (end !== undefined) return queue.position >= end;
    return open.input.ended?.(queue.topic) === true && queue.position >= queue.end;
  }

  /** Ends the job because of a task. */
  #taskFailed(owned: OwnedTask): Promise<void> {
    const failing = this.#failing.get(owned) ?? this.#endWith(owned);
    this.#failing.set(owned, failing);
    return failing;
  }

  async #endWith(owned: OwnedTask): Promise<void> {
    const failure = owned.runner.task.failure!;
    const error = explain(this.parts.settings.name, owned, failure);
    if (failure.kind !== "async") return this.#end(error);
    this.#halt();
    await this.#markUnsafe(owned, failure.error.message).finally(() => this.#end(error));
  }

  /** Offsets after a value that came too late may be committed, so the head is marked as unsafe for the next start. */
  async #markUnsafe(owned: OwnedTask, reason: string): Promise<void> {
    await this.epochs.settled();
    await owned.checkpoint.rewrite({ unsafe: { since: owned.began.offsets, reason } });
  }

  #halt(): void {
    this.#background.abort();
    this.preparation.stop();
    this.loop.stop();
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = error !== undefined;
    this.#failure = error;
    if (error !== undefined) this.ready.reject(error);
    this.#halt();
    this.parts.ended(error);
  }
}

/** A fetch that several tasks take. Each record is one object for all of them. */
function sharedFetch(fetch: Batch): Batch {
  return { ...fetch, records: [...fetch.records], bytes: undefined };
}
