/**
 * The rows of a table that a stage keeps.
 *
 * @module
 */
import type { Stage } from "./_operate.ts";
import { notKept } from "./_own.ts";
import type { TableChange } from "./_table_change.ts";
import type { Key, KeyedState } from "./keyed_state.ts";

/**
 * Keeps the new row of a key, or deletes it.
 *
 * @param own makes the kept row of the one that has come
 * @returns whether the key had a row
 */
export function keepRow<K extends Key, V>(
  stage: Stage,
  rows: KeyedState<K, V>,
  { key, value }: TableChange<K, V>,
  own: (row: V) => V,
): boolean {
  const found = rows.find(key);
  if (found === undefined) {
    stage.meet(key);
    if (value === undefined) return false;
  }
  try {
    rows.write(found ?? rows.cell(key), value === undefined ? undefined : own(value));
  } catch (error) {
    throw notKept(error, stage.label, key);
  }
  return found !== undefined;
}
