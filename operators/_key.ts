/**
 * What a key may be.
 *
 * @module
 */
import type { Key } from "./keyed_state.ts";

/** Whether a value may be a key. */
export function isKey(value: unknown): value is Key {
  const type = typeof value;
  return type === "string" || type === "number" || type === "bigint" || type === "boolean";
}
