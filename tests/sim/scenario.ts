/**
 * A run as data: the job, its input, and its faults.
 *
 * @module
 */
import type { Fault } from "./faults.ts";
import { seeded } from "../../base/random.ts";

/** A run as data. */
export interface Scenario {
  readonly seed: number;
  readonly partitions: number;
  readonly workers: number;
  /** Whether workers have names, so that their successors need not wait for the group. */
  readonly named: boolean;
  readonly tasks: "perPartition" | "single";
  readonly records: number;
  /** For how long input is written, in milliseconds; 0 when all of it is there from the beginning. */
  readonly inputMs: number;
  /** Whether the input is written in transactions, some of them aborted. It then ends with control records. */
  readonly transactional: boolean;
  /** Whether the job ends at the end of the input that is there at its start. */
  readonly untilEnd: boolean;
  readonly counts: "every" | "latest" | undefined;
  readonly windows: boolean;
  /** How many bytes pad each count and its result. */
  readonly padding: number;
  /** One in this many records is not JSON; 0 when all are. */
  readonly badEvery: number;
  /** The names of the families that are part of the job. @default none */
  readonly families?: readonly string[];
  /** Whether counts are written without a key. @default false */
  readonly keyless?: boolean;
  /** How many users have events. @default some of the first eleven */
  readonly users?: number;
  /** Events have times around the present, many of them ahead of it. @default false */
  readonly ahead?: boolean;
  readonly brokers: number;
  /** What the job does when input is gone before it was read. */
  readonly onMissing: "stop" | "skip";
  readonly faults: readonly Fault[];
}

/** The time after which no more faults happen, in milliseconds. */
export const CALM_MS = 20_000;

/** How long a run may take, in virtual milliseconds. It leaves enough time after the last fault. */
export const LIMIT_MS = 150_000;

/** The part of a scenario that is drawn first. It decides which faults are possible. */
export type Drawn = Omit<Scenario, "faults" | "brokers" | "onMissing">;

/** Random choices, in the forms that draws need. */
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

/** A scenario with these families, and no others. One task for all partitions has none. */
export function withFamilies(scenario: Scenario, families: readonly string[]): Scenario {
  return { ...scenario, families: scenario.tasks === "single" ? [] : families };
}
