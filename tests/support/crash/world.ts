/** The world of the crash job: its input, its process, and the results as a reader sees them. */
import type { ChildOptions } from "./child.ts";
import { systemClock } from "../../../base/clock.ts";
import { KvStore } from "../../../state/mod.ts";
import { restoredStates, rowsOf } from "../restored.ts";
import { compare, type Difference } from "./compare.ts";
import { HEARD } from "./job.ts";
import { truth } from "./oracle.ts";
import { JobProcess } from "./process.ts";
import type { Rows } from "./rows.ts";
import { eventAt } from "./traffic.ts";

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

  /** How many events each user has had. */
  async counted(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [partition, length] of (await this.lengths()).entries()) {
      for (let index = 0; index < length; index++) {
        const { user_id } = eventAt(this.seed, partition, index);
        counts.set(user_id, (counts.get(user_id) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** What each task has heard of the counts of all users. Only while no process of the job runs. */
  async heard(): Promise<ReadonlyMap<string, unknown>[]> {
    const store = await KvStore.open(this.base.state, systemClock);
    try {
      const tasks = Array.from({ length: this.partitions }, (_, task) => task);
      return await Promise.all(
        tasks.map(async (task) => rowsOf(await restoredStates(store, { job: this.base.job, task }), HEARD)),
      );
    } finally {
      store.kv.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.still();
    await this.ended();
  }
}
