/**
 * Command lines of the examples: `parseArgs` of Node, with errors that are sentences about the program's own flags.
 */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Invalid flags. The message is one sentence. */
export class WrongFlags extends Error {
  override name = "WrongFlags";
}

/** The values of flags, by their names. */
type Values<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; strict: true; allowPositionals: false }>
>["values"];

/**
 * Reads flags, with no other words among them.
 *
 * @throws {WrongFlags} when a flag is unknown, lacks its value or has one that it does not take
 */
export function readArguments<const T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): Values<T> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const word = /'([^' ]+)/.exec((error as Error).message)?.[1] ?? "";
    switch ((error as { code?: string }).code) {
      case "ERR_PARSE_ARGS_UNKNOWN_OPTION":
        throw new WrongFlags(`There is no flag ${word}.`);
      case "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL":
        throw new WrongFlags(`Every word must be a flag or its value, and "${word}" is neither.`);
      case "ERR_PARSE_ARGS_INVALID_OPTION_VALUE":
        throw new WrongFlags(
          `${word} ${options[word.replace(/^-+/, "")]?.type === "string" ? "needs a" : "takes no"} value.`,
        );
      default:
        throw error;
    }
  }
}
