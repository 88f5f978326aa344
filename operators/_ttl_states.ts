/**
 * The states of `keyedProcess` that have a time to live. Each entry of a map has its own; the elements of a list end in
 * their order.
 *
 * @module
 */
import { Handle, type HandleParts } from "./_process_states.ts";
import type { ListState, MapState, ValueState } from "./_process_types.ts";
import {
  type AccessTime,
  type Aged,
  agedVersion,
  Ages,
  type Aging,
  DuePairs,
  type DueTimes,
  type Ttl,
} from "./_ttl.ts";
import type { Stage, StateOptions } from "./_stage.ts";
import type { Cell, Key, KeyedElements, KeyedEntries, KeyedList, KeyedMap, KeyedState } from "./keyed_state.ts";

/** What the states with a time to live are opened with. */
export interface TtlParts extends HandleParts {
  readonly stage: Stage;
  readonly ttl: Ttl;
  readonly access: AccessTime;
  readonly open: StateOptions;
}

abstract class TtlHandle<E> extends Handle implements Aging<E> {
  protected readonly ages: Ages<E>;
  protected readonly readsRefresh: boolean;
  readonly #access: AccessTime;

  constructor(parts: TtlParts, due: DueTimes<E>) {
    super(parts);
    this.#access = parts.access;
    this.readsRefresh = parts.ttl.refresh === "read";
    this.ages = new Ages(parts.stage, this, parts.ttl, due);
  }

  eventTime(): number {
    return this.#access.eventTime();
  }

  /** Watches what the checkpoint had. */
  abstract restore(): void;
  abstract expire(entry: E, time: number): number;

  protected isSeen([, at]: Aged<unknown>, now: number): boolean {
    return this.ages.end(at) > now;
  }
}

/** One value for each key. */
export class TtlValue<V> extends TtlHandle<Key> implements ValueState<V> {
  readonly #state: KeyedState<Key, Aged<V>>;

  constructor(parts: TtlParts) {
    super(parts, new Map());
    this.#state = parts.stage.state({ ...parts.open, ...agedVersion(parts.open) });
  }

  get(): V | undefined {
    const cell = this.#state.find(this.current.key);
    if (cell === undefined) return undefined;
    const now = this.ages.now();
    if (!this.isSeen(cell.value!, now)) return undefined;
    const [value, at] = cell.value!;
    if (this.readsRefresh && now > at) this.#state.write(cell, [value, now]);
    return this.share(value);
  }

  set(value: V): void {
    const own = this.own(value), now = this.ages.now();
    const cell = this.#state.cell(this.current.key);
    const before = cell.value;
    if (before === undefined) this.current.meet();
    const at = before === undefined ? now : Math.max(before[1], now);
    this.#state.write(cell, [own, at]);
    if (before === undefined) this.ages.watch(cell.key, at);
  }

  delete(): void {
    const cell = this.#state.find(this.current.key);
    if (cell !== undefined) this.#state.write(cell, undefined);
  }

  restore(): void {
    for (const cell of this.#state.cells(0)) {
      const [value, stored] = cell.value!;
      const at = this.ages.restored(stored);
      if (at !== stored) this.#state.write(cell, [value, at]);
      this.ages.watch(cell.key, at);
    }
  }

  expire(key: Key, time: number): number {
    const cell: Cell<Key, Aged<V>> | undefined = this.#state.find(key);
    if (cell !== undefined) {
      const end = this.ages.end(cell.value![1]);
      if (end > time) return end;
      this.#state.write(cell, undefined);
    }
    return Infinity;
  }
}

/** A map for each key. */
export class TtlMap<E extends Key, V> extends TtlHandle<readonly [Key, E]> implements MapState<E, V> {
  readonly #state: KeyedMap<Key, E, Aged<V>>;

  constructor(parts: TtlParts) {
    super(parts, new DuePairs());
    this.#state = parts.stage.maps({ ...parts.open, ...agedVersion(parts.open) });
  }

  get size(): number {
    const now = this.ages.now();
    const entries = this.#state.find(this.current.key);
    if (entries === undefined || this.ages.allSeen(now)) return entries?.size ?? 0;
    let size = 0;
    for (const [, aged] of entries.entries()) if (this.isSeen(aged, now)) size++;
    return size;
  }

  has(entry: E): boolean {
    const aged = this.#state.find(this.current.key)?.get(entry);
    return aged !== undefined && this.isSeen(aged, this.ages.now());
  }

  get(entry: E): V | undefined {
    const entries = this.#state.find(this.current.key);
    const aged = entries?.get(entry);
    if (aged === undefined) return undefined;
    const now = this.ages.now();
    if (!this.isSeen(aged, now)) return undefined;
    this.#refresh(entries!, entry, aged, now);
    return this.share(aged[0]);
  }

  set(entry: E, value: V): void {
    this.checkEntry(entry);
    const own = this.own(value), now = this.ages.now();
    const entries = this.#state.cell(this.current.key);
    if (entries.size === 0) this.current.meet();
    const before = entries.get(entry);
    const at = before === undefined ? now : Math.max(before[1], now);
    entries.set(entry, [own, at]);
    if (before === undefined) this.ages.watch([entries.key, entry], at);
  }

  delete(entry: E): void {
    this.#state.find(this.current.key)?.set(entry, undefined);
  }

  entries(): [E, V][] {
    return this.#seen().map(([entry, [value]]) => [entry, this.share(value)]);
  }

  forEach(visit: (value: V, entry: E) => void): void {
    for (const [entry, [value]] of this.#seen()) visit(this.share(value), entry);
  }

  keys(): E[] {
    return this.#seen(false).map(([entry]) => entry);
  }

  values(): V[] {
    return this.#seen().map(([, [value]]) => this.share(value));
  }

  clear(): void {
    this.#state.find(this.current.key)?.clear();
  }

  restore(): void {
    for (const entries of this.#state.cells(0)) {
      for (const [entry, [value, stored]] of [...entries.entries()]) {
        const at = this.ages.restored(stored);
        if (at !== stored) entries.set(entry, [value, at]);
        this.ages.watch([entries.key, entry], at);
      }
    }
  }

  expire([key, entry]: readonly [Key, E], time: number): number {
    const entries = this.#state.find(key);
    const aged = entries?.get(entry);
    if (aged !== undefined) {
      const end = this.ages.end(aged[1]);
      if (end > time) return end;
      entries!.set(entry, undefined);
    }
    return Infinity;
  }

  /** The entries that have not expired. Reading their values refreshes them. */
  #seen(read = true): [E, Aged<V>][] {
    const entries = this.#state.find(this.current.key);
    if (entries === undefined) return [];
    const now = this.ages.now();
    const seen = [...entries.entries()].filter(([, aged]) => this.isSeen(aged, now));
    if (read) { for (const [entry, aged] of seen) this.#refresh(entries, entry, aged, now); }
    return seen;
  }

  #refresh(entries: KeyedEntries<Key, E, Aged<V>>, entry: E, [value, at]: Aged<V>, now: number): void {
    if (this.readsRefresh && now > at) entries.set(entry, [value, now]);
  }
}

/**
 * A list for each key. No element has a lower time than one before it, so those that have expired are at the start. A
 * read refreshes all elements: its time is kept once for the list.
 */
export class TtlList<V> extends TtlHandle<Key> implements ListState<V> {
  readonly #state: KeyedList<Key, Aged<V>>;
  /** When each list was read last, where that refreshes it. */
  readonly #reads: KeyedState<Key, number> | undefined;

  constructor(parts: TtlParts) {
    super(parts, new Map());
    this.#state = parts.stage.lists({ ...parts.open, ...agedVersion(parts.open) });
    if (this.readsRefresh) this.#reads = parts.stage.state({ part: `${parts.open.part}/read` });
  }

  get size(): number {
    const elements = this.#state.find(this.current.key);
    return elements === undefined ? 0 : elements.size - this.#expired(elements, this.ages.now());
  }

  at(index: number): V | undefined {
    const elements = this.#read();
    if (elements === undefined || index < 0) return undefined;
    const aged = elements.at(this.#expired(elements, this.ages.now()) + index);
    return aged === undefined ? undefined : this.share(aged[0]);
  }

  append(value: V): void {
    const own = this.own(value), now = this.ages.now();
    const elements = this.#state.cell(this.current.key);
    const { size } = elements;
    if (size === 0) this.current.meet();
    const at = size === 0 ? now : Math.max(elements.at(size - 1)![1], now);
    elements.append([own, at]);
    if (size === 0) this.ages.watch(elements.key, at);
  }

  replace(index: number, value: V): void {
    const elements = this.#state.find(this.current.key);
    const place = index < 0 || elements === undefined ? -1 : this.#expired(elements, this.ages.now()) + index;
    const before = elements?.at(place);
    if (before === undefined) throw new RangeError(`${this.parts.label} has no element ${index}`);
    elements!.replace(place, [this.own(value), before[1]]);
  }

  shift(count = 1): void {
    const elements = this.#state.find(this.current.key);
    if (elements === undefined || !(count > 0)) return;
    elements.shift(this.#expired(elements, this.ages.now()) + count);
    this.#forgetRead(elements);
  }

  values(): V[] {
    const elements = this.#read();
    if (elements === undefined) return [];
    const expired = this.#expired(elements, this.ages.now());
    return [...elements.elements()].slice(expired).map(([value]) => this.share(value));
  }

  clear(): void {
    const elements = this.#state.find(this.current.key);
    if (elements === undefined) return;
    elements.clear();
    this.#forgetRead(elements);
  }

  restore(): void {
    for (const elements of this.#state.cells(0)) {
      for (let index = 0; index < elements.size; index++) {
        const [value, stored] = elements.at(index)!;
        const at = this.ages.restored(stored);
        if (at === stored) break;
        elements.replace(index, [value, at]);
      }
      this.ages.watch(elements.key, elements.at(0)![1]);
    }
  }

  expire(key: Key, time: number): number {
    const elements = this.#state.find(key);
    if (elements !== undefined) {
      elements.shift(this.#expired(elements, time));
      this.#forgetRead(elements);
      if (elements.size > 0) return this.ages.end(this.#timeOf(elements, 0));
    }
    return Infinity;
  }

  /** How many elements at the start have expired by a time. */
  #expired(elements: KeyedElements<Key, Aged<V>>, now: number): number {
    if (this.ages.end(this.#timeOf(elements, 0)) > now) return 0;
    let low = 0, high = elements.size;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.ages.end(this.#timeOf(elements, middle)) > now) high = middle;
      else low = middle;
    }
    return high;
  }

  /** The time of an element's last refresh. */
  #timeOf(elements: KeyedElements<Key, Aged<V>>, index: number): number {
    const at = elements.at(index)![1];
    return this.#reads === undefined ? at : Math.max(at, this.#reads.find(elements.key)?.value ?? at);
  }

  /** The list, after it was refreshed if a read does so. What has expired is removed before, lest it be refreshed. */
  #read(): KeyedElements<Key, Aged<V>> | undefined {
    const elements = this.#state.find(this.current.key);
    if (elements === undefined || this.#reads === undefined) return elements;
    const now = this.ages.now();
    elements.shift(this.#expired(elements, now));
    if (elements.size === 0) return void this.#forgetRead(elements);
    const read = this.#reads.cell(elements.key);
    if (!(read.value! >= now)) this.#reads.write(read, now);
    return elements;
  }

  #forgetRead({ key, size }: KeyedElements<Key, Aged<V>>): void {
    const read = size === 0 ? this.#reads?.find(key) : undefined;
    if (read !== undefined) this.#reads!.write(read, undefined);
  }
}
