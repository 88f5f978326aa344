/**
 * What all joins of two streams have in common: which rows come, and how the types of both sides reach `join`.
 *
 * @module
 */
import type { LateTyped } from "./_late.ts";

/**
 * Which rows a join emits: pairs only (`inner`), or also the values of the left side, of the right one or of both
 * (`full`) that found no partner.
 */
export type JoinType = "inner" | "left" | "right" | "full";

/** A left value as `join` gets it: `undefined` in a row of a right value without a partner. */
export type LeftOf<Type extends JoinType, L> = Type extends "right" | "full" ? L | undefined : L;

/** A right value as `join` gets it: `undefined` in a row of a left value without a partner. */
export type RightOf<Type extends JoinType, R> = Type extends "left" | "full" ? R | undefined : R;

/** A row of a join, with the type of what comes late. */
export type Joined<O, Late> = O & LateTyped<Late>;

/** Which sides have rows of their own. */
export function sidesOf(type: JoinType, cannot: string): { left: boolean; right: boolean } {
  if (type !== "inner" && type !== "left" && type !== "right" && type !== "full") {
    throw new TypeError(
      `${cannot} type must be "inner", "left", "right" or "full", current value is ${String(type)}`,
    );
  }
  return { left: type === "left" || type === "full", right: type === "right" || type === "full" };
}

/** Checks the type of a join of values with rows, which have no results of their own. */
export function innerOrLeft(type: "inner" | "left", cannot: string): "inner" | "left" {
  if (type === "inner" || type === "left") return type;
  throw new TypeError(`${cannot} type must be "inner" or "left", current value is ${String(type)}`);
}

/** Checks that each of these is a function. */
export function needFunctions(functions: Readonly<Record<string, unknown>>, cannot: string): void {
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value !== "function") throw new TypeError(`${cannot} ${name} must be a function`);
  }
}

/** Whether the table is read before the values. */
export function isBootstrapped(bootstrap: boolean, cannot: string): boolean {
  if (typeof bootstrap === "boolean") return bootstrap;
  throw new TypeError(`${cannot} bootstrap must be true or false, current value is ${String(bootstrap)}`);
}

/** Whether values are frozen. */
export function isFrozen(values: "copied" | "frozen", cannot: string): boolean {
  if (values === "copied" || values === "frozen") return values === "frozen";
  throw new TypeError(`${cannot} values must be "copied" or "frozen", current value is ${String(values)}`);
}
