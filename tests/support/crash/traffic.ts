/**
 * The input of the crash tests. The n-th event of a partition depends on the seed only.
 *
 * One event in twenty is out of order within the bound. A few are later than that: some within the allowed lateness of
 * their window, some after it.
 */
import { mix } from "./random.ts";

/** One window, in milliseconds of event time. */
export const WINDOW = 60_000;
/** The bound of the disorder, in milliseconds of event time. */
export const BOUND = 90_000;
/** How long a window takes late records, in milliseconds of event time. */
export const LATENESS = 60_000;

const BEGIN = 1_700_000_000_000;
/** Event time between two events of a partition, in milliseconds. */
const STEP = 1000;
const USERS = 12;

export interface Event {
  readonly user_id: string;
  readonly timestamp_ms: number;
  /** The index of the event in its partition, from 0. It is also its offset. */
  readonly index: number;
}

/** The event of a partition with this index. */
export function eventAt(seed: number, partition: number, index: number): Event {
  const pick = (what: number) => mix(seed, partition, index, what);
  // A few users have most of the events.
  const user = Math.floor(USERS * pick(1) * pick(2));
  return {
    user_id: `user-${partition}-${user}`,
    timestamp_ms: BEGIN + index * STEP - Math.floor(delay(pick(3), pick(4))),
    index,
  };
}

function delay(kind: number, size: number): number {
  if (kind < 0.05) return size * BOUND;
  if (kind < 0.08) return BOUND + size * (WINDOW + LATENESS) * 1.5;
  return 0;
}
