/**
 * JSON as the codec of records. A value that JSON would change is refused with its path, both when it is written and
 * when it is read: an error is better than a changed value.
 *
 * @module
 */

import { bytesText, textBytes } from "../base/text.ts";
import { shownPath } from "../base/paths.ts";
import type { RecordCodec } from "./codec.ts";

/** Options of {@linkcode json}. */
export interface JsonOptions {
  /**
   * How to read an integer beyond 2^53 - 1, which a number cannot hold exactly: as a `bigint` (a `bigint` is then also
   * written as an integer), as a `string` of its digits, or rounded as `JSON.parse` does. Smaller integers are numbers.
   *
   * @default such an integer is refused
   */
  readonly integers?: "bigint" | "string" | "round";
}

/** The quick check descends this far. The full check takes over below, and remembers the objects around a value. */
const SHALLOW = 50;
/** The deepest nesting that is read and written. */
const DEPTH = 1000;

/**
 * JSON in UTF-8: the default codec.
 *
 * Refused on writing, with the path (`$.items[3].price`): `NaN`, infinities, bigint, functions, symbols, `undefined`
 * and holes in arrays, invalid dates, and objects whose content JSON does not see (`Map`, `Set`, typed arrays, errors,
 * instances without fields of their own). Written as `JSON.stringify` does: a field that is `undefined` is left out; a
 * `Date`, and any object with a `toJSON()`, is written as what that returns; an instance of a class is written as its
 * fields; -0 is written as 0. Refused on reading: integers beyond 2^53 - 1, and numbers beyond the largest one
 * (`1e400`).
 *
 * @param options how integers beyond 2^53 - 1 are read
 * @returns a codec that throws on malformed JSON and on values that JSON would change
 * @throws {TypeError} when `integers` has another value
 *
 * @example A round trip, and ids that no number holds
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { json } from "@tidemark/streams/connectors";
 * const codec = json<{ user: string }>();
 * assertEquals(codec.decode(codec.encode({ user: "ada" })), { user: "ada" });
 *
 * const bytes = new TextEncoder().encode('{"id":9007199254740993}');
 * assertThrows(() => codec.decode(bytes), RangeError, "$.id is 9007199254740993");
 * assertEquals(json({ integers: "bigint" }).decode(bytes), { id: 9007199254740993n });
 * ```
 */
export function json<T>({ integers }: JsonOptions = {}): RecordCodec<T> {
  if (integers === undefined) return JSON_CODEC as RecordCodec<T>;
  if (!["bigint", "string", "round"].includes(integers)) {
    throw new TypeError(
      `Cannot create a JSON codec: integers must be "bigint", "string" or "round", current value is ${
        String(integers)
      }`,
    );
  }
  return codecOf(integers) as RecordCodec<T>;
}

const JSON_CODEC = codecOf(undefined);

function codecOf(integers: JsonOptions["integers"]): RecordCodec<unknown> {
  return {
    encode(value) {
      if (!isExact(value, SHALLOW)) {
        refuseBent(value, { path: [], around: [], integers });
        if (integers === "bigint") return textBytes(JSON.stringify(value, asInteger));
      }
      return textBytes(JSON.stringify(value));
    },
    decode(bytes) {
      if (bytes.length === 0) throw new SyntaxError("the value is empty, which is no JSON");
      const text = jsonText(bytes);
      const value: unknown = JSON.parse(text);
      return isRounded(value, 0) ? exactly(text, integers) : value;
    },
  };
}

/** Decodes the text of JSON. Removes a byte order mark, which some programs write before it. */
function jsonText(bytes: Uint8Array): string {
  const text = bytesText(bytes);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * Whether JSON writes a value unchanged. `false` when this quick check cannot tell; plain results need no other check.
 */
function isExact(value: unknown, depth: number): boolean {
  if (typeof value === "string" || typeof value === "boolean") return true;
  // The difference is 0 for finite numbers only.
  if (typeof value === "number") return value - value === 0;
  if (typeof value !== "object") return false;
  if (value === null) return true;
  if (depth === 0) return false;
  // Reading the prototype would cost more. The full check looks closely at objects that only look plain.
  if (value.constructor === Object) return isPlain(value as Record<string, unknown>, depth - 1);
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (!isExact(value[i], depth - 1)) return false;
  return true;
}

function isPlain(value: Record<string, unknown>, depth: number): boolean {
  // deno-lint-ignore guard-for-in -- its prototype has nothing to be listed
  for (const name in value) {
    const field = value[name];
    if (typeof field === "string" || field === undefined) continue;
    if (typeof field === "number" ? field - field !== 0 : !isExact(field, depth)) return false;
  }
  return true;
}

interface Look {
  /** Names and indices from the top to this value. */
  readonly path: (string | number)[];
  /** The objects that contain this value. */
  readonly around: object[];
  readonly integers: JsonOptions["integers"];
}

/** Throws when JSON would change a value. `given`: the value came from `toJSON()`, which is not called on it again. */
function refuseBent(value: unknown, look: Look, given = false): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw bent(look, String(value), "and JSON would make null of it");
    case "bigint":
      if (look.integers === "bigint") return;
      throw bent(
        look,
        `the BigInt ${shortened(value)}`,
        'which has no JSON form: write a string, or use json({ integers: "bigint" })',
      );
    case "object":
      if (value !== null) refuseObject(value, look, given);
      return;
    case "undefined":
      throw bent(look, "undefined", "which has no JSON form");
    default:
      throw bent(look, `a ${typeof value}`, "which has no JSON form");
  }
}

function refuseObject(value: object, look: Look, given: boolean): void {
  const { path, around } = look;
  const form = (value as { toJSON?: unknown }).toJSON;
  if (typeof form === "function" && !given) {
    if (value instanceof Date && Number.isNaN(value.getTime())) {
      throw bent(look, "an invalid Date", "and JSON would make null of it");
    }
    return refuseBent(form.call(value, String(path.at(-1) ?? "")), look, true);
  }
  if (around.includes(value)) throw bent(look, "a cycle", "which has no JSON form");
  if (around.length >= DEPTH) throw bent(look, `nested more than ${DEPTH} deep`, "which nobody could read");
  around.push(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) inside(look, i, value[i]);
  } else {
    const hidden = hiddenIn(value);
    if (hidden !== undefined) throw bent(look, hidden, "and JSON does not see what it holds");
    for (const name of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[name];
      if (field !== undefined) inside(look, name, field);
    }
  }
  around.pop();
}

function inside(look: Look, step: string | number, value: unknown): void {
  look.path.push(step);
  refuseBent(value, look);
  look.path.pop();
}

/** The name of an object's class when its content is not in fields of its own; `undefined` for all other objects. */
function hiddenIn(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  const opaque = value instanceof Map || value instanceof Set || value instanceof Error || ArrayBuffer.isView(value);
  if (!opaque && Object.keys(value).length > 0) return undefined;
  const name = prototype.constructor?.name;
  return `an instance of ${typeof name === "string" && name !== "" ? name : "a class without a name"}`;
}

function bent({ path }: Look, what: string, why: string): TypeError {
  return new TypeError(`${shownPath(path)} is ${what}, ${why}`);
}

function shortened(value: bigint): string {
  const digits = String(value);
  return digits.length > 40 ? `${digits.slice(0, 20)}... of ${digits.length} digits` : digits;
}

/** Writes bigints as integers. */
function asInteger(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? (JSON as unknown as RawJson).rawJSON(String(value)) : value;
}

/** JSON methods that TypeScript does not know yet: they read and write the text of a value. */
interface RawJson {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}

/**
 * Whether a number may differ from the one that was written: every integer beyond 2^53 - 1 is read as a number beyond
 * it.
 */
function isRounded(value: unknown, depth: number): boolean {
  if (typeof value === "number") return isBeyond(value);
  if (typeof value !== "object" || value === null) return false;
  if (depth > DEPTH) throw new RangeError(`the value is nested more than ${DEPTH} deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isRounded(value[i], depth + 1)) return true;
    return false;
  }
  // deno-lint-ignore guard-for-in -- its prototype has nothing to be listed
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    if (typeof field === "string") continue;
    if (typeof field === "number" ? isBeyond(field) : isRounded(field, depth + 1)) return true;
  }
  return false;
}

function isBeyond(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
}

/** Parses again, with the source text of each number. */
function exactly(text: string, integers: JsonOptions["integers"]): unknown {
  const refused: string[] = [];
  const value = (JSON as unknown as RawJson).parse(text, (_name, part, { source }) => {
    if (source === undefined || typeof part !== "number" || Number.isSafeInteger(part)) return part;
    const integer = /^-?\d+$/.test(source);
    if (Number.isFinite(part) && (!integer || integers === "round")) return part;
    if (integer && integers === "bigint") return BigInt(source);
    if (integer && integers === "string") return source;
    refused.push(source);
    return REFUSED;
  });
  if (refused.length === 0) return value;
  const [number] = refused;
  const shown = number.length > 40 ? `${number.slice(0, 20)}... of ${number.length} characters` : number;
  const where = shownPath(pathOf(value, REFUSED, [])!);
  throw new RangeError(
    /^-?\d+$/.test(number)
      ? `${where} is ${shown}, an integer beyond 2^53 - 1, which a number would round: read it with json({ integers: "bigint" }) or "string"`
      : `${where} is ${shown}, which is beyond the largest number`,
  );
}

/** Replaces a refused number, so that its path can be found. */
const REFUSED = Symbol("refused");

/** The path of the first place with this value, in the order in which JSON is read. */
function pathOf(
  value: unknown,
  wanted: unknown,
  path: readonly (string | number)[],
): readonly (string | number)[] | undefined {
  if (value === wanted) return path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const found = pathOf(part, wanted, [...path, Array.isArray(value) ? Number(name) : name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
