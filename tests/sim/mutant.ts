/**
 * A copy of the tree with a broken engine, and the simulator at work in it.
 *
 * @module
 */
import type { Report } from "./campaign.ts";
import type { Mutation } from "./mutations.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["operators", "state", "connectors", "runtime", "tests/sim"];
const FILES = ["mod.ts", "deno.json", "deno.lock"];

/** What the simulator made of a mutation. */
export interface Caught {
  readonly runs: number;
  readonly report: Report | undefined;
}

/** Runs the simulator on a broken engine, in a folder of its own. */
export async function runMutant(
  { name, edits }: Mutation,
  { seed, runs }: { readonly seed: number; readonly runs: number },
): Promise<Caught> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-mutant-" });
  try {
    for (const path of FOLDERS) await copy(`${ROOT}${path}`, `${folder}/${path}`);
    for (const path of FILES) await Deno.copyFile(`${ROOT}${path}`, `${folder}/${path}`);
    for (const { file, find, replace } of edits) {
      const text = await Deno.readTextFile(`${folder}/${file}`);
      const found = text.split(find).length - 1;
      if (found !== 1) throw new Error(`"${name}": the text to replace is ${found} times in ${file}`);
      await Deno.writeTextFile(`${folder}/${file}`, text.replace(find, () => replace));
    }
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-lock",
        "tests/sim/main.ts",
        "--brief",
        "--threads=1",
        `--seed=${seed}`,
        `--runs=${runs}`,
      ],
      cwd: folder,
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    const last = decoder.decode(stdout).trim().split("\n").at(-1)!;
    if (!last.startsWith("{")) throw new Error(`"${name}": the simulator itself failed: ${decoder.decode(stderr)}`);
    return JSON.parse(last);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether a report tells of the engine, and not of a patch that is no program or of the simulator itself. */
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
