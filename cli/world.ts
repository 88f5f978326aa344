/**
 * What a command sees of the world around it. Tests give their own.
 *
 * @module
 */
import { type Clock, systemClock } from "../base/clock.ts";

/** The terminal, the clock and the signals of a command. */
export interface World {
  /** Writes data to stdout. */
  out(text: string): void;
  /** Writes talk to stderr. */
  err(text: string): void;
  /** Whether stdout is a terminal. */
  readonly outTerminal: boolean;
  /** Whether the user can be asked: stdin and stderr are a terminal. */
  readonly canAsk: boolean;
  /** Whether the user wants no colours: `NO_COLOR`. */
  readonly noColor: boolean;
  /** How many columns the terminal has. */
  readonly columns: number;
  /** Asks a question that is answered by yes or no. */
  confirm(question: string): boolean;
  /** Everything that comes on stdin. */
  input(): ReadableStream<Uint8Array>;
  /** The wall clock and its timers. */
  readonly clock: Clock;
  /** Aborted by SIGINT. */
  readonly interrupted: AbortSignal;
}

/** The world of this process. */
export class ProcessWorld implements World, Disposable {
  readonly clock: Clock = systemClock;
  readonly noColor: boolean = Deno.noColor;
  readonly outTerminal: boolean = Deno.stdout.isTerminal();
  readonly canAsk: boolean = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  readonly #interrupt = new AbortController();
  readonly #onSignal = (): void => {
    // Who asks twice does not want to wait.
    if (this.interrupted.aborted) Deno.exit(130);
    this.#interrupt.abort();
  };

  constructor() {
    Deno.addSignalListener("SIGINT", this.#onSignal);
  }

  get interrupted(): AbortSignal {
    return this.#interrupt.signal;
  }

  get columns(): number {
    // Throws where there is no terminal.
    try {
      return Deno.consoleSize().columns;
    } catch {
      return 80;
    }
  }

  out(text: string): void {
    writeAll(Deno.stdout, text);
  }

  err(text: string): void {
    writeAll(Deno.stderr, text);
  }

  confirm(question: string): boolean {
    return confirm(question);
  }

  input(): ReadableStream<Uint8Array> {
    return Deno.stdin.readable;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#onSignal);
  }
}

const encoder = new TextEncoder();

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}
