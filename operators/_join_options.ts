/**
 * What all joins of two streams have in common: which rows come, and how the types of both sides reach `join`.
 *
 * @module
 */
import type { LateTyped } from "./_late.ts";
import type { Key } from "./keyed_state.ts";

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

/** Options of each join that makes rows of pairs. */
export interface PairOptions<L, R, K extends Key, O, Type extends JoinType = "inner"> {
  /** The name under which values that wait for partners are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a left value. */
  readonly key: (left: L) => K;
  /** The key of a right value. Only values of one key are partners. */
  readonly rightKey: (right: R) => K;
  /**
   * `inner`: pairs only. `left`, `right`, `full`: also a row for each value of the left side, of the right one or of
   * both that found no partner.
   *
   * @default "inner"
   */
  readonly type?: Type;
  /** Makes a row of a pair. A partner that does not exist is `undefined`. */
  readonly join: (left: LeftOf<Type, L>, right: RightOf<Type, R>) => O;
  /**
   * How kept objects are protected from changes outside. `copied`: they are copied when they come and for each row.
   * `frozen`: they are frozen deeply when they come, and shared. Primitives cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /** The version of the shape of the values of both sides. @default 1 */
  readonly version?: number;
  /** Converts a kept value written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number, side: "left" | "right") => unknown;
}

/** The options that `pairsOf` checks. */
interface Checked extends Pick<PairOptions<never, never, Key, unknown, JoinType>, "type" | "values"> {
  readonly key: unknown;
  readonly rightKey: unknown;
  readonly join: unknown;
}

/** Which sides have rows of their own. */
interface Sides {
  readonly left: boolean;
  readonly right: boolean;
}

/**
 * The checked options of a join of pairs, with what follows from them.
 *
 * @param cannot the beginning of each message: `Cannot create a window join:`
 */
export function pairsOf<Options extends Checked>(
  options: Options,
  cannot: string,
): Options & { readonly type: JoinType; readonly emits: Sides; readonly frozen: boolean } {
  const { key, rightKey, join, type = "inner", values = "copied" } = options;
  needFunctions({ key, rightKey, join }, cannot);
  return { ...options, type, emits: sidesOf(type, cannot), frozen: isFrozen(values, cannot) };
}

function sidesOf(type: JoinType, cannot: string): Sides {
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
