/**
 * Paths into values, for messages.
 *
 * @module
 */

/** Writes a path as `$.items[3].price`, a long one shortened in the middle. */
export function shownPath(path: readonly (string | number)[]): string {
  const steps = path.map((step) =>
    typeof step === "number"
      ? `[${step}]`
      : /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)
      ? `.${step}`
      : `[${JSON.stringify(step)}]`
  );
  const whole = `$${steps.join("")}`;
  return whole.length > 200 ? `${whole.slice(0, 100)} ... ${whole.slice(-80)}` : whole;
}
