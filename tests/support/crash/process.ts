/** The parent's side of a process that is killed. */
import { lines } from "../lines.ts";
import type { ChildOptions } from "./child.ts";
import type { Phase, Point } from "./points.ts";
import { PATIENCE } from "../patience.ts";

const CHILD = new URL("./child.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;
/** A line that begins so names the tasks of an assignment. */
const OWNS = "owns ";
/** When several phases are under way, a kill counts for the first of these. */
const TELLING: readonly Phase[] = [
  "transaction commit",
  "send",
  "committed, not sent",
  "KV commit",
  "restore",
  "claim",
  "push",
  "start",
];

/** How a process ended. */
export interface Death {
  /** The signal, or `undefined` when it ended by itself. */
  readonly signal: Deno.Signal | undefined;
  readonly code: number;
  /** The phase for which the death counts. */
  readonly phase: Phase | undefined;
  /** All phases that were under way. */
  readonly phases: readonly Phase[];
  /** The point at which it died as requested, if it did. */
  readonly point: Point | undefined;
}

/** A real process that runs the crash job. */
export class JobProcess {
  readonly said: string[] = [];
  /** How many transactions with results it has committed. */
  published = 0;
  readonly #child: Deno.ChildProcess;
  readonly #phases = new Set<Phase>();
  readonly #waiting = new Set<() => void>();
  readonly #dead: Promise<Death>;
  #point: Point | undefined;
  #over = false;
  #errors = "";

  constructor(readonly options: ChildOptions) {
    // Not `deno task`: a signal must reach the process itself.
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", `--config=${CONFIG}`, CHILD, JSON.stringify(options)],
      env: { KAFKAJS_NO_PARTITIONER_WARNING: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#dead = this.#listen();
  }

  /** Resolves when it has printed a line with this beginning. Rejects when it ended before. */
  says(beginning: string): Promise<void> {
    return this.hears(`"${beginning}"`, () => this.said.some((line) => line.startsWith(beginning)));
  }

  /** The tasks of its last assignment; none before it runs. */
  get tasks(): readonly number[] {
    const last = this.said.findLast((line) => line.startsWith(OWNS));
    return last === undefined || last === OWNS ? [] : last.slice(OWNS.length).split(",").map(Number);
  }

  /** Resolves when it runs and has tasks. Rejects when it ended before. */
  works(): Promise<void> {
    return this.hears("that it has tasks", () => this.tasks.length > 0);
  }

  /** Resolves when its output is enough. Rejects when it ended before. */
  hears(what: string, enough: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(deadline);
        this.#waiting.delete(look);
        then();
      };
      const look = () => {
        if (enough()) settle(resolve);
        else if (this.#over) settle(() => reject(this.failure(`ended without saying ${what}`)));
      };
      const deadline = setTimeout(() => settle(() => reject(this.failure(`never said ${what}`))), PATIENCE);
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when it has published so many times more. */
  publishes(times: number): Promise<void> {
    const until = this.published + times;
    return this.hears(`"published" ${times} times more`, () => this.published >= until);
  }

  /** Sends SIGKILL, unless it has ended already. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Asks it to stop. */
  stop(): void {
    this.#child.kill("SIGTERM");
  }

  /** Ends it in any state. */
  async remove(): Promise<void> {
    this.kill();
    await this.#dead;
  }

  /** Resolves when it has ended, in any way. */
  get ended(): Promise<Death> {
    return this.#dead;
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Stops it in place, like a machine that sleeps. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Resolves when it has stopped itself at this point. A SIGCONT that comes earlier would be lost. */
  async stands(point: Point): Promise<void> {
    await this.says(`! ${point}`);
    const state = () => new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(this.#child.pid)] }).output();
    while (!new TextDecoder().decode((await state()).stdout).startsWith("T")) {
      if (this.#over) throw this.failure("ended and was to stand still");
    }
  }

  /** Continues a stopped process. */
  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  /** Its death by SIGKILL, from here or from itself. Rejects when it ended in another way. */
  async death(): Promise<Death> {
    const death = await this.#within(this.#dead);
    if (death.signal !== "SIGKILL") throw this.failure(`ended with code ${death.code} and was to be killed`);
    return death;
  }

  /** Resolves when it has finished its work and ended by itself. */
  async finished(): Promise<void> {
    const { code, signal } = await this.#within(this.#dead);
    if (code !== 0 || signal !== undefined || !this.said.includes("finished")) {
      throw this.failure(`ended with ${signal ?? `code ${code}`} and was to finish`);
    }
  }

  /** Its standard error when it ended with an error of its own. */
  async failed(): Promise<string> {
    const { code, signal } = await this.#within(this.#dead);
    if (code !== 1 || signal !== undefined) {
      throw this.failure(`ended with ${signal ?? `code ${code}`} and was to fail`);
    }
    return this.#errors;
  }

  async #within(dead: Promise<Death>): Promise<Death> {
    let deadline: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      deadline = setTimeout(() => {
        this.kill();
        reject(this.failure("did not come to its end"));
      }, PATIENCE);
    });
    try {
      return await Promise.race([dead, late]);
    } finally {
      clearTimeout(deadline);
    }
  }

  async #listen(): Promise<Death> {
    const errors = new Response(this.#child.stderr).text();
    for await (const line of lines(this.#child.stdout)) this.#hear(line);
    this.#errors = await errors;
    const { code, signal } = await this.#child.status;
    this.#over = true;
    this.#tell();
    const phases = [...this.#phases];
    const phase = TELLING.find((one) => this.#phases.has(one));
    return { signal: signal ?? undefined, code, phase, phases, point: this.#point };
  }

  #hear(line: string): void {
    const rest = line.slice(2);
    if (line.startsWith("+ ")) this.#phases.add(rest as Phase);
    else if (line.startsWith("- ")) this.#phases.delete(rest as Phase);
    else {
      if (line.startsWith("! ")) this.#point = rest as Point;
      if (line === "published") this.published++;
      // One line per transaction would be too many to keep.
      if (line !== this.said.at(-1)) this.said.push(line);
      this.#tell();
    }
  }

  #tell(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** An error with its last output. */
  failure(what: string): Error {
    const said = this.said.filter((line) => line !== "published").slice(-20).join("\n  ");
    return new Error(`The process ${what}. It said:\n  ${said}\n${this.#errors}`);
  }
}
