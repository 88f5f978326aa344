/**
 * The limit of windows that a key may have open.
 *
 * @module
 */
import type { Key } from "./keyed_state.ts";

/** The error of a record that would open more windows than its key may have. */
export function tooMany(label: string, key: Key, limit: number): Error {
  const shown = typeof key === "string" ? JSON.stringify(key) : String(key);
  return new RangeError(`Key ${shown} of ${label} has ${limit} windows open, as many as maxWindows allows`);
}
