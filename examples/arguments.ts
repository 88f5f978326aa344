/**
 * Command lines of the examples: `parseArgs` of Node, with errors that are sentences about the program's own flags.
 */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Invalid flags. The message is one sentence. */
export class WrongFlags extends Error {
  override name = "WrongFlags";

  /** @param flag the flag that is invalid, if it is one that the program has */
  constructor(sentence: string, readonly flag?: string) {
    super(sentence);
  }
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
    return parseArgs({ args: joined(args, options), options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const word = /'([^' ]+)/.exec((error as Error).message)?.[1] ?? "";
    const flag = word.replace(/^-+/, "");
    switch ((error as { code?: string }).code) {
      case "ERR_PARSE_ARGS_UNKNOWN_OPTION":
        throw new WrongFlags(`There is no flag ${word}.`);
      case "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL":
        throw new WrongFlags(`Every word must be a flag or its value, and "${word}" is neither.`);
      case "ERR_PARSE_ARGS_INVALID_OPTION_VALUE":
        throw new WrongFlags(`${word} ${options[flag]?.type === "string" ? "needs a" : "takes no"} value.`, flag);
      default:
        throw error;
    }
  }
}

/** Joins a flag with its value where that is a negative number: the parser takes each word with a dash for a flag. */
function joined(args: readonly string[], options: ParseArgsOptionsConfig): string[] {
  const words: string[] = [];
  for (const word of args) {
    const before = words.at(-1)?.replace(/^--/, "") ?? "";
    const isValue = /^-\d/.test(word) && Object.hasOwn(options, before) && options[before].type === "string";
    if (isValue) words[words.length - 1] += `=${word}`;
    else words.push(word);
  }
  return words;
}
