/**
 * Takes tasks over while the group assigns them to this worker: the tasks of a new assignment, and tasks that another
 * worker has claimed because it had them before and has not yet heard of the new assignment. One takeover is under way
 * at a time.
 *
 * @module
 */
import type { StartOffset } from "../connectors/connector.ts";
import { pause } from "../base/backoff.ts";
import type { Background } from "../base/background.ts";
import { FencedError, UnavailableError } from "../state/mod.ts";
import { Tries } from "./tries.ts";
import type { Settings } from "./options.ts";

/** What claims need. */
export interface ClaimsParts {
  readonly settings: Settings;
  /** Takes tasks over, all of them or none. */
  readonly take: (numbers: readonly number[]) => Promise<StartOffset[]>;
  /** Tasks that are assigned to this worker and that it does not own yet, or no longer owns. */
  readonly lacking: () => readonly number[];
  /** Called when tasks were taken over outside of an assignment. Reading goes on at these offsets. */
  readonly retaken: (starts: readonly StartOffset[]) => void;
  /** Its signal is aborted when the worker stops. */
  readonly background: Background;
  /** Reports that something cannot be reached; `undefined` reports that it can be reached again. */
  readonly trouble: (error: Error | undefined) => void;
  /** Called when the worker cannot go on. */
  readonly failed: (error: Error) => void;
}

export class Claims {
  #alive: () => Promise<void> = () => Promise.resolve();
  #assigning = false;
  #retaking = false;
  /** The takeover of tasks that are claimed again. */
  #taking: Promise<void> | undefined;

  constructor(readonly parts: ClaimsParts) {}

  /** Follows an assignment while no other takeover is under way. `alive` throws when the assignment is over. */
  async whileAssigned<T>(alive: () => Promise<void>, follow: () => Promise<T>): Promise<T> {
    await alive();
    this.#alive = alive;
    this.#assigning = true;
    try {
      await this.#taking;
      return await follow();
    } finally {
      this.#assigning = false;
    }
  }

  /**
   * Takes over the tasks of an assignment. Tries again when another worker takes one of them, or when the store or the
   * broker cannot be reached. A refused heartbeat rejects; the reader handles it.
   */
  async take(numbers: readonly number[]): Promise<StartOffset[]> {
    const { settings: { clock, giveUpAfter, events }, trouble, background: { signal } } = this.parts;
    const tries = new Tries(clock, giveUpAfter);
    for (;;) {
      try {
        const starts = await this.parts.take(numbers);
        trouble(undefined);
        return starts;
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof FencedError) {
          events.tell({ kind: "fenced", task: undefined }, `${error.message}; the group is asked whose it is`);
        }
        if (error instanceof UnavailableError) trouble(error);
        await tries.waitOut(error, signal);
        if (signal.aborted) throw error;
        await this.#alive();
      }
    }
  }

  /**
   * Claims lost tasks again, while the group assigns them to this worker in its present generation. In a new generation
   * `take` claims them.
   */
  takeAgain(): void {
    if (this.#retaking) return;
    this.#retaking = true;
    this.parts.background.run((signal) =>
      this.#retake(signal).catch(this.parts.failed).finally(() => this.#retaking = false)
    );
  }

  async #retake(signal: AbortSignal): Promise<void> {
    const { settings: { clock, giveUpAfter }, lacking, take, retaken } = this.parts;
    const tries = new Tries(clock, giveUpAfter);
    await pause(clock, 100 + 400 * clock.random(), signal);
    while (!signal.aborted) {
      if (lacking().length === 0) return;
      const refused = await this.#alive().then(() => undefined, (error: Error) => error);
      if (signal.aborted) return;
      try {
        // The assignment under way may have counted this task as owned before it was lost. So the lacking tasks are
        // read again after it.
        if (this.#assigning) throw new UnavailableError("tasks are being taken over");
        if (refused !== undefined) throw new UnavailableError(refused.message);
        const taking = take(lacking());
        this.#taking = taking.then(() => {}, () => {});
        retaken(await taking);
      } catch (error) {
        await tries.waitOut(error, signal);
      }
    }
  }
}
