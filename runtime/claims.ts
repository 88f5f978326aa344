/**
 * Takes tasks over for as long as the group says that they are ours: those of a new assignment, and those that another worker has
 * claimed meanwhile, which had them before and has not yet heard. One takeover is under way at a time.
 *
 * @module
 */
import type { StartOffset } from "../connectors/connector.ts";
import { FencedError, UnavailableError } from "../state/mod.ts";
import { Tries } from "./tries.ts";
import type { Settings } from "./options.ts";

/** What claims work with. */
export interface ClaimsParts {
  readonly settings: Settings;
  /** Takes tasks over, all of them or none. */
  readonly take: (numbers: readonly number[]) => Promise<StartOffset[]>;
  /** What is assigned and not ours yet, or no longer. */
  readonly lacking: () => readonly number[];
  /** Tasks that no assignment asked for were taken: they are read on from there. */
  readonly retaken: (starts: readonly StartOffset[]) => void;
  readonly stopping: () => boolean;
  /** Something is away, or `undefined`: no longer. */
  readonly trouble: (error: Error | undefined) => void;
  /** Nothing more can be done for this worker. */
  readonly failed: (error: Error) => void;
}

export class Claims {
  #alive: () => Promise<void> = () => Promise.resolve();
  #assigning = false;
  #retaking = false;
  /** Tasks that are being claimed again. */
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
   * Takes the tasks of an assignment, again and again where somebody takes one of them from us or something is away. A sign of life
   * that is refused is the reader's to deal with.
   */
  async take(numbers: readonly number[]): Promise<StartOffset[]> {
    const { settings: { clock, giveUpAfter, log, name }, trouble, stopping } = this.parts;
    const tries = new Tries(clock, giveUpAfter);
    for (;;) {
      try {
        const starts = await this.parts.take(numbers);
        trouble(undefined);
        return starts;
      } catch (error) {
        if (stopping()) throw error;
        if (error instanceof FencedError) log(`Job ${name}: ${error.message}; the group is asked whose it is`);
        else if (error instanceof UnavailableError) trouble(error);
        await tries.waitOut(error);
        await this.#alive();
      }
    }
  }

  /** Claims again what was taken from us, while the group says that it is ours: in its next generation, `take` does. */
  takeAgain(): void {
    if (this.#retaking) return;
    this.#retaking = true;
    this.#retake().catch(this.parts.failed).finally(() => this.#retaking = false);
  }

  async #retake(): Promise<void> {
    const { settings: { clock, giveUpAfter }, lacking, stopping, take, retaken } = this.parts;
    const tries = new Tries(clock, giveUpAfter);
    await clock.sleep(100 + 400 * clock.random());
    while (!stopping()) {
      if (lacking().length === 0) return;
      const refused = await this.#alive().then(() => undefined, (error: Error) => error);
      if (stopping()) return;
      try {
        // What is being assigned may have been counted before the task was lost, so it is looked at again after that.
        if (this.#assigning) throw new UnavailableError("tasks are being taken over");
        if (refused !== undefined) throw new UnavailableError(refused.message);
        const taking = take(lacking());
        this.#taking = taking.then(() => {}, () => {});
        retaken(await taking);
      } catch (error) {
        await tries.waitOut(error);
      }
    }
  }
}
