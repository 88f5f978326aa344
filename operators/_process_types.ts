/**
 * The types of `keyedProcess`: its options, its states and its context.
 *
 * @module
 */
import type { Ttl } from "./_ttl.ts";
import type { Key, StateKind } from "./keyed_state.ts";

/** Options of a state of `keyedProcess`. */
export interface ProcessStateOptions {
  /**
   * How long a value is kept, and each entry of a map and each element of a list. What has expired is never seen, and is
   * removed when the clock reaches its end. An element of a list lives as long as those before it, and replacing it
   * does not refresh it. A state that has had a `ttl` needs one, `{ after: Infinity }` at least.
   *
   * @default for ever
   */
  readonly ttl?: Ttl;
  /**
   * How kept objects are protected from changes outside. `copied`: an object is copied when it is set and when it is
   * read. `frozen`: it is frozen deeply when it is set, and shared. Primitives cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value written by an older version into the current one; in a map or a list, each entry. */
  readonly migrate?: (value: unknown, version: number) => unknown;
}

/** A state as the option `state` of `keyedProcess` names it, with the type of its values. */
export interface ProcessStateSpec<Kind extends StateKind, S> extends ProcessStateOptions {
  /** The kind of the state. */
  readonly kind: Kind;
  /** For types only. */
  readonly handle?: S;
}

/** One value for each key. */
export interface ValueState<V> {
  /** The value of the current key, or `undefined`. An object is a copy, or frozen. */
  get(): V | undefined;
  /** Sets the value: plain data, not `undefined`. */
  set(value: V): void;
  /** Removes it. */
  delete(): void;
}

/** A map for each key. An epoch stores only the entries that changed. */
export interface MapState<E extends Key, V> {
  /** How many entries the current key has. */
  readonly size: number;
  /** Whether there is an entry of this name. */
  has(entry: E): boolean;
  /** The value of an entry, or `undefined`. An object is a copy, or frozen. */
  get(entry: E): V | undefined;
  /** Sets an entry: plain data, not `undefined`. */
  set(entry: E, value: V): void;
  /** Removes an entry. */
  delete(entry: E): void;
  /** All entries at this moment. Their order may be another one after a restart. */
  entries(): [E, V][];
  /**
   * Visits every entry, in the order of `entries()` and without a pair for each. As in a `Map`, an entry that is set
   * meanwhile may be visited too.
   */
  forEach(visit: (value: V, entry: E) => void): void;
  /** The names of all entries. */
  keys(): E[];
  /** The values of all entries. */
  values(): V[];
  /** Removes all entries. */
  clear(): void;
}

/** A list for each key. An epoch stores only the elements that changed; an append costs the same however many there are. */
export interface ListState<V> {
  /** How many elements the current key has. */
  readonly size: number;
  /** The element at an index, the oldest at 0; `undefined` when there is none. An object is a copy, or frozen. */
  at(index: number): V | undefined;
  /** Adds an element at the end: plain data, not `undefined`. */
  append(value: V): void;
  /** Replaces an element that is there. Throws a `RangeError` where there is none. */
  replace(index: number, value: V): void;
  /** Removes the oldest elements. @default one */
  shift(count?: number): void;
  /** All elements at this moment, oldest first. */
  values(): V[];
  /** Removes all elements. */
  clear(): void;
}

/** The type of what `keyedProcess` emits. It has no other meaning. */
export interface Typed<R> {
  /** For types only. */
  readonly typed?: (value: R) => R;
}

/** The states of the current key, by their names. */
export type States<S> = {
  readonly [Name in keyof S]: S[Name] extends ProcessStateSpec<StateKind, infer Handle> ? Handle : never;
};

/** The timers of the current key. */
export interface KeyTimers {
  /**
   * Sets a timer of this key, in milliseconds: by event time it fires when the watermark has reached `time`, by
   * processing time when the wall clock has. One that is set twice fires once.
   */
  set(time: number, clock?: "event" | "processing"): void;
  /** Deletes a timer of this key, if it is set. */
  delete(time: number, clock?: "event" | "processing"): void;
}

/** What `next` sees beside the value. It is valid until `next` returns. */
export interface ProcessContext<K extends Key, S, R> {
  /** The key of the record or timer. */
  readonly key: K;
  /** The states of this key. */
  readonly state: States<S>;
  /** The timers of this key. */
  readonly timers: KeyTimers;
  /**
   * Emits a result, with the event time of the record or timer or with `time`. A timer of processing time has no event
   * time, so what it emits has none unless `time` is given.
   */
  readonly emit: (value: R, time?: number) => void;
  /** The event time of the record or timer, in milliseconds; NaN where there is none. */
  readonly time: number;
  /** The watermark, in milliseconds. It is far below zero before the first one, and the largest integer at the end. */
  readonly watermark: number;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: number;
}

/** What `timer` sees beside the time. */
export interface TimerContext<K extends Key, S, R> extends ProcessContext<K, S, R> {
  /** Which clock the timer was set by. */
  readonly clock: "event" | "processing";
}

/** Options of `keyedProcess`. */
export interface ProcessOptions<T, K extends Key, S, R> {
  /** The name under which states and timers are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. */
  readonly key: (value: T) => K;
  /** The states by name, made by `value()`, `map()` and `list()`. @default none */
  readonly state?: S;
  /** The type of what it emits, for TypeScript only: `typed<Row>()`. */
  readonly emits?: Typed<R>;
  /** Called for each value. */
  readonly next: (value: T, context: ProcessContext<K, S, R>) => void;
  /** Called when a timer fires. */
  readonly timer?: (time: number, context: TimerContext<K, S, R>) => void;
}
