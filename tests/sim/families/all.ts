/**
 * All families of the simulator.
 *
 * @module
 */
import { diceOf } from "../scenario.ts";
import { carts } from "./carts.ts";
import type { Family } from "./family.ts";
import { partners } from "./partners.ts";
import { sessions } from "./sessions.ts";
import { visits } from "./visits.ts";

export const FAMILIES: readonly Family[] = [carts, partners, sessions, visits];

/** Draws the names of the families that are part of a run. */
export function drawFamilies(seed: number): string[] {
  return FAMILIES.filter(({ dice, share }) => diceOf(seed ^ dice).chance(share)).map(({ name }) => name);
}

/** The families of a run. */
export function familiesOf({ families = [] }: { readonly families?: readonly string[] }): Family[] {
  return FAMILIES.filter(({ name }) => families.includes(name));
}
