/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import type { Hold } from "./_holds.ts";
import { BEGIN_OF_TIME } from "./_limits.ts";
import { copyOf, freeze, notKept } from "./_own.ts";
import { type Handlers, operate, type Stage } from "./_operate.ts";
import type { Cell, Key } from "./keyed_state.ts";

/** A result of {@linkcode keyedReduce}. */
export interface Keyed<K extends Key, V> {
  /** The key. */
  readonly key: K;
  /** Its value now. */
  readonly value: V;
}

/** `own` makes a value safe to keep; `share` makes a kept value safe to emit. */
const COPIED = { own: copyOf, share: copyOf };
const FROZEN = { own: freeze, share: <V>(value: V): V => value };

/** Options of {@linkcode keyedReduce}. */
export interface KeyedReduceOptions<T, K extends Key, V> {
  /** The name under which the values are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. */
  readonly key: (value: T) => K;
  /** The value of a key before its first record: plain data (copied for each key), or a function that makes it. */
  readonly initial: V | (() => V);
  /**
   * Returns the next value of a key, plain data; `undefined` removes the key, and nothing is emitted. May change
   * `total` in place and return it, unless `values` is `frozen`.
   */
  readonly reduce: (total: V, value: T) => V | undefined;
  /**
   * How kept objects are protected from changes outside. `copied`: the stage copies values when it keeps them and when
   * it emits them. `frozen`: the stage freezes the result of `reduce` deeply and shares it. A reducer that builds new
   * objects from old parts then costs only its new parts; a reducer that changes `total` in place fails. Primitives
   * cost nothing either way.
   *
   * @default "copied"
   */
  readonly values?: "copied" | "frozen";
  /**
   * `every`: emits the new value for every record. `latest`: emits each changed key once an epoch, when the epoch is
   * cut; without a job once, at the end. Which intermediate values are skipped depends on where epochs are cut.
   *
   * @default "every"
   */
  readonly emit?: "every" | "latest";
  /** The version of the values' shape. @default 1 */
  readonly version?: number;
  /** Converts a value written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number) => V;
}

/**
 * Reduces the values of each key to one. Keeps one value for each key until the reducer returns `undefined`. Emits as
 * set by `emit`, with the event time of the record that changed the key. Emitted values never change afterwards, and
 * changes outside do not reach kept values. A tombstone, the value `null`, is a bad record if `key` reads its fields.
 *
 * ```text
 * source  --a--b--a--|
 *         keyedReduce({ key: (letter) => letter, initial: 0, reduce: (total) => total + 1 })
 * result  --(a,1)--(b,1)--(a,2)--|
 * ```
 *
 * @param options key, reducer and name
 * @returns an operator that emits `{ key, value }`
 * @throws {TypeError} when `key` or `reduce` is not a function, `emit` or `values` is not one of its options, or
 * `initial` is not plain data
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
): OperatorFunction<T | null, Keyed<K, V>> {
  const { name, key, initial, reduce, emit = "every", values = "copied", version, migrate } = options;
  if (typeof key !== "function") throw new TypeError("Cannot create a keyed reduce: key must be a function");
  if (typeof reduce !== "function") throw new TypeError("Cannot create a keyed reduce: reduce must be a function");
  if (emit !== "every" && emit !== "latest") {
    throw new TypeError(
      `Cannot create a keyed reduce: emit must be "every" or "latest", current value is ${String(emit)}`,
    );
  }
  if (values !== "copied" && values !== "frozen") {
    throw new TypeError(
      `Cannot create a keyed reduce: values must be "copied" or "frozen", current value is ${String(values)}`,
    );
  }
  const frozen = values === "frozen";
  const { own, share } = frozen ? FROZEN : COPIED;
  const seed = seedOf(initial);

  return operate<T, Keyed<K, V>>(
    { operator: "keyedReduce", name, time: emit === "latest" ? "own" : "passes", keeps: true, reads: key },
    (stage) => {
      const state = stage.state<K, V>({ version, migrate, frozen });
      let { out } = stage;

      /** Writes the key's next value into its cell. */
      function advance(value: T): Cell<K, V> {
        const cell = state.cell(key(value));
        let total = cell.value;
        try {
          if (total === undefined) {
            stage.meet(cell.key);
            total = own(seed());
          } else state.touch(cell);
          const next = reduce(frozen ? own(total) : total, value);
          state.write(cell, typeof next === "number" ? next : own(next));
        } catch (error) {
          throw notKept(error, stage.label, cell.key);
        }
        return cell;
      }

      if (emit === "latest") return emitLatest(stage, advance, share);
      return {
        open: () => out = stage.out, // a trace may have wrapped it since
        next(value) {
          const cell = advance(value), total = cell.value;
          if (total !== undefined) out.next({ key: cell.key, value: typeof total === "object" ? share(total) : total });
        },
      };
    },
  );
}

/**
 * Remembers which keys have changed and emits each once at the cut. Until then the forwarded watermark stays below the
 * earliest event time among them.
 */
function emitLatest<T, K extends Key, V>(
  stage: Stage<Keyed<K, V>>,
  advance: (value: T) => Cell<K, V>,
  share: <S>(value: S) => S,
): Handlers<T> {
  let changed = new Map<Cell<K, V>, number>();
  let hold: Hold | undefined;

  function flush(): void {
    const emitted = changed;
    // Keys that change while these are emitted are emitted at the next cut.
    changed = new Map();
    const held = hold;
    hold = undefined;
    for (const [cell, time] of emitted) {
      if (cell.value !== undefined && !stage.closed) stage.emit({ key: cell.key, value: share(cell.value) }, time);
    }
    held?.release();
  }

  return {
    next(value) {
      const { time } = stage.at;
      const cell = advance(value);
      if (cell.value !== undefined) changed.set(cell, time);
      // What is forgotten must not wait for a cut, because without a job none comes.
      else changed.delete(cell);
      if (hold !== undefined && !(time < hold.time)) return;
      const before = hold;
      hold = stage.hold(Number.isNaN(time) ? BEGIN_OF_TIME : time);
      before?.release();
    },
    cut: flush,
    end() {
      while ((changed.size > 0 || hold !== undefined) && !stage.closed) flush();
    },
  };
}

/** Returns a function that makes the value of a new key. */
function seedOf<V>(initial: V | (() => V)): () => V {
  if (typeof initial === "function") return initial as () => V;
  try {
    const own = copyOf(initial);
    return () => own;
  } catch (error) {
    throw new TypeError(
      `Cannot create a keyed reduce: initial must be plain data, but ${
        (error as Error).message
      }. A class cannot be stored: keep its ` +
        `fields in a plain object`,
      { cause: error },
    );
  }
}
