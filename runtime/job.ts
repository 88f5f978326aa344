/**
 * A running job.
 *
 * @module
 */
import type { Cell, Key } from "../operators/keyed_state.ts";
import type { EpochDetails, Explanation, JobDetails } from "./details.ts";
import type { JobRows } from "./details_rows.ts";
import type { JobEvents } from "./events.ts";
import type { Metrics } from "./metrics.ts";
import type { JobRecords } from "./records.ts";
import type { Topology } from "./topology.ts";

/** How a job ended without an error. */
export interface JobEnd {
  /** `finished`: the bounded input was read to its end; `stopped`: the job was stopped. */
  readonly reason: "finished" | "stopped";
}

/** A read-only view of a keyed state, as it stands in memory. It may be ahead of the last commit. */
export interface StateView {
  /** How many cells hold a value, in the tasks of this worker. */
  readonly size: number;
  /**
   * The value of a key, or `undefined` when no task of this worker holds one. The state of a window has the window's
   * start as its namespace.
   */
  get(key: Key, namespace?: number): unknown;
  /** All cells of one namespace. */
  cells(namespace?: number): Iterable<Cell>;
}

/** Options of {@linkcode Job.stop}. */
export interface StopOptions {
  /**
   * How long the stop may take, in milliseconds; `Infinity` sets no limit. What is not done by then is logged, and the
   * next start does it, exactly once.
   *
   * @default 10,000
   */
  readonly within?: number;
}

/** A job that `run()` has started. */
export interface Job extends AsyncDisposable {
  /** The job's name. */
  readonly name: string;
  /** Resolves when the job has ended. Rejects with the error that stopped it. */
  readonly finished: Promise<JobEnd>;
  /** What the job has done so far. */
  readonly metrics: Metrics;
  /** What has happened to the job in this worker. */
  readonly events: JobEvents;
  /** What the pipelines read, keep and write, and how their stages are connected. It does not change while the job runs. */
  readonly topology: Topology;
  /**
   * The details of the job at this moment, over all of its tasks: those of this worker from its memory, all others from
   * their last commits, which are at most a second old.
   *
   * @throws {CorruptError} when the head of another worker's task cannot be read
   */
  details(): Promise<JobDetails>;
  /**
   * The rows of tasks and of input partitions in their order, at most 32 of each, with how many records each task of the
   * job has processed. `details()` shows those with the most lag where there are more than 32; this shows all of them,
   * page by page.
   *
   * @example All tasks of a job
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { memory, run, type TaskDetails } from "@tidemark/streams";
   *
   * const log = memory();
   * log.create("clicks", { partitions: 40 });
   * await using job = await run(log.source("clicks").pipe(log.sink("out")), {
   *   name: "clicks",
   *   state: ":memory:",
   *   log: () => {},
   * });
   * const tasks: TaskDetails[] = [];
   * for (let rows = await job.rows(); rows.tasks.length > 0; rows = await job.rows(tasks.length)) {
   *   tasks.push(...rows.tasks);
   * }
   * assertEquals(tasks.map(({ task }) => task), Array.from({ length: 40 }, (_none, task) => task));
   * ```
   *
   * @param from the place of the first row of either list; behind the last one there are none. @default 0
   * @throws {RangeError} when `from` is no integer of at least 0
   * @throws {CorruptError} when the head of another worker's task cannot be read
   */
  rows(from?: number): Promise<JobRows>;
  /**
   * The newest commits of this worker, at most 256, the oldest first. A commit is read again with its `publish` when its
   * results have become visible.
   *
   * @param after only commits with a higher number. @default 0
   */
  epochs(after?: number): readonly EpochDetails[];
  /**
   * Why results have not come: an explanation for each stage and task with windows or timers that wait, and for tasks of
   * other workers; the most urgent first. It is empty when nothing waits.
   *
   * @param stage the name of a stage. @default all of them
   * @throws {RangeError} when no stage that keeps state has this name
   */
  explain(stage?: string): Promise<readonly Explanation[]>;
  /**
   * Tells programs that look into the job's store where this worker's page is, so that they can ask it: `tidemark why`
   * does. `dashboard()` calls it.
   *
   * @param url the page's address, or `undefined` when it is closed
   * @returns resolves when it is written. A store that is away is told later
   */
  announcePage(url: string | undefined): Promise<void>;
  /** The records of the topics that the job reads and writes, and its dead letters. */
  readonly records: JobRecords;
  /** A view of the state of a stage. Throws a `RangeError` when no stage has this name. */
  state(name: string): StateView;
  /**
   * Stops reading, commits, publishes and releases the tasks. Resolves when all of it is done, or when the time is over
   * because the broker or the store cannot be reached.
   *
   * @throws {RangeError} when `within` is no number of at least 0
   */
  stop(options?: StopOptions): Promise<void>;
}
