/**
 * Completions for shells. The one file that knows the library for them, whose version is still 0.0.
 *
 * @module
 */
import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/** Adds the command `complete SHELL`, which also answers the shell's questions: `complete -- WORDS`. */
export function addCompletion(program: Command): void {
  tab(program);
  const complete = program.commands.find((command) => command.name() === "complete")!;
  complete.description("print the completions for a shell: bash, zsh, fish or powershell")
    .addHelpText("after", `\nExample:\n  source <(${program.name()} complete bash)\n\nPermissions:\n  none`);
}
