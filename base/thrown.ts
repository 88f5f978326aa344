/**
 * Thrown values as errors and messages. JavaScript can throw any value, and some cannot be converted to text.
 *
 * @module
 */

/** A thrown value, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

/** The message of a thrown value. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return "a value was thrown that cannot be read as text";
  }
}
