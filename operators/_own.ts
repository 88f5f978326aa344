/**
 * Values that are a stage's own: copied where they cross, or frozen.
 *
 * A copy is what a checkpoint gives back: plain data, in which nothing is shared, not even with itself. So a stage keeps the same after a
 * restart as if it had never stopped, and what cannot be stored is refused when it comes and not when it is cut.
 *
 * @module
 */

/** How deep a value may be nested, as deep as can be stored. */
const DEPTH = 200;

/** A value that no stage can keep. */
export class NotPlainError extends TypeError {
  override name = "NotPlainError";
}

/**
 * A copy of plain data: primitives, plain objects, arrays, `Map`, `Set`, `Date`, `Uint8Array`. Primitives are themselves.
 *
 * @throws {NotPlainError} when it holds anything else, or itself
 */
export function copyOf<T>(value: T): T {
  return typeof value === "object" && value !== null ? copyObject(value, 0) as T : primitive(value);
}

/** A copy of plain data, or the value itself where it is none: for what a stage hands on and does not keep. */
export function copyWherePlain<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  try {
    return copyObject(value, 0) as T;
  } catch (error) {
    if (error instanceof NotPlainError) return value;
    throw error;
  }
}

/** The same error, with its place and the cure where a value is no plain data. */
export function notKept(error: unknown, label: string, key: unknown): unknown {
  if (!(error instanceof NotPlainError)) return error;
  const shown = typeof key === "string" ? JSON.stringify(key) : String(key);
  return new TypeError(
    `Cannot keep the value of key ${shown} in ${label}: ${error.message}. A stage keeps plain data: numbers, strings, arrays, ` +
      `plain objects, Map, Set, Date and Uint8Array`,
    { cause: error },
  );
}

function copyObject(value: object, depth: number): object {
  if (depth >= DEPTH) throw new NotPlainError(`it is nested more than ${DEPTH} deep, or holds itself`);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return copyPlain(value as Record<string, unknown>, {}, depth);
  if (prototype === Array.prototype && Array.isArray(value)) return copyArray(value, depth);
  if (prototype === null) return copyPlain(value as Record<string, unknown>, Object.create(null), depth);
  if (prototype === Uint8Array.prototype) return (value as Uint8Array).slice();
  if (prototype === Date.prototype && value instanceof Date) return new Date(value.getTime());
  if (prototype === Map.prototype && value instanceof Map) {
    const map = new Map<unknown, unknown>();
    for (const [key, part] of value) map.set(copyPart(key, depth), copyPart(part, depth));
    return map;
  }
  if (prototype === Set.prototype && value instanceof Set) {
    const set = new Set<unknown>();
    for (const part of value) set.add(copyPart(part, depth));
    return set;
  }
  const name = prototype.constructor?.name;
  const what = typeof name === "string" && name !== "" ? name : "a class without a name";
  throw new NotPlainError(`it holds an instance of ${what}`);
}

function copyPart(part: unknown, depth: number): unknown {
  return typeof part === "object" && part !== null ? copyObject(part, depth + 1) : primitive(part);
}

function copyPlain(
  value: Record<string, unknown>,
  copy: Record<string, unknown>,
  depth: number,
): Record<string, unknown> {
  const names = Object.keys(value);
  if (Reflect.ownKeys(value).length !== names.length) {
    throw new NotPlainError("it holds an object with a hidden or a symbol's property");
  }
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const part = copyPart(value[name], depth);
    if (name !== "__proto__") copy[name] = part;
    else Object.defineProperty(copy, name, { value: part, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

function copyArray(values: readonly unknown[], depth: number): unknown[] {
  if (Reflect.ownKeys(values).length !== values.length + 1) {
    throw new NotPlainError("it holds an array with holes or with properties of its own");
  }
  const copy: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    copy.push(copyPart(values[i], depth));
  }
  return copy;
}

function primitive<T>(value: T): T {
  if (typeof value === "function") throw new NotPlainError("it holds a function");
  if (typeof value === "symbol") throw new NotPlainError("it holds a symbol");
  return value;
}

const frozen = new WeakSet<object>();

/**
 * Freezes plain data deeply and returns it. Parts that were frozen here before are passed over, so a value that shares most of its
 * parts with the one before costs what is new.
 *
 * @throws {NotPlainError} when it holds what cannot be frozen (`Map`, `Set`, `Date`, `Uint8Array`), anything that is no plain data, or itself
 */
export function freeze<T>(value: T): T {
  freezePart(value, 0);
  return value;
}

function freezePart(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return void primitive(value);
  if (frozen.has(value)) return;
  if (depth >= DEPTH) throw new NotPlainError(`it is nested more than ${DEPTH} deep, or holds itself`);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && prototype !== Array.prototype) {
    throw new NotPlainError(
      `it holds an instance of ${prototype.constructor?.name || "a class"}, which cannot be frozen. ` +
        `Keep arrays and plain objects, or leave "values" out`,
    );
  }
  for (const part of Object.values(value)) freezePart(part, depth + 1);
  Object.freeze(value);
  frozen.add(value);
}
