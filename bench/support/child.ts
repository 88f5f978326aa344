/** Child processes of a benchmark. They get their task as one JSON argument, and report in lines of JSON. */
import { lines } from "../../tests/support/lines.ts";

/** A report of a child. */
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

  /** Waits for a report of the child. */
  async hears(says: string): Promise<Saying> {
    for (;;) {
      const said = this.#said.find((one) => one.says === says);
      if (said !== undefined) return said;
      if (this.#over) throw new Error(`The process "${this.name}" ended before it said "${says}"`);
      await this.#heard.promise;
    }
  }

  /** Stops the child with SIGTERM, and waits for its end. */
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

/** Sends a report to the parent process. */
export function say(says: string, details: Record<string, unknown> = {}): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify({ says, ...details })}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** The current time in milliseconds, on a monotonic clock that all processes of this machine share. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Seconds of processor time that all threads of a process have used so far; NaN if unknown. */
export function cpuOf(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  try {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}

/** The peak memory of this process in bytes, or its current memory if the system does not report the peak. */
export function peakMemory(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
  } catch {
    return Deno.memoryUsage().rss;
  }
}
