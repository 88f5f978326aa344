/** The world of the crash job: its input, its process, and the results as a reader sees them. */
import type { ChildOptions } from "./child.ts";
import { compare, type Difference } from "./compare.ts";
import { truth } from "./oracle.ts";
import { JobProcess } from "./process.ts";
import type { Rows } from "./rows.ts";

/** Options for one process of a job. */
export type StartOptions =
  & Pick<
    ChildOptions,
    "aim" | "mutant" | "feed" | "untilEnd" | "slow" | "transactionTimeout" | "worker"
  >
  & { readonly state?: string };

export abstract class World implements AsyncDisposable {
  readonly processes: JobProcess[] = [];

  constructor(readonly seed: number, readonly partitions: number) {}

  /** Options for every process of the job. */
  abstract readonly base: ChildOptions;

  /** Adds this many events to each partition. Not while the input is being written. */
  abstract append(count: number): Promise<void>;
  /** Writes input until {@linkcode World.still}. A process that is started meanwhile may write it. */
  abstract flow(rate: number): void;
  /** Stops writing input. */
  abstract still(): Promise<void>;
  /** Runs the job to the end of its input. */
  abstract end(options?: StartOptions): Promise<void>;
  /** All results that a `read_committed` reader sees. */
  abstract seen(): Promise<Rows>;
  /** How many events each partition has. */
  abstract lengths(): Promise<number[]>;

  /** Starts the job, as a process. */
  start(options: StartOptions = {}): JobProcess {
    const process = new JobProcess({ ...this.base, ...options });
    this.processes.push(process);
    return process;
  }

  /** Ends all of its processes, and closes what they had open. */
  async ended(): Promise<void> {
    for (const process of this.processes) await process.remove();
  }

  async expected(): Promise<Rows> {
    return truth(this.seed, await this.lengths());
  }

  /** The differences between the results and the expected ones. */
  async differences(): Promise<Difference[]> {
    return compare(await this.expected(), await this.seen());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.still();
    await this.ended();
  }
}
