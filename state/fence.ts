/**
 * Fences: random names that identify one ownership of a task.
 *
 * @module
 */
import type { WaitingClock } from "../base/clock.ts";

const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 16;

/**
 * A random name of 80 bits. It is not a versionstamp of the store, because versionstamps change when a store is copied.
 */
export function newFence({ random }: Pick<WaitingClock, "random">): string {
  let fence = "";
  for (let i = 0; i < LENGTH; i++) fence += LETTERS[Math.floor(random() * LETTERS.length)];
  return fence;
}
