/**
 * The stage of `topN`: all items of each group, and which of them are the best.
 *
 * The items are in the checkpoint, with their scores; the order of a group is made of them when it is first needed.
 *
 * @module
 */
import { Best, type Place } from "./_best.ts";
import { isEqual } from "./_equal.ts";
import { isKey } from "./_key.ts";
import { BEGIN_OF_TIME } from "./_limits.ts";
import { number } from "./_numbers.ts";
import { copyOf, freeze, notKept } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import { Ages, type Aging, DuePairs, type Ttl } from "./_ttl.ts";
import type { Key, KeyedEntries, KeyedMap } from "./keyed_state.ts";

/** A change of the best items of a group. */
export interface TopChange<G extends Key, K extends Key, T> {
  /** The group. */
  readonly group: G;
  /** The item's key. */
  readonly key: K;
  /** The item's value: the one that it has when it is added, or that it had when it is removed. */
  readonly value: T;
  /** Whether the item comes to the best of its group or is no longer one of them. */
  readonly change: "added" | "removed";
}

/** An item as it is kept. A tuple, because a checkpoint stores it unchanged. */
type Item<T> = readonly [value: T, score: number | bigint, since: number, at: number];

interface TopOptions<T, G extends Key, K extends Key> {
  readonly key: (value: T) => K;
  readonly group: (value: T) => G;
  readonly n: number;
  readonly by: (value: T) => number | bigint | undefined;
  readonly values?: "copied" | "frozen";
  readonly ttl?: Omit<Ttl, "refresh">;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number) => T;
}

/** The stage of one subscription. */
export class TopStage<T, G extends Key, K extends Key> implements Aging<readonly [G, K]> {
  readonly #state: KeyedMap<G, K, Item<T>>;
  readonly #orders = new Map<G, Best<K>>();
  readonly #own: <V>(value: V) => V;
  readonly #ages: Ages<readonly [G, K]> | undefined;
  /** The groups of which items end at the time at hand, with those that were the best before. */
  #ended = new Map<G, Map<K, Item<T>>>();
  #since = 0;
  #reached = BEGIN_OF_TIME;

  constructor(readonly stage: Stage<TopChange<G, K, T>>, readonly options: TopOptions<T, G, K>) {
    const { values, ttl, version, migrate } = options;
    this.#own = values === "frozen" ? freeze : copyOf;
    this.#state = stage.maps({
      version,
      frozen: true,
      migrate: migrate && ((item, from) => [migrate((item as Item<unknown>)[0], from), ...(item as Item<T>).slice(1)]),
    });
    if (ttl !== undefined) {
      this.#ages = new Ages(stage, this, ttl, new DuePairs());
    }
  }

  /** The handler of watermarks, where one is needed. */
  get advance(): ((watermark: number) => void) | undefined {
    return this.#ages === undefined ? undefined : (watermark) => void (this.#reached = watermark);
  }

  eventTime(): number {
    return Math.max(this.stage.eventTime(), this.#reached);
  }

  open(): void {
    this.#reached = this.stage.watermark;
    for (const items of this.#state.cells(0)) {
      for (const [key, [value, score, since, stored]] of [...items.entries()]) {
        this.#since = Math.max(this.#since, since);
        if (this.#ages === undefined) continue;
        const at = this.#ages.restored(stored);
        if (at !== stored) items.set(key, [value, score, since, at]);
        this.#ages.watch([items.key, key], at);
      }
    }
  }

  next(value: T): void {
    const { stage } = this;
    const { group: groupOf, key: keyOf, by } = this.options;
    const group = groupOf(value), key = keyOf(value), score = by(value);
    if (!isKey(key)) throw new TypeError(`A key of ${stage.label} must be a string, number, bigint or boolean`);
    if (score === undefined) return this.#emit(this.#set(group, key, undefined));
    number("topN", score);
    const items = this.#state.cell(group);
    if (items.size === 0) stage.meet(group);
    const before = items.get(key);
    const at = this.#ages?.now() ?? BEGIN_OF_TIME;
    const since = before !== undefined && before[1] === score ? before[2] : ++this.#since;
    const own = this.#kept(value, key);
    const changed = this.#set(group, key, [own, score, since, before === undefined ? at : Math.max(before[3], at)]);
    if (this.#ages !== undefined && before === undefined) this.#ages.watch([group, key], at);
    this.#emit(changed);
  }

  /** Changes or removes an item. Returns what that does to the best of its group. */
  #set(group: G, key: K, item: Item<T> | undefined): TopChange<G, K, T>[] {
    const items = this.#state.find(group) ?? (item === undefined ? undefined : this.#state.cell(group));
    const before = items?.get(key);
    if (items === undefined || (item === undefined && before === undefined)) return [];
    const order = this.#orderOf(group, items);
    items.set(key, item);
    const { left, came } = before?.[2] === item?.[2] ? order.stay(key) : order.move(key, items.size);
    const removed = left === undefined ? undefined : left === key ? before : items.get(left);
    const added = came === undefined ? undefined : items.get(came);
    if (items.size === 0) this.#orders.delete(group);
    if (left === came && (left === undefined || isEqual(removed![0], added![0]))) return [];
    const changed: TopChange<G, K, T>[] = [];
    if (removed !== undefined) changed.push(this.#change(group, left!, removed, "removed"));
    if (added !== undefined) changed.push(this.#change(group, came!, added, "added"));
    return changed;
  }

  #change(group: G, key: K, [value]: Item<T>, change: "added" | "removed"): TopChange<G, K, T> {
    return { group, key, value: this.#own(value), change };
  }

  #emit(changed: readonly TopChange<G, K, T>[]): void {
    for (const change of changed) this.stage.emit(change);
  }

  #orderOf(group: G, items: KeyedEntries<G, K, Item<T>>): Best<K> {
    let order = this.#orders.get(group);
    if (order === undefined) {
      const placeOf = (key: K): Place<K> | undefined => {
        const item = this.#state.find(group)?.get(key);
        return item && { key, score: item[1], since: item[2] };
      };
      const places = Array.from(items.entries(), ([key, [, score, since]]) => ({ key, score, since }));
      this.#orders.set(group, order = new Best(this.options.n, places, placeOf));
    }
    return order;
  }

  #kept(value: T, key: K): T {
    try {
      return this.#own(value);
    } catch (error) {
      throw notKept(error, this.stage.label, key);
    }
  }

  /** Removes an item that was not updated for so long, or returns when it ends. */
  expire([group, key]: readonly [G, K], time: number): number {
    const items = this.#state.find(group);
    const item = items?.get(key);
    if (item === undefined) return Infinity;
    const end = this.#ages!.end(item[3]);
    if (end > time) return end;
    this.#remove(items!, key);
    return Infinity;
  }

  #remove(items: KeyedEntries<G, K, Item<T>>, key: K): void {
    const { key: group } = items;
    const order = this.#orderOf(group, items);
    if (!this.#ended.has(group)) this.#ended.set(group, new Map(order.keys.map((best) => [best, items.get(best)!])));
    items.set(key, undefined);
    order.move(key, items.size);
  }

  /**
   * What the best of a group lose and get at one time is emitted together, because the order in which items end at one
   * time differs after a restart.
   */
  expired(time: number): void {
    if (this.#ended.size === 0) return;
    const ended = this.#ended;
    this.#ended = new Map();
    const { clock: timer = "event" } = this.options.ttl!;
    for (const [group, before] of ended) {
      const items = this.#state.find(group);
      const best = items === undefined ? [] : this.#orders.get(group)!.keys;
      if (items === undefined) this.#orders.delete(group);
      const removed = [...before].filter(([key]) => !best.includes(key));
      const added = best.filter((key) => !before.has(key)).map((key) => [key, items!.get(key)!] as const);
      const changed = [
        ...removed.map(([key, item]) => this.#change(group, key, item, "removed")),
        ...added.map(([key, item]) => this.#change(group, key, item, "added")),
      ];
      const pane = { state: this.#state.name, key: group, namespace: time, index: 0, result: undefined, timer };
      this.stage.atTimer(pane, timer === "event" ? time : NaN, () => this.#emit(changed));
    }
  }
}
