/**
 * A run as data: the job, its input, and what goes wrong.
 *
 * @module
 */
import type { Fault } from "./faults.ts";
import { seeded } from "./scheduler.ts";

/** A run as data. */
export interface Scenario {
  readonly seed: number;
  readonly partitions: number;
  readonly workers: number;
  /** Whether workers have names, so that their successors need not wait for the group. */
  readonly named: boolean;
  readonly tasks: "perPartition" | "single";
  readonly records: number;
  /** For how long input keeps coming, in milliseconds; 0: it is there from the beginning. */
  readonly inputMs: number;
  /** The input is written in transactions, some of them aborted: it ends with control records. */
  readonly transactional: boolean;
  /** The job ends at the end of what is there at its start. */
  readonly untilEnd: boolean;
  readonly counts: "every" | "latest" | undefined;
  readonly windows: boolean;
  /** How many bytes each count and its result are padded with. */
  readonly padding: number;
  /** Where one in so many records is no JSON; 0: all are. */
  readonly badEvery: number;
  /** A stage of state and timers is part of the job. @default false */
  readonly visits?: boolean;
  /** Counts are written without a key. @default false */
  readonly keyless?: boolean;
  readonly brokers: number;
  /** What the job does about input that is gone before it was read. */
  readonly onMissing: "stop" | "skip";
  readonly faults: readonly Fault[];
}

/** The time after which nothing more goes wrong, in milliseconds. */
export const CALM_MS = 20_000;

/** What is drawn first, and decides what else may happen. */
export type Drawn = Omit<Scenario, "faults" | "brokers" | "onMissing">;

/** Chance, in the forms in which a plan needs it. */
export interface Dice {
  readonly random: () => number;
  readonly chance: (share: number) => boolean;
  readonly whole: (from: number, to: number) => number;
}

/** The dice of a seed. */
export function diceOf(seed: number): Dice {
  const random = seeded(seed);
  for (let i = 0; i < 4; i++) random();
  return {
    random,
    chance: (share) => random() < share,
    whole: (from, to) => from + Math.floor(random() * (to - from + 1)),
  };
}
