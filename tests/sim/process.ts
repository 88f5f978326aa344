/**
 * A simulated process. All of its requests and all answers pass through here. So it can die or stand still wherever it
 * waits, and its requests can be lost, late or repeated.
 *
 * A process runs only when an answer or a timer is delivered to it. A dead process gets nothing. A paused process gets
 * everything in order when it goes on, possibly after others have taken over its tasks.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import type { Caller } from "./caller.ts";
import { type CallAct, STEP } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import { showAnswer, type Trace } from "./trace.ts";

/** What a process needs. */
export interface ProcessParts {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly trace: Trace;
  /** Called for each request and each step; returns the fault that it meets. */
  readonly fault: (what: string) => CallAct | undefined;
  /** Called when a fault has killed the process. */
  readonly killed: (restart: number) => void;
  /** Called when a fault stops the process in order. */
  readonly asked: (restart: number) => void;
}

export class SimProcess implements Caller {
  alive = true;
  /** Whether it has read the entry of the job: it knows the run that it was started on. */
  knowsJob = false;
  /** When it was started, or last went on after a pause, in virtual milliseconds. */
  awakeSince: number;
  /** The request of another process that ends its pause. */
  waitsFor: Pick<Pause, "until" | "holds"> | undefined;
  /** Deliveries that wait for the end of the pause; `undefined` when it is not paused. */
  #held: (() => void)[] | undefined;
  #calls = 0;

  constructor(readonly parts: ProcessParts) {
    this.awakeSince = parts.scheduler.now;
  }

  get name(): string {
    return this.parts.name;
  }

  get paused(): boolean {
    return this.#held !== undefined;
  }

  call<T>(what: string, effect: () => T | Promise<T>, lost: () => Error): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (!this.alive) return promise;
    const number = ++this.#calls;
    const act = this.parts.fault(what);
    const request: Request<T> = { number, what, effect, lost, resolve, reject };
    this.#note(`${number} asks ${what}${act === undefined ? "" : ` [${act.do}]`}`);
    this.#send(request, act);
    return promise;
  }

  /**
   * Delivers something to the process: now, after its pause, or never. The process goes on in no other way, so a fault
   * here can meet it at every await.
   */
  deliver(run: () => void): void {
    if (!this.alive) return;
    if (this.#held !== undefined) return void this.#held.push(run);
    const act = this.parts.fault(STEP);
    if (act?.do === "kill") {
      this.kill();
      return this.parts.killed(act.restart);
    }
    if (act?.do === "pause") {
      this.pause(act);
      return void this.#held!.push(run);
    }
    run();
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#held = undefined;
    this.#note("dies");
  }

  pause({ ms, until, holds }: Pause): void {
    if (!this.alive || this.paused) return;
    this.#held = [];
    this.waitsFor = { until, holds };
    this.#note(`stands still for ${ms} ms`);
    this.parts.scheduler.after(ms, () => this.goOn());
  }

  /** Ends a pause. */
  goOn(): void {
    if (!this.alive || this.#held === undefined) return;
    this.#note("goes on");
    this.awakeSince = this.parts.scheduler.now;
    const held = this.#held;
    this.#held = undefined;
    this.waitsFor = undefined;
    // Each delivery is an event of its own, as without the pause.
    for (const run of held) this.parts.scheduler.after(0, () => this.deliver(run));
  }

  #send<T>(request: Request<T>, act: CallAct | undefined): void {
    const { scheduler } = this.parts;
    const travel = this.#travel();
    const arrive = (after: number) => scheduler.after(after, () => this.#arrive(request, act));
    switch (act?.do) {
      case "kill":
        if (act.when === "answered") return void arrive(travel);
        if (act.late >= 0) scheduler.after(travel + act.late, () => void this.#take(request, "from the dead"));
        this.kill();
        return this.parts.killed(act.restart);
      case "pause":
        if (act.when === "asking") this.pause(act);
        return void arrive(travel);
      case "lose request":
        return this.#tellLost(request, travel + this.#travel());
      case "late":
        scheduler.after(act.ms, () => void this.#take(request, "late"));
        return this.#tellLost(request, travel + this.#travel());
      case "slow":
        return void arrive(travel + act.ms);
      case "stop":
        this.parts.asked(act.restart);
        return void arrive(travel);
      default:
        return void arrive(travel);
    }
  }

  async #arrive<T>(request: Request<T>, act: CallAct | undefined): Promise<void> {
    let answer = act?.do === "locked" ? { error: new Error("database is locked") } : await this.#take(request);
    if (act?.do === "repeat") {
      // The repeated request, whose answer counts, comes after the one whose answer is lost.
      await new Promise<void>((resolve) => void this.parts.scheduler.after(act.ms, resolve));
      answer = await this.#take(request, "repeated");
    }
    if (act?.do === "hang") return;
    if (act?.do === "lose reply") return this.#tellLost(request, this.#travel());
    this.parts.scheduler.after(this.#travel(), () => {
      if (act?.do === "kill") {
        this.kill();
        return this.parts.killed(act.restart);
      }
      if (act?.do === "pause" && act.when === "answered") this.pause(act);
      this.#answer(request, answer);
    });
  }

  /** The request reaches the server. */
  async #take<T>(request: Request<T>, how = ""): Promise<Answer<T>> {
    if (how !== "") this.#note(`${request.number} arrives ${how}: ${request.what}`);
    try {
      return { value: await request.effect() };
    } catch (error) {
      return { error: error as Error };
    }
  }

  #tellLost<T>(request: Request<T>, after: number): void {
    this.parts.scheduler.after(after, () => this.#answer(request, { error: request.lost() }));
  }

  #answer<T>({ number, what, resolve, reject }: Request<T>, answer: Answer<T>): void {
    this.deliver(() => {
      if ("error" in answer) {
        this.#note(`${number} fails: ${answer.error.message}`);
        return reject(answer.error);
      }
      this.knowsJob ||= what === "kv read entry";
      this.#note(`${number} is told${this.parts.trace.keeps ? ` ${showAnswer(answer.value)}` : ""}`);
      resolve(answer.value);
    });
  }

  /** The travel time of a message: mostly short, sometimes long. */
  #travel(): number {
    const { random } = this.parts;
    const short = 0.1 + random();
    return random() < 0.03 ? short + 30 * random() : short;
  }

  #note(what: string): void {
    this.parts.trace.add(this.parts.name, what);
  }
}

type Pause = Extract<CallAct, { do: "pause" }>;

interface Request<T> {
  readonly number: number;
  readonly what: string;
  readonly effect: () => T | Promise<T>;
  readonly lost: () => Error;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

type Answer<T> = { readonly value: T } | { readonly error: Error };

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** The clock of a simulated process. Its timers end and pause with the process. */
export class SimClock implements Clock {
  /** How far its wall clock is off, in milliseconds. */
  skew = 0;
  readonly #began: number;

  constructor(readonly process: SimProcess) {
    this.#began = process.parts.scheduler.now;
  }

  readonly now = (): number => Math.floor(this.process.parts.scheduler.now + this.skew);
  readonly elapsed = (): number => this.process.parts.scheduler.now - this.#began;
  readonly random = (): number => this.process.parts.random();
  readonly sleep = (ms: number): Promise<void> => new Promise((resolve) => void this.after(ms, resolve));
  /** A turn takes a moment, so that the world goes on. */
  readonly turn = (): Promise<void> => new Promise((resolve) => void this.#after(0.05, resolve));
  readonly id = (): string => Array.from({ length: 16 }, () => LETTERS[Math.floor(this.random() * 32)]).join("");

  /** No timer is shorter than a millisecond. */
  readonly after = (ms: number, run: () => void): () => void => this.#after(Math.max(1, ms), run);

  #after(ms: number, run: () => void): () => void {
    let cancelled = false;
    const cancel = this.process.parts.scheduler.after(ms, () => this.process.deliver(() => cancelled || run()));
    return () => {
      cancelled = true;
      cancel();
    };
  }
}
