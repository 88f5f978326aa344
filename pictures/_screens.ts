/**
 * Where a live picture is shown: in a notebook, where each paint replaces the one before, and in a terminal, where it is
 * written over. Elsewhere, as into a file, only the last paint is written.
 *
 * @module
 */
import type { Display, Notebook } from "./_notebook.ts";

/** Shows a picture that changes. */
export interface Screen {
  /** @param last whether the picture changes no more */
  paint(picture: Display, last: boolean): void | Promise<void>;
}

/** A place in a notebook. */
export class NotebookPlace implements Screen {
  #shown = false;

  /** @param id the name of the place, unlike all others in the notebook */
  constructor(readonly notebook: Notebook, readonly id: string) {}

  async paint(data: Display): Promise<void> {
    const type = this.#shown ? "update_display_data" : "display_data";
    this.#shown = true;
    await this.#send(type, data);
  }

  /** Shows the picture in one more place, which is updated with the first. */
  async again(data: Display): Promise<void> {
    await this.#send("display_data", data);
  }

  async #send(type: "display_data" | "update_display_data", data: Display): Promise<void> {
    await this.notebook.broadcast(type, { data, metadata: {}, transient: { display_id: this.id } });
  }
}

/** The part of a terminal that is used. */
export interface Terminal {
  /** Whether it can be written over. */
  isTerminal(): boolean;
  write(text: string): void;
  /** The longest line, in characters. */
  width(): number;
}

/** The standard output. */
export const standardOutput: Terminal = {
  isTerminal: () => Deno.stdout.isTerminal(),
  write(text) {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  },
  width() {
    try {
      return Deno.consoleSize().columns;
    } catch {
      // Nobody knows how wide it is.
      return 100;
    }
  },
};

/** Lines of a terminal, which are written over. */
export class TerminalLines implements Screen {
  #lines = 0;

  constructor(readonly terminal: Terminal) {}

  paint(picture: Display, last: boolean): void {
    const live = this.terminal.isTerminal();
    if (!live && !last) return;
    const lines = picture["text/plain"].split("\n");
    // A line that is broken by the terminal would be two lines to go back.
    const width = live ? this.terminal.width() - 1 : Infinity;
    const text = lines.map((line) => [...line].slice(0, width).join("")).join("\n");
    const back = this.#lines > 0 ? `\x1b[${this.#lines}A\x1b[J` : "";
    this.terminal.write(`${back}${text}\n`);
    this.#lines = lines.length;
  }
}
