/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import type { Aggregate } from "./_aggregate.ts";
import { operate } from "./_operate.ts";
import { type Ranked, type TopNOptions, topOfWindow } from "./_top_aggregate.ts";
import { type TopChange, TopStage } from "./_top_stage.ts";
import { problemOfTtl, type Ttl } from "./_ttl.ts";
import type { Key } from "./keyed_state.ts";

/** Options of {@linkcode topN} as an operator. */
export interface RunningTopNOptions<T, G extends Key, K extends Key> {
  /** The name under which the items are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The group of a value: each group has a list of its own. In a job its topic is keyed by it. */
  readonly group: (value: T) => G;
  /** The item of its group that a value is of. A later value of the same item replaces the one before. */
  readonly key: (value: T) => K;
  /** How many items of a group are its best. */
  readonly n: number;
  /** The score of a value, a finite number or a bigint, the highest first; `undefined` takes the item out. */
  readonly by: (value: T) => number | bigint | undefined;
  /** How long an item is kept without a new value, by event time or the wall clock. @default for ever */
  readonly ttl?: Omit<Ttl, "refresh">;
  /** Whether values are copied when they are kept and emitted, or frozen and shared. @default "copied" */
  readonly values?: "copied" | "frozen";
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number) => T;
}

/**
 * As an operator, with `group` and `key`: keeps the best `n` items of each group, and emits what changes of them: an item that comes to the best is added, one
 * that is no longer one of them is removed. A new value of an item among the best is a removal of the old value and an
 * addition of the new one; one with the same content is nothing. Removals come first, so who follows the changes never
 * has more than `n`. Of two items with one score the one that had it first is better.
 *
 * Keeps all items of a group, because one may come to the best when another falls, until `by` gives `undefined` or
 * `ttl` is over. An item that ends so and is among the best is removed with the time of its end. Finding the best
 * costs the logarithm of the number of items. Values are plain data. A tombstone, the value `null`, is a bad record if
 * `group` reads its fields.
 *
 * ```text
 * source  --(a 5)--(b 7)--(c 6)---------(b 1)---------|
 *         topN({ group, key, n: 2, by })
 * result  --+a5----+b7----(-a5 +c6)-----(-b7 +a5)-----|
 * ```
 *
 * @param options group, key, how many, and by what
 * @returns an operator that emits `{ group, key, value, change }`
 * @throws {TypeError} when `group`, `key` or `by` is not a function, or `ttl` or `values` is not one of its options
 * @throws {RangeError} when `n` is not a positive integer
 *
 * @example The two best players of each game
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { topN } from "@tidemark/streams";
 *
 * const seen: string[] = [];
 * from([
 *   { game: "go", player: "ada", points: 5 },
 *   { game: "go", player: "bob", points: 7 },
 *   { game: "go", player: "eve", points: 6 },
 * ]).pipe(
 *   topN({ name: "best", group: (row) => row.game, key: (row) => row.player, n: 2, by: (row) => row.points }),
 * ).subscribe(({ key, change }) => seen.push(`${key} ${change}`));
 * assertEquals(seen, ["ada added", "bob added", "ada removed", "eve added"]);
 * ```
 */
export function topN<T, G extends Key, K extends Key>(
  options: RunningTopNOptions<T, G, K>,
): OperatorFunction<T | null, TopChange<G, K, T>>;
/**
 * As an aggregate for windows, without `group` and `key`: the `n` values with the largest numbers, the largest first. Of equal ones the first that came is better.
 *
 * @param options how many, and ranked by what
 * @returns an aggregate for windows; it throws a `TypeError` on a value whose number is neither finite nor a bigint
 * @throws {RangeError} when `n` is not a positive integer
 * @throws {TypeError} when `by` is not a function
 *
 * @example The two longest
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { topN } from "@tidemark/streams";
 * const aggregate = topN({ n: 2, by: (word: string) => word.length });
 * assertEquals(aggregate.result!(["a", "bcd", "ef"].reduce(aggregate.add, aggregate.seed())), ["bcd", "ef"]);
 * ```
 */
export function topN<T>(options: TopNOptions<T>): Aggregate<T, Ranked<T>[], T[]>;
export function topN<T, G extends Key, K extends Key>(
  options: RunningTopNOptions<T, G, K> | TopNOptions<T>,
): OperatorFunction<T | null, TopChange<G, K, T>> | Aggregate<T, Ranked<T>[], T[]> {
  return isRunning(options) ? running(options) : topOfWindow(options);
}

/** One of the two is enough, so that the error names the other. */
function isRunning<T, G extends Key, K extends Key>(
  options: RunningTopNOptions<T, G, K> | TopNOptions<T>,
): options is RunningTopNOptions<T, G, K> {
  return "group" in options || "key" in options;
}

function running<T, G extends Key, K extends Key>(
  options: RunningTopNOptions<T, G, K>,
): OperatorFunction<T | null, TopChange<G, K, T>> {
  const { name, group, key, n, by, ttl, values = "copied" } = options;
  const cannot = "Cannot create a best list:";
  for (const [what, given] of Object.entries({ group, key, by })) {
    if (typeof given !== "function") throw new TypeError(`${cannot} ${what} must be a function`);
  }
  if (!(Number.isSafeInteger(n) && n > 0)) {
    throw new RangeError(`${cannot} n must be a whole number above 0, current value is ${n}`);
  }
  if (values !== "copied" && values !== "frozen") {
    throw new TypeError(`${cannot} values must be "copied" or "frozen", current value is ${String(values)}`);
  }
  const wrong = problemOfTtl(ttl);
  if (wrong !== undefined) throw new TypeError(`${cannot} ttl ${wrong}`);
  const needsWatermark = ttl !== undefined && ttl.clock !== "processing";

  return operate<T, TopChange<G, K, T>>(
    { operator: "topN", name, time: "own", keeps: true, needsWatermark, reads: group },
    (stage) => {
      const top = new TopStage(stage, options);
      const { advance } = top;
      return { open: () => top.open(), next: (value) => top.next(value), advance };
    },
  );
}
