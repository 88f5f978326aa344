/**
 * Ctrl+C and other signals: the first one stops the program in an orderly way, the second one ends it at once. Nothing
 * is lost either way.
 */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
/** The exit code of a program that Ctrl+C has ended, as shells report it. */
const INTERRUPTED = 130;

/** Asked to stop before there was a job to stop. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Listens until it is disposed of. */
export class Signals implements Disposable {
  readonly #asked = new AbortController();
  readonly #listener = () => {
    if (this.#asked.signal.aborted) Deno.exit(INTERRUPTED);
    this.#asked.abort(new Stopped("Stopped before the job had started"));
  };

  constructor() {
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#listener);
  }

  /** Aborted by the first signal. */
  get stop(): AbortSignal {
    return this.#asked.signal;
  }

  /** Gives a part of the program the signal until it is done: what runs from then on is ended in its own order. */
  async during<T>(part: (asked: AbortSignal) => Promise<T>): Promise<T> {
    const { stop } = this;
    stop.throwIfAborted();
    const asked = new AbortController();
    const ask = () => asked.abort(stop.reason);
    stop.addEventListener("abort", ask, { once: true });
    try {
      return await part(asked.signal);
    } finally {
      stop.removeEventListener("abort", ask);
    }
  }

  /** What `work` gives, unless a signal comes first: then nobody waits for it any more. */
  unlessAsked<T>(work: Promise<T>): Promise<T> {
    return this.during((asked) => {
      const first = Promise.withResolvers<never>();
      asked.addEventListener("abort", () => first.reject(asked.reason), { once: true });
      return Promise.race([work, first.promise]);
    });
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) Deno.removeSignalListener(name, this.#listener);
  }
}
