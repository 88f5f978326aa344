/**
 * Windows that merge: sessions of a key, with an accumulator each, and panes. Which sessions merge is in `_sessions.ts`.
 *
 * Invariant: state is changed before anything is emitted.
 *
 * @module
 */
import { accumulateOf, merged } from "./_aggregate.ts";
import { Firing } from "./_firing.ts";
import { copyOf } from "./_own.ts";
import { PaneOutput, type Shown } from "./_pane_output.ts";
import { type SessionEntry, Sessions } from "./_sessions.ts";
import type { Stage } from "./_stage.ts";
import { tellUpcoming } from "./_upcoming.ts";
import { tooMany } from "./_too_many.ts";
import type { WindowPlan } from "./_window_options.ts";
import type { PaneKind, WindowResult } from "./_window_result.ts";
import type { Cell, Key, KeyedState } from "./keyed_state.ts";

/** One session. A tuple, because a checkpoint stores it unchanged. */
type Session<A> = [
  accumulator: A,
  /** How many results it has emitted, with those of the sessions that were merged into it. */
  fired: number,
  start: number,
  end: number,
  /** How many records have come since the last pane. */
  since: number,
  /** 1 when it has fired on time, and not been extended beyond the watermark since. */
  done: 0 | 1,
  /** What it has emitted and may have to take back. Absent unless it retracts. */
  shown?: Shown[],
];

/** A session whose pane waits for a time, before its firing on time or after it. */
interface Waiting<K, A> extends SessionEntry<K, Session<A>> {
  readonly late: boolean;
}

/** The sessions of one subscription. */
export class SessionStage<T, K extends Key, A, R> {
  readonly #state: KeyedState<K, Session<A>>;
  readonly #output: PaneOutput<T, K, A, R>;
  readonly #firing: Firing<Waiting<K, A>>;
  readonly #sessions: Sessions<K, Session<A>>;

  constructor(readonly stage: Stage<WindowResult<T, K, R>>, readonly plan: WindowPlan<T, K, A, R>) {
    const { version, migrate } = plan;
    this.#state = stage.state<K, Session<A>>({
      namespaced: true,
      version,
      migrate: migrate && ((session, from) => {
        const [accumulator, ...rest] = session as Session<unknown>;
        return [migrate(accumulator, from), ...rest];
      }),
    });
    this.#sessions = new Sessions(this.#state, (entry, time) => this.#due(entry, time));
    this.#output = new PaneOutput(stage, this.#state.name, plan);
    stage.side("late");
    stage.due(this.#sessions.agenda);
    tellUpcoming(stage, this.#sessions.agenda);
    this.#firing = new Firing(stage, plan, (entry) => this.#fireWaiting(entry));
  }

  /** How many entries wait for a time: one for each session, and one for each pane that waits for the clock. */
  get waiting(): number {
    return this.#sessions.agenda.size + this.#firing.waiting;
  }

  /** Schedules the sessions of the checkpoint. */
  open(): void {
    for (const slot of this.#state.namespaces()) {
      for (const { key, value } of this.#state.cells(slot)) {
        const session = value!;
        const [, , start, end, since, done] = session;
        this.#sessions.agenda.set(done === 0 ? end - 1 : end - 1 + this.plan.allowedLateness, { key, session });
        const late = end - 1 <= this.stage.watermark;
        if (since > 0 && this.#firing.waits(late)) this.#firing.schedule({ key, session, late }, late, start);
      }
    }
  }

  /** Adds a value to the session that it touches, or begins one. */
  add(value: T, key: K, gap: number): void {
    const { stage, plan } = this;
    const state = this.#state;
    const start = stage.eventTime();
    const end = start + gap;
    const { watermark } = stage.scope;
    const home = this.#sessions.find(key, start, end);
    const { others, slots } = this.#sessions;
    if (home === undefined) {
      const until = end - 1 + plan.allowedLateness;
      if (until <= watermark) return stage.late(value, until, { start, end });
      return this.#begin(value, key, start, end, slots);
    }
    state.touch(home);
    let session = home.value!;
    if (others.length > 0) this.#merge(home.key, session, others);
    const earlier = this.#sessions.extend(session, start, end);
    session[0] = this.#added(session[0], value, key);
    session[4]++;
    // A session that has fired, and now ends beyond the watermark, fires once more at its new end.
    const revived = session[5] === 1 && session[3] - 1 > watermark;
    if (revived) session = this.#revive(home.key, session);
    state.write(home, session);
    this.#changed(home, session, earlier || revived || others.length > 0);
  }

  #begin(value: T, key: K, start: number, end: number, slot: number): void {
    const { stage, plan } = this;
    if (slot >= plan.maxWindows) throw tooMany(stage.label, key, plan.maxWindows);
    const cell = this.#state.cell(key, slot);
    stage.meet(cell.key);
    const session: Session<A> = [this.#added(undefined, value, key), 0, start, end, 1, 0];
    this.#state.write(cell, session);
    this.#sessions.agenda.set(end - 1, { key: cell.key, session });
    this.#changed(cell, session, true);
  }

  /**
   * Merges sessions into the first one, with what their triggers have counted. Accumulators are merged in the order of
   * their starts.
   */
  #merge(key: K, session: Session<A>, others: readonly Session<A>[]): void {
    const { aggregate } = this.plan;
    // The aggregate may change any of them in place.
    for (const other of others) this.#state.touch(this.#sessions.cellOf(key, other));
    const [first, ...later] = [session, ...others].sort((a, b) => a[2] - b[2]);
    let accumulator = first[0];
    for (const one of later) accumulator = merged(aggregate, accumulator, one[0]);
    session[0] = accumulator;
    for (const other of others) {
      const [, fired, start, end, since, , shown] = other;
      session[1] += fired;
      this.#sessions.extend(session, start, end);
      session[4] += since;
      if (shown !== undefined) session[6] = [...session[6] ?? [], ...shown];
      this.#sessions.remove(key, other);
    }
  }

  /** Gives a session a new entry in the agenda that is earlier than its old one, which becomes void. */
  #revive(key: K, before: Session<A>): Session<A> {
    const session = before.slice() as Session<A>;
    before[3] = NaN;
    session[5] = 0;
    this.#sessions.agenda.set(session[3] - 1, { key, session });
    return session;
  }

  /** A session has a new record: emits or schedules what the trigger says. */
  #changed(cell: Cell<K, Session<A>>, session: Session<A>, fresh: boolean): void {
    if (this.plan.onClose) return;
    const late = session[3] - 1 <= this.stage.scope.watermark;
    // What ends behind the watermark had no firing on time, or has had it.
    if (late) session[5] = 1;
    const firing = this.#firing;
    if (firing.atOnce(session[4], late)) {
      this.#emit(cell.key, session, late ? "late" : "early", cell);
    } else if (firing.waits(late) && (session[4] === 1 || fresh)) {
      firing.schedule({ key: cell.key, session, late }, late, session[2]);
    }
  }

  #due(entry: SessionEntry<K, Session<A>>, time: number): void {
    const { key, session } = entry;
    const { stage, plan } = this;
    const last = session[3] - 1;
    const gone = last + plan.allowedLateness;
    // On time; unless there is one final result only.
    if (session[5] === 0 && !plan.onClose) {
      if (gone <= stage.watermark) {
        this.#sessions.remove(key, session);
        return this.#emit(key, session, "onTime", undefined, last);
      }
      this.#sessions.agenda.set(gone, entry);
      const cell = this.#sessions.cellOf(key, session);
      this.#state.touch(cell);
      session[5] = 1;
      this.#state.write(cell, session);
      return this.#emit(key, session, "onTime", cell, last);
    }
    if (gone > time) return this.#sessions.agenda.set(gone, entry);
    this.#sessions.remove(key, session);
    if (plan.onClose) this.#emit(key, session, "onTime", undefined, last);
    else if (session[4] > 0) this.#emit(key, session, "late", undefined, last);
  }

  /** A pane that waited for a time is due. */
  #fireWaiting({ key, session, late }: Waiting<K, A>): void {
    if (Number.isNaN(session[3]) || session[4] === 0 || late !== (session[5] === 1)) return;
    this.#emit(key, session, late ? "late" : "early", this.#sessions.cellOf(key, session));
  }

  /**
   * Emits a pane.
   *
   * @param cell the session's cell, or `undefined` when the session is removed
   */
  #emit(
    key: K,
    session: Session<A>,
    pane: PaneKind,
    cell: Cell<K, Session<A>> | undefined,
    last: number = session[3] - 1,
  ): void {
    const { panes, aggregate } = this.plan;
    const [accumulator, index, start, , since, , shown] = session;
    const discards = panes === "discard";
    if (discards && since === 0) return;
    if (cell !== undefined) {
      this.#state.touch(cell);
      session[1] = index + 1;
      session[4] = 0;
      if (discards) session[0] = copyOf(aggregate.seed());
      this.#state.write(cell, session);
    }
    const window = { start, end: last + 1 };
    if (panes !== "retract") return this.#output.emit(key, start, window, accumulator, pane, index);
    this.#output.replace(key, start, window, accumulator, pane, index, shown ?? [], (now) => {
      session[6] = [now];
      if (cell !== undefined) this.#state.write(cell, session);
    });
  }

  #added(before: A | undefined, value: T, key: K): A {
    const { aggregate, pure } = this.plan;
    if (pure) return aggregate.add(before === undefined ? aggregate.seed() : before, value);
    return accumulateOf(aggregate, before, value, this.stage.label, key);
  }
}
