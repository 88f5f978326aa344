/**
 * Where a job stands, as its process tells it, and where it is to die.
 *
 * Every change of phase is written to standard output at once, so that after a kill the last lines say in which phase it
 * fell. A point is one exact moment; a process that is told to dies there by a real SIGKILL that it sends to itself, so that no
 * instruction of ours comes after it.
 */

/** What a process does for a while; several may be under way at once. */
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
  /** Results are committed, and no transaction has them yet. */
  | "committed, not sent"
  /** A transaction is open. */
  | "send"
  /** The transaction's end has been asked for and not been answered. */
  | "transaction commit";

/** Exact moments. */
export type Point =
  /** A head has been claimed, nothing is fenced yet. */
  | "claimed"
  /** Another publisher has been fenced, the head still names it. */
  | "fenced"
  /** A piece of the state is about to be read. */
  | "restoring"
  /** The marker has been read, nothing is done about what it says. */
  | "marked"
  /** In the middle of a record. */
  | "pushing"
  /** An epoch's atomic has been handed to the store, its outcome is open. */
  | "committing"
  /** An epoch's atomic has succeeded, the engine does not know it yet. */
  | "committed"
  /** The publisher is about to begin a transaction. */
  | "publishing"
  /** The transaction is known to its coordinator, and nothing is sent. */
  | "begun"
  /** Some of its records are with the broker. */
  | "written"
  /** All records and markers are with the broker, its end has not been asked for. */
  | "sent"
  /** Its end has been asked for, whether it arrives is open. */
  | "ending"
  /** It is committed, the engine does not know it yet. */
  | "ended";

/** The moments between the KV commit of results and the end of the transaction that makes them visible. */
export const BETWEEN: readonly Point[] = ["committed", "publishing", "begun", "written", "sent", "ending", "ended"];

/** At which occurrence of a point something is to happen, counted from 1, and what: the process dies, or is stopped until somebody lets it go on. */
export interface Aim {
  readonly point: Point;
  readonly occurrence: number;
  readonly action: "die" | "stop";
}

const encoder = new TextEncoder();

/** The child's side. */
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

  /** One phase follows the other. */
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
