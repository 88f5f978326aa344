/**
 * What a command is.
 *
 * @module
 */
import type { Place, PlaceFlags } from "./place.ts";
import type { Printer, Printing } from "./printer.ts";
import type { World } from "./world.ts";

/** The flags of a command, as commander gives them. Which of them there are is up to the command. */
export interface Flags extends PlaceFlags, Printing {
  readonly input?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly [name: string]: unknown;
}

/** What a command works with. */
export interface Context {
  readonly world: World;
  readonly printer: Printer;
  readonly place: Place;
  readonly flags: Flags;
}

/** One word of a command: `<job>`, or `[stage]` where it may be left out. */
export interface Word {
  readonly word: string;
  readonly means: string;
  /** The only words that it takes. */
  readonly choices?: readonly string[];
}

/** One flag of a command. */
export interface Flag {
  /** As the help shows it: `--limit N`. */
  readonly flag: string;
  readonly means: string;
  readonly choices?: readonly string[];
  readonly default?: string;
}

/** What a command needs of Deno. */
export type Need =
  /** Reading the state file. SQLite writes beside it even when it only reads. */
  | "state"
  /** The brokers that `--brokers` names. */
  | "brokers"
  /** A running worker's page. */
  | "page"
  /** A file to read. */
  | "file";

/** A command. */
export interface CommandSpec {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly words?: readonly Word[];
  readonly flags?: readonly Flag[];
  /** The command line of an example, without the program's name. */
  readonly example: string;
  readonly needs: readonly Need[];
  /** Whether it changes something, and whether it asks before: it then has `--dry-run`, and `--yes`. */
  readonly changes?: "at once" | "asks";
  run(context: Context, words: readonly (string | undefined)[]): Promise<void>;
}
