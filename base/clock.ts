/**
 * Wall clock, timers and randomness. They are passed as arguments everywhere, so that a test or a simulator can pass
 * its own. Only this file uses the real ones.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** Time, timers and randomness. Code that needs only a part takes a `Pick` of it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a monotonic clock, for measuring durations. */
  elapsed(): number;
  /** Resolves after that many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Calls `run` after that many milliseconds. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after the process has handled pending input and output. Called at the end of a time slice. */
  turn(): Promise<void>;
  /** A random number of at least 0, below 1. */
  random(): number;
  /** Random text of 16 lower-case letters and digits: a fence, an incarnation, a transactional id. */
  id(): string;
}

/**
 * The part of a clock for waiting between retries. The system clock is used for the optional members when they are
 * missing.
 */
export type WaitingClock = Pick<Clock, "now" | "sleep" | "random"> & Partial<Pick<Clock, "elapsed" | "after">>;

/** The part of a clock for timers. */
export type TimerClock = Pick<Clock, "elapsed" | "after" | "random">;

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const NOTHING = new Uint8Array(0);

/**
 * Yields by a task on another thread. This thread has nothing to run until the result comes, so it polls sockets and
 * files. A message to the same thread or an immediate keeps it busy, and then Deno polls sockets only every 61st time:
 * answers of the broker were read half a second late. A timer takes two milliseconds; this takes about 15 microseconds.
 */
async function turn(): Promise<void> {
  await crypto.subtle.digest("SHA-1", NOTHING);
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  turn,
  id: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => LETTERS[byte & 31]).join(""),
};

/**
 * Resolves when all promises that need no input from outside have settled. For tests that move the time themselves.
 * `turn` may resolve while chains of promises are still running.
 */
export function rest(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
