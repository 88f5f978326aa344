/**
 * The epoch loop of a worker: cut, commit, publish.
 *
 * Invariants:
 * - one commit is under way at a time. The next epoch is cut as soon as it is done and there is something to commit.
 *   While a transaction is under way, the cut is made as late as possible, and at most {@linkcode WAITING_CUTS} epochs
 *   wait for the transaction, and one more for each hop: what a commit hands over is cut next;
 * - a cut is synchronous: nothing that happens after it is part of it;
 * - results are published only after their epoch is committed. Processing goes on meanwhile.
 *
 * @module
 */
import type { InCommit } from "../connectors/connector.ts";
import { commitCuts, FencedError, hasInvisible, type Patience, type Store, UnavailableError } from "../state/mod.ts";
import type { Clock } from "../base/clock.ts";
import { canCut, cutOf } from "./cutting.ts";
import { countOf, shownDuration } from "./details_words.ts";
import type { Events } from "./events.ts";
import {
  BACKLOG_BYTES,
  EPOCH_BYTES,
  HANDED_MS,
  QUIET_MS,
  SLOW_EPOCH_MS,
  TOLD_AFTER_MS,
  WAITING_CUTS,
} from "./limits.ts";
import type { LocalHops } from "./local_hops.ts";
import type { Meter } from "./metrics.ts";
import type { CutEpoch, OwnedTask } from "./owned_task.ts";
import type { Publisher } from "./publisher.ts";
import type { CommittedEpoch } from "./recent.ts";
import { Rhythm } from "./rhythm.ts";
import { type CommitStep, tracesOf } from "./work_steps.ts";

/** What the epoch loop needs. */
export interface EpochParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly inCommit: readonly InCommit[];
  readonly publisher: Publisher | undefined;
  /** How long to wait for the store. */
  readonly patience: Patience;
  readonly minEpoch: number;
  readonly meter: Meter;
  /** The hops of the job, as this worker's tasks hand over what they send. Absent without hops. */
  readonly local?: Pick<LocalHops, "depth" | "handOver">;
  readonly tasks: () => readonly OwnedTask[];
  /** Another owner has a task. */
  readonly fenced: (task: OwnedTask) => void;
  /** Called when the worker cannot go on. */
  readonly failed: (error: Error) => void;
  /** Reports work that takes long; `undefined` reports that it has ended. */
  readonly slow: (what: "store" | "results", error: Error | undefined) => void;
  /** Takes the events of slow commits. */
  readonly events: Events;
  /** Called when something changed that the worker may be waiting for. */
  readonly wake: () => void;
}

/** An epoch of a task that is being committed. */
interface Cuts {
  readonly task: OwnedTask;
  readonly epoch: CutEpoch;
}

export class Epochs {
  #committing: Promise<void> | undefined;
  #publishing: Promise<void> | undefined;
  #committingSince = -Infinity;
  #publishingSince = -Infinity;
  /** Whether a slow commit was reported. */
  #told = false;
  #lastCut = -Infinity;
  /** Since when a transaction has waited for what follows from what was handed over; `undefined` when none does. */
  #waitsSince: number | undefined;
  /** When the first record since the last cut was pushed, in elapsed time. */
  #pushedSince: number | undefined;
  readonly #rhythm = new Rhythm();
  #broken = false;

  constructor(readonly parts: EpochParts) {}

  /** Whether more results wait to be published than the limit allows. The source waits then. */
  get backedUp(): boolean {
    let bytes = 0;
    for (const task of this.parts.tasks()) bytes += task.outbox.backlog;
    return bytes >= BACKLOG_BYTES;
  }

  /** Whether the current epoch has reached its size limit. The source then waits for the commit under way. */
  get full(): boolean {
    let bytes = 0;
    for (const task of this.parts.tasks()) bytes += task.runner.outputs.bytes;
    return bytes >= EPOCH_BYTES;
  }

  /** What keeps all tasks from taking records, in words; `undefined` when nothing does. */
  get held(): string | undefined {
    return this.backedUp ? "publishing" : this.full ? "the commit" : undefined;
  }

  /**
   * Cuts and commits what has changed, if it is time. Returns in how many milliseconds it will be time, or 0 when it
   * does not depend on time.
   *
   * @param since when the pushes began that it follows, in elapsed time
   */
  advance(since?: number): number {
    const { clock, minEpoch, tasks } = this.parts;
    // Lost or failed tasks are not cut. Counting them as changed would make the loop commit forever.
    if (this.#broken || !tasks().some(canCut)) return 0;
    this.#pushedSince ??= since;
    if (this.#committing !== undefined) return 0;
    if (this.#publishing !== undefined && this.#waitingCuts() >= WAITING_CUTS + this.#depth) return 0;
    if (minEpoch === Infinity) return Infinity;
    const now = clock.elapsed();
    const wait = Math.max(this.#lastCut + minEpoch - now, this.#untilLastMoment(now));
    if (wait > 0) return wait;
    this.commit().catch(() => {});
    return 0;
  }

  /** Waits for the commit under way, then cuts and commits everything that has changed. */
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

  /**
   * Begins to publish the waiting epochs, unless a transaction is under way. `all`: also what was handed over, although
   * its results may come with the next commit.
   */
  publish(all = false): void {
    const { publisher, tasks, clock, wake, meter } = this.parts;
    if (publisher === undefined || this.#publishing !== undefined || this.#broken) return;
    if (!tasks().some((task) => !task.lost && !task.outbox.empty)) return;
    if (!all && this.#mayWait()) return;
    this.#publishingSince = clock.elapsed();
    this.#waitsSince = undefined;
    let failure: Error | undefined;
    this.#publishing = publisher.publish(tasks).then(() => this.#dropLost())
      .catch((error: Error) => this.#fail(failure = error))
      .finally(() => {
        this.#publishing = undefined;
        const now = clock.elapsed();
        const took = now - this.#publishingSince;
        this.#rhythm.published(took);
        meter.published(took, { now: clock.now(), elapsed: now }, failure);
        this.publish();
        wake();
      });
  }

  /**
   * Reports work that has been under way for long and has neither failed nor ended. The caller's timer calls it, since
   * the loop itself may be waiting.
   */
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
    for (;;) {
      this.publish(true);
      const work = this.#committing ?? this.#publishing;
      if (this.#broken || work === undefined) break;
      await work;
    }
    await this.#emptyOutboxes(this.parts.tasks());
  }

  /** Stops at once. Work under way ends, and nothing more begins. */
  async halt(): Promise<void> {
    this.abandon();
    await this.settled();
  }

  /** Begins nothing more, and does not wait for work under way. */
  abandon(): void {
    this.#broken = true;
    this.parts.publisher?.abandon();
  }

  /** Resolves when the commit and the transaction under way have ended. */
  async settled(): Promise<void> {
    await this.#committing;
    await this.#publishing;
  }

  /** Empties the outboxes of tasks that have been quiet for a while. Their next owner then needs no marker. */
  async settleQuiet(): Promise<void> {
    if (this.#committing !== undefined || this.#publishing !== undefined || this.#broken) return;
    const now = this.parts.clock.elapsed();
    const quiet = this.parts.tasks().filter((task) =>
      !task.lost && !task.runner.changed && hasInvisible(task.checkpoint.head) && now - task.quietSince >= QUIET_MS
    );
    if (quiet.length > 0) await this.#emptyOutboxes(quiet).catch((error: Error) => this.#fail(error));
  }

  /** Registers a head write as the commit under way. */
  #writes(work: Promise<void>): void {
    this.#committing = work;
    this.#committingSince = this.parts.clock.elapsed();
  }

  #wrote(): void {
    this.#committing = undefined;
    if (this.#told) this.parts.slow("store", undefined);
    this.#told = false;
  }

  /**
   * What came through a hop is cut at once: the cut before it was made early enough for all that follow from it to end
   * with the transaction.
   */
  #untilLastMoment(now: number): number {
    if (
      this.#publishing === undefined || this.full || this.parts.tasks().some(({ runner }) => runner.hops?.tookHanded)
    ) {
      return 0;
    }
    return this.#rhythm.untilCut(now - this.#publishingSince, 1 + this.#depth);
  }

  /** How many commits follow from one at most, because of what it hands over. */
  get #depth(): number {
    return this.parts.local?.depth ?? 0;
  }

  /**
   * Whether a transaction may wait: it would carry only what was handed over, and the results of that come with the next
   * commit. It waits for a short time only, because a task may be kept from taking what it was handed.
   */
  #mayWait(): boolean {
    const { local, tasks, clock } = this.parts;
    if (local === undefined || tasks().some((task) => !task.lost && task.outbox.awaited)) return false;
    if (this.#committing === undefined && !tasks().some(({ runner }) => runner.hops?.hasHanded)) return false;
    this.#waitsSince ??= clock.elapsed();
    return clock.elapsed() - this.#waitsSince < HANDED_MS;
  }

  #waitingCuts(): number {
    let most = 0;
    for (const task of this.parts.tasks()) most = Math.max(most, task.outbox.unsent);
    return most;
  }

  async #commitAll(): Promise<void> {
    const changed = this.parts.tasks().filter(canCut);
    // All tasks are cut in one synchronous step. Only then does the first commit begin.
    const { inCommit } = this.parts;
    const cuts = changed.flatMap((task) => {
      const epoch = cutOf(task, inCommit);
      return epoch === undefined ? [] : [{ task, epoch }];
    });
    if (cuts.length === 0) return;
    const { store, clock, meter, patience } = this.parts;
    const began = clock.elapsed(), at = clock.now(), pushed = Math.max(0, began - (this.#pushedSince ?? began));
    this.#pushedSince = undefined;
    const details = () => epochOf(cuts.map(({ epoch }) => epoch), at, clock.elapsed() - began);
    const { outcomes } = await commitCuts(store, cuts.map(({ epoch }) => epoch.cut), patience).catch((error) => {
      this.#tell(cuts, details(), { pushed, error });
      throw error;
    });
    const took = clock.elapsed() - began, committed = details();
    meter.committed(committed, began + took);
    this.#tell(cuts, committed, { pushed, error: undefined });
    if (took >= SLOW_EPOCH_MS) tellSlow(this.parts.events, committed);
    this.#rhythm.committed(took);
    for (const sink of new Set(cuts.flatMap(({ epoch }) => [...epoch.outputs.appended.keys()]))) {
      inCommit[sink].committed();
    }
    cuts.forEach(({ task, epoch }, index) => this.#committed(task, epoch, outcomes[index]));
  }

  /** Tells those who trace the worker of a commit that has ended. */
  #tell(cuts: readonly Cuts[], details: CommittedEpoch, rest: Pick<CommitStep, "pushed" | "error">): void {
    const { meter: { steps, commits: commit }, clock } = this.parts;
    if (!steps.observed) return;
    const { tasks, records, results, bytes, commit_ms: took } = details;
    const epoch = Math.max(...cuts.map(({ task }) => task.checkpoint.head.epoch));
    const traceparents = tracesOf(cuts.map(({ epoch }) => epoch));
    const told = { commit, epoch, tasks, records, results, bytes, traceparents };
    steps.next({ kind: "commit", ended: clock.now(), took, ...told, ...rest });
  }

  #committed(task: OwnedTask, epoch: CutEpoch, outcome: "committed" | "fenced"): void {
    if (outcome === "fenced") {
      task.outbox.fenced();
      task.lose();
      return this.parts.fenced(task);
    }
    task.quietSince = this.parts.clock.elapsed();
    if (epoch.finished) task.finish();
    this.parts.meter.counted(epoch.counts);
    const handed = this.parts.local?.handOver(task, epoch.outputs.published);
    task.outbox.committed(task.checkpoint.head.epoch, this.parts.meter.commits, handed);
  }

  /**
   * Counts as a commit under way: a task must not be cut while its head is being written, and a head must not be
   * written twice at once.
   */
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
    if (!hasInvisible(task.checkpoint.head)) return;
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

/** What a commit of these epochs of tasks has. */
function epochOf(cuts: readonly CutEpoch[], at: number, commit_ms: number): CommittedEpoch {
  let records = 0, results = 0, bytes = 0;
  for (const { outputs, records: read } of cuts) {
    records += read;
    results += outputs.published.length;
    for (const rows of outputs.appended.values()) results += rows.length;
    bytes += outputs.bytes;
  }
  return { at, tasks: cuts.length, records, results, bytes, commit_ms: Number(commit_ms.toFixed(2)) };
}

function tellSlow(events: Events, { commit_ms: ms, tasks, records }: CommittedEpoch): void {
  events.noteSeldom("slow epoch", (count) => [
    { kind: "slow epoch", ms, tasks, records, others: count - 1 },
    `a commit of ${countOf(tasks, "task")} took ${shownDuration(ms)}`,
  ]);
}
