/**
 * Runs one query of the Nexmark benchmark in memory, over generated events, and prints its last rows and a summary.
 *
 *   deno run -A examples/nexmark/main.ts --query 7 --events 1000000
 */
import { WrongFlags } from "../arguments.ts";
import { type Flags, HELP, parseFlags } from "./flags.ts";
import { nexmark } from "./generator.ts";
import { runQuery } from "./run_query.ts";

/** Where the lines go. */
export interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

if (import.meta.main) Deno.exit(main(Deno.args, { out: console.log, error: console.error }));

/** Runs the program for a command line. Returns the exit code. */
export function main(args: readonly string[], { out, error }: Output): number {
  try {
    const flags = parseFlags(args);
    if (flags === undefined) out(HELP);
    else for (const line of report(flags)) out(line);
    return 0;
  } catch (thrown) {
    error(thrown instanceof Error ? thrown.message : String(thrown));
    if (!(thrown instanceof WrongFlags)) return 1;
    error("--help lists all flags.");
    return 2;
  }
}

/** Runs a query. Returns its last rows as JSON, and a summary. */
function report({ query, events, rate, seed, rows }: Flags): string[] {
  let last: unknown[] = [];
  let count = 0;
  const began = performance.now();
  runQuery(query, nexmark(events, { seed, perSecond: rate }), {
    perSecond: rate,
    row(row) {
      count++;
      last.push(row);
      if (last.length >= 2 * rows + 1000) last = tail(last, rows);
    },
  });
  const seconds = (performance.now() - began) / 1000;
  const [shownEvents, shownRows] = [events, count].map((value) => value.toLocaleString("en-US"));
  return [
    ...tail(last, rows).map((row) => JSON.stringify(row)),
    `Query ${query.number}, ${query.name}: ${shownEvents} events, ${shownRows} rows, ` +
    `${seconds.toFixed(1)} s with the generator's work`,
  ];
}

function tail<T>(values: readonly T[], count: number): T[] {
  return values.slice(Math.max(0, values.length - count));
}
