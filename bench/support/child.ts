/** Child processes of a benchmark: they are told what to do in one JSON argument, and answer in lines of JSON. */
import { lines } from "../../tests/support/lines.ts";

/** What a child says. */
export interface Saying {
  readonly says: string;
  readonly [detail: string]: unknown;
}

export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #said: Saying[] = [];
  #heard = Promise.withResolvers<void>();
  #over = false;

  /** Starts `support/<name>_main.ts`. `flags` go to Deno. */
  constructor(readonly name: string, task: unknown, { flags = [] }: { readonly flags?: readonly string[] } = {}) {
    const script = new URL(`./${name}_main.ts`, import.meta.url);
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", ...flags, script.href, JSON.stringify(task)],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    void this.#listen();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Waits until the child says this. */
  async hears(says: string): Promise<Saying> {
    for (;;) {
      const said = this.#said.find((one) => one.says === says);
      if (said !== undefined) return said;
      if (this.#over) throw new Error(`The process "${this.name}" ended before it said "${says}"`);
      await this.#heard.promise;
    }
  }

  /** Asks it to stop, and waits for its end. */
  async stop(): Promise<void> {
    if (!this.#over) this.#process.kill("SIGTERM");
    await this.#process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#process.kill("SIGKILL");
    await this.#process.status;
  }

  async #listen(): Promise<void> {
    for await (const line of lines(this.#process.stdout)) {
      this.#said.push(JSON.parse(line));
      this.#wake();
    }
    await this.#process.status;
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }
}

/** Says something to whoever started this process. */
export function say(says: string, details: Record<string, unknown> = {}): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify({ says, ...details })}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** The time now, in milliseconds, on a clock that all processes of this machine share and that does not jump while they run. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Seconds of processor time that a process has used so far, by all of its threads; NaN where that cannot be known. */
export function cpuOf(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  try {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}

/** The most memory that this process has held at once, in bytes; where the system does not tell, what it holds now. */
export function peakMemory(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
  } catch {
    return Deno.memoryUsage().rss;
  }
}
