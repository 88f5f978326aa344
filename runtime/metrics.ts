/**
 * Metrics of a job in this process.
 *
 * @module
 */
import { type Observable, Subject } from "rxjs";
import { Durations, LATENCY_BOUNDS, STEP_BOUNDS } from "../base/durations.ts";
import { Histogram, type Percentiles } from "./histogram.ts";
import type { Measurements } from "./measurements.ts";
import { type EpochCount, ProcessCounts } from "./process_counts.ts";
import { type CommittedEpoch, RecentEpochs, RecentHistogram } from "./recent.ts";
import { NOTHING_SENT, type Sent, sentOf, type WaitingEpochs, type WorkStep } from "./work_steps.ts";

/**
 * What one stage has done and what it keeps, over the tasks of this worker. Counts are those since the worker took up a task,
 * or subscribed it anew after the failure of a record.
 */
export interface StageMetrics {
  /** The stage's name. */
  readonly stage: string;
  /** Its operator: `tumblingWindow`. */
  readonly operator: string;
  /** Values that have come in. */
  readonly records_in: number;
  /** Results that have gone out. */
  readonly records_out: number;
  /** Values that came too late. */
  readonly late: number;
  /** Values in its keyed state. Each entry of a map and each element of a list counts. */
  readonly keys: number;
  /** About how many bytes its values take where they are stored, without their keys: those of timers too. */
  readonly state_bytes: number;
  /** Timers that are set. */
  readonly timers: number;
}

/**
 * A snapshot of what a job has done. Counts are totals since the job was created; rates and durations are those since
 * this process started.
 */
export interface MetricsSnapshot {
  /** The job's name. */
  readonly job: string;
  /** Input records. A record counts once, however many pipelines or tasks read it. */
  readonly records_in: number;
  /** Results by topic. */
  readonly outputs: Readonly<Record<string, number>>;
  /** What crosses the hops, by their topics. Absent when there are none. */
  readonly hops?: Readonly<Record<string, HopMetrics>>;
  /** Records that came too late for their window. */
  readonly late: number;
  /** Records and results that went to a dead-letter sink. */
  readonly dead_letters: number;
  /** Committed results that the broker refused for good, and that went to the sink for unpublishable results. */
  readonly unpublishable: number;
  /** Records that were gone before they could be read and were passed over. */
  readonly missing: number;
  /** Epochs committed, over all tasks. */
  readonly epochs: number;
  /** Time since this process started the job, in milliseconds. */
  readonly elapsed_ms: number;
  /** Input records of this process per second. */
  readonly records_per_second: number;
  /**
   * Input records that wait to be processed; NaN until the first fetch. Of a topic that every task reads they are those
   * of the task that is furthest behind.
   */
  readonly lag: number;
  /** The lowest watermark of the job's tasks in milliseconds, or `undefined`. */
  readonly watermark: number | undefined;
  /** Values in keyed state, over the tasks of this worker. */
  readonly keys: number;
  /** Values that stages hold back until they can be emitted, over the tasks of this worker. */
  readonly held: number;
  /** How long a commit takes, in milliseconds. */
  readonly commit_ms: Percentiles;
  /** From a record's own timestamp until its results are visible, in milliseconds. */
  readonly latency_ms: Percentiles;
  /** The stages that keep state, over the tasks of this worker. */
  readonly stages: readonly StageMetrics[];
  /** Everything that the job waits for at this moment, or `undefined`. */
  readonly trouble: string | undefined;
}

/** What crosses a hop. */
export interface HopMetrics {
  /** Values sent. */
  readonly sent: number;
  /** Control records sent, which carry watermarks, idleness and the end of the input. */
  readonly control: number;
  /** Values read. */
  readonly read: number;
  /** Offsets that wait to be read, by the tasks of this worker; NaN until the first fetch. */
  readonly lag: number;
}

/** Metrics: the present snapshot, and a stream of snapshots. */
export interface Metrics {
  /** The present snapshot. */
  snapshot(): MetricsSnapshot;
  /** Emits a snapshot about every half second. */
  readonly changes: Observable<MetricsSnapshot>;
  /** What a system for metrics takes: counts of this process that never fall, and what its tasks hold. */
  measure(): Measurements;
  /** Emits each commit and each transaction of this worker when it has ended, and when results are visible. */
  readonly steps: Observable<WorkStep>;
}

/** The two clocks at one moment. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: number;
}

/** The measurements of the epoch loop. */
export class Meter {
  readonly commit: Histogram = new Histogram();
  readonly latency: Histogram = new Histogram();
  /** The same of the last minute, with how long publishing took. */
  readonly recent = { commit: new RecentHistogram(), publish: new RecentHistogram(), latency: new RecentHistogram() };
  readonly recentEpochs: RecentEpochs = new RecentEpochs();
  /** The durations of this process, in fixed buckets. */
  readonly durations = {
    commit: new Durations(STEP_BOUNDS),
    publish: new Durations(STEP_BOUNDS),
    latency: new Durations(LATENCY_BOUNDS),
  };
  readonly counts: ProcessCounts = new ProcessCounts();
  readonly steps: Subject<WorkStep> = new Subject();
  /** What the transaction under way has, where somebody wants to know. */
  #sent: Sent | undefined;
  /** The commits of the transaction under way, and how many epochs of tasks it has. */
  #sending = { commits: new Set<number>(), epochs: 0 };
  /** Epochs committed by this process. */
  epochs = 0;

  /** Commits of this process. */
  get commits(): number {
    return this.recentEpochs.last;
  }

  /** @param elapsed milliseconds of a monotonic clock */
  committed(epoch: CommittedEpoch, elapsed: number): void {
    this.commit.record(epoch.commit_ms);
    this.durations.commit.record(epoch.commit_ms);
    this.recent.commit.record(epoch.commit_ms, elapsed);
    this.recentEpochs.add(epoch);
    this.epochs += epoch.tasks;
  }

  /** An epoch of a task is committed. */
  counted(counts: readonly EpochCount[]): void {
    this.counts.add(counts);
  }

  /** A transaction is about to publish what waits in these outboxes. `delivered` has the topics of such results. */
  sending(outboxes: readonly WaitingEpochs[], delivered: ReadonlyMap<string, unknown>): void {
    this.#sent = this.steps.observed ? sentOf(outboxes, delivered) : undefined;
    this.#sending = sendingOf(outboxes);
  }

  /** A transaction with results has ended, or has failed before it had anything. */
  published(took: number, { now, elapsed }: Moment, failure: Error | undefined): void {
    const { commits, epochs } = this.#sending;
    if (failure === undefined) {
      this.recentEpochs.published(commits, { at: now - took, took: Number(took.toFixed(2)), epochs });
    }
    this.recent.publish.record(took, elapsed);
    this.durations.publish.record(took);
    const sent = this.#sent ?? (failure === undefined ? undefined : NOTHING_SENT);
    this.#sent = undefined;
    if (sent === undefined || !this.steps.observed) return;
    this.steps.next({ kind: "send", ended: now, took, error: failure, ...sent });
  }

  /** Records the latency of results that are visible now, from the timestamps of their records. */
  visible(timestamps: readonly number[], { now, elapsed }: Moment): void {
    const latencies = timestamps.map((timestamp) => Math.max(0, now - timestamp));
    for (const latency of latencies) {
      this.latency.record(latency);
      this.durations.latency.record(latency);
      this.recent.latency.record(latency, elapsed);
    }
    if (this.steps.observed && latencies.length > 0) this.steps.next({ kind: "visible", ended: now, latencies });
  }
}

/** The commits whose results are in a transaction of what waits in these outboxes. */
function sendingOf(outboxes: readonly WaitingEpochs[]): { readonly commits: Set<number>; readonly epochs: number } {
  const commits = new Set<number>();
  let epochs = 0;
  for (const { waiting } of outboxes) {
    epochs += waiting.length;
    for (const { commit } of waiting) if (commit !== undefined) commits.add(commit);
  }
  return { commits, epochs };
}

/** Sends snapshots to all subscribers. */
export class MetricsFeed implements Metrics {
  readonly #changes = new Subject<MetricsSnapshot>();
  readonly changes: Observable<MetricsSnapshot> = this.#changes.asObservable();
  readonly steps: Observable<WorkStep>;
  readonly #steps: Subject<WorkStep>;

  constructor(
    readonly snapshot: () => MetricsSnapshot,
    readonly measure: () => Measurements,
    { steps }: Pick<Meter, "steps">,
  ) {
    this.#steps = steps;
    this.steps = steps.asObservable();
  }

  emit(): void {
    if (this.#changes.observed) this.#changes.next(this.snapshot());
  }

  complete(): void {
    this.#changes.complete();
    this.#steps.complete();
  }
}
