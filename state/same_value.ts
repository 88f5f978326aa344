/**
 * Whether two values can stand for each other.
 *
 * @module
 */

/**
 * Whether two values are the same in everything that a reader of them can see: their primitives, and the names of their
 * properties in their order. Values that are not of primitives, arrays and plain objects are the same only as one object.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const prototype = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false;
  const names = Object.keys(one), others = Object.keys(other);
  if (names.length !== others.length || (Array.isArray(one) && one.length !== (other as unknown[]).length)) {
    return false;
  }
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (name !== others[at]) return false;
    if (!isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name])) return false;
  }
  return true;
}
