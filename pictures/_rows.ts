/**
 * The values of a table as rows of words.
 *
 * @module
 */
import { CELL_CHARACTERS, TABLE_COLUMNS } from "./_limits.ts";
import { type TimeWords, timeWords, wordOf } from "./_words.ts";

/** A table as words. */
export interface Rows {
  /** The name of each column, and whether all of its cells are numbers. */
  readonly columns: readonly { readonly name: string; readonly numbers: boolean }[];
  /** The cells of each row. */
  readonly cells: readonly (readonly string[])[];
}

/** The name of the only column where values are not objects. */
const VALUE = "value";

/** Makes rows of values. Their fields are the columns, unless they are named. */
export function rowsOf(values: readonly unknown[], named: readonly string[] | undefined): Rows {
  const names = named ?? [...new Set(values.flatMap(fieldsOf))].slice(0, TABLE_COLUMNS);
  const windows = values.flatMap((value) => names.map((name) => fieldOf(value, name))).filter(isSpan);
  const { word } = timeWords(
    Math.min(...windows.map(({ start }) => start), Infinity),
    Math.max(...windows.map(({ end }) => end), -Infinity),
    8,
  );
  return {
    columns: names.map((name) => ({
      name: wordOf(name, CELL_CHARACTERS),
      numbers: values.every((value) => ["number", "bigint", "undefined"].includes(typeof fieldOf(value, name))),
    })),
    cells: values.map((value) => names.map((name) => cellOf(fieldOf(value, name), word))),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Date) && !ArrayBuffer.isView(value);
}

function fieldsOf(value: unknown): string[] {
  return isRecord(value) ? Object.keys(value) : [VALUE];
}

function fieldOf(value: unknown, name: string): unknown {
  if (isRecord(value)) return Object.hasOwn(value, name) ? value[name] : undefined;
  return name === VALUE ? value : undefined;
}

/** Whether a value is a window. */
export function isSpan(value: unknown): value is { readonly start: number; readonly end: number } {
  return isRecord(value) && typeof value.start === "number" && typeof value.end === "number";
}

function cellOf(value: unknown, word: TimeWords["word"]): string {
  if (value === undefined) return "";
  if (isSpan(value)) return `[${word(value.start)}, ${word(value.end)})`;
  return wordOf(isMoment(value) ? value.toISOString() : value, CELL_CHARACTERS);
}

function isMoment(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}
