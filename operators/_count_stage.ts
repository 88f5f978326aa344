/**
 * Windows of so many records of a key, in the order in which they came.
 *
 * The records of a key are cut where a window begins or ends, and each part has an accumulator. Parts are in slots
 * `0 ... n - 1`, one after the other and again from the start; the slot is the namespace of the cell. So the number of
 * namespaces does not depend on the number of records, and a checkpoint stores only the parts that changed.
 *
 * @module
 */
import { accumulateOf, merged } from "./_aggregate.ts";
import { copyOf } from "./_own.ts";
import { type Slicer, sliding } from "./_slicers.ts";
import type { Stage } from "./_stage.ts";
import type { WindowPlan } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** Some successive records of a key. A tuple, because a checkpoint stores it unchanged. */
type Part<A> = [
  accumulator: A,
  /** The place of its first record among the key's records. */
  start: number,
  /** How many records it has. */
  count: number,
  /** The least and the largest event time of its records; NaN when they have none. */
  earliest: number,
  latest: number,
];

/** The windows of one subscription. */
export class CountStage<T, K extends Key, A, R> {
  readonly #state: KeyedState<K, Part<A>>;
  /** The parts of each key, oldest first. */
  readonly #keys = new Map<K, Cell<K, Part<A>>[]>();
  readonly #slicer: Slicer;
  readonly #slots: number;

  constructor(
    readonly stage: Stage<WindowResult<T, K, R>>,
    readonly plan: WindowPlan<T, K, A, R>,
    readonly size: number,
    readonly slide: number,
  ) {
    const { version, migrate } = plan;
    this.#slicer = sliding(size, slide, -(size % slide));
    this.#slots = 2 * Math.ceil(size / slide) + 2;
    this.#state = stage.state<K, Part<A>>({
      namespaced: true,
      version,
      migrate: migrate && ((part, from) => {
        const [accumulator, ...rest] = part as Part<unknown>;
        return [migrate(accumulator, from), ...rest];
      }),
    });
  }

  /** Finds the parts of the checkpoint. */
  open(): void {
    for (const slot of this.#state.namespaces()) {
      for (const cell of this.#state.cells(slot)) {
        const parts = this.#keys.get(cell.key);
        if (parts === undefined) this.#keys.set(cell.key, [cell]);
        else parts.push(cell);
      }
    }
    for (const parts of this.#keys.values()) parts.sort((a, b) => a.value![1] - b.value![1]);
  }

  /** Adds a value, and emits the window that it completes. */
  add(value: T, key: K): void {
    const { time } = this.stage.at;
    const parts = this.#keys.get(key);
    const latest = parts?.at(-1)?.value;
    const place = latest === undefined ? 0 : latest[1] + latest[2];
    const cell = latest !== undefined && latest[1] === this.#slicer.sliceOf(place)
      ? this.#extend(parts!.at(-1)!, value, time)
      : this.#begin(value, key, place, time, parts);
    if ((place + 1) % this.slide === 0) this.#fire(cell.key, place + 1);
  }

  #extend(cell: Cell<K, Part<A>>, value: T, time: number): Cell<K, Part<A>> {
    this.#state.touch(cell);
    const part = cell.value!;
    part[0] = this.#added(part[0], value, cell.key);
    part[2]++;
    if (!(part[3] <= time)) part[3] = time;
    if (!(part[4] >= time)) part[4] = time;
    this.#state.write(cell, part);
    return cell;
  }

  #begin(value: T, key: K, place: number, time: number, parts: Cell<K, Part<A>>[] | undefined): Cell<K, Part<A>> {
    const slot = parts === undefined ? 0 : (parts.at(-1)!.namespace + 1) % this.#slots;
    const cell = this.#state.cell(key, slot);
    if (parts === undefined) this.stage.meet(cell.key);
    this.#state.write(cell, [this.#added(undefined, value, cell.key), place, 1, time, time]);
    if (parts === undefined) this.#keys.set(cell.key, [cell]);
    else parts.push(cell);
    return cell;
  }

  #added(before: A | undefined, value: T, key: K): A {
    const { aggregate, pure } = this.plan;
    if (pure) return aggregate.add(before === undefined ? aggregate.seed() : before, value);
    return accumulateOf(aggregate, before, value, this.stage.label, key);
  }

  /** Emits the window that ends before a place. Parts that no later window holds are removed first. */
  #fire(key: K, end: number): void {
    const { plan, stage } = this;
    const parts = this.#keys.get(key)!;
    const begin = end - this.size;
    let accumulator: A | undefined;
    let [first, earliest, latest] = [true, Infinity, -Infinity];
    for (const { value } of parts) {
      const part = value!;
      if (part[1] < begin) continue;
      accumulator = first ? copyOf(part[0]) : merged(plan.aggregate, accumulator!, copyOf(part[0]));
      first = false;
      earliest = Math.min(earliest, part[3]);
      latest = Math.max(latest, part[4]);
    }
    const needed = parts.filter(({ value }) => value![1] >= begin + this.slide);
    for (const cell of parts) if (!needed.includes(cell)) this.#state.write(cell, undefined);
    if (needed.length === 0) this.#keys.delete(key);
    else this.#keys.set(key, needed);
    const window = { start: earliest, end: latest + 1 };
    const result = plan.valueOf(accumulator!, window, key);
    stage.emitAt({ key, window, value: result, pane: "onTime", index: 0 }, latest);
  }
}
