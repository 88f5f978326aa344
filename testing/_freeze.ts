/**
 * Values that cannot be changed: what a source has decoded is everybody's who reads it, so a function that changes its argument
 * fails in a test, with words.
 *
 * @module
 */

/** Freezes a value and all that it holds. Parts that are frozen already are passed over; of bytes, maps and dates nothing can be frozen. */
export function freezeDeeply(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeDeeply(part);
}

/** How V8 says that something frozen was to be changed. */
const REFUSED =
  /Cannot (?:assign to read only property|add property|delete property|define property|redefine property)|object is not extensible/;

/** Where a stack names the file of an operator, RxJS's or ours. */
const OPERATOR = /[/\\]operators[/\\]([a-z]\w*)\.[jt]s/i;

/** What stopped a job under test: where a function has changed its argument, with the operator that it was given to, and the cure. */
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
