/**
 * One life of a job under test: from its start to its end, its failure or its crash. Epochs end when it is told so.
 *
 * A crash needs no doing: whoever lets go of a life and begins another has what a killed process leaves behind, which is what was
 * committed. Nothing moves the clock of a dead life on, so it does nothing any more.
 *
 * On this clock and on topics and a store in memory, a job waits for nothing but promises and timers: it rests at each `rest()`.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { rest } from "../base/clock.ts";
import type { Job } from "../runtime/job.ts";
import type { RunOptions } from "../runtime/options.ts";
import { runWith } from "../runtime/run.ts";
import { explainFrozen, freezeDeeply } from "./_freeze.ts";
import type { PushReader } from "./_push_reader.ts";
import type { World } from "./_world.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** One pipeline or several. */
export type Pipelines = Observable<unknown> | readonly Observable<unknown>[];

/** Options of `run()` that have a meaning where there is neither broker nor store. */
export type JobOptions = Pick<RunOptions, "tasks" | "onBadRecord" | "onError" | "log">;

/** How the job is called in messages. */
const JOB = "test";

export class Life {
  /** What stopped the job. */
  failure: Error | undefined;
  /** The job has processed its input to the end and is finished. */
  finished = false;

  private constructor(readonly job: Job, readonly clock: VirtualClock, readonly reader: PushReader) {
    job.finished.then(({ reason }) => this.finished = reason === "finished", (error) => this.failure = explain(error));
  }

  /** Starts the job on what the life before has committed. Rejects as `run()` does. */
  static async begin(world: World, pipelines: Pipelines, options: JobOptions, now: number): Promise<Life> {
    const clock = new VirtualClock(now, world.random);
    const view = world.view();
    const defined = Object.entries(options).filter(([, value]) => value !== undefined);
    const job = await runWith(
      pipelines,
      { log: () => {}, ...Object.fromEntries(defined), name: JOB, state: ":memory:" },
      clock,
      { ...view, cutsWhenAsked: true, decoded: freezeDeeply },
    );
    const life = new Life(job, clock, view.reader());
    await rest();
    await life.process();
    return life;
  }

  /** Whether the job goes on. */
  get running(): boolean {
    return this.failure === undefined && !this.finished;
  }

  /** Pushes what has come, and commits nothing. */
  async process(): Promise<void> {
    if (this.running) await this.reader.deliver(rest);
  }

  /** Pushes what has come and ends the epoch. What the job writes to its own input comes after that, in an epoch of its own. */
  async commit(): Promise<void> {
    do {
      await this.process();
      if (this.running) await this.reader.handler.revoking();
      await rest();
      // An epoch that is full is cut before all has been pushed.
    } while (this.running && (!this.reader.done || this.job.metrics.snapshot().lag > 0));
  }
}

/** What stopped the job, and what a test has to do with it. */
function explain(error: Error): Error {
  if (!/lies \d+ ms beyond its own timestamp/.test(error.message)) return explainFrozen(error);
  return new Error(
    `${error.message} In a test, a record has the time of the test as its own timestamp, unless it is pushed with another: give start ` +
      `(milliseconds since 1970), or push the record with a timestamp`,
    { cause: error.cause },
  );
}
