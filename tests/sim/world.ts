/**
 * One run: the job's workers on a simulated Kafka and a simulated KV, with everything that the scenario says goes wrong, until all
 * input is processed and published. Then what is there is held to what must be there.
 *
 * @module
 */
import { appendTransactions } from "./input.ts";
import type { WorldAct, WorldFault } from "./faults.ts";
import { Heads, isTopic, MARKERS, Violation } from "./heads.ts";
import { SimCluster } from "./kafka/cluster.ts";
import { type KvCopy, SimKv } from "./kv.ts";
import { JOB, OUTPUTS } from "./pipelines.ts";
import { CALM_MS, type Scenario } from "./scenario.ts";
import { Scheduler, seeded } from "./scheduler.ts";
import { BEGIN, Trace } from "./trace.ts";
import { INPUT, inputOf } from "./traffic.ts";
import { verify, verifyPrefix } from "./verify.ts";
import { SimWorker } from "./worker.ts";

/** How long a run may take, in virtual milliseconds: beyond the last fault, everything has its time. */
const LIMIT_MS = 150_000;
/** How long everything must have been quiet at the end, in virtual milliseconds: what is late has come. */
const QUIET_MS = 300;

/** What happened in a run. */
export interface Counts {
  kills: number;
  pauses: number;
  lost: number;
  stops: number;
  restarts: number;
  takeovers: number;
  events: number;
}

/** How a run ended. */
export interface Outcome {
  readonly scenario: Scenario;
  /** What was wrong, if anything. */
  readonly failure: Failure | undefined;
  readonly counts: Counts;
  readonly hash: string;
  readonly lines: readonly string[];
  /** How long it took, in virtual milliseconds. */
  readonly took: number;
  /** The job refused to go on, as it has to with a KV that is older than its results. */
  readonly refused: boolean;
}

/** `broken`: an invariant does not hold; `stuck`: the end was not reached; `error`: a worker ended with an error that nothing explains. */
export interface Failure {
  readonly kind: "broken" | "stuck" | "error";
  readonly message: string;
}

/** Runs a scenario. `keeps`: the trace is kept to be read. */
export async function runScenario(scenario: Scenario, keeps = false): Promise<Outcome> {
  return await new World(scenario, keeps).run();
}

class World {
  readonly #scheduler = new Scheduler(BEGIN);
  readonly #trace: Trace;
  readonly #kafka: SimCluster;
  readonly #kv = new SimKv();
  readonly #heads: Heads;
  readonly #workers: SimWorker[];
  readonly #random: () => number;
  readonly #counts: Counts = { kills: 0, pauses: 0, lost: 0, stops: 0, restarts: 0, takeovers: 0, events: 0 };
  #failure: Failure | undefined;
  #fed = false;
  /** Faults in time that have not happened, or are not over. */
  #ahead = 0;
  #copy: KvCopy | undefined;
  #restored = false;
  #refused = false;
  #wellSince = NaN;

  constructor(readonly scenario: Scenario, keeps: boolean) {
    const scheduler = this.#scheduler;
    const random = this.#random = seeded(scenario.seed ^ 0x1a7e5);
    this.#trace = new Trace(() => scheduler.now, keeps);
    this.#kafka = new SimCluster({ scheduler, random });
    this.#heads = new Heads(this.#kafka, () => scheduler.now);
    this.#kv.written = (mutations, _versionstamp, by) => this.#hold(() => this.#heads.written(mutations, by));
    this.#workers = Array.from({ length: scenario.workers }, (_, slot) =>
      new SimWorker({
        slot,
        scenario,
        scheduler,
        random,
        trace: this.#trace,
        kv: this.#kv,
        kafka: this.#kafka,
        faults: scenario.faults.filter((fault) => fault.on === "call" && fault.worker === slot) as [],
        calm: () => this.#calm,
        failed: (error, at) => this.#workerFailed(error, at),
        count: (what) => this.#counts[what]++,
        requested: (from, what) =>
          Math.max(0, ...this.#workers.map((worker) => worker.parts.slot === from ? 0 : worker.others(what))),
      }));
  }

  async run(): Promise<Outcome> {
    const { partitions, faults } = this.scenario;
    for (const topic of [INPUT, ...OUTPUTS]) this.#kafka.createTopic(topic, partitions);
    this.#feed();
    for (const [slot, worker] of this.#workers.entries()) {
      this.#startSoon(worker, slot === 0 ? 0 : this.#random() * 800);
    }
    for (const fault of faults) if (fault.on === "time") this.#plan(fault);
    this.#tick();
    const until = BEGIN + LIMIT_MS;
    const finished = await this.#scheduler.drive(() => this.#failure !== undefined || this.#done(), until);
    if (!finished) this.#fail("stuck", this.#whatIsMissing());
    if (this.#failure === undefined) await this.#end();
    for (const worker of this.#workers) worker.process?.kill();
    this.#counts.takeovers = this.#heads.takeovers;
    this.#counts.events = this.#trace.count;
    return {
      scenario: this.scenario,
      failure: this.#failure,
      counts: this.#counts,
      hash: this.#trace.hash,
      lines: this.#trace.lines,
      took: this.#scheduler.now - BEGIN,
      refused: this.#refused,
    };
  }

  /** Time passes also where nobody waits for anything. */
  #tick(): void {
    this.#scheduler.after(50, () => this.#tick());
  }

  /** A job that ends at the end of what is there must find all of it. */
  #startSoon(worker: SimWorker, ms: number): void {
    this.#scheduler.after(ms, () => {
      if (this.scenario.untilEnd && !this.#fed) this.#startSoon(worker, 20);
      else worker.start();
    });
  }

  get #calm(): boolean {
    return this.#scheduler.now > BEGIN + CALM_MS;
  }

  /** Writes the input, a few records at a time. */
  #feed(): void {
    const { inputMs, transactional } = this.scenario;
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
      case "copy":
        this.#copy = await this.#kv.copy();
        return;
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
    // A person's hands are slow: members are gone and transactions are over by then.
    while (this.#kafka.groupMembers(JOB).length > 0 || this.#kafka.openTransactions().length > 0) await this.#pass(100);
    await this.#pass(restart);
    if (then === "reset") this.#reset();
    else await this.#restore();
    for (const worker of this.#workers) worker.release();
  }

  /** The KV is replaced by its copy: an older one of the same job. */
  async #restore(): Promise<void> {
    const copy = this.#copy;
    if (copy?.some(({ key }) => key[2] === "entry") !== true) return;
    if (this.#workers.some((worker) => worker.finished)) return;
    this.#trace.add("world", "the KV is replaced by its copy");
    await this.#kv.restore(copy);
    this.#heads.restored(copy);
    this.#restored = true;
  }

  /** Somebody sets the offsets of the job's group back to the beginning, of every topic that it has any of. */
  #reset(): void {
    this.#heads.shownIsAnybodys = true;
    for (const topic of [INPUT, MARKERS]) {
      if (!isTopic(this.#kafka, topic)) continue;
      const offsets = this.#kafka.groupOffsets(JOB, topic);
      if (offsets.size === 0) continue;
      this.#trace.add("world", `the group's offsets of ${topic} are set to 0`);
      this.#kafka.resetOffsets(JOB, topic, new Map([...offsets.keys()].map((partition) => [partition, 0])));
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.after(ms, resolve));
  }

  #workerFailed(error: Error, { worker, starting }: { worker: string; starting: boolean }): boolean {
    if (this.#restored && error.name === "MarkerError" && /the store is older/.test(error.message)) {
      this.#refused = true;
      return false;
    }
    // Where the broker cannot be reached at a start, the job says so; whoever watches over it starts it again.
    if (starting && error.name === "UnavailableError") {
      this.#counts.restarts++;
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

  /** Everything has been processed and published, and has been quiet for a while. */
  #done(): boolean {
    if (this.#refused) return true;
    if (!this.#settled()) {
      this.#wellSince = NaN;
      return false;
    }
    if (Number.isNaN(this.#wellSince)) this.#wellSince = this.#scheduler.now;
    return this.#scheduler.now - this.#wellSince >= QUIET_MS;
  }

  #settled(): boolean {
    if (!this.#fed || this.#ahead > 0 || !this.#workers.every((worker) => worker.well)) return false;
    const { tasks, partitions } = this.scenario;
    const count = tasks === "single" ? 1 : partitions;
    const heads = this.#heads.tasks;
    if (heads.size < count) return false;
    const bounds = this.#kafka.bounds(INPUT);
    for (const { head } of heads.values()) {
      if (head === undefined || head.outbox.length > 0) return false;
      if (this.scenario.untilEnd && !head.finished) return false;
      for (const [partition, offset] of Object.entries(head.offsets[INPUT] ?? {})) {
        if (
          offset < bounds[Number(partition)].stable ||
          bounds[Number(partition)].stable < bounds[Number(partition)].latest
        ) return false;
      }
      if (head.offsets[INPUT] === undefined) return false;
    }
    return this.#kafka.openTransactions().length === 0;
  }

  #whatIsMissing(): string {
    const heads = [...this.#heads.tasks].map(([task, { head }]) =>
      `task ${task}: epoch ${head?.epoch}, offsets ${
        JSON.stringify(head?.offsets)
      }, ${head?.outbox.length} epochs unpublished`
    );
    const workers = this.#workers.map((worker) => `${worker.process?.name}: ${worker.well ? "well" : "not well"}`);
    return [
      `after ${LIMIT_MS} ms the end was not reached`,
      ...workers,
      ...heads,
      `markers ${JSON.stringify([...this.#heads.markers()])}`,
      `input ${JSON.stringify(this.#kafka.bounds(INPUT))}`,
      `open transactions ${JSON.stringify(this.#kafka.openTransactions())}`,
    ].join("\n  ");
  }

  /** Half of the jobs are stopped first: nothing may change by that. */
  async #end(): Promise<void> {
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
    try {
      await check({ scenario: this.scenario, kafka: this.#kafka, kv: this.#kv, heads: this.#heads });
    } catch (error) {
      if (error instanceof Violation) this.#fail("broken", error.message);
      else this.#fail("error", `what is there cannot be read: ${(error as Error).stack}`);
    }
  }
}
