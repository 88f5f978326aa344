/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { Forwarder } from "./_forward.ts";
import { operate, type Stage, type StageHandlers } from "./_operate.ts";
import type { Cell, Key } from "./keyed_state.ts";

/** What {@linkcode keyedReduce} emits. */
export interface Keyed<K extends Key, V> {
  /** The key. */
  readonly key: K;
  /** Its value now. */
  readonly value: V;
}

/** Options of {@linkcode keyedReduce}. */
export interface KeyedReduceOptions<T, K extends Key, V> {
  /** The name under which the values are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. */
  readonly key: (value: T) => K;
  /** The value of a key before its first record: a value (objects are cloned for each key) or a function. */
  readonly initial: V | (() => V);
  /** The next value of a key; `undefined` forgets the key, and nothing is emitted. May change `total` in place and return it. */
  readonly reduce: (total: V, value: T) => V | undefined;
  /**
   * `every`: the new value for every record. `latest`: each changed key once an epoch, when the epoch is cut; without a job
   * once, at the end. Which values in between are passed over depends on where epochs are cut.
   *
   * @default "every"
   */
  readonly emit?: "every" | "latest";
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Turns a value written by an older version into today's. */
  readonly migrate?: (value: unknown, version: number) => V;
}

/**
 * Reduces the values of each key to one. Keeps one value a key until the reducer returns `undefined`; emits as `emit` says,
 * with the event time of the record that changed the key.
 *
 * ```text
 * source  --a--b--a--|
 *         keyedReduce({ key: (letter) => letter, initial: 0, reduce: (total) => total + 1 })
 * result  --(a,1)--(b,1)--(a,2)--|
 * ```
 *
 * @param options key, reducer and name
 * @returns an operator that emits `{ key, value }`
 * @throws {TypeError} when `key` or `reduce` is not a function or `emit` is neither `every` nor `latest`
 *
 * @example Count by user
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { keyedReduce } from "@tidemark/streams";
 *
 * const counts: unknown[] = [];
 * from(["ada", "bob", "ada"]).pipe(
 *   keyedReduce({ key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
 * ).subscribe(({ key, value }) => counts.push([key, value]));
 * assertEquals(counts, [["ada", 1], ["bob", 1], ["ada", 2]]);
 * ```
 */
export function keyedReduce<T, K extends Key, V>(
  options: KeyedReduceOptions<T, K, V>,
): OperatorFunction<T, Keyed<K, V>> {
  const { name, key, initial, reduce, emit = "every", version, migrate } = options;
  if (typeof key !== "function") throw new TypeError("Cannot create a keyed reduce: key must be a function");
  if (typeof reduce !== "function") throw new TypeError("Cannot create a keyed reduce: reduce must be a function");
  if (emit !== "every" && emit !== "latest") {
    throw new TypeError(
      `Cannot create a keyed reduce: emit must be "every" or "latest", current value is ${String(emit)}`,
    );
  }
  const seed = seedOf(initial);

  return operate<T, Keyed<K, V>>(
    { operator: "keyedReduce", name, opaque: emit === "latest", keeps: true, reads: key },
    (stage) => {
      const { task, out, label } = stage;
      const state = task.openState<K, V>({ name, operator: "keyedReduce", namespaced: false, version, migrate });

      /** The key's next value, in its cell. */
      function advance(value: T): Cell<K, V> {
        const cell = state.cell(key(value));
        const total = cell.value;
        if (total === undefined) task.meet(cell.key, label);
        else state.touch(cell);
        state.write(cell, reduce(total === undefined ? seed() : total, value));
        return cell;
      }

      if (emit === "latest") return emitLatest(stage, advance);
      return {
        next(value) {
          const cell = advance(value);
          if (cell.value !== undefined) out.next({ key: cell.key, value: cell.value });
        },
      };
    },
  );
}

/** Remembers which keys have changed, emits each once at the cut, and lets event time through only after them. */
function emitLatest<T, K extends Key, V>(
  stage: Stage<Keyed<K, V>>,
  advance: (value: T) => Cell<K, V>,
): StageHandlers<T> {
  const { task, scope, out } = stage;
  const forwarder = new Forwarder(stage as Stage<never>, () => {});
  const changed = new Map<Cell<K, V>, number>();

  function flush(): void {
    const { record, timestamp, slot } = task;
    task.record = undefined;
    task.slot = -1;
    try {
      for (const [cell, time] of changed) {
        task.timestamp = time;
        if (cell.value !== undefined && !out.closed) out.next({ key: cell.key, value: cell.value });
      }
    } finally {
      task.record = record;
      task.timestamp = timestamp;
      task.slot = slot;
      changed.clear();
    }
    forwarder.forward();
  }

  task.cutHooks.unshift(flush);
  return {
    next(value) {
      changed.set(advance(value), task.timestamp);
    },
    bound: () => forwarder.bound(),
    complete() {
      scope.end();
      flush();
    },
    teardown: () => forwarder.teardown(),
  };
}

/** How a key begins: values that could be changed in place are cloned. */
function seedOf<V>(initial: V | (() => V)): () => V {
  if (typeof initial === "function") return initial as () => V;
  if (typeof initial === "object" && initial !== null) return () => structuredClone(initial);
  return () => initial;
}
