/**
 * The command-line flags of the shop.
 */
import { readArguments, WrongFlags } from "../arguments.ts";

/** The values of the flags. */
export interface Flags {
  /** The port on 127.0.0.1; 0 is any that is free. */
  readonly port: number;
  /** Events of other shoppers in a second; 0 is none. */
  readonly rate: number;
  /** The port of the job's page; `undefined` is 8321 or the next that is free. */
  readonly dashboard: number | "off" | undefined;
}

const DEFAULTS = { port: 8123, rate: 4 };
const MOST_RATE = 2_000;

/** The help. */
export const HELP = `Opens a small shop on http://127.0.0.1:${DEFAULTS.port}/, whose lists change while you click.

Usage: deno task shop [flags]

  --port N      the port; 0 is any that is free (${DEFAULTS.port})
  --rate R      events of other shoppers in a second, 0 to ${MOST_RATE} (${DEFAULTS.rate})
  --dashboard PORT|off
                the live page of the shop's job (8321, or the next free port)
  --help        show this

All of its state is in .tidemark/shop.db. Delete it to begin anew.`;

/**
 * Reads the command line.
 *
 * @returns the flags, or `undefined` when the help is asked for
 * @throws {WrongFlags} when the flags are invalid
 */
export function parseFlags(args: readonly string[]): Flags | undefined {
  const { port, rate, dashboard, help } = readArguments(args, {
    port: { type: "string" },
    rate: { type: "string" },
    dashboard: { type: "string" },
    help: { type: "boolean" },
  });
  if (help) return undefined;
  return {
    port: portOf(port, "--port must be a whole number from 0 to 65535") ?? DEFAULTS.port,
    rate: rateOf(rate) ?? DEFAULTS.rate,
    dashboard: dashboard === "off" ? "off" : portOf(dashboard, "--dashboard must be a port from 0 to 65535, or off"),
  };
}

function portOf(text: string | undefined, rule: string): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new WrongFlags(`${rule}, current value is "${text}".`);
}

function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (rate <= MOST_RATE) return rate;
  throw new WrongFlags(`--rate must be a number from 0 to ${MOST_RATE}, current value is "${text}".`);
}
