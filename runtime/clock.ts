/**
 * The real world's clock: the only room with wall clock, timers and randomness.
 *
 * @module
 */
import type { Clock } from "../operators/_clock.ts";

/** What the runtime needs of time beside a {@linkcode Clock}. */
export interface RuntimeClock extends Clock {
  /** Milliseconds of a clock that never jumps, for measuring. */
  elapsed(): number;
  /** Calls back after that many milliseconds, unless it is cancelled by what it returns. */
  after(ms: number, run: () => void): () => void;
  /** Lets input and output of the process proceed, then goes on: the end of a time slice. */
  turn(): Promise<void>;
  /** Random text of 16 lower-case letters and digits: a fence, an incarnation, a transactional id. */
  id(): string;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const channel = { waiting: [] as (() => void)[], port: undefined as MessagePort | undefined };

/** A turn by message: timers are clamped to a millisecond, messages are not. */
function turn(): Promise<void> {
  if (channel.port === undefined) {
    const { port1, port2 } = new MessageChannel();
    channel.port = port1;
    port2.onmessage = () => {
      const resolve = channel.waiting.shift();
      if (channel.waiting.length === 0) {
        // An open port would keep the process and its tests waiting.
        port1.close();
        port2.close();
        channel.port = undefined;
      }
      resolve?.();
    };
  }
  const { port } = channel;
  return new Promise((resolve) => {
    channel.waiting.push(resolve);
    port.postMessage(null);
  });
}

/** The clock of the machine. */
export const systemClock: RuntimeClock = {
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
