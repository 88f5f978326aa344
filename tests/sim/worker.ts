/**
 * A worker of the job in the simulated world: a series of processes, each of which runs the real engine.
 *
 * @module
 */
import type { Job } from "../../runtime/job.ts";
import { runWith } from "../../runtime/run.ts";
import { type CallAct, type CallFault, isTarget, STEP } from "./faults.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import type { SimKv } from "./kv.ts";
import { programOf } from "./pipelines.ts";
import { SimClock, SimProcess } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import { QUOTA_TOLD_MS, saysQuota, saysTrouble, type Voice } from "./silence.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** What a worker needs. */
export interface WorkerParts {
  readonly slot: number;
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly trace: Trace;
  readonly kv: SimKv;
  readonly kafka: KafkaWorld;
  /** Called for every request. Returns how many milliseconds longer it takes, for a fault of another worker. */
  readonly requested: (slot: number, what: string) => number;
  /** The faults of its requests. */
  readonly faults: readonly CallFault[];
  /** Whether no more faults may happen. */
  readonly calm: () => boolean;
  /** Called when the job ended with an error. Returns whether it is to be started again. */
  readonly failed: (error: Error, at: { readonly worker: string; readonly starting: boolean }) => boolean;
  /** Whether it is started with `reset`. */
  readonly resets: () => boolean;
  readonly count: (what: "kills" | "pauses" | "lost" | "stops") => void;
}

/** Faults after which the caller does not know the outcome of its request. */
const LOSSES: ReadonlySet<CallAct["do"]> = new Set(["lose request", "lose reply", "late", "hang"]);

/** How long it takes to restart a worker that ended by itself, in milliseconds. */
const AGAIN_MS = 500;

export class SimWorker {
  process: SimProcess | undefined;
  job: Job | undefined;
  /** The job is finished, so no process is started again. */
  finished = false;
  /** The worker meets no more faults, and is not started again. */
  retired = false;
  /** Whether its last line said that it waits. */
  troubled = false;
  /** How many times it went on after waiting. */
  steps = 0;
  #life = 0;
  #clock: SimClock | undefined;
  #held = false;
  /** It has said that a quota holds it back, and need not say so again before this moment. */
  #slowUntil = -Infinity;
  #stopping: { readonly process: SimProcess; readonly since: number } | undefined;
  #whenGone: (() => void) | undefined;
  /** For each fault: how many requests of its kind there were, and whether it has happened. */
  readonly #armed: { readonly fault: CallFault; seen: number; left: number }[];

  constructor(readonly parts: WorkerParts) {
    this.#armed = parts.faults.map((fault) => ({
      fault,
      seen: 0,
      left: fault.act.do === "locked" ? fault.act.times : 1,
    }));
  }

  /** Whether it runs without trouble, or is not to run any more. */
  get well(): boolean {
    if (this.retired && this.process?.alive !== true) return true;
    return this.finished || (this.job !== undefined && this.process?.paused === false);
  }

  get voice(): Voice {
    const { process } = this;
    const awakeSince = process?.alive === true && !process.paused ? process.awakeSince : undefined;
    const troubled = this.troubled || this.parts.scheduler.now < this.#slowUntil;
    return { name: process?.name ?? "", awakeSince, troubled };
  }

  start(): void {
    if (this.#held || this.process?.alive === true) return;
    const { slot, scenario, scheduler, random, trace, kafka, kv } = this.parts;
    const process = new SimProcess({
      name: `w${slot}.${++this.#life}`,
      scheduler,
      random,
      trace,
      fault: (what) => this.#fault(what),
      killed: (restart) => {
        this.parts.count("kills");
        this.#gone(restart);
      },
      asked: (restart) => this.stop(restart),
    });
    this.process = process;
    this.job = undefined;
    this.troubled = false;
    this.#slowUntil = -Infinity;
    trace.add(process.name, "starts");
    const clock = new SimClock(process);
    const program = programOf(scenario, { driver: kafka.driver(process), clock, worker: `worker-${slot}` });
    const options = {
      ...program.options,
      reset: this.parts.resets() ? "earliest" as const : undefined,
      state: kv.handle(process, process.name),
      log: (line: string) => {
        trace.add(process.name, `says: ${line}`);
        if (this.process !== process) return;
        this.troubled = saysTrouble(line) ?? this.troubled;
        if (saysQuota(line)) this.#slowUntil = scheduler.now + QUOTA_TOLD_MS;
      },
    };
    let started = false;
    const failed = (error: Error) => {
      if (this.process !== process || !process.alive) return;
      trace.add(process.name, `ends with ${error.name}: ${error.message}`);
      const again = this.parts.failed(error, { worker: process.name, starting: !started });
      process.kill();
      this.job = undefined;
      if (again) this.#gone(AGAIN_MS);
    };
    runWith(program.pipelines, options, clock).then((job) => {
      this.job = job;
      started = true;
      job.finished.then(({ reason }) => {
        trace.add(process.name, `has ${reason}`);
        if (reason !== "finished") return;
        this.finished = true;
        this.troubled = false;
      }, failed);
    }, failed);
    this.#clock = clock;
  }

  /** Moves its wall clock. */
  jump(ms: number): void {
    if (this.#clock !== undefined) this.#clock.skew += ms;
  }

  kill(restart: number): void {
    if (this.process?.alive !== true) return;
    this.parts.count("kills");
    this.process.kill();
    this.#gone(restart);
  }

  /** Kills it for good. */
  leave(): void {
    this.retired = true;
    this.kill(0);
  }

  /** Kills it until it is released. */
  hold(): void {
    this.kill(0);
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#gone(0);
  }

  /** Starts it once more, also where the job was finished, unless it runs. */
  startAnew(): void {
    this.#held = false;
    this.finished = false;
    this.start();
  }

  /**
   * For how long it has been stopping, in virtual milliseconds; 0 when it is not. After a pause its time starts again.
   */
  get lateToStop(): number {
    const { process } = this;
    if (this.#stopping === undefined || this.#stopping.process !== process || !process.alive || process.paused) {
      return 0;
    }
    return this.parts.scheduler.now - Math.max(this.#stopping.since, process.awakeSince);
  }

  /** Stops it for good. Resolves when it has stopped, in virtual time. */
  async retire(): Promise<void> {
    this.retired = true;
    const { process, job } = this;
    if (process?.alive !== true || job === undefined || this.finished) return;
    await new Promise<void>((resolve) => {
      // A process that is killed meanwhile has stopped too, and reports nothing.
      this.#whenGone = resolve;
      this.#stopping = { process, since: this.parts.scheduler.now };
      process.deliver(() =>
        void job.stop().finally(() => {
          this.#stopping = undefined;
          resolve();
        })
      );
    });
  }

  /** The process has ended. The next one is started after a while. */
  #gone(restart: number): void {
    this.job = undefined;
    this.#whenGone?.();
    const life = this.#life;
    this.parts.scheduler.after(restart, () => {
      if (!this.retired && !this.finished && this.#life === life) this.start();
    });
  }

  /** Stops the job, and starts it again when it has stopped. */
  stop(restart: number): void {
    const { process } = this;
    this.parts.scheduler.after(0, () => {
      const { job } = this;
      if (job === undefined || this.process !== process || process?.alive !== true) return;
      this.parts.count("stops");
      this.job = undefined;
      this.#stopping = { process, since: this.parts.scheduler.now };
      process.deliver(() => {
        job.stop().then(() => {
          this.#stopping = undefined;
          process.kill();
          this.#gone(restart);
        });
      });
    });
  }

  /** Another worker makes a request. It ends a pause that waits for it. Returns how long that request is delayed. */
  others(what: string): number {
    const { process } = this;
    const { until, holds = 0 } = process?.waitsFor ?? {};
    if (process === undefined || until === undefined || !isTarget(until, what)) return 0;
    process.waitsFor = undefined;
    this.parts.scheduler.after(this.parts.random() * 8, () => process.goOn());
    return holds;
  }

  #fault(what: string): CallAct | undefined {
    if (what === STEP) this.steps++;
    const held = what === STEP ? 0 : this.parts.requested(this.parts.slot, what);
    if (this.retired || this.parts.calm()) return undefined;
    let chosen: CallAct | undefined = held > 0 ? { do: "slow", ms: held } : undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (!isTarget(fault.target, what)) continue;
      armed.seen++;
      if (armed.left === 0 || armed.seen < fault.nth || chosen !== undefined) continue;
      armed.left--;
      chosen = fault.act;
    }
    if (chosen?.do === "pause") this.parts.count("pauses");
    if (chosen !== undefined && LOSSES.has(chosen.do)) this.parts.count("lost");
    return chosen;
  }
}
