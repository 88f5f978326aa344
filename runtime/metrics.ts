/**
 * Metrics of a job in this process.
 *
 * @module
 */
import { type Observable, Subject } from "rxjs";
import { Histogram, type Percentiles } from "./histogram.ts";

/** A snapshot of what a job has done. Counts go back to the job's birth, rates and times to this process's start. */
export interface MetricsSnapshot {
  /** The job's name. */
  readonly job: string;
  /** Input records, each once however many pipelines read it. */
  readonly records_in: number;
  /** Results by topic. */
  readonly outputs: Readonly<Record<string, number>>;
  /** Records that came too late for their window. */
  readonly late: number;
  /** Records and results that went to a dead-letter sink. */
  readonly dead_letters: number;
  /** Results that the broker refused for good and that were moved out of the way. */
  readonly unpublishable: number;
  /** Records that were gone before they could be read and were passed over. */
  readonly missing: number;
  /** Epochs committed, over all tasks. */
  readonly epochs: number;
  /** Since this process started the job, in milliseconds. */
  readonly elapsed_ms: number;
  /** Input records of this process, a second. */
  readonly records_per_second: number;
  /** How many records of the input wait to be processed; NaN until the first fetch. */
  readonly lag: number;
  /** The lowest watermark of the job's tasks in milliseconds, or `undefined`. */
  readonly watermark: number | undefined;
  /** Values in keyed state, over the tasks of this worker. */
  readonly keys: number;
  /** How long a commit takes, in milliseconds. */
  readonly commit_ms: Percentiles;
  /** From a record's own timestamp until its results are visible. */
  readonly latency_ms: Percentiles;
  /** All that the job waits for at this moment, or `undefined`. */
  readonly trouble: string | undefined;
}

/** Metrics: the snapshot of this moment, and a stream of them. */
export interface Metrics {
  /** The state of this moment. */
  snapshot(): MetricsSnapshot;
  /** A snapshot about every half second. */
  readonly changes: Observable<MetricsSnapshot>;
}

/** What the epoch loop measures. */
export class Meter {
  readonly commit: Histogram = new Histogram();
  readonly latency: Histogram = new Histogram();
  /** Epochs committed by this process. */
  epochs = 0;

  committed(ms: number, tasks: number): void {
    this.commit.record(ms);
    this.epochs += tasks;
  }

  /** The results of records with these timestamps are visible now. */
  visible(timestamps: readonly number[], now: number): void {
    for (const timestamp of timestamps) this.latency.record(Math.max(0, now - timestamp));
  }
}

/** Sends snapshots to whoever listens. */
export class MetricsFeed implements Metrics {
  readonly #changes = new Subject<MetricsSnapshot>();
  readonly changes: Observable<MetricsSnapshot> = this.#changes.asObservable();

  constructor(readonly snapshot: () => MetricsSnapshot) {}

  emit(): void {
    if (this.#changes.observed) this.#changes.next(this.snapshot());
  }

  complete(): void {
    this.#changes.complete();
  }
}
