/**
 * Values that belong to a stage: copied on the way in and out, or frozen.
 *
 * A copy equals the value that a restore returns: plain data without shared parts. So a stage holds the same values
 * with and without a restart. A value that cannot be stored is refused when it arrives, not later when the checkpoint
 * is cut.
 *
 * @module
 */

/** How deep a value may be nested. The state codec has the same limit. */
const DEPTH = 200;

/** A value that no stage can keep. */
export class NotPlainError extends TypeError {
  override name = "NotPlainError";
}

/**
 * A copy of plain data: primitives, plain objects, arrays, `Map`, `Set`, `Date`, `Uint8Array`. Primitives are returned
 * unchanged.
 *
 * @throws {NotPlainError} when the value holds anything else, or itself
 */
export function copyOf<T>(value: T): T {
  return typeof value === "object" && value !== null ? copyObject(value, 0) as T : primitive(value);
}

/**
 * A copy of plain data, or the value itself if it is not plain data. For values that a stage emits and does not keep.
 */
export function copyWherePlain<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  try {
    return copyObject(value, 0) as T;
  } catch (error) {
    if (error instanceof NotPlainError) return value;
    throw error;
  }
}

/**
 * Adds the stage, the key and the cure to the error of a value that is not plain data. Returns other errors unchanged.
 */
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
  if (prototype === Object.prototype) return copyParts(value, { ...value as Record<string, unknown> }, depth);
  if (prototype === Array.prototype && Array.isArray(value)) return copyArray(value, depth);
  if (prototype === null) return copyParts(value, Object.assign(Object.create(null), value), depth);
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

/**
 * Replaces the parts of a shallow copy with copies. A spread copies properties several times faster than one assignment
 * for each, and takes less memory.
 */
function copyParts(value: object, copy: Record<string, unknown>, depth: number): Record<string, unknown> {
  const names = Object.keys(copy);
  const own = Object.getOwnPropertyNames(value).length + Object.getOwnPropertySymbols(value).length;
  if (own !== names.length) throw new NotPlainError("it holds an object with a hidden or a symbol's property");
  for (let i = 0; i < names.length; i++) {
    const part = copy[names[i]];
    if (typeof part === "object" && part !== null) copy[names[i]] = copyObject(part, depth + 1);
    else primitive(part);
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
/** A value with so many parts at most, all of them primitive, is not remembered as frozen. */
const FLAT_PARTS = 4;

/**
 * Freezes plain data deeply and returns it. Parts that were frozen here before are skipped, so a value that shares most
 * of its parts with the previous one costs only its new parts.
 *
 * @throws {NotPlainError} when the value holds a `Map`, `Set`, `Date` or `Uint8Array`, which cannot be frozen, anything
 * that is not plain data, or itself
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
  const parts = Object.values(value);
  let isFlat = parts.length <= FLAT_PARTS;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (typeof part === "object" && part !== null) {
      freezePart(part, depth + 1);
      isFlat = false;
    } else primitive(part);
  }
  if (!Object.isFrozen(value)) Object.freeze(value);
  // To look at a few primitive parts again takes no longer than to find the value in the set.
  if (!isFlat) frozen.add(value);
}
