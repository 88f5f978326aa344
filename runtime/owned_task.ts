/**
 * A task that this worker owns: its runner, its checkpoint, and its epochs on their way out.
 *
 * @module
 */
import type { AtomicWrites, InCommit, OutputRecord, StartOffset } from "../connectors/connector.ts";
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { Cut, DurableStates, Head, TaskCheckpoint } from "../state/mod.ts";
import { FencedError } from "../state/mod.ts";
import { RECORD_OBJECTS } from "./limits.ts";
import { mapOffsets } from "./offsets.ts";
import type { EpochOutputs } from "./outputs.ts";
import { MarkerError, type PublishedTask, type WaitingEpoch } from "./publisher.ts";
import type { Counters, TaskRunner } from "./task_runner.ts";

/** An epoch that was cut and is being committed. */
export interface CutEpoch {
  readonly cut: Cut;
  readonly outputs: EpochOutputs;
  readonly samples: readonly number[];
  readonly finished: boolean;
}

export class OwnedTask implements PublishedTask {
  readonly waiting: WaitingEpoch[] = [];
  sending = 0;
  lost = false;
  /** Committed as finished: its input has ended for good. */
  finished = false;
  /** Up to this epoch everything is visible. */
  publishedEpoch: number;
  /** Since when there was nothing to commit, on the clock that never jumps; NaN: there is. */
  quietSince = NaN;
  /** The head as this run found it. */
  readonly began: Head;
  /** What was committed last, to begin anew from after an error. */
  committedClocks: Readonly<Record<string, ClockSnapshot>>;
  committedCounters: Readonly<Counters>;

  constructor(
    readonly number: number,
    readonly checkpoint: TaskCheckpoint,
    readonly states: DurableStates,
    readonly runner: TaskRunner,
  ) {
    const { head } = checkpoint;
    this.publishedEpoch = head.epoch;
    this.began = head;
    this.committedClocks = head.clocks;
    this.committedCounters = head.counters;
  }

  /**
   * Everything since the last cut becomes the next epoch. Nothing that happens after this call is in it.
   *
   * @throws {TypeError | RangeError} when a state holds what cannot be stored; nothing has changed then
   */
  cut(sinks: readonly InCommit[]): CutEpoch {
    const { runner } = this;
    const { outputs: collected } = runner;
    const clocks = runner.clocks(), counters = { ...runner.counters };
    if (runner.task.late > 0) counters.late = (counters.late ?? 0) + runner.task.late;
    for (const { missing } of runner.queues) if (missing > 0) counters.missing = (counters.missing ?? 0) + missing;
    const cut = this.checkpoint.cut({
      offsets: mapOffsets(this.offsets()),
      clocks,
      counters,
      outbox: collected.published,
      published: this.publishedEpoch,
      // What is staged must be committed, and a state may refuse to be encoded: so it is staged after that.
      writes: () => stage(sinks, collected.appended),
      finished: runner.ended,
    });
    const outputs = collected.take();
    runner.counters = { ...counters };
    const samples = runner.samples.slice();
    runner.startEpoch();
    this.committedClocks = clocks;
    this.committedCounters = counters;
    return { cut, outputs, samples, finished: runner.ended };
  }

  /** Where the next epoch of this task begins to read. */
  offsets(): StartOffset[] {
    return this.runner.queues.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
  }

  /** The memory that epochs hold which are committed and not yet visible, in bytes. */
  get backlog(): number {
    return this.waiting.reduce((bytes, epoch) => bytes + epoch.bytes + epoch.records.length * RECORD_OBJECTS, 0);
  }

  async verify(): Promise<boolean> {
    try {
      await this.checkpoint.verify();
      return true;
    } catch (error) {
      if (error instanceof FencedError) return false;
      throw error;
    }
  }

  published(epochs: readonly WaitingEpoch[]): void {
    // Never the head's epoch: while the commit of other tasks is under way, the head may be ahead of what waits here.
    this.publishedEpoch = epochs[epochs.length - 1].epoch;
    this.onPublished?.(epochs);
  }

  onPublished: ((epochs: readonly WaitingEpoch[]) => void) | undefined;

  checkMarker(marker: number | undefined): void {
    const { epoch } = this.checkpoint.head;
    if (marker === undefined) {
      throw new MarkerError(
        `Task ${this.number} has unpublished results up to epoch ${epoch}, but its marker on the broker is gone (Kafka forgets offsets after 7 ` +
          `days without a commit), so nobody can tell which of them are visible. Compare the output topics with the job, then start it with ` +
          `reset to process its input anew`,
      );
    }
    if (marker > epoch) {
      throw new MarkerError(
        `Task ${this.number} is at epoch ${epoch} in the state store, but epoch ${marker} has been published: the store is older than the ` +
          `results (a restored backup, or another store). Give the job the store that it ran on last, or start it with reset to process its ` +
          `input anew, results already visible included`,
      );
    }
  }
}

/** What the sinks on the job's own store write with the epoch. */
function stage(
  sinks: readonly InCommit[],
  appended: ReadonlyMap<number, readonly OutputRecord[]>,
): AtomicWrites | undefined {
  if (appended.size === 0) return undefined;
  const staged = [...appended].map(([sink, records]) => sinks[sink].stage(records));
  return { ahead: staged.flatMap(({ ahead }) => ahead), last: staged.flatMap(({ last }) => last) };
}
