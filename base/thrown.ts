/**
 * What was thrown: JavaScript throws any value, and not every value can be read.
 *
 * @module
 */

/** Something that was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

/** What something that was thrown says. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return "a value was thrown that cannot be read as text";
  }
}
