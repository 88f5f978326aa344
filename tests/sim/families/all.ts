/**
 * All families of the simulator.
 *
 * @module
 */
import type { Fault } from "../faults.ts";
import { diceOf } from "../scenario.ts";
import { counted, looked } from "./rows.ts";
import { days, growing, sliding, updates } from "./aligned.ts";
import { answers } from "./answers.ts";
import { calls } from "./calls.ts";
import { carts } from "./carts.ts";
import { couples } from "./couples.ts";
import { doors } from "./doors.ts";
import type { Family, TableTopic } from "./family.ts";
import { fines } from "./fines.ts";
import { firsts } from "./firsts.ts";
import { heard, places, stays, trips } from "./hops.ts";
import { known } from "./known.ts";
import { leaders } from "./leaders.ts";
import { meetings } from "./meetings.ts";
import { naps } from "./naps.ts";
import { pairs } from "./pairs.ts";
import { partners } from "./partners.ts";
import { prices } from "./prices.ts";
import { profiles } from "./profiles.ts";
import { refusals } from "./refusals.ts";
import { overlaps, reunions } from "./reunions.ts";
import { ruled } from "./ruled.ts";
import { sessions } from "./sessions.ts";
import { tallies } from "./tallies.ts";
import { versions } from "./versions.ts";
import { visits } from "./visits.ts";

/** For late requests to arrive. */
const QUIET_MS = 300;

export const FAMILIES: readonly Family[] = [
  counted,
  looked,
  leaders,
  fines,
  firsts,
  doors,
  heard,
  sliding,
  updates,
  growing,
  days,
  tallies,
  answers,
  calls,
  carts,
  couples,
  known,
  meetings,
  naps,
  overlaps,
  pairs,
  partners,
  places,
  prices,
  stays,
  trips,
  profiles,
  refusals,
  reunions,
  ruled,
  sessions,
  versions,
  visits,
];

/** Draws the names of the families that are part of a run. */
export function drawFamilies(seed: number): string[] {
  return FAMILIES.filter(({ dice, share }) => diceOf(seed ^ dice).chance(share)).map(({ name }) => name);
}

/** How long everything must have been quiet at the end of a run, in virtual milliseconds. */
export function quietOf(scenario: Drawn): number {
  return Math.max(QUIET_MS, ...familiesOf(scenario).map(({ quiet = 0 }) => quiet));
}

/** What decides which families a run has. */
interface Drawn {
  readonly families?: readonly string[];
  readonly faults?: readonly Fault[];
}

/**
 * The families of a run. A job has one topic for dead letters, so of the families that have some there is one at most. Where
 * outputs get other limits there is none: results that the limits refuse would go to the dead letters as well.
 */
export function familiesOf({ families = [], faults = [] }: Drawn): Family[] {
  let most = faults.some(({ act }) => act.do === "change" && act.what.change === "configure") ? 0 : 1;
  return FAMILIES.filter(({ name, isLetter }) => families.includes(name) && (isLetter === undefined || most-- > 0));
}

/** The topics of the hops of a run. With one task there are none. */
export function hopTopicsOf(
  scenario: Drawn & { readonly tasks: string },
  job: string,
): string[] {
  if (scenario.tasks === "single") return [];
  return familiesOf(scenario).flatMap(({ hops = [] }) => hops.map((name) => `${job}.${name}.repartition`));
}

/** The tables that the families of a run read. */
export function tablesOf(scenario: Drawn): TableTopic[] {
  return familiesOf(scenario).flatMap(({ tables = [] }) => tables);
}
