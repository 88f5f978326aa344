/**
 * Time to live: a kept value with the time of its last refresh, and what removes it when its time is over.
 *
 * What has expired is never seen: each access compares the value's time with the time of the access. It is removed when
 * the clock reaches its end, which is found in memory and again after a restart.
 *
 * Invariants:
 * - for each value there is an entry in the agenda, due at its end or before; a refresh leaves the entry as it is, and
 *   when it is due it is moved to the new end;
 * - a value that was deleted and is set again may end before the one that was there; it gets another entry then, and the
 *   later one does nothing;
 * - values that end at a time are removed before the timers of that time fire.
 *
 * @module
 */
import { Agenda } from "./_agenda.ts";
import { fireByWallClock } from "./_due.ts";
import { BEGIN_OF_TIME } from "./_limits.ts";
import type { Stage } from "./_stage.ts";

/** How long a state keeps what is not refreshed. `job.state()` shows such a value together with its time. */
export interface Ttl {
  /** After how long a value expires, in milliseconds; Infinity: never. */
  readonly after: number;
  /** What refreshes a value: setting it, or reading it too. @default "write" */
  readonly refresh?: "write" | "read";
  /**
   * Whether time is event time or the wall clock. By event time an access happens at the time of its record or timer,
   * or at the watermark where that is later.
   *
   * @default "event"
   */
  readonly clock?: "event" | "processing";
}

/** A kept value and the time of its last refresh. A tuple, because a checkpoint stores it unchanged. */
export type Aged<V> = readonly [value: V, at: number];

/**
 * The version of an aged value is higher by this, so that a state which gets a `ttl` finds the values that it has
 * stored without one.
 */
const AGED_VERSIONS = 2 ** 20;
/** The time of a value that was stored without one. It is found when the stage opens. */
const UNKNOWN = BEGIN_OF_TIME;

/** What is wrong with a `ttl`, or `undefined`. */
export function problemOfTtl(ttl: Ttl | undefined): string | undefined {
  if (ttl === undefined) return undefined;
  if (typeof ttl !== "object" || ttl === null) {
    return `must be { after, refresh, clock }, current value is ${String(ttl)}`;
  }
  const { after, refresh = "write", clock = "event" } = ttl;
  if (!(after > 0 && (Number.isSafeInteger(after) || after === Infinity))) {
    return `needs "after", a whole number of milliseconds above 0, current value is ${String(after)}`;
  }
  if (refresh !== "write" && refresh !== "read") {
    return `has "refresh", which must be "write" or "read", current value is ${String(refresh)}`;
  }
  if (clock === "event" || clock === "processing") return undefined;
  return `has "clock", which must be "event" or "processing", current value is ${String(clock)}`;
}

/** The version and the migration of a state whose values are aged. */
export function agedVersion(
  { version = 1, migrate }: { version?: number; migrate?: (value: unknown, version: number) => unknown },
): { version: number; migrate: (value: unknown, version: number) => unknown } {
  return {
    version: AGED_VERSIONS + version,
    migrate(stored, from) {
      const aged = from >= AGED_VERSIONS;
      const [value, at] = aged ? stored as Aged<unknown> : [stored, UNKNOWN] as const;
      const before = aged ? from - AGED_VERSIONS : from;
      if (before === version) return [value, at];
      if (before > version || migrate === undefined) {
        throw new TypeError(
          `its values have version ${before}, the program has version ${version} and no migrate function`,
        );
      }
      const changed = migrate(value, before);
      return changed === undefined ? undefined : [changed, at];
    },
  };
}

/** The time of an access. */
export interface AccessTime {
  /** The time of the access at hand by event time: that of the record or timer. */
  eventTime(): number;
}

/** The time at which each entry is due. A `Map` is one where an entry is a key. */
export interface DueTimes<E> {
  get(entry: E): number | undefined;
  set(entry: E, time: number): void;
  delete(entry: E): void;
}

/** The times of entries that are a key and something below it. */
export class DuePairs<K, E> implements DueTimes<readonly [K, E]> {
  readonly #keys = new Map<K, Map<E, number>>();

  get([key, entry]: readonly [K, E]): number | undefined {
    return this.#keys.get(key)?.get(entry);
  }

  set([key, entry]: readonly [K, E], time: number): void {
    let entries = this.#keys.get(key);
    if (entries === undefined) this.#keys.set(key, entries = new Map());
    entries.set(entry, time);
  }

  delete([key, entry]: readonly [K, E]): void {
    const entries = this.#keys.get(key);
    if (entries?.delete(entry) && entries.size === 0) this.#keys.delete(key);
  }
}

/** What has ages. */
export interface Aging<E> extends AccessTime {
  /** Removes what has expired of an entry by a time, and returns when the rest ends; Infinity: nothing is left. */
  expire(entry: E, time: number): number;
  /** All that ends at a time has been removed. */
  expired?(time: number): void;
}

/** The ages of one state. */
export class Ages<E> {
  readonly #after: number;
  readonly #processing: boolean;
  readonly #agenda: Agenda<E>;
  readonly #changed: (() => void) | undefined;

  /** @param due where the times of the agenda's entries are kept, with nothing in it */
  constructor(readonly stage: Stage, readonly aging: Aging<E>, ttl: Ttl, readonly due: DueTimes<E>) {
    this.#after = ttl.after;
    this.#processing = ttl.clock === "processing";
    this.#agenda = new Agenda((entry, time) => {
      if (due.get(entry) === time) this.#next(entry, aging.expire(entry, time));
      if (this.#agenda.next > time) aging.expired?.(time);
    });
    if (this.#processing) this.#changed = fireByWallClock(stage, this.#agenda);
    else stage.due(this.#agenda);
  }

  /** The time of the access at hand. */
  now(): number {
    return this.#processing ? this.stage.now : this.aging.eventTime();
  }

  /** When a value of this time ends. It is seen before that. */
  end(at: number): number {
    return at + this.#after;
  }

  /** Whether all values are seen at this time, because none has come to its end. */
  allSeen(now: number): boolean {
    return this.#agenda.next > now;
  }

  /** Watches a new value. The agenda may still have an entry of a deleted one, which will do if it is due early enough. */
  watch(entry: E, at: number): void {
    const end = this.end(at);
    const due = this.due.get(entry);
    if (end === Infinity || (due !== undefined && due <= end)) return;
    this.#next(entry, end);
    this.#changed?.();
  }

  /** Keeps when an entry is due next; Infinity: never. */
  #next(entry: E, time: number): void {
    if (time === Infinity) return this.due.delete(entry);
    this.due.set(entry, time);
    this.#agenda.set(time, entry);
  }

  /** The time of a restored value. One that was stored without a time begins to age now. */
  restored(at: number): number {
    if (at !== UNKNOWN) return at;
    return this.#processing ? this.stage.now : this.stage.watermark;
  }
}
