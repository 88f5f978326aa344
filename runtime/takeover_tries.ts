/**
 * Tries of a takeover: what becomes of it where another worker comes in between, or something is away.
 *
 * @module
 */
import { FencedError, UnavailableError } from "../state/mod.ts";
import type { Settings } from "./options.ts";

/** The tries of one takeover, from the first to the one that works. */
export class TakeoverTries {
  readonly #settings: Settings;
  readonly #trouble: (error: Error | undefined) => void;
  readonly #since: number;
  #away = false;

  /** @param trouble told of each failure because something is away, and with `undefined` when that is over */
  constructor(settings: Settings, trouble: (error: Error | undefined) => void) {
    this.#settings = settings;
    this.#trouble = trouble;
    this.#since = settings.clock.elapsed();
  }

  /**
   * `undefined` where it is to be tried again: another one claimed a task meanwhile (of two that do so at once, one has to wait), or
   * something is away, and not for longer than the user allows.
   */
  async try<T>(take: () => Promise<T>): Promise<T | undefined> {
    const { clock, giveUpAfter, log, name } = this.#settings;
    try {
      const taken = await take();
      if (this.#away) this.#trouble(undefined);
      this.#away = false;
      return taken;
    } catch (error) {
      if (error instanceof FencedError) log(`Job ${name}: ${error.message}; the group is asked whose it is`);
      else if (error instanceof UnavailableError && clock.elapsed() - this.#since < giveUpAfter) {
        this.#away = true;
        this.#trouble(error);
      } else throw error;
      return undefined;
    }
  }

  /** Waits before the next try, with some chance in it: the other one does the same. */
  async pause(): Promise<void> {
    const { clock } = this.#settings;
    await clock.sleep(100 + 400 * clock.random());
  }
}
