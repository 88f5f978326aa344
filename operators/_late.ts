/**
 * How the type of late records travels from a window to the `lateSideOutput()` below it.
 *
 * @module
 */

/** Marks the type of a window's result with the type of its late records. No value has this field at run time. */
export declare const late: unique symbol;

/** The type of the late records of a window whose results are `R`. */
export type LateOf<R> = R extends { readonly [late]?: infer T } ? Exclude<T, undefined> : never;

/** A result of a window over values of `T`. */
export interface LateTyped<T> {
  /** Absent at run time; only its type is used. */
  readonly [late]?: T;
}
