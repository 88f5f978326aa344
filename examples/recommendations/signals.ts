/**
 * Ctrl+C and other signals: the first one stops the program in an orderly way, the second one ends it at once. Nothing
 * is lost either way.
 */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
/** The exit code of a program that Ctrl+C has ended, as shells report it. */
const INTERRUPTED = 130;

/** Listens for signals until it is disposed of. */
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
