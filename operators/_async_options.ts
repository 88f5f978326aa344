/**
 * The options of `asyncMap`.
 *
 * @module
 */
import type { Key } from "./keyed_state.ts";

/** When `asyncMap` calls again after a failure. */
export interface RetryOptions {
  /** How many calls may follow the first one; Infinity: until one succeeds. @default 3 */
  readonly count?: number;
  /** The pause before the first of them, in milliseconds. Each later pause is about twice as long. @default 100 */
  readonly first?: number;
  /** The longest pause, in milliseconds. @default 10_000 */
  readonly longest?: number;
  /**
   * Whether an error may pass by itself. Where it returns `false` the call has failed for good.
   *
   * @default always
   */
  readonly when?: (error: Error, attempt: number) => boolean;
}

/** Options of `asyncMap`. */
export interface AsyncMapOptions<T, R> {
  /** The name under which what is in flight is found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. Only with `order: "key"`, and needed there. */
  readonly key?: (value: T) => Key;
  /**
   * The most values in flight: those with a call under way, and those whose result waits for its turn. At this number
   * the job pushes no further records to the task.
   *
   * @default 100
   */
  readonly concurrency?: number;
  /**
   * The order of results. `input`: that of the values. `key`: that of the values within each key. `any`: results come
   * as soon as their calls are over. Calls of one key are made at the same time whatever the order is.
   *
   * @default "input"
   */
  readonly order?: "input" | "key" | "any";
  /** The longest time of one call, in milliseconds. Then its signal is aborted, and it has failed. @default 60_000 */
  readonly timeout?: number;
  /** When to call again after a failure; a number is the `count`. @default 3 */
  readonly retry?: number | RetryOptions;
  /**
   * What happens when a call has failed and is not tried again. `deadLetter`: the job's `onError` decides, so that the
   * record goes to the dead letters, or the job stops when it has none. `stop`: the job stops, whatever `onError` is. A
   * function returns the result in place of the call's.
   *
   * @default "deadLetter"
   */
  readonly onFailure?: "deadLetter" | "stop" | ((error: Error, value: T) => R);
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value in flight that an older version has kept. */
  readonly migrate?: (value: unknown, version: number) => T;
}
