/**
 * Fences: what tells one ownership of a task from every other.
 *
 * @module
 */
import type { WaitingClock } from "../base/clock.ts";

const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 16;

/** A random name of 80 bits. A value, never a version of the store's: so that a store can be copied. */
export function newFence({ random }: Pick<WaitingClock, "random">): string {
  let fence = "";
  for (let i = 0; i < LENGTH; i++) fence += LETTERS[Math.floor(random() * LETTERS.length)];
  return fence;
}
