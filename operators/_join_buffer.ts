/**
 * One side of a join: the values that may still find a partner, by key and time.
 *
 * Each value is a cell of its own in a keyed state, so that an epoch stores what came and not what is kept. The cell's
 * namespace is the number of the value, by arrival. What finds values by key and time is in memory only, and is rebuilt
 * from the cells.
 *
 * Invariants:
 * - a value leaves when the watermark reaches its time plus `keeps`, and is out of the state before its row is emitted;
 * - of one side, values leave in the order of their times, then in that of their arrival;
 * - kept values never change: a copy is kept and copies are given away, or the value is frozen and shared.
 *
 * @module
 */
import { ByTime } from "./_by_time.ts";
import { copyOf, freeze, notKept } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import type { Due } from "./_due.ts";
import { cellsByTime, emitFor, type Timed } from "./_waiting.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** What is kept of a value: an object and not a tuple, because it is one object on the heap and a tuple is two. */
export interface Kept<V> extends Timed {
  readonly value: V;
  /** It has had a partner. Absent where that does not matter. */
  readonly paired?: true;
}

/** A value in the buffer. */
export type KeptCell<K extends Key, V> = Cell<K, Kept<V>>;

/** The values of one key and side. */
export type KeptOf<K extends Key, V> = ByTime<KeptCell<K, V>>;

/** A key that has values on either side. One look-up finds both sides. */
export class JoinKey<K extends Key, L, R> {
  left: KeptOf<K, L> | undefined = undefined;
  right: KeptOf<K, R> | undefined = undefined;

  constructor(readonly key: K) {}
}

/** The keys of a join. */
export type JoinKeys<K extends Key, L, R> = Map<K, JoinKey<K, L, R>>;

/** What a buffer is made from. */
export interface JoinBufferOptions<V> {
  readonly side: "left" | "right";
  /** For how long after its time a value is kept, in milliseconds of the watermark. */
  readonly keeps: number;
  /** Whether values are frozen instead of copied. */
  readonly frozen: boolean;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number) => V;
  /** Called with a value that has left and had no partner. Without it nobody asks for partners. */
  readonly unpaired?: (value: V) => void;
}

/** The buffer of one side. */
export class JoinBuffer<K extends Key, V> implements Due {
  /** A field and not a getter, because each watermark reads it. */
  next = Infinity;
  /** The number of the value that came last. */
  last = 0;
  readonly #state: KeyedState<K, Kept<V>>;
  /** The key of each value, in the order in which values leave. Within a key, the value that came first leaves first. */
  readonly #leaving = new ByTime<JoinKey<K, V, V>>();
  readonly #own: (value: V) => V;
  readonly #keys: JoinKeys<K, V, V>;
  readonly #left: boolean;

  constructor(readonly stage: Stage, keys: JoinKeys<K, never, never>, readonly options: JoinBufferOptions<V>) {
    const { side, frozen, version, migrate } = options;
    // Of each key the buffer reads only its own side, whose values it has added.
    this.#keys = keys as unknown as JoinKeys<K, V, V>;
    this.#left = side === "left";
    this.#own = frozen ? freeze : copyOf;
    this.#state = stage.state<K, Kept<V>>({
      part: side,
      namespaced: true,
      frozen: true,
      // A copy is plain data by construction. What the user froze or migrated may not be.
      plain: !frozen && migrate === undefined,
      version,
      migrate: migrate && ((kept, from) => {
        const { time, value, ...paired } = kept as Kept<unknown>;
        return { time, value: migrate(value, from), ...paired };
      }),
    });
    stage.due(this);
  }

  /** Finds the values of the checkpoint. */
  open(): void {
    for (const cell of cellsByTime(this.#state)) {
      this.last = Math.max(this.last, cell.namespace);
      this.#place(this.#keys.get(cell.key) ?? this.#meet(cell.key), cell);
    }
  }

  /** Keeps a value, and returns what is kept. `found`: its key, if it has values. `paired`: it has a partner already. */
  add(found: JoinKey<K, never, never> | undefined, key: K, time: number, value: V, paired: boolean): V {
    let at = found as unknown as JoinKey<K, V, V> | undefined;
    if (at === undefined || isEmpty(this.#left ? at.left : at.right)) this.stage.meet(key);
    const own = this.#owned(value, key);
    at ??= this.#meet(key);
    const cell = this.#state.cell(key, ++this.last);
    this.#state.write(
      cell,
      paired && this.options.unpaired !== undefined ? { time, value: own, paired } : { time, value: own },
    );
    this.#place(at, cell);
    return own;
  }

  /** A value has found a partner. */
  pair(cell: KeptCell<K, V>): void {
    if (this.options.unpaired === undefined) return;
    const { time, value, paired } = cell.value!;
    if (paired === undefined) this.#state.write(cell, { time, value, paired: true });
  }

  /** A kept value as others may see it. */
  share(kept: V): V {
    // A restored value is not frozen yet.
    return typeof kept === "object" ? this.#own(kept) : kept;
  }

  /** The first value leaves. */
  fire(): void {
    const { unpaired, keeps } = this.options;
    const at = this.#leaving.take();
    this.next = this.#leaving.least + keeps;
    const cell = (this.#left ? at.left! : at.right!).take();
    const { key, value } = cell;
    if (isEmpty(at.left) && isEmpty(at.right)) this.#keys.delete(key);
    this.#state.write(cell, undefined);
    const { time, value: kept, paired } = value!;
    if (unpaired === undefined || paired !== undefined) return;
    // An undone epoch returns to the kept value, so even a value that has left is copied.
    emitFor(this.stage, this.#state.name, cell, time + keeps, () => unpaired(this.share(kept)));
  }

  #place(at: JoinKey<K, V, V>, cell: KeptCell<K, V>): void {
    const { time } = cell.value!;
    (this.#left ? at.left ??= new ByTime() : at.right ??= new ByTime()).add(time, cell);
    this.#leaving.add(time, at);
    if (time + this.options.keeps < this.next) this.next = time + this.options.keeps;
  }

  #meet(key: K): JoinKey<K, V, V> {
    const made = new JoinKey<K, V, V>(key);
    this.#keys.set(key, made);
    return made;
  }

  #owned(value: V, key: K): V {
    try {
      return this.#own(value);
    } catch (error) {
      throw notKept(error, this.stage.label, key);
    }
  }
}

function isEmpty(values: { readonly size: number } | undefined): boolean {
  return values === undefined || values.size === 0;
}
