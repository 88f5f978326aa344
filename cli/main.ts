/**
 * The command line of Tidemark: looks at jobs, running or stopped, and at their topics.
 *
 * ```sh
 * deno run --allow-read=.tidemark --allow-write=.tidemark --unstable-kv jsr:@tidemark/streams/cli jobs
 * ```
 *
 * @example The help needs no permission
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { main } from "@tidemark/streams/cli";
 *
 * assertEquals(await main(["--version"]), 0);
 * ```
 *
 * @module
 */
import { CommanderError } from "commander";
import { messageOf } from "../base/thrown.ts";
import { Failed, Interrupted, WrongUsage } from "./errors.ts";
import { programOf } from "./program.ts";
import { cleanLines } from "./text.ts";
import { ProcessWorld, type World } from "./world.ts";

export type { World };
export type { Clock } from "../base/clock.ts";

/**
 * Runs a command line.
 *
 * @param args the words after the program's name
 * @param world the terminal, the clock and the signals. @default those of this process
 * @returns the exit code: 0; 1 when the command failed; 2 for a wrong command line; 130 after SIGINT
 *
 * @example A wrong word
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { main } from "@tidemark/streams/cli";
 *
 * assertEquals(await main(["job"]), 2);
 * ```
 */
export async function main(args: readonly string[], world?: World): Promise<number> {
  if (world !== undefined) return await run(args, world);
  using own = new ProcessWorld();
  return await run(args, own);
}

async function run(args: readonly string[], world: World): Promise<number> {
  try {
    await programOf(world).parseAsync([...args], { from: "user" });
    return world.interrupted.aborted ? 130 : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // Who reads the output has had enough.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    if (error instanceof Interrupted || world.interrupted.aborted) return 130;
    if (error instanceof Failed) return 1;
    world.err(`${cleanLines(sentenceOf(error))}\n`);
    return error instanceof WrongUsage ? 2 : 1;
  }
}

function sentenceOf(error: unknown): string {
  const text = messageOf(error).trim().replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  return error instanceof WrongUsage ? `error: ${text}` : text;
}

// main() disposes of everything before it returns. Deno.exit() inside it would skip that.
if (import.meta.main) Deno.exit(await main(Deno.args));
