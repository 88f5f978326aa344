/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { isEqual } from "./_equal.ts";
import { operate } from "./_operate.ts";
import { ProcessStage } from "./_process_stage.ts";
import type { ProcessStateSpec, ValueState } from "./_process_types.ts";
import { problemOfTtl, type Ttl } from "./_ttl.ts";
import type { Key } from "./keyed_state.ts";

/** A result of {@linkcode changes}. */
export interface Change<K extends Key, V> {
  /** The key. */
  readonly key: K;
  /** What it was; `undefined` where nothing is known of the key. */
  readonly before: V | undefined;
  /** What it is now. */
  readonly after: V;
}

/** Options of {@linkcode changes}. */
export interface ChangesOptions<T, K extends Key, V> {
  /** The name under which the last values are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. */
  readonly key: (value: T) => K;
  /** What is compared and emitted: plain data, not `undefined`. @default the value itself */
  readonly value?: (value: T) => V;
  /** How long the last value of a key is kept. @default for ever */
  readonly ttl?: Ttl;
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number) => V;
}

/**
 * Emits what has changed of a key: the value before and after. Emits nothing where both have the same content, whatever
 * the order of their fields. Keeps the last value of each key, or as long as `ttl` says. Emitted values never change
 * afterwards. A tombstone, the value `null`, is a bad record if `key` reads its fields.
 *
 * ```text
 * source  --{a: 1}--{a: 1}--{b: 5}--{a: 2}--|
 *         changes({ key, value })
 * result  --(a, undefined, 1)-------(b, undefined, 5)--(a, 1, 2)--|
 * ```
 *
 * @param options key, and what is compared
 * @returns an operator that emits `{ key, before, after }`
 * @throws {TypeError} when `key` or `value` is not a function, or `ttl` has options that do not exist
 *
 * @example When a door opens and closes, of a sensor that says it every second
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { changes } from "@tidemark/streams";
 *
 * const seen: unknown[] = [];
 * from([
 *   { door: "front", open: false, second: 1 },
 *   { door: "front", open: false, second: 2 },
 *   { door: "front", open: true, second: 3 },
 * ]).pipe(
 *   changes({ name: "doors", key: (report) => report.door, value: (report) => report.open }),
 * ).subscribe(({ key, before, after }) => seen.push([key, before, after]));
 * assertEquals(seen, [["front", undefined, false], ["front", false, true]]);
 * ```
 */
export function changes<T, K extends Key, V = T>(
  options: ChangesOptions<T, K, V>,
): OperatorFunction<T | null, Change<K, V>> {
  const { name, key, value: valueOf = (value: T) => value as unknown as V, ttl, version, migrate } = options;
  const cannot = "Cannot create changes:";
  if (typeof key !== "function") throw new TypeError(`${cannot} key must be a function`);
  if (typeof valueOf !== "function") throw new TypeError(`${cannot} value must be a function`);
  const wrong = problemOfTtl(ttl);
  if (wrong !== undefined) throw new TypeError(`${cannot} ttl ${wrong}`);
  const needsWatermark = ttl !== undefined && ttl.clock !== "processing";

  return operate<T, Change<K, V>>(
    { operator: "changes", name, time: "own", keeps: true, needsWatermark, reads: key },
    (stage) => {
      const process = new ProcessStage<T, K, { "": ProcessStateSpec<"value", ValueState<V>> }, Change<K, V>>(stage, {
        key,
        state: { "": { kind: "value", ttl, version, migrate } },
        next(value, { key, state: { "": last }, emit }) {
          const after = valueOf(value), before = last.get();
          if (before !== undefined && isEqual(before, after)) return;
          last.set(after);
          emit({ key, before, after: last.get()! });
        },
      });
      const { advance } = process;
      return { open: () => process.open(), next: (value) => process.run(key(value), value), advance };
    },
  );
}
