/**
 * Pairs of two streams within one session of a key, to which the values of both sides belong.
 *
 * A session holds the place of its values. When sessions merge, the fewer values are moved, so that a value is moved a
 * number of times that grows with the logarithm of how many there are. Which sessions merge is in `_sessions.ts`.
 *
 * Invariants:
 * - a session whose last millisecond is at or before the watermark has fired, and nothing is kept of it any more;
 * - the place of a session lies within it, so that no other session of the key has the same one;
 * - the session and its values are out of the state before its rows are emitted.
 *
 * @module
 */
import type { TwoHandlers } from "./_operate.ts";
import { type SessionEntry, Sessions } from "./_sessions.ts";
import type { Stage } from "./_stage.ts";
import type { GapOf } from "./_window_kinds.ts";
import { type WindowJoinRules, WindowJoinValues } from "./_window_join_values.ts";
import type { Cell, Key, KeyedList, KeyedState } from "./keyed_state.ts";

/** A session. `last` is the number of the value that came last. */
type Session = [place: number, last: number, start: number, end: number];

/** The stage of one subscription. */
export class SessionJoinStage<L, R, K extends Key, O> implements TwoHandlers<L, R> {
  readonly left: (value: L) => void;
  readonly right: (value: R) => void;
  readonly #values: WindowJoinValues<L, R, K, O>;
  readonly #state: KeyedState<K, Session>;
  readonly #sessions: Sessions<K, Session>;

  constructor(readonly stage: Stage<O>, readonly gap: GapOf<L | R>, rules: WindowJoinRules<L, R, K, O>) {
    const values = this.#values = new WindowJoinValues(stage, rules, true);
    this.#state = stage.state<K, Session>({ part: "sessions", namespaced: true, plain: true });
    this.#sessions = new Sessions(this.#state, (entry) => this.#fire(entry));
    this.left = this.#taking(rules.key, values.lefts);
    this.right = this.#taking(rules.rightKey, values.rights);
    stage.due(this.#sessions.agenda);
  }

  /** Schedules the sessions of the checkpoint. */
  open(): void {
    for (const slot of this.#state.namespaces()) {
      for (const { key, value } of this.#state.cells(slot)) {
        const [, last, , end] = value!;
        this.#values.last = Math.max(this.#values.last, last);
        this.#sessions.agenda.set(end - 1, { key, session: value! });
      }
    }
  }

  /** Makes the function that takes the values of a side. */
  #taking<V extends L | R>(key: (value: V) => K, lists: KeyedList<K, V | readonly [number, V]>): (value: V) => void {
    const { stage } = this;
    const sessions = this.#sessions, values = this.#values, state = this.#state;
    return (value) => {
      const by = key(value);
      const start = stage.eventTime();
      const end = start + this.gap(value, stage.label);
      let home = sessions.find(by, start, end);
      if (home !== undefined) this.#extend(home, start, end);
      else if (end - 1 <= stage.scope.watermark) return stage.late(value);
      else home = this.#begin(by, start, end);
      const session = home.value!;
      values.append(lists.cell(by, session[0]), value);
      session[1] = values.last;
      state.write(home, session);
    };
  }

  #begin(key: K, start: number, end: number): Cell<K, Session> {
    const cell = this.#state.cell(key, this.#sessions.slots);
    if (this.#sessions.slots === 0) this.stage.meet(cell.key);
    const session: Session = [start, 0, start, end];
    this.#state.write(cell, session);
    this.#sessions.agenda.set(end - 1, { key: cell.key, session });
    return cell;
  }

  /** Extends a session, and merges it with the others that the span touches. */
  #extend(home: Cell<K, Session>, start: number, end: number): void {
    const sessions = this.#sessions;
    const session = home.value!;
    this.#state.touch(home);
    for (const other of sessions.others) {
      const [place, last, start, end] = other;
      session[0] = this.#values.merge(home.key, session[0], place);
      session[1] = Math.max(session[1], last);
      sessions.extend(session, start, end);
      sessions.remove(home.key, other);
    }
    sessions.extend(session, start, end);
  }

  #fire({ key, session }: SessionEntry<K, Session>): void {
    const [place, , start, end] = session;
    const values = this.#values;
    this.#sessions.remove(key, session);
    const firing = { places: [place], over: ALL, last: values.last };
    const lefts = values.take(values.lefts, key, firing), rights = values.take(values.rights, key, firing);
    values.emit(start, end - 1, key, lefts, rights);
  }
}

/** The place of a session is of no other one. */
const ALL = { has: () => true };
