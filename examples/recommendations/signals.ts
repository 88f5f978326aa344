/**
 * Ctrl+C and its relatives: the first one asks the program to stop, the second one ends it at once, and nothing is lost by that.
 */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
/** What a shell reports of a program that Ctrl+C has ended. */
const INTERRUPTED = 130;

/** Listens until it is disposed of. */
export class Signals implements Disposable {
  readonly #asked = new AbortController();
  readonly #listener = () => {
    if (this.#asked.signal.aborted) Deno.exit(INTERRUPTED);
    this.#asked.abort();
  };

  constructor() {
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#listener);
  }

  /** Aborted by the first signal. */
  get stop(): AbortSignal {
    return this.#asked.signal;
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) Deno.removeSignalListener(name, this.#listener);
  }
}
