/**
 * How the type of late records travels from a window to the `lateSideOutput()` below it.
 *
 * @module
 */

/** Marks a window's result with the type of what the window may refuse. No value ever has this field. */
export declare const late: unique symbol;

/** The type of the late records of a window whose results are `R`. */
export type LateOf<R> = R extends { readonly [late]?: infer T } ? Exclude<T, undefined> : never;

/** A result of a window over values of `T`. */
export interface LateTyped<T> {
  /** Never there; only its type is read. */
  readonly [late]?: T;
}
