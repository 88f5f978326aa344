/**
 * The command line: commands and flags, by commander.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option, type OutputConfiguration } from "commander";
import type { CommandSpec, Context, Flags, Need } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { addCompletion } from "./completion.ts";
import { Place } from "./place.ts";
import { Printer } from "./printer.ts";
import { didYouMean } from "./values.ts";
import { VERSION } from "../base/version.ts";
import type { World } from "./world.ts";

/** The name of the program. */
export const PROGRAM = "tidemark";

const NEEDS: Readonly<Record<Need, readonly string[]>> = {
  state: [
    "--allow-read=FOLDER --allow-write=FOLDER, the folder of the state (for a URL: --allow-net=HOST, and --allow-env)",
  ],
  brokers: ["with --brokers: --allow-net=BROKERS --allow-env --allow-sys=hostname"],
  page: ["where a worker has a page: --allow-net=127.0.0.1"],
  file: ["--allow-read=FILE"],
};

/** Makes the program. */
export function programOf(world: World): Command {
  const program = new Command(PROGRAM)
    .description("Looks at jobs of @tidemark/streams, running or stopped, and at their topics.")
    .version(VERSION, "--version", "show the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError(`Try ${PROGRAM} --help`)
    .configureOutput(outputOf(world))
    .addHelpText("after", `\nExample:\n  ${PROGRAM} why recommendations --state .tidemark/recommendations.db`);
  for (const spec of COMMANDS) addCommand(program, spec, world);
  addCompletion(program);
  return program;
}

/** Without these functions, commander reads the environment, which needs a permission. */
function outputOf(world: World): OutputConfiguration {
  return {
    writeOut: (text) => world.out(text),
    writeErr: (text) => world.err(text),
    getOutHasColors: () => world.outTerminal && !world.noColor,
    getErrHasColors: () => false,
    getOutHelpWidth: () => world.columns,
    getErrHelpWidth: () => world.columns,
  };
}

function addCommand(program: Command, spec: CommandSpec, world: World): void {
  const command = program.command(spec.name).description(spec.summary)
    .showHelpAfterError(`Try ${PROGRAM} ${spec.name} --help`);
  for (const { word, means, choices } of spec.words ?? []) {
    command.addArgument(
      choices === undefined ? new Argument(word, means) : choosing(new Argument(word, means), choices),
    );
  }
  for (const { flag, means, choices, default: usual } of spec.flags ?? []) {
    const option = new Option(flag, means);
    if (choices !== undefined) option.choices(choices);
    command.addOption(usual === undefined ? option : option.default(usual));
  }
  addCommonFlags(command, spec);
  command.addHelpText("after", `\nExample:\n  ${PROGRAM} ${spec.example}\n\nPermissions:\n${permissionsOf(spec)}`);
  command.action(async () => {
    const flags = command.opts<Flags>();
    await using place = new Place(flags, world.clock);
    const context: Context = { world, place, flags, printer: new Printer(world, flags) };
    await spec.run(context, command.processedArgs as (string | undefined)[]);
  });
}

/** A word with a few values. One that is mistyped gets a suggestion, as commands and flags do. */
function choosing(argument: Argument, choices: readonly string[]): Argument {
  argument.choices(choices);
  return argument.argParser((value: string) => {
    if (choices.includes(value)) return value;
    throw new InvalidArgumentError(`It must be ${choices.join(", ")}${didYouMean(value, choices)}`);
  });
}

function addCommonFlags(command: Command, { needs, changes }: CommandSpec): void {
  if (needs.includes("state")) {
    command.option("--state <path>", "the state: a path or a URL (the only one in .tidemark)");
  }
  if (needs.includes("brokers")) command.option("--brokers <list>", "Kafka brokers, as in a:9092,b:9092");
  if (needs.includes("page")) {
    command.option("--page <url>", "the page of a running worker (the one that the worker has told)");
    command.option("--token <text>", "the token of the page, where it wants one");
  }
  if (changes === "asks") command.option("--yes", "do not ask");
  if (changes !== undefined) command.option("--dry-run", "say what would be done, and do nothing");
  command.option("--no-input", "ask nothing; what needs an answer fails");
  command.option("--json", "print JSON");
  command.addOption(new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"));
}

function permissionsOf({ needs }: CommandSpec): string {
  const lines = needs.flatMap((need) => NEEDS[need]);
  return lines.length === 0 ? "  none" : lines.map((line) => `  ${line}`).join("\n");
}
