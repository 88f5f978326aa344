/**
 * Wall clock, timers and randomness. They are passed in everywhere, so that a test or a simulator can pass its own; the real ones
 * are made here and nowhere else.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** The world's time and chance. Whoever needs only a part of it asks for that part. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that never jumps, for measuring. */
  elapsed(): number;
  /** Resolves after that many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Calls back after that many milliseconds, unless it is cancelled by what it returns. */
  after(ms: number, run: () => void): () => void;
  /** Lets input and output of the process proceed, then goes on: the end of a time slice. */
  turn(): Promise<void>;
  /** At least 0, below 1. */
  random(): number;
  /** Random text of 16 lower-case letters and digits: a fence, an incarnation, a transactional id. */
  id(): string;
}

/** What waiting between tries needs of a clock. The wall clock stands in where there is no other. */
export type WaitingClock = Pick<Clock, "now" | "sleep" | "random"> & Partial<Pick<Clock, "elapsed" | "after">>;

/** What timers need of a clock. */
export type TimerClock = Pick<Clock, "elapsed" | "after" | "random">;

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const NOTHING = new Uint8Array(0);

/**
 * A turn by way of another thread: nothing is left to do on this one until its answer comes, so it looks at sockets and files. A
 * message to oneself or an immediate leaves something to do, and then Deno looks at sockets only every 61st time: answers of the
 * broker were seen after half a second. A timer takes two milliseconds. This takes some 15 microseconds.
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
 * Resolves when all that needs nothing from outside has happened: every promise that can go on has gone on. For whoever lets time
 * pass himself; `turn` comes back while chains of promises are still under way.
 */
export function rest(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
