/**
 * A copy of the tree with a broken engine, and a run of the simulator in it.
 *
 * @module
 */
import type { Report } from "./campaign.ts";
import type { Edit, Mutation } from "./mutation.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["base", "operators", "state", "connectors", "runtime", "tests/sim"];
const FILES = ["mod.ts", "deno.json", "deno.lock", "tests/support/asking.ts", "tests/support/restored.ts"];

/** The result of the simulator for a mutation. */
export interface Caught {
  readonly runs: number;
  readonly report: Report | undefined;
}

/** A copy of the tree, in which one broken engine after the other is run. Deno keeps what it has compiled of unchanged files. */
export class MutantTree implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<MutantTree> {
    const folder = await Deno.makeTempDir({ prefix: "tidemark-mutant-" });
    for (const path of FOLDERS) await copy(`${ROOT}${path}`, `${folder}/${path}`);
    await Deno.mkdir(`${folder}/tests/support`);
    for (const path of FILES) await Deno.copyFile(`${ROOT}${path}`, `${folder}/${path}`);
    return new MutantTree(folder);
  }

  /**
   * Runs the simulator on a broken engine: first the runs that have found it before, and if these find nothing, runs from
   * `seed` on.
   */
  async run(
    { name, edits, families = [], resets = false, run }: Mutation,
    { seed, runs }: { readonly seed: number; readonly runs: number },
  ): Promise<Caught> {
    const { folder } = this;
    const { files, wrong } = patched(edits, (file) => Deno.readTextFileSync(`${folder}/${file}`));
    if (wrong.length > 0) throw new Error(`"${name}" cannot be applied: ${wrong.join("; ")}`);
    const flags = [`--families=${families}`, ...(resets ? ["--resets"] : [])];
    const simulate = (from: number, count: number) =>
      simulateIn(folder, name, [`--seed=${from}`, `--runs=${count}`, ...flags]);
    try {
      for (const [file, text] of files) await Deno.writeTextFile(`${folder}/${file}`, text);
      for (const known of [run ?? []].flat()) {
        const caught = await simulate(known, 1);
        if (caught.report !== undefined) return caught;
      }
      return await simulate(seed, runs);
    } finally {
      for (const file of files.keys()) await Deno.copyFile(`${ROOT}${file}`, `${folder}/${file}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function simulateIn(folder: string, name: string, flags: readonly string[]): Promise<Caught> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "tests/sim/main.ts", "--brief", "--threads=1", ...flags],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  const last = decoder.decode(stdout).trim().split("\n").at(-1)!;
  if (!last.startsWith("{")) throw new Error(`"${name}": the simulator itself failed: ${decoder.decode(stderr)}`);
  return JSON.parse(last);
}

/** The files of a broken engine, and messages for the edits that do not fit the present engine. */
export function patched(
  edits: readonly Edit[],
  read: (file: string) => string,
): { readonly files: ReadonlyMap<string, string>; readonly wrong: readonly string[] } {
  const files = new Map<string, string>();
  const wrong: string[] = [];
  for (const { file, find, replace } of edits) {
    const text = files.get(file) ?? read(file);
    const found = text.split(find).length - 1;
    if (found === 1) files.set(file, text.replace(find, () => replace));
    else wrong.push(`${file} holds ${found} times, instead of once: ${find.trim().split("\n")[0]}`);
  }
  return { files, wrong };
}

/**
 * Whether a report is about the engine, and not about a patch that is no valid program or about the simulator itself.
 */
export function isOfTheEngine({ kind, message }: Report): boolean {
  if (/TypeError|ReferenceError|SyntaxError|is not a function|is not defined/.test(message)) return false;
  return kind === "broken" || kind === "stuck" || /^w\d+\.\d+ ended with /.test(message);
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
