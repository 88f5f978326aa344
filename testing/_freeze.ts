/**
 * Freezes decoded values in tests. All pipelines that read a source share its values, so a function that changes its
 * argument must fail in a test, with an explanation.
 *
 * @module
 */

/**
 * Freezes a value and all its parts. Parts that are frozen already are skipped. The contents of bytes, maps and dates
 * cannot be frozen.
 */
export function freezeDeeply(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeDeeply(part);
}

/** V8's messages for a change of a frozen object. */
const REFUSED =
  /Cannot (?:assign to read only property|add property|delete property|define property|redefine property)|object is not extensible/;

/** The file of an operator in a stack trace, of RxJS or of this library. */
const OPERATOR = /[/\\]operators[/\\]([a-z]\w*)\.[jt]s/i;

/**
 * Explains the error of a job under test. If a function has changed its argument, adds the operator that the function
 * was given to, and the cure.
 */
export function explainFrozen(failure: Error): Error {
  const cause = failure.cause;
  if (!(cause instanceof TypeError) || !REFUSED.test(cause.message)) return failure;
  const found = OPERATOR.exec(cause.stack ?? "")?.[1].replace(/_([a-z])/g, (_all, letter) => letter.toUpperCase());
  const who = found === undefined ? "a function of the pipeline" : `the function given to ${found}()`;
  return new Error(
    `${failure.message} In short: ${who} changed the value that it was given. Others read the same value (other pipelines, records ` +
      `that are pushed again after an error), so tests freeze what a source gives. Return a new value: ` +
      `map((value) => ({ ...value, total: 0 }))`,
    { cause },
  );
}
