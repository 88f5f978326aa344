/**
 * One run: the job's workers in a simulated world with faults, until all input is published. Then the results are checked.
 *
 * @module
 */
import { appendTransactions } from "./input.ts";
import type { WorldAct, WorldFault } from "./faults.ts";
import { Changes } from "./changes.ts";
import { Disasters } from "./disasters.ts";
import { quietOf } from "./families/all.ts";
import { Heads, Violation } from "./heads.ts";
import { type Impostor, SHUT_OUT } from "./impostor.ts";
import { SimCluster } from "./kafka/cluster.ts";
import { SimKv } from "./kv.ts";
import { Ledger } from "./ledger.ts";
import { ALL_OUTPUTS, JOB } from "./pipelines.ts";
import { whatIsMissing } from "./missing.ts";
import { CALM_MS, LIMIT_MS, type Scenario } from "./scenario.ts";
import { isAllRead } from "./all_read.ts";
import { Silence } from "./silence.ts";
import { seeded } from "../../base/random.ts";
import { Resets } from "./resets.ts";
import { Scheduler } from "./scheduler.ts";
import { type Counts, type Failure, noCounts, type Outcome } from "./outcome.ts";
import { Tables } from "./tables.ts";
import { BEGIN, Trace } from "./trace.ts";
import { INPUT, inputOf } from "./traffic.ts";
import { verify, verifyPrefix } from "./verify.ts";
import { SimWorker, type WorkerParts } from "./worker.ts";

/** How long a worker may take to stop, in virtual milliseconds: the promised time, and that of its last steps. */
export const STOP_MS = 11_000;

/** Runs a scenario. `keeps`: whether the trace is kept. */
export async function runScenario(scenario: Scenario, keeps = false): Promise<Outcome> {
  return await new World(scenario, keeps).run();
}

class World {
  readonly #scheduler = new Scheduler(BEGIN);
  readonly #trace: Trace;
  readonly #kafka: SimCluster;
  #kv = new SimKv();
  #heads: Heads;
  #workers: SimWorker[];
  readonly #random: () => number;
  readonly #counts: Counts = noCounts();
  #failure: Failure | undefined;
  #fed = false;
  readonly #tables: Tables;
  /** Timed faults that have not happened or are not over. */
  #ahead = 0;
  readonly #ledger: Ledger;
  readonly #disasters: Disasters;
  readonly #changes: Changes;
  readonly #resets: Resets;
  /** How many times a leader has moved. */
  #moves = 0;
  #refused = false;
  #wellSince = NaN;
  readonly #quiet: number;
  #silence: Silence;
  #longestStop = 0;
  #impostor: Impostor | undefined;

  constructor(readonly scenario: Scenario, keeps: boolean) {
    this.#quiet = quietOf(scenario);
    const scheduler = this.#scheduler;
    const random = this.#random = seeded(scenario.seed ^ 0x1a7e5);
    this.#trace = new Trace(() => scheduler.now, keeps);
    const brokers = Array.from({ length: scenario.brokers }, (_, index) => String(index + 1));
    const kafka = this.#kafka = new SimCluster({ scheduler, random, brokers });
    this.#tables = new Tables({ scenario, kafka, scheduler, trace: this.#trace });
    const heads = this.#heads = new Heads(kafka, () => scheduler.now);
    const ledger = this.#ledger = new Ledger(kafka);
    this.#disasters = new Disasters({ scenario, kafka, kv: this.#kv, heads, ledger, trace: this.#trace, random });
    this.#changes = new Changes({ kafka, scheduler, random, trace: this.#trace });
    this.#resets = new Resets({
      ...{ workers: () => this.#workers, heads: () => this.#heads, kafka, trace: this.#trace },
      pass: (ms) => this.#pass(ms),
    });
    this.#watch(this.#kv, heads);
    this.#workers = Array.from(
      { length: scenario.workers },
      (_, slot) => this.#worker(slot, { kv: this.#kv, failed: (error, at) => this.#workerFailed(error, at) }),
    );
    this.#silence = this.#listener(heads);
  }

  #watch(kv: SimKv, heads: Heads): void {
    kv.written = (mutations, _versionstamp, by) => this.#hold(() => heads.written(mutations, by));
  }

  #listener(heads: Heads): Silence {
    const voices = () => this.#workers.map(({ voice }) => voice);
    const now = () => this.#scheduler.now;
    return new Silence({ scenario: this.scenario, heads, kafka: this.#kafka, now, voices });
  }

  #worker(slot: number, own: Pick<WorkerParts, "kv" | "failed">): SimWorker {
    const { scenario } = this;
    return new SimWorker({
      ...own,
      slot,
      scenario,
      scheduler: this.#scheduler,
      random: this.#random,
      trace: this.#trace,
      kafka: this.#kafka,
      faults: scenario.faults.filter((fault) => fault.on === "call" && fault.worker === slot) as [],
      calm: () => this.#calm,
      resets: () => this.#resets.asks(slot),
      count: (what) => this.#counts[what]++,
      requested: (from, what) =>
        Math.max(0, ...this.#workers.map((worker) => worker.parts.slot === from ? 0 : worker.others(what))),
    });
  }

  /** Somebody starts the job on an empty KV. Where others run it, he is refused; where nobody was let in yet, they may be. */
  #admit(): void {
    const kv = new SimKv();
    const heads = new Heads(this.#kafka, () => this.#scheduler.now);
    this.#watch(kv, heads);
    const worker = this.#worker(this.scenario.workers, {
      kv,
      failed: (error) => {
        this.#trace.add("world", `the impostor is refused: ${error.message}`);
        if (!SHUT_OUT.test(error.message)) this.#fail("error", `the impostor ended with ${error.message}`);
        this.#impostor = { ...this.#impostor!, is: "refused" };
        return false;
      },
    });
    this.#impostor = { is: "waiting", kv, heads, worker };
    worker.start();
  }

  /** Whether a worker is rightly refused because an impostor was let in before anybody else. He runs the job from then on. */
  #givesWay(error: Error, worker: string): boolean {
    if (this.#impostor === undefined || !SHUT_OUT.test(error.message)) return false;
    const { is, kv, heads, worker: impostor } = this.#impostor;
    if (is === "let in") return true;
    if (is === "refused" || this.#heads.tasks.size > 0) return false;
    this.#trace.add("world", `the impostor is let in, ${worker} is refused: ${error.message}`);
    for (const other of this.#workers) other.retired = true;
    this.#workers = [impostor, ...this.#workers];
    [this.#kv, this.#heads, this.#silence] = [kv, heads, this.#listener(heads)];
    this.#impostor = { is: "let in", kv, heads, worker: impostor };
    return true;
  }

  /** Checks for silence. Called from the tick of the world. */
  #listen(): void {
    if (this.#impostor !== undefined && this.#impostor.is !== "let in") {
      const both = this.#heads.tasks.size > 0 && this.#impostor.heads.tasks.size > 0;
      if (both) this.#fail("broken", "two stores were given tasks of one job");
    }
    const silent = this.#silence.look();
    if (silent !== undefined) this.#fail("stuck", silent);
    for (const worker of this.#workers) {
      const late = worker.lateToStop;
      if (late > STOP_MS) {
        this.#fail("stuck", `${worker.process?.name} was asked to stop, and has not ended in ${STOP_MS} ms`);
      }
      this.#longestStop = Math.max(this.#longestStop, late);
    }
  }

  async run(): Promise<Outcome> {
    const { partitions, faults } = this.scenario;
    for (const topic of [INPUT, ...ALL_OUTPUTS]) this.#kafka.createTopic(topic, partitions);
    this.#feed();
    for (const [slot, worker] of this.#workers.entries()) {
      this.#startSoon(worker, slot === 0 ? 0 : this.#random() * 800);
    }
    for (const fault of faults) if (fault.on === "time") this.#plan(fault);
    this.#tick();
    const until = BEGIN + LIMIT_MS;
    const finished = await this.#scheduler.drive(() => this.#failure !== undefined || this.#done(), until);
    if (!finished) {
      const parts = { heads: this.#heads, workers: this.#workers, kafka: this.#kafka, scenario: this.scenario };
      const missing = whatIsMissing({ ms: LIMIT_MS, ...parts });
      this.#fail("stuck", missing);
    }
    if (this.#failure === undefined) await this.#end();
    for (const worker of this.#workers) worker.process?.kill();
    this.#counts.takeovers = this.#heads.takeovers;
    this.#counts.events = this.#trace.count;
    const steps = this.#workers.map((worker) => worker.steps);
    this.#counts.steps = steps.reduce((sum, of) => sum + of, 0);
    return {
      scenario: this.scenario,
      failure: this.#failure,
      counts: this.#counts,
      steps,
      hash: this.#trace.hash,
      lines: this.#trace.lines,
      took: this.#scheduler.now - BEGIN,
      refused: this.#refused,
      silent: this.#silence.longest,
      control: this.#heads.control,
      longestStop: this.#longestStop,
    };
  }

  /** Virtual time passes even when nothing waits for it. */
  #tick(): void {
    this.#scheduler.after(50, () => {
      this.#listen();
      this.#tick();
    });
  }

  /** Starts a worker. A job that ends at the end of its input must find all of it, so it starts when that is written. */
  #startSoon(worker: SimWorker, ms: number): void {
    this.#scheduler.after(ms, () => {
      const fed = !this.scenario.untilEnd || (this.#fed && this.#tables.fed);
      if (fed && this.#tables.ready) worker.start();
      else this.#startSoon(worker, 20);
    });
  }

  get #calm(): boolean {
    return this.#scheduler.now > BEGIN + CALM_MS;
  }

  /**
   * Writes the input, a few records at a time, after the records that another program has left open at the beginning.
   */
  #feed(): void {
    const { inputMs, transactional, faults } = this.scenario;
    const first = faults.filter((fault) => fault.on === "time" && fault.at === 0 && fault.act.do === "change");
    if (this.#changes.made < first.length) return void this.#scheduler.after(5, () => this.#feed());
    const records = inputOf(this.scenario);
    if (transactional) {
      void appendTransactions(records, {
        kafka: this.#kafka,
        scheduler: this.#scheduler,
        random: this.#random,
        trace: this.#trace,
        ms: inputMs,
      }).then(() => this.#fed = true);
      return;
    }
    const more = () => {
      const some = inputMs === 0 ? records.length : 1 + Math.floor(this.#random() * 8);
      this.#kafka.append(records.splice(0, some));
      if (records.length === 0) this.#fed = true;
      else this.#scheduler.after(this.#random() * inputMs * 8 / this.scenario.records, more);
    };
    more();
  }

  #plan({ at, act }: WorldFault): void {
    this.#ahead++;
    this.#scheduler.after(at, () => {
      void this.#happen(act).catch((error: Error) => this.#fail("error", `the world failed: ${error.stack}`)).finally(
        () => this.#ahead--,
      );
    });
  }

  async #happen(act: WorldAct): Promise<void> {
    this.#trace.add("world", JSON.stringify(act));
    switch (act.do) {
      case "down":
        this.#kafka.down();
        await this.#pass(act.ms);
        this.#trace.add("world", "the brokers are up again");
        return this.#kafka.up();
      case "load":
        return this.#kafka.loadCoordinators(act.ms);
      case "jump":
        return this.#workers[act.worker]?.jump(act.ms);
      case "stop":
        return this.#workers[act.worker]?.stop(act.restart);
      case "leave":
        return this.#workers[act.worker]?.leave();
      case "impostor":
        return this.#admit();
      case "kill":
        return this.#workers[act.worker]?.kill(act.restart);
      case "move":
        return await this.#move(act);
      case "change":
        return await this.#changes.happen(act.what, act.ms);
      case "age":
        return this.#disasters.age(act.what);
      case "copy":
        return await this.#disasters.copy();
      case "reset":
        return await this.#resets.happen(act);
      case "kill all":
        return await this.#killAll(act);
    }
  }

  async #killAll({ restart, then }: Extract<WorldAct, { do: "kill all" }>): Promise<void> {
    if (then === undefined) {
      for (const worker of this.#workers) worker.kill(restart);
      return;
    }
    for (const worker of this.#workers) worker.hold();
    // A person is slow: by then members are gone and transactions have ended.
    while (this.#kafka.groupMembers(JOB).length > 0 || this.#kafka.openTransactions().length > 0) await this.#pass(100);
    await this.#pass(restart);
    await this.#disasters.befall(then);
    for (const worker of this.#workers) worker.release();
  }

  /** A partition has no leader for a while, then the next broker leads it. */
  async #move({ topic, partition, ms }: Extract<WorldAct, { do: "move" }>): Promise<void> {
    const { brokers } = this.scenario;
    if (ms > 0) this.#kafka.moveLeader(topic, partition, undefined);
    await this.#pass(ms);
    this.#moves++;
    this.#kafka.moveLeader(topic, partition, String(1 + (partition + this.#moves) % brokers));
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.after(ms, resolve));
  }

  #workerFailed(error: Error, { worker, starting }: { worker: string; starting: boolean }): boolean {
    if (this.#disasters.excuses(error)) {
      this.#refused = true;
      return false;
    }
    if (this.#givesWay(error, worker)) return false;
    if (this.#resets.explains(error, worker)) return true;
    // A job says what the world does not allow it, and where nothing answers at a start; whoever watches over it starts it again.
    const told = this.#changes.explains(error.message);
    if (told || (starting && error.name === "UnavailableError")) {
      this.#counts[told ? "told" : "restarts"]++;
      return true;
    }
    this.#fail("error", `${worker} ended with ${error.name}: ${error.message}`);
    return false;
  }

  #hold(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#fail("broken", error.message);
    }
  }

  #fail(kind: Failure["kind"], message: string): void {
    this.#failure ??= { kind, message };
  }

  /** Everything is processed and published, and has been quiet for a while. */
  #done(): boolean {
    if (this.#refused) return true;
    if (!this.#settled()) {
      this.#wellSince = NaN;
      return false;
    }
    if (Number.isNaN(this.#wellSince)) this.#wellSince = this.#scheduler.now;
    return this.#scheduler.now - this.#wellSince >= this.#quiet;
  }

  #settled(): boolean {
    if (!this.#fed || !this.#tables.fed || this.#ahead > 0 || this.#impostor?.is === "waiting") return false;
    if (!this.#workers.every((worker) => worker.well && (!worker.troubled || this.#changes.lasting))) return false;
    const { scenario } = this;
    return isAllRead({ scenario, kafka: this.#kafka, heads: this.#heads, tables: this.#tables });
  }

  /** Half of the jobs are stopped first: nothing may change by that. */
  async #end(): Promise<void> {
    const { unsaid } = this.#disasters;
    if (unsaid !== undefined && !this.#refused) {
      return this.#fail("broken", `the job went on, and had to say ${unsaid.source}`);
    }
    const check = this.#refused ? verifyPrefix : verify;
    if (!this.#refused && this.scenario.seed % 2 === 0) {
      const stopped = Promise.all(this.#workers.map((worker) => worker.retire()));
      let over = false;
      void stopped.then(() => over = true);
      if (!await this.#scheduler.drive(() => over || this.#failure !== undefined, this.#scheduler.now + 60_000)) {
        return this.#fail("stuck", "the workers did not stop");
      }
    }
    if (this.#failure !== undefined) return;
    // Control records of decided transactions are still being written. Transactions without an end stay open.
    const decided = () => this.#kafka.openTransactions().every(({ state }) => state === "open");
    await this.#scheduler.drive(decided, this.#scheduler.now + this.#quiet);
    try {
      const ledger = this.#ledger;
      const { gone } = this.#changes;
      await check({ scenario: this.scenario, kafka: this.#kafka, kv: this.#kv, heads: this.#heads, ledger, gone });
    } catch (error) {
      if (error instanceof Violation) this.#fail("broken", error.message);
      else this.#fail("error", `what is there cannot be read: ${(error as Error).stack}`);
    }
  }
}
