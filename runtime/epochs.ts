/**
 * The epoch loop of a worker: cut, commit, publish.
 *
 * Invariants:
 * - one commit is under way at a time; the next epoch is cut as soon as it is done and there is something to commit; while a
 *   transaction is under way, at the last moment, and no more than {@linkcode WAITING_CUTS} epoch waits for it;
 * - a cut is synchronous: nothing that happens after it is in it;
 * - results are published only after their epoch is committed, and processing goes on meanwhile.
 *
 * @module
 */
import type { InCommit } from "../connectors/connector.ts";
import { commitCuts, FencedError, type Patience, type Store, UnavailableError } from "../state/mod.ts";
import type { Clock } from "../base/clock.ts";
import { BACKLOG_BYTES, EPOCH_BYTES, QUIET_MS, TOLD_AFTER_MS, WAITING_CUTS } from "./limits.ts";
import type { Meter } from "./metrics.ts";
import type { CutEpoch, OwnedTask } from "./owned_task.ts";
import type { Publisher } from "./publisher.ts";
import { Rhythm } from "./rhythm.ts";
import type { TaskRunner } from "./task_runner.ts";

/** What the epoch loop works with. */
export interface EpochParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly inCommit: readonly InCommit[];
  readonly publisher: Publisher | undefined;
  /** How long to wait for the store. */
  readonly patience: Patience;
  readonly minEpoch: number;
  readonly meter: Meter;
  readonly tasks: () => readonly OwnedTask[];
  /** Another owner has a task. */
  readonly fenced: (task: OwnedTask) => void;
  /** Nothing more can be done for this worker. */
  readonly failed: (error: Error) => void;
  /** Told what takes long, or `undefined`: no longer. */
  readonly slow: (what: "store" | "results", error: Error | undefined) => void;
  /** Something changed that the worker may be waiting for. */
  readonly wake: () => void;
}

export class Epochs {
  #committing: Promise<void> | undefined;
  #publishing: Promise<void> | undefined;
  #committingSince = -Infinity;
  #publishingSince = -Infinity;
  /** Whether it was told that a commit takes long. */
  #told = false;
  #lastCut = -Infinity;
  readonly #rhythm = new Rhythm();
  #broken = false;

  constructor(readonly parts: EpochParts) {}

  /** Whether results wait to be published beyond what may: the source waits. */
  get backedUp(): boolean {
    let bytes = 0;
    for (const task of this.parts.tasks()) bytes += task.outbox.backlog;
    return bytes >= BACKLOG_BYTES;
  }

  /** Whether the epoch in the making holds as much as it may: the source waits for the commit under way. */
  get full(): boolean {
    let bytes = 0;
    for (const task of this.parts.tasks()) bytes += task.runner.outputs.bytes;
    return bytes >= EPOCH_BYTES;
  }

  /** Cuts and commits what has changed, if it is time. Returns in how many milliseconds it will be; 0: not because of time. */
  advance(): number {
    if (this.#broken || this.#committing !== undefined) return 0;
    const { clock, minEpoch, tasks } = this.parts;
    // Whoever is lost or has failed is cut no more: taken for a reason to commit, it would be one for ever.
    if (!tasks().some(canCut)) return 0;
    if (this.#publishing !== undefined && this.#waitingCuts() >= WAITING_CUTS) return 0;
    if (minEpoch === Infinity) return Infinity;
    const now = clock.elapsed();
    const wait = Math.max(this.#lastCut + minEpoch - now, this.#untilLastMoment(now));
    if (wait > 0) return wait;
    this.commit().catch(() => {});
    return 0;
  }

  /** Cuts and commits everything that has changed now, after the commit under way. */
  async commit(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    if (this.#broken) return;
    this.#lastCut = this.parts.clock.elapsed();
    const run = this.#commitAll().catch((error: Error) => this.#fail(error)).finally(() => {
      this.#wrote();
      this.publish();
      this.parts.wake();
    });
    this.#writes(run);
    await run;
  }

  /** Begins to publish what waits, unless that is under way. */
  publish(): void {
    const { publisher, tasks, clock, wake } = this.parts;
    if (publisher === undefined || this.#publishing !== undefined || this.#broken) return;
    if (!tasks().some((task) => !task.lost && !task.outbox.empty)) return;
    this.#publishingSince = clock.elapsed();
    this.#publishing = publisher.publish(tasks).then(() => this.#dropLost()).catch((error: Error) => this.#fail(error))
      .finally(() => {
        this.#publishing = undefined;
        this.#rhythm.published(clock.elapsed() - this.#publishingSince);
        this.publish();
        wake();
      });
  }

  /** Says what has been under way for long and has neither failed nor ended: to be asked now and then, whatever stands still. */
  watch(): void {
    const { clock, slow } = this.parts;
    const long = (since: number) => clock.elapsed() - since >= TOLD_AFTER_MS;
    if (this.#committing !== undefined && long(this.#committingSince)) {
      this.#told = true;
      slow(
        "store",
        new UnavailableError(`a commit has taken ${TOLD_AFTER_MS / 1000} s so far, and there is no answer`),
      );
    }
    if (this.#publishing === undefined || !long(this.#publishingSince)) return;
    slow(
      "results",
      new UnavailableError(
        `publishing results has taken ${TOLD_AFTER_MS / 1000} s so far: the broker is slow, or away`,
      ),
    );
  }

  /** Commits and publishes everything, and leaves the heads with an empty outbox. */
  async drain(): Promise<void> {
    if (this.parts.tasks().some((task) => task.runner.changed)) await this.commit();
    while (!this.#broken && (this.#committing !== undefined || this.#publishing !== undefined)) {
      await (this.#committing ?? this.#publishing);
    }
    await this.#emptyOutboxes(this.parts.tasks());
  }

  /** Stops at once: what is under way ends, nothing more begins. */
  async halt(): Promise<void> {
    this.abandon();
    await this.settled();
  }

  /** Nothing more begins, and nobody waits for what is under way. */
  abandon(): void {
    this.#broken = true;
    this.parts.publisher?.abandon();
  }

  /** The commit and the transaction that are under way have ended. */
  async settled(): Promise<void> {
    await this.#committing;
    await this.#publishing;
  }

  /** Tasks that have been quiet for a while need no outbox: their next owner then needs no marker. */
  async settleQuiet(): Promise<void> {
    if (this.#committing !== undefined || this.#publishing !== undefined || this.#broken) return;
    const now = this.parts.clock.elapsed();
    const quiet = this.parts.tasks().filter((task) =>
      !task.lost && !task.runner.changed && task.checkpoint.head.outbox.length > 0 && now - task.quietSince >= QUIET_MS
    );
    if (quiet.length > 0) await this.#emptyOutboxes(quiet).catch((error: Error) => this.#fail(error));
  }

  /** Heads are being written. */
  #writes(work: Promise<void>): void {
    this.#committing = work;
    this.#committingSince = this.parts.clock.elapsed();
  }

  #wrote(): void {
    this.#committing = undefined;
    if (this.#told) this.parts.slow("store", undefined);
    this.#told = false;
  }

  #untilLastMoment(now: number): number {
    return this.#publishing === undefined || this.full ? 0 : this.#rhythm.untilCut(now - this.#publishingSince);
  }

  #waitingCuts(): number {
    let most = 0;
    for (const task of this.parts.tasks()) most = Math.max(most, task.outbox.unsent);
    return most;
  }

  async #commitAll(): Promise<void> {
    const changed = this.parts.tasks().filter(canCut);
    // All tasks are cut in one moment; only then does the first commit begin.
    const { inCommit } = this.parts;
    const cuts = changed.flatMap((task) => {
      const epoch = cutOf(task, inCommit);
      return epoch === undefined ? [] : [{ task, epoch }];
    });
    if (cuts.length === 0) return;
    const { store, clock, meter, patience } = this.parts;
    const began = clock.elapsed();
    const { outcomes } = await commitCuts(store, cuts.map(({ epoch }) => epoch.cut), patience);
    const took = clock.elapsed() - began;
    meter.committed(took, cuts.length);
    this.#rhythm.committed(took);
    for (const sink of new Set(cuts.flatMap(({ epoch }) => [...epoch.outputs.appended.keys()]))) {
      inCommit[sink].committed();
    }
    cuts.forEach(({ task, epoch }, index) => this.#committed(task, epoch, outcomes[index]));
  }

  #committed(task: OwnedTask, epoch: CutEpoch, outcome: "committed" | "fenced"): void {
    if (outcome === "fenced") {
      task.outbox.fenced();
      task.lose();
      return this.parts.fenced(task);
    }
    task.quietSince = this.parts.clock.elapsed();
    if (epoch.finished) task.finish();
    task.outbox.committed(task.checkpoint.head.epoch);
  }

  /** Counts as a commit under way: no cut may be made of a task whose head is being written, nor is a head written twice at once. */
  async #emptyOutboxes(tasks: readonly OwnedTask[]): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    if (this.#broken) return;
    let failure: Error | undefined;
    const emptyAll = async () => {
      for (const task of tasks) if (!task.lost) await this.#emptyOutbox(task);
    };
    this.#writes(
      emptyAll().catch((error: Error) => void (failure = error)).finally(() => {
        this.#wrote();
        this.parts.wake();
      }),
    );
    await this.#committing;
    if (failure !== undefined) throw failure;
  }

  async #emptyOutbox(task: OwnedTask): Promise<void> {
    if (task.checkpoint.head.outbox.length === 0) return;
    try {
      await task.checkpoint.rewrite({ published: task.outbox.reached.epoch });
    } catch (error) {
      if (error instanceof FencedError) {
        task.lose();
        return this.parts.fenced(task);
      }
      throw error;
    }
  }

  #dropLost(): void {
    for (const task of this.parts.tasks()) if (task.lost) this.parts.fenced(task);
  }

  #fail(error: Error): void {
    this.#broken = true;
    this.parts.failed(error);
  }
}

/** Cuts a task; `undefined` where it has failed. What a state cannot hold is found only now: whoever is to blame for it is left out. */
function cutOf(task: OwnedTask, inCommit: readonly InCommit[]): CutEpoch | undefined {
  const { runner } = task;
  for (;;) {
    runner.beforeCut();
    if (!isWhole(runner)) return undefined;
    try {
      return task.cut(inCommit);
    } catch (error) {
      if (!runner.refusedAtCut(error) || !isWhole(runner)) return undefined;
    }
  }
}

/** An epoch that is made again is cut when all of it has been. */
function isWhole({ task, again }: TaskRunner): boolean {
  return task.failure === undefined && again === undefined;
}

function canCut({ runner, lost }: OwnedTask): boolean {
  return runner.changed && !lost && isWhole(runner);
}
