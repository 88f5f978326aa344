/** A place where the crash job runs: its input, its process, and what a reader sees of its results. */
import type { ChildOptions } from "./child.ts";
import { compare, type Difference } from "./compare.ts";
import { truth } from "./oracle.ts";
import { JobProcess } from "./process.ts";
import type { Rows } from "./rows.ts";

/** What is decided for each process of a job. */
export type StartOptions =
  & Pick<
    ChildOptions,
    "aim" | "mutant" | "feed" | "untilEnd" | "slow" | "transactionTimeout" | "worker"
  >
  & { readonly state?: string };

export abstract class World implements AsyncDisposable {
  readonly processes: JobProcess[] = [];

  constructor(readonly seed: number, readonly partitions: number) {}

  /** What every process of the job is given. */
  abstract readonly base: ChildOptions;

  /** Adds that many events to each partition. Not while the traffic flows. */
  abstract append(count: number): Promise<void>;
  /** Lets the traffic flow until {@linkcode World.still}; a process that is started meanwhile belongs to it. */
  abstract flow(rate: number): void;
  /** Ends the traffic. */
  abstract still(): Promise<void>;
  /** Runs the job to the end of its input. */
  abstract end(options?: StartOptions): Promise<void>;
  /** What a `read_committed` reader sees of the results, all of it. */
  abstract seen(): Promise<Rows>;
  /** How many events each partition has. */
  abstract lengths(): Promise<number[]>;

  /** Starts the job, as a process. */
  start(options: StartOptions = {}): JobProcess {
    const process = new JobProcess({ ...this.base, ...options });
    this.processes.push(process);
    return process;
  }

  /** All of its processes have ended, and what they had open is closed. */
  async ended(): Promise<void> {
    for (const process of this.processes) await process.remove();
  }

  async expected(): Promise<Rows> {
    return truth(this.seed, await this.lengths());
  }

  /** What is wrong with the results. */
  async differences(): Promise<Difference[]> {
    return compare(await this.expected(), await this.seen());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.still();
    await this.ended();
  }
}
