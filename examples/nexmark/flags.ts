/**
 * The command-line flags of the program.
 */
import { readArguments, WrongFlags } from "../arguments.ts";
import { QUERIES, type Query } from "./queries/all.ts";

/** The values of the flags. */
export interface Flags {
  readonly query: Query;
  readonly events: number;
  readonly rate: number;
  readonly seed: number;
  readonly rows: number;
}

const NUMBERS = QUERIES.map(({ number }) => number).join(", ");
const OPTIONS = {
  query: { type: "string" },
  events: { type: "string" },
  rate: { type: "string" },
  seed: { type: "string" },
  rows: { type: "string" },
  help: { type: "boolean" },
} as const;

/** The help. */
export const HELP = `Runs a query of the Nexmark benchmark in memory, over events that it generates.

Usage: deno run -A examples/nexmark/main.ts --query N [flags]

  --query N     ${NUMBERS}
  --events N    how many events (100,000)
  --rate R      events in a second of event time (10,000)
  --seed S      which events (1)
  --rows N      how many rows to print, the last ones (10)
  --help        show this`;

/**
 * Reads the command line.
 *
 * @returns the flags, or `undefined` when the help is asked for
 * @throws {WrongFlags} when the flags are invalid
 */
export function parseFlags(args: readonly string[]): Flags | undefined {
  const given = readArguments(args, OPTIONS);
  if (given.help) return undefined;
  const { query } = given;
  if (query === undefined) throw new WrongFlags(`--query says which query to run: ${NUMBERS}.`);
  const known = QUERIES.find(({ number }) => String(number) === query.replace(/^q/, ""));
  if (known === undefined) throw new WrongFlags(`--query must be one of ${NUMBERS}, current value is "${query}".`);
  return {
    query: known,
    events: wholeOf("events", given.events) ?? 100_000,
    rate: rateOf(given.rate) ?? 10_000,
    seed: wholeOf("seed", given.seed) ?? 1,
    rows: wholeOf("rows", given.rows) ?? 10,
  };
}

function wholeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new WrongFlags(`--${flag} must be a whole number that is not negative, current value is "${text}".`);
}

function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = /^[\d.]+$/.test(text) ? Number(text) : NaN;
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw new WrongFlags(`--rate must be a number above 0, current value is "${text}".`);
}
