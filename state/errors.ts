/**
 * The three domain errors, one for each reaction of a caller. All other errors are built-in classes.
 *
 * @module
 */

/**
 * The store or the broker is unavailable, or its answer was lost, so that the outcome is unknown. Try again.
 *
 * @example Try again later
 * ```ts
 * import { assertInstanceOf } from "@std/assert";
 * import { UnavailableError } from "@tidemark/streams/state";
 *
 * assertInstanceOf(new UnavailableError("The store does not answer"), Error);
 * ```
 */
export class UnavailableError extends Error {
  /** Its name. */
  override name = "UnavailableError";
}

/**
 * Another owner has taken the task. Stop: only the new owner can commit it.
 *
 * @example Tell a lost task from a broken one
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FencedError } from "@tidemark/streams/state";
 *
 * assertEquals(new FencedError("Task 3 has another owner").name, "FencedError");
 * ```
 */
export class FencedError extends Error {
  /** Its name. */
  override name = "FencedError";
}

/**
 * Stored data is not what was written. Stop and examine the store; the message names the key.
 *
 * @example Name the key
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CorruptError } from "@tidemark/streams/state";
 *
 * assertEquals(new CorruptError("A chunk is missing", ["job", "shop", 0]).key, ["job", "shop", 0]);
 * ```
 */
export class CorruptError extends Error {
  /** Its name. */
  override name = "CorruptError";

  /**
   * Names what was found, and where.
   *
   * @param message what was found, as a full sentence
   * @param key the key of the entry
   */
  constructor(message: string, readonly key: readonly unknown[]) {
    super(message);
  }
}
