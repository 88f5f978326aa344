/**
 * One life of a job under test: from its start to its end, its failure or its crash. Epochs end only when the test says
 * so.
 *
 * A crash needs no code. A test drops a life and begins another, which starts from the committed state, as after a
 * killed process. Nothing advances the clock of the dropped life, so it does nothing more.
 *
 * With this clock, and with topics and a store in memory, a job waits only for promises and timers. So it has no more
 * to do after each `rest()`.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { rest, systemClock } from "../base/clock.ts";
import type { Job } from "../runtime/job.ts";
import type { RunOptions } from "../runtime/options.ts";
import { runWith } from "../runtime/run.ts";
import { explainFrozen, freezeDeeply } from "./_freeze.ts";
import type { PushReader } from "./_push_reader.ts";
import type { World } from "./_world.ts";
import { ANSWER_MS, LOOK_MS, STILL_ROUNDS } from "./limits.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** One pipeline or several. */
export type Pipelines = Observable<unknown> | readonly Observable<unknown>[];

/** Options of `run()` that apply without a broker and a store. */
export type JobOptions = Pick<RunOptions, "tasks" | "onBadRecord" | "onError" | "log">;

/** The name of the job in messages. */
const JOB = "test";

export class Life {
  /** The error that stopped the job. */
  failure: Error | undefined;
  /** The job has processed its input to the end and is finished. */
  finished = false;

  /** Whether the clock goes with real time while stages wait for answers, so that a call which has failed is tried again. */
  moving = false;

  private constructor(readonly job: Job, readonly clock: VirtualClock, readonly reader: PushReader) {
    job.finished.then(({ reason }) => this.finished = reason === "finished", (error) => this.failure = explain(error));
  }

  /** Starts the job from the state that the previous life has committed. Rejects as `run()` does. */
  static async begin(world: World, pipelines: Pipelines, options: JobOptions, now: number): Promise<Life> {
    const clock = new VirtualClock(now, world.random);
    const view = world.view();
    const defined = Object.entries(options).filter(([, value]) => value !== undefined);
    const job = await runWith(
      pipelines,
      // What is away, such as a schema registry, would be waited for on a clock that stands still.
      { log: () => {}, ...Object.fromEntries(defined), name: JOB, state: ":memory:", giveUpAfter: 0 },
      clock,
      { ...view, cutsWhenAsked: true, decoded: freezeDeeply },
    );
    const life = new Life(job, clock, view.reader());
    await rest();
    await life.process();
    return life;
  }

  /** Whether the job is running. */
  get running(): boolean {
    return this.failure === undefined && !this.finished;
  }

  /** How many values the stages hold back, until an answer comes. */
  get held(): number {
    return this.running ? this.job.metrics.snapshot().held : 0;
  }

  /**
   * Waits until the stages hold nothing back. The job goes on meanwhile; its results are not committed.
   *
   * @throws {Error} when they hold as much for a long time
   */
  async released(): Promise<void> {
    let before = this.held;
    for (let waited = 0, pause = 1; before > 0; waited += pause, pause = Math.min(2 * pause, LOOK_MS)) {
      if (waited >= ANSWER_MS) throw unanswered(before);
      await systemClock.sleep(pause);
      if (this.moving && waited >= LOOK_MS) await this.clock.advance(pause);
      if (this.held !== before) [waited, pause] = [0, 1];
      before = this.held;
    }
    await rest();
  }

  /** Pushes all new records without a commit. */
  async process(): Promise<void> {
    if (this.running) await this.reader.deliver(rest);
  }

  /**
   * Pushes all new records and ends the epoch. Records that the job writes to its own input follow in an epoch of their
   * own.
   */
  async commit(): Promise<void> {
    let behind: boolean;
    let rounds = 0, lag = NaN;
    do {
      // A full stage may wait for a call that is tried again after a pause.
      if (this.moving && rounds > STILL_ROUNDS) await this.#move();
      await this.process();
      // A full epoch is cut before all records have been pushed, and so is one whose records wait for their codec. What
      // is pushed after the cut belongs to the next epoch, so the loop commits again.
      behind = this.#behind;
      if (this.running) await this.reader.handler.revoking();
      await rest();
      rounds = lag === (lag = this.#lag) ? rounds + 1 : 0;
    } while (this.running && (!this.reader.done || behind || this.#behind));
  }

  /** Lets the clock go with real time for a moment. */
  async #move(): Promise<void> {
    await systemClock.sleep(1);
    await this.clock.advance(1);
  }

  /** How many records have not been pushed yet. */
  get #lag(): number {
    return this.job.metrics.snapshot().lag;
  }

  /** Whether records have not been pushed yet. */
  get #behind(): boolean {
    return this.#lag > 0;
  }
}

function unanswered(held: number): Error {
  const values = held === 1 ? "1 value" : `${held} values`;
  return new Error(
    `A stage has held ${values} back for ${
      ANSWER_MS / 1000
    } s, and waits for an answer. If the answer needs time to pass, ` +
      `move the clock with advance() before you await push() or end()`,
  );
}

/** Explains the error that stopped the job, and how a test can avoid it. */
function explain(error: Error): Error {
  if (!/lies \d+ ms beyond its own timestamp/.test(error.message)) return explainFrozen(error);
  return new Error(
    `${error.message} In a test, a record has the time of the test as its own timestamp, unless it is pushed with another: give start ` +
      `(milliseconds since 1970), or push the record with a timestamp`,
    { cause: error.cause },
  );
}
