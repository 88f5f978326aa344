/**
 * @module
 */
import type {
  ListState,
  MapState,
  ProcessStateOptions,
  ProcessStateSpec,
  Typed,
  ValueState,
} from "./_process_types.ts";
import type { Key } from "./keyed_state.ts";

/**
 * A state of `keyedProcess` with one value for each key. It is kept until it is deleted.
 *
 * @example The last value of each key
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { keyedProcess, value } from "@tidemark/streams";
 *
 * const steps: unknown[] = [];
 * from([["a", 1], ["b", 5], ["a", 4]] as const).pipe(keyedProcess({
 *   key: ([name]) => name,
 *   state: { last: value<number>() },
 *   next([name, now], { state, emit }) {
 *     emit([name, now - (state.last.get() ?? 0)]);
 *     state.last.set(now);
 *   },
 * })).subscribe((step) => steps.push(step));
 * assertEquals(steps, [["a", 1], ["b", 5], ["a", 3]]);
 * ```
 */
export function value<V>(options: ProcessStateOptions = {}): ProcessStateSpec<"value", ValueState<V>> {
  return { ...options, kind: "value" };
}

/**
 * A state of `keyedProcess` with a map for each key. Entries are named by strings, numbers, bigints or booleans. Each
 * is kept until it is deleted. Beside RxJS's `map` import it under another name: `import { map as entries }`.
 *
 * @example How often each user has bought each item
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { keyedProcess, map as entries } from "@tidemark/streams";
 *
 * const bought: unknown[] = [];
 * from([["ada", "pen"], ["ada", "ink"], ["ada", "pen"]] as const).pipe(keyedProcess({
 *   key: ([user]) => user,
 *   state: { items: entries<string, number>() },
 *   next([user, item], { state: { items }, emit }) {
 *     items.set(item, (items.get(item) ?? 0) + 1);
 *     emit([user, ...items.entries()]);
 *   },
 * })).subscribe((row) => bought.push(row));
 * assertEquals(bought.at(-1), ["ada", ["pen", 2], ["ink", 1]]);
 * ```
 */
export function map<E extends Key, V>(options: ProcessStateOptions = {}): ProcessStateSpec<"map", MapState<E, V>> {
  return { ...options, kind: "map" };
}

/**
 * A state of `keyedProcess` with a list for each key. Elements are added at the end and removed from the start, and
 * kept until then.
 *
 * @example The last three values of each key
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { keyedProcess, list } from "@tidemark/streams";
 *
 * const lasts: unknown[] = [];
 * from([1, 2, 3, 4]).pipe(keyedProcess({
 *   key: () => "all",
 *   state: { last: list<number>() },
 *   next(number, { state: { last }, emit }) {
 *     last.append(number);
 *     if (last.size > 3) last.shift();
 *     emit(last.values());
 *   },
 * })).subscribe((row) => lasts.push(row));
 * assertEquals(lasts.at(-1), [2, 3, 4]);
 * ```
 */
export function list<V>(options: ProcessStateOptions = {}): ProcessStateSpec<"list", ListState<V>> {
  return { ...options, kind: "list" };
}

/**
 * Says what `keyedProcess` emits, where TypeScript is to check it: TypeScript cannot infer it from calls of `emit`.
 *
 * @example A typed result
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from, map } from "rxjs";
 * import { keyedProcess, typed } from "@tidemark/streams";
 *
 * const lengths: number[] = [];
 * from(["a", "bc"]).pipe(
 *   keyedProcess({ key: (word) => word, emits: typed<string>(), next: (word, { emit }) => emit(word) }),
 *   map((word) => word.length),
 * ).subscribe((length) => lengths.push(length));
 * assertEquals(lengths, [1, 2]);
 * ```
 */
export function typed<R>(): Typed<R> {
  return {};
}
