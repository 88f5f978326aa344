/**
 * Writes what a command found: for people, or as JSON.
 *
 * @module
 */
import Table from "cli-table3";
import { clean, cleanLines, jsonText } from "./text.ts";
import type { World } from "./world.ts";

/** What the flags say about output. */
export interface Printing {
  readonly json?: boolean;
  readonly color?: "auto" | "always" | "never";
}

/** The output of one command. */
export class Printer {
  readonly json: boolean;
  readonly colors: boolean;

  constructor(readonly world: World, { json = false, color = "auto" }: Printing) {
    this.json = json;
    this.colors = color === "always" || (color === "auto" && world.outTerminal && !world.noColor);
  }

  /** The one document of a command. `text` makes the text for people. */
  document(document: unknown, text: () => string): void {
    this.world.out(this.json ? `${jsonText(document, 2)}\n` : `${text()}\n`);
  }

  /** One document of a stream. */
  line(document: unknown, text: () => string): void {
    this.world.out(this.json ? `${jsonText(document)}\n` : `${text()}\n`);
  }

  /** A sentence on stderr. */
  say(text: string): void {
    this.world.err(`${cleanLines(text)}\n`);
  }

  /** A heading. */
  heading(text: string): string {
    return this.colors ? `\u001b[1m${clean(text)}\u001b[22m` : clean(text);
  }

  /** A word that is good, needs a look, or is bad. The word itself says which. */
  signal(text: string, kind: "ok" | "warn" | "fail"): string {
    const colour = { ok: 32, warn: 33, fail: 31 }[kind];
    return this.colors ? `\u001b[${colour}m${clean(text)}\u001b[39m` : clean(text);
  }

  /** Rows in columns. `styled` cells were cleaned by who made them. */
  table(head: readonly string[], rows: readonly (readonly (string | number | undefined | Styled)[])[]): string {
    const table = new Table({
      head: head.map((cell) => this.heading(cell)),
      style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
      chars: BARE,
    });
    for (const row of rows) {
      table.push(row.map((cell) => cell instanceof Styled ? cell.text : clean(String(cell ?? "-"))));
    }
    return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
  }
}

/** A cell with colours. */
export class Styled {
  constructor(readonly text: string) {}
}

/** No lines around and between the cells. */
const BARE = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((name) => [name, ""]),
);
