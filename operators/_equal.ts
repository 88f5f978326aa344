/**
 * Whether two values of plain data are equal.
 *
 * @module
 */

/** Whether two values have the same content: objects by their fields, arrays, maps and sets in their order. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (one === other || Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (kindOf(one) !== kindOf(other)) return false;
  if (one instanceof Date) return isEqual(one.getTime(), (other as Date).getTime());
  if (one instanceof Map) return areEqual([...one].flat(), [...other as Map<unknown, unknown>].flat());
  if (one instanceof Set) return areEqual([...one], [...other as Set<unknown>]);
  if (Array.isArray(one) || one instanceof Uint8Array) return areEqual(one, other as unknown[]);
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isEqual(fieldOf(one, name), fieldOf(other, name)));
}

/** The prototype of a value; an object without one is a plain object. */
function kindOf(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function areEqual(some: ArrayLike<unknown>, others: ArrayLike<unknown>): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) if (!isEqual(some[at], others[at])) return false;
  return true;
}

function fieldOf(object: object, name: string): unknown {
  return (object as Record<string, unknown>)[name];
}
