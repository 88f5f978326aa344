/**
 * The phases and points of a job that its process reports, and the point at which it dies.
 *
 * Each change of phase is written to standard output at once, so that the last lines of a killed process show its
 * phase. A point is one exact moment. A process that dies there sends a real SIGKILL to itself, so that no later
 * instruction runs.
 */

/** A phase of a process. Several may be under way at once. */
export type Phase =
  /** Loading, opening, joining the group. */
  | "start"
  /** Taking tasks over: heads are claimed, publishers fenced, markers read. */
  | "claim"
  /** Loading the state. */
  | "restore"
  /** The job runs. */
  | "push"
  | "KV commit"
  /** Results are committed, and not yet in a transaction. */
  | "committed, not sent"
  /** A transaction is open. */
  | "send"
  /** The end of the transaction was requested, and not answered yet. */
  | "transaction commit";

/** Exact moments. */
export type Point =
  /** A head has been claimed, and nothing is fenced yet. */
  | "claimed"
  /** Another publisher has been fenced, and the head still names it. */
  | "fenced"
  /** A piece of the state is about to be read. */
  | "restoring"
  /** The marker has been read, and not used yet. */
  | "marked"
  /** In the middle of a record. */
  | "pushing"
  /** An epoch's atomic has been sent to the store, and its outcome is open. */
  | "committing"
  /** An epoch's atomic has succeeded, and the engine does not know it yet. */
  | "committed"
  /** The publisher is about to begin a transaction. */
  | "publishing"
  /** The coordinator knows the transaction, and nothing is sent. */
  | "begun"
  /** Some of its records are with the broker. */
  | "written"
  /** All records and markers are at the broker, and the end was not requested. */
  | "sent"
  /** The end was requested, and may or may not arrive. */
  | "ending"
  /** The transaction is committed, and the engine does not know it yet. */
  | "ended";

/** The moments between the KV commit of results and the end of the transaction that makes them visible. */
export const BETWEEN: readonly Point[] = ["committed", "publishing", "begun", "written", "sent", "ending", "ended"];

/** The occurrence of a point, counted from 1, at which the process dies, or stops until it is continued. */
export interface Aim {
  readonly point: Point;
  readonly occurrence: number;
  readonly action: "die" | "stop";
}

const encoder = new TextEncoder();

/** The phases and points on the side of the process itself. */
export class Points {
  readonly #open = new Set<Phase>();
  readonly #waiting: (() => void)[] = [];
  #left: number;

  constructor(readonly aim: Aim | undefined) {
    this.#left = aim?.occurrence ?? Infinity;
  }

  say(line: string): void {
    Deno.stdout.writeSync(encoder.encode(`${line}\n`));
  }

  begin(phase: Phase): void {
    if (this.#open.has(phase)) return;
    this.#open.add(phase);
    this.say(`+ ${phase}`);
  }

  end(phase: Phase): void {
    if (!this.#open.delete(phase)) return;
    this.say(`- ${phase}`);
    if (this.#open.has("send") || this.#open.has("transaction commit")) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when no transaction is under way. */
  quiet(): Promise<void> {
    if (!this.#open.has("send") && !this.#open.has("transaction commit")) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  during(phase: Phase): boolean {
    return this.#open.has(phase);
  }

  /** Ends one phase and begins the next. */
  turn(from: Phase, to: Phase): void {
    if (!this.#open.has(from)) return;
    this.begin(to);
    this.end(from);
  }

  reach(point: Point): void {
    if (point !== this.aim?.point || --this.#left !== 0) return;
    this.say(`! ${point}`);
    Deno.kill(Deno.pid, this.aim.action === "die" ? "SIGKILL" : "SIGSTOP");
  }
}
