/** The program of `deno task shop`, in a folder of its own, with exactly the permissions of the task. */
import { scratch } from "../jobs.ts";
import { type Ended, Program, runProgram } from "./program.ts";

/** A folder for shops, one after the other. */
export interface ShopFolder extends AsyncDisposable {
  readonly cwd: string;
}

/** A folder in which no shop has been yet. */
export async function shopFolder(): Promise<ShopFolder> {
  const folder = await scratch();
  return { cwd: folder.path(""), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** A shop that is open. */
export interface OpenedShop extends AsyncDisposable {
  readonly program: Program;
  /** Where it is: `http://127.0.0.1:8123/`. */
  readonly address: string;
}

/** Starts the shop of a folder and waits until it is open. There are no other shoppers unless the flags say so. */
export async function startShop({ cwd }: ShopFolder, flags: readonly string[] = []): Promise<OpenedShop> {
  const program = new Program(["--port", "0", "--rate", "0", ...flags], {}, { task: "shop", cwd });
  try {
    const line = await program.says(/^The shop is open at /);
    const address = /http:\S+\//.exec(line)![0];
    return { program, address, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs the shop of a folder to its end. */
export function runShop({ cwd }: ShopFolder, flags: readonly string[]): Promise<Ended> {
  return runProgram(flags, {}, { task: "shop", cwd });
}
