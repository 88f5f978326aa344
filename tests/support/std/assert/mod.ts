/**
 * Stands in for `@std/assert` where JSR cannot be reached: the functions that these tests use, over `node:assert`.
 *
 * The signatures are those of the real package, so that a test cannot tell which one it got.
 */
import node from "node:assert";
import { isDeepStrictEqual } from "node:util";

/** A class, abstract or not, of instances `T`. */
// deno-lint-ignore no-explicit-any
type ClassOf<T> = abstract new (...args: any[]) => T;

export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Fails. */
export function fail(message?: string): never {
  throw new AssertionError(`Failed assertion${because(message)}.`);
}

/** Fails: this line must not be reached. */
export function unreachable(message?: string): never {
  throw new AssertionError(`Unreachable${because(message)}`);
}

export function assert(expression: unknown, message = ""): asserts expression {
  if (!expression) throw new AssertionError(message);
}

export function assertFalse(expression: unknown, message = ""): asserts expression is false {
  if (expression) throw new AssertionError(message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  retold(() => node.deepStrictEqual(plain(actual), plain(expected)), `Values are not equal${because(message)}.`);
}

/** To the real package, an object without a prototype equals one with the prototype of `Object`. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  retold(() => node.notDeepStrictEqual(actual, expected), `Values are equal${because(message)}.`);
}

export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  retold(() => node.strictEqual(actual, expected), `Values are not strictly equal${because(message)}.`);
}

export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  retold(() => node.notStrictEqual(actual, expected), `Values are strictly equal${because(message)}.`);
}

export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${because(message)}.`);
  }
}

export function assertInstanceOf<T>(actual: unknown, expected: ClassOf<T>, message?: string): asserts actual is T {
  if (actual instanceof expected) return;
  const is = actual instanceof Object ? `"${actual.constructor?.name}"` : shown(actual);
  throw new AssertionError(`Expected object to be an instance of "${expected.name}" but was ${is}${because(message)}.`);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${because(message)}.`);
}

export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to not match: "${expected}"${because(message)}.`);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(`Expected actual: "${actual}" to contain: "${expected}"${because(message)}.`);
}

export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, message?: string): void {
  const missing = Array.from(expected).filter((wanted) => !Array.from(actual).some((item) => equal(item, wanted)));
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: ${shown(actual)} to include ${shown(expected)}, missing: ${shown(missing)}${because(message)}.`,
  );
}

/** Every property that `expected` names is in `actual`, and equal, however deep. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  retold(() => node.partialDeepStrictEqual(actual, expected), `Values do not match${because(message)}.`);
}

export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const difference = Math.abs(expected - actual);
  if (difference <= allowed) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to be close to "${expected}": delta "${difference}" > "${allowed}"${
      because(message)
    }.`,
  );
}

export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (!(actual > expected)) compared(actual, ">", expected, message);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual >= expected)) compared(actual, ">=", expected, message);
}

export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) compared(actual, "<", expected, message);
}

export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual <= expected)) compared(actual, "<=", expected, message);
}

export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ClassOf<E>,
  messageIncludes?: string | RegExp,
  message?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected "error" to be an Error object${because(message)}.`);
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    const is = `"${error.constructor.name}": ${error.message}`;
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was ${is}${because(message)}.`,
    );
  }
  if (messageIncludes === undefined) return;
  const says = typeof messageIncludes === "string"
    ? error.message.includes(messageIncludes)
    : messageIncludes.test(error.message);
  if (says) return;
  throw new AssertionError(
    `Expected error message to include ${shown(messageIncludes)}, but got "${error.message}"${because(message)}.`,
  );
}

export function assertThrows(fn: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ClassOf<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMessage?: ClassOf<E> | string,
  messageIncludes?: string,
  message?: string,
): unknown {
  const ErrorClass = typeof classOrMessage === "string" ? undefined : classOrMessage;
  const why = typeof classOrMessage === "string" ? classOrMessage : message;
  try {
    fn();
  } catch (error) {
    if (ErrorClass) assertIsError(error, ErrorClass, messageIncludes, why);
    return error;
  }
  throw new AssertionError(`Expected function to throw${because(why)}.`);
}

export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ClassOf<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ClassOf<E> | string,
  messageIncludes?: string,
  message?: string,
): Promise<unknown> {
  const ErrorClass = typeof classOrMessage === "string" ? undefined : classOrMessage;
  const why = typeof classOrMessage === "string" ? classOrMessage : message;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch {
    throw new AssertionError(`Function throws when expected to reject${because(why)}.`);
  }
  try {
    await promise;
  } catch (error) {
    if (ErrorClass) assertIsError(error, ErrorClass, messageIncludes, why);
    return error;
  }
  throw new AssertionError(`Expected function to reject${because(why)}.`);
}

/** Whether two values are equal in structure. */
export function equal(a: unknown, b: unknown): boolean {
  try {
    node.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

function compared(actual: unknown, operator: string, expected: unknown, message?: string): never {
  throw new AssertionError(`Expect ${shown(actual)} ${operator} ${shown(expected)}${because(message)}`);
}

/** Runs a check of `node:assert`, and reports its difference under our own headline. */
function retold(check: () => void, headline: string): void {
  try {
    check();
  } catch (error) {
    const difference = error instanceof Error ? error.message.split("\n").slice(1).join("\n") : "";
    throw new AssertionError(`${headline}\n${difference}`);
  }
}

function because(message?: string): string {
  return message ? `: ${message}` : "";
}

function shown(value: unknown): string {
  return Deno.inspect(value, { depth: 4, strAbbreviateSize: 200 });
}
