/** The program of `deno task start`, or of another task, in its own process, with exactly the permissions of the task. */
import { assert } from "@std/assert";
import type { Recommended } from "../../../examples/recommendations/recommended.ts";
import { lines } from "../lines.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The output of a process that has ended. */
export interface Ended {
  readonly code: number;
  /** The lines of each stream. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** Which program to run, and where. */
export interface ProgramPlace {
  /** The name of its task. @default "start" */
  readonly task?: string;
  /** The folder that it runs in. @default the top of the repository */
  readonly cwd?: string;
}

/** A running program. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: string[] = [];
  readonly #stderr: string[] = [];
  readonly #ended: Promise<Ended>;
  readonly #waiting = new Set<() => void>();

  /** Starts the program. `env` adds to the environment. */
  constructor(
    args: readonly string[],
    env: Record<string, string> = {},
    { task = "start", cwd = ROOT }: ProgramPlace = {},
  ) {
    const [deno, run, ...words] = commandOf(task);
    assert(deno === "deno" && run === "run", "the task runs Deno");
    const script = words.pop()!;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [run, `--config=${ROOT}deno.json`, ...words, `${ROOT}${script}`, ...args, ...withoutPage(task, args)],
      cwd,
      // The tests may have a broker in their environment. The program gets its broker from its flags.
      env: { NO_COLOR: "1", KAFKA_BROKERS: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#ended = this.#listen();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves with the first line that matches. Rejects when the program has ended without it. */
  async says(pattern: RegExp): Promise<string> {
    let over: Ended | undefined;
    const ended = this.#ended.then((how) => over = how);
    for (;;) {
      const line = [...this.#stdout, ...this.#stderr].find((one) => pattern.test(one));
      if (line !== undefined) return line;
      assert(over === undefined, `It ended without saying ${pattern}, and said: ${over?.stderr.join("\n")}`);
      let wake = () => {};
      const said = new Promise<void>((resolve) => wake = resolve);
      this.#waiting.add(wake);
      await Promise.race([said, ended]);
      this.#waiting.delete(wake);
    }
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has ended. */
  ended(): Promise<Ended> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#ended;
  }

  async #listen(): Promise<Ended> {
    const keep = async (stream: ReadableStream<Uint8Array>, into: string[]) => {
      for await (const line of lines(stream)) {
        into.push(line);
        for (const wake of [...this.#waiting]) wake();
      }
    };
    const { stdout, stderr } = this.#child;
    const [{ code }] = await Promise.all([
      this.#child.status,
      keep(stdout, this.#stdout),
      keep(stderr, this.#stderr),
    ]);
    return { code, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** Tests start many programs at once, and most of them look at no page. */
function withoutPage(task: string, args: readonly string[]): string[] {
  return ["start", "shop"].includes(task) && !args.includes("--dashboard") ? ["--dashboard", "off"] : [];
}

/** Runs the program to its end. */
export async function runProgram(
  args: readonly string[],
  env?: Record<string, string>,
  place?: ProgramPlace,
): Promise<Ended> {
  await using program = new Program(args, env, place);
  return await program.ended();
}

/** Parses the summary, which is the last line on stdout and the only one. */
export function summaryOf({ code, stdout, stderr }: Ended): Summary {
  assert(code === 0, `It ended with ${code} and said: ${stderr.join("\n")}`);
  assert(stdout.length === 1, `stdout has ${stdout.length} lines`);
  return JSON.parse(stdout[0]);
}

/** The documented fields of the summary, and how the job ended. */
export interface Summary {
  readonly job: string;
  readonly ended: "finished" | "stopped";
  readonly records_in: number;
  readonly outputs: Readonly<Record<string, number>>;
  readonly late: number;
  readonly dead_letters: number;
  readonly epochs: number;
  readonly elapsed_ms: number;
  readonly records_per_second: number;
  readonly commit_ms: Readonly<Record<"p50" | "p95" | "p99", number>>;
  readonly latency_ms: Readonly<Record<"p50" | "p95" | "p99", number>>;
  readonly user: Recommended | null;
}

/** The command line of a task. */
function commandOf(task: string): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  return tasks[task].command.split(" ");
}

/** Resolves when the state has been written to so many times, as far as its file's times tell; rejects when the program ends. */
export async function written(program: Program, state: string, times: number): Promise<void> {
  let over = false;
  program.ended().then(() => over = true);
  const seen = new Set<number>();
  while (seen.size < times) {
    assert(!over, "the program ended by itself");
    const { mtime } = await Deno.stat(`${state}-wal`);
    seen.add(mtime!.getTime());
  }
}
