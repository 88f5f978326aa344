/**
 * The sessions of keys: which of them a span touches, and when each is over.
 *
 * A key's sessions are in slots 0, 1, 2 ... without gaps. The slot is the namespace of the cell, so that finding a key's
 * sessions costs one look-up for each of them, however many other keys there are, and a checkpoint stores only the
 * sessions that changed. When a session is removed, the one in the last slot takes its place.
 *
 * Invariants:
 * - no two sessions of a key touch each other;
 * - each session has an entry in the agenda at or before the time when it is next due. An entry that comes too early is
 *   set again, so that a record that extends a session changes nothing in the agenda;
 * - a session that was merged into another, or removed, has NaN for its end, and its entries do nothing.
 *
 * @module
 */
import { Agenda } from "./_agenda.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** A session: what it holds, a number, its start and its end. A tuple, because a checkpoint stores it unchanged. */
export type Spanned = [holds: unknown, number: number, start: number, end: number, ...rest: unknown[]];

/** A session in an agenda. */
export interface SessionEntry<K, S> {
  readonly key: K;
  readonly session: S;
}

/** The sessions of one subscription. */
export class Sessions<K extends Key, S extends Spanned> {
  /** What `find` has found besides the session that it returned. */
  others: readonly S[] = NONE;
  /** How many sessions the key has that `find` has looked at. */
  slots = 0;
  readonly agenda: Agenda<SessionEntry<K, S>>;

  /** @param act called with an entry of a session that is over at that time, or was before */
  constructor(readonly state: KeyedState<K, S>, readonly act: (entry: SessionEntry<K, S>, time: number) => void) {
    this.agenda = new Agenda((entry, time) => {
      const last = entry.session[3] - 1;
      if (Number.isNaN(last)) return;
      if (last > time) this.agenda.set(last, entry);
      else this.act(entry, time);
    });
  }

  /** Finds the sessions of a key that a span touches. Returns the first one of them. */
  find(key: K, start: number, end: number): Cell<K, S> | undefined {
    let home: Cell<K, S> | undefined;
    let others: S[] | undefined;
    let slots = 0;
    for (;; slots++) {
      const cell = this.state.find(key, slots);
      if (cell === undefined) break;
      const session = cell.value!;
      if (session[2] > end || session[3] < start) continue;
      if (home === undefined) home = cell;
      else (others ??= []).push(session);
    }
    this.slots = slots;
    this.others = others ?? NONE;
    return home;
  }

  /** Extends a session to a span. Returns whether it starts earlier now. */
  extend(session: S, start: number, end: number): boolean {
    const earlier = start < session[2];
    if (earlier) session[2] = start;
    if (end > session[3]) session[3] = end;
    return earlier;
  }

  /** The cell of a session that is there. */
  cellOf(key: K, session: S): Cell<K, S> {
    for (let slot = 0;; slot++) {
      const cell = this.state.find(key, slot)!;
      if (cell.value === session) return cell;
    }
  }

  /** Removes a session. The session in the key's last slot takes its place. */
  remove(key: K, session: S): void {
    const { state } = this;
    const cell = this.cellOf(key, session);
    let last = cell;
    for (let slot = cell.namespace + 1;; slot++) {
      const next = state.find(key, slot);
      if (next === undefined) break;
      last = next;
    }
    if (last !== cell) {
      state.touch(cell);
      state.write(cell, last.value);
    }
    state.write(last, undefined);
    session[3] = NaN;
  }
}

const NONE: readonly never[] = [];
