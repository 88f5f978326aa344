/**
 * A running job.
 *
 * @module
 */
import type { Cell, Key } from "../operators/keyed_state.ts";
import type { Metrics } from "./metrics.ts";
import type { Topology } from "./plan.ts";

/** How a job ended without an error. */
export interface JobEnd {
  /** `finished`: its bounded input was read to the end; `stopped`: somebody stopped it. */
  readonly reason: "finished" | "stopped";
}

/** A read-only look into a keyed state, as it stands in memory: possibly ahead of the last commit. */
export interface StateView {
  /** How many cells hold a value, in the tasks of this worker. */
  readonly size: number;
  /** The value of a key, where a task of this worker holds it. A window's state is asked for by its start. */
  get(key: Key, namespace?: number): unknown;
  /** All cells of one namespace. */
  cells(namespace?: number): Iterable<Cell>;
}

/** Options of {@linkcode Job.stop}. */
export interface StopOptions {
  /**
   * How long it may take, in milliseconds; `Infinity`: as long as it takes. What is not done by then is said, and the next start does
   * it, exactly once.
   *
   * @default 10,000
   */
  readonly within?: number;
}

/** A job that `run()` has started. */
export interface Job extends AsyncDisposable {
  /** The job's name. */
  readonly name: string;
  /** Resolves when the job has ended; rejects with what stopped it. */
  readonly finished: Promise<JobEnd>;
  /** What it has done. */
  readonly metrics: Metrics;
  /** What the pipelines read, keep and write. */
  readonly topology: Topology;
  /** A look into the state of a stage. Throws a `RangeError` for a name that no stage has. */
  state(name: string): StateView;
  /**
   * Stops reading, commits, publishes, releases the tasks. Resolves when all of it is done, or its time is over, because the broker
   * or the store is away.
   *
   * @throws {RangeError} when `within` is no number of at least 0
   */
  stop(options?: StopOptions): Promise<void>;
}
