/**
 * A task that this worker owns: its runner, its checkpoint, and its epochs that are not yet visible.
 *
 * @module
 */
import type { AtomicWrites, InCommit, Published, StartOffset } from "../connectors/connector.ts";
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { Cut, DurableStates, Head, TaskCheckpoint } from "../state/mod.ts";
import { FencedError } from "../state/mod.ts";
import { newestLate } from "./details_late.ts";
import { Shelves } from "./details_shelf.ts";
import { raisedByOf } from "./details_told.ts";
import { countsOf } from "./epoch_counts.ts";
import { mapOffsets } from "./offsets.ts";
import type { EpochOutputs } from "./outputs.ts";
import { Outbox } from "./outbox.ts";
import type { EpochCount } from "./process_counts.ts";
import { MarkerError, type PublishedTask } from "./publisher.ts";
import { TABLE_ENDS } from "./tables_first.ts";
import type { Counters, TaskRunner } from "./task_runner.ts";

/** An epoch that was cut and is being committed. */
export interface CutEpoch {
  readonly cut: Cut;
  readonly outputs: EpochOutputs;
  /** How many input records it has. */
  readonly records: number;
  /** What it adds to the counts of this process. */
  readonly counts: readonly EpochCount[];
  /** Traces that some of its records belong to. */
  readonly traceparents: readonly string[];
  readonly finished: boolean;
}

/**
 * What a worker may do with a task. `owned`: commit it. `finished`: nothing more, its input has ended. `lost`: nothing,
 * because another owner has it.
 */
export type Ownership = "owned" | "finished" | "lost";

export class OwnedTask implements PublishedTask {
  readonly outbox: Outbox;
  #ownership: Ownership = "owned";
  readonly #shelves: Shelves;
  /** Since when there has been nothing to commit, in elapsed time; NaN when there is something. */
  quietSince = NaN;
  /** The head as this run found it. */
  readonly began: Head;
  /** The clocks of the last commit. Recovery from an error begins with them. */
  committedClocks: Readonly<Record<string, ClockSnapshot>>;
  committedCounters: Readonly<Counters>;

  constructor(
    readonly number: number,
    readonly checkpoint: TaskCheckpoint,
    readonly states: DurableStates,
    readonly runner: TaskRunner,
  ) {
    const { head } = checkpoint;
    this.outbox = new Outbox({ epoch: head.epoch, rows: 0, moved: head.counters.unpublishable ?? 0 });
    this.began = head;
    this.#shelves = new Shelves(checkpoint.keys.job, number, head);
    this.committedClocks = head.clocks;
    this.committedCounters = head.counters;
  }

  get ownership(): Ownership {
    return this.#ownership;
  }

  /** Whether another owner has the task. This worker then neither commits nor publishes anything of it. */
  get lost(): boolean {
    return this.#ownership === "lost";
  }

  /** Whether the task was committed as finished: its input has ended for good. */
  get finished(): boolean {
    return this.#ownership === "finished";
  }

  lose(): void {
    this.#ownership = "lost";
  }

  finish(): void {
    if (!this.lost) this.#ownership = "finished";
  }

  /**
   * Makes everything since the last cut the next epoch. Nothing that happens after this call is part of it.
   *
   * @throws {TypeError | RangeError} when a state holds a value that cannot be stored; nothing has changed then
   */
  cut(sinks: readonly InCommit[]): CutEpoch {
    const { runner } = this;
    const { outputs: collected } = runner;
    const clocks = runner.clocks(), counters = { ...runner.counters };
    if (runner.task.late > 0) counters.late = (counters.late ?? 0) + runner.task.late;
    for (const { missing, counts } of runner.queues) {
      if (missing > 0 && counts) counters.missing = (counters.missing ?? 0) + missing;
    }
    const cut = this.checkpoint.cut({
      offsets: mapOffsets(this.offsets()),
      clocks,
      counters,
      outbox: collected.published,
      published: this.outbox.reached.epoch,
      // Staged records must be committed. Encoding a state may fail, so staging comes after it.
      writes: () => stage(sinks, collected.appended, this.#samples(counters)),
      finished: runner.ended,
      told: { at: runner.now(), raisedBy: raisedByOf(runner) },
      extensions: extensionsOf(runner),
    });
    const outputs = collected.take();
    runner.counters = { ...counters };
    const { timestamps: samples, traceparents } = runner.samples;
    const counts = countsOf(runner, { before: this.committedCounters, now: counters }, outputs);
    runner.startEpoch();
    const records = (counters.records_in ?? 0) - (this.committedCounters.records_in ?? 0);
    this.committedClocks = clocks;
    this.committedCounters = counters;
    this.outbox.cut({ rows: outputs.published, bytes: outputs.bytes, samples, counts });
    return { cut, outputs, records, counts, traceparents, finished: runner.ended };
  }

  /** The late values and dead letters that go with an epoch with these counters. */
  #samples({ late = 0, dead = 0 }: Readonly<Counters>): AtomicWrites["last"] {
    const { number: task, runner: { task: { tallies }, outputs: { parts: { letters } } } } = this;
    const now = this.runner.now();
    return [
      ...this.#shelves.late.writes(
        late,
        now,
        () => newestLate({ task, tallies }).map(({ stage, late }) => ({ stage, late })),
      ),
      ...this.#shelves.dead.writes(dead, now, () => letters?.samples ?? []),
    ];
  }

  /** The offsets at which the next epoch of this task begins to read. */
  offsets(): StartOffset[] {
    return this.runner.queues.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
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

  resolve(marker: Published | undefined): void {
    const { epoch } = this.checkpoint.head;
    const found = this.outbox.resolve(epoch, marker);
    if (found.kind === "forgotten") {
      throw new MarkerError(
        `Task ${this.number} has unpublished results up to epoch ${epoch}, but its marker on the broker is gone (Kafka forgets offsets after 7 ` +
          `days without a commit), so nobody can tell which of them are visible. Compare the output topics with the job, then start it with ` +
          `reset to process its input anew`,
      );
    }
    if (found.kind === "ahead") {
      throw new MarkerError(
        `Task ${this.number} is at epoch ${epoch} in the state store, but epoch ${found.marker} has been published: the store is older than the ` +
          `results (a restored backup, or another store). Give the job the store that it ran on last, or start it with reset to process its ` +
          `input anew, results already visible included`,
      );
    }
    this.#countMoved();
  }

  visible(reached: Published): void {
    this.outbox.visible(reached);
    this.#countMoved();
  }

  /** Counts rows that were moved to the sink for unpublishable results. The next epoch commits the count. */
  #countMoved(): void {
    const { moved } = this.outbox.reached;
    if (moved <= (this.runner.counters.unpublishable ?? 0)) return;
    this.runner.counters.unpublishable = moved;
    this.runner.changed = true;
  }
}

/** The extensions of the head that this cut sets or removes. */
function extensionsOf(
  { parts: { hops, tablesFirst }, routes, queues }: TaskRunner,
): Record<string, unknown> | undefined {
  const tablesAreRead = tablesFirst?.done === true;
  if (hops === undefined) return tablesAreRead ? { [TABLE_ENDS]: undefined } : undefined;
  // A topic of which this task reads no partition has ended from the start.
  const over = routes.over.filter((topic) => queues.some((queue) => queue.topic === topic));
  const ended = { ended: over.length > 0 ? over : undefined };
  return tablesAreRead ? { ...ended, [TABLE_ENDS]: undefined } : ended;
}

/** Stages the rows that the sinks in the job's own store write with the epoch, and the samples of the task. */
function stage(
  sinks: readonly InCommit[],
  appended: ReadonlyMap<number, readonly unknown[]>,
  samples: AtomicWrites["last"],
): AtomicWrites | undefined {
  if (appended.size === 0 && samples.length === 0) return undefined;
  const staged = [...appended].map(([sink, rows]) => sinks[sink].stage(rows));
  return {
    ahead: staged.flatMap(({ ahead }) => ahead),
    last: [...staged.flatMap(({ last }) => last), ...samples],
    rows: staged.flatMap(({ rows = [] }) => rows),
  };
}
