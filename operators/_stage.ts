/**
 * A stage as an operator sees it: the current value, where results go, and the state. The stage also sets the event
 * time of emitted values, so that an operator changes no register.
 *
 * There are two kinds. Watermarks and late records pass unchanged through a stage whose time *passes*: it emits only
 * while it receives a value. A stage with its *own* time receives each watermark first, acts on it, and then forwards
 * it. Windows, timers and all stages that hold values back are of this kind.
 *
 * @module
 */
import { type Hold, Holds } from "./_holds.ts";
import * as misuse from "./_misuse.ts";
import { OwnTime } from "./_own_time.ts";
import { LateRecords } from "./_late_facts.ts";
import { END_OF_TIME, TALLY_ACTED, TALLY_LATE } from "./_limits.ts";
import type { Scope, SideSlot } from "./_scope.ts";
import type { Out, StageHandlers, StageOptions, StageParts, StateOptions } from "./_stage_types.ts";
import type { At, PaneAtHand, Task, TaskFailure } from "./_task.ts";
import { type Due, fireDue, type FireTimer, type Timers, TimerService, type TimersOptions } from "./_timers.ts";
import { CountedOut, Tally } from "./_tally.ts";
import { wallTime } from "./_wall_clock.ts";
import type { TimeWindow } from "./_window_result.ts";
import type { Key, KeyedList, KeyedMap, KeyedState, StateKind, StateKinds } from "./keyed_state.ts";

export type { Out, StageHandlers, StageOptions, StageParts, StateOptions };

/** A stage of one subscription. */
// deno-lint-ignore no-explicit-any
export class Stage<Result = any> {
  /** The current value's event time, record and partition. */
  readonly at: At;
  /**
   * Emits with the current event time, as `emit(value)` does. A stage that emits for each record uses it directly to
   * save a call.
   */
  out: Out<Result>;
  readonly label: string;
  /** This and `scope`, `below`, `holds` and `ownTime` are for the `_*.ts` files, not for operators. */
  readonly task: Task;
  readonly scope: Scope;
  readonly below: Scope;
  readonly holds: Holds;
  readonly ownTime: OwnTime | undefined;
  readonly tally: Tally;
  /** The handlers of the stage. */
  handlers: StageHandlers = {};
  /** Every task has the whole table of the stage, so a record's key need not be that of its partition. */
  anyKey = false;
  /** Completes the stream, when the end waits for the last hold. */
  whenReleased: (() => void) | undefined;
  readonly #due: Due[] = [];
  /** The time up to which `#fire` fires. One function for all watermarks, because each record may cause one. */
  #limit = 0;
  readonly #fire = (): void => fireDue(this, this.#due, this.#limit);
  readonly #closers: (() => void)[] = [];
  readonly #sides = new Map<string, SideSlot>();
  #full = false;

  constructor(readonly parts: StageParts) {
    const { scope, below, label, out } = parts;
    this.task = this.at = scope.task;
    this.scope = scope;
    this.below = below;
    this.label = label;
    this.out = out;
    this.tally = new Tally(parts.options.operator, parts.options.name);
    this.holds = new Holds(this.task, () => this.#released());
    const { time, makesWatermarks } = parts.options;
    if (time === "own" && !makesWatermarks) this.ownTime = new OwnTime(this, (watermark) => this.#act(watermark));
  }

  /** Whether the subscription is over. */
  get closed(): boolean {
    return this.out.closed;
  }

  /** Whether there is no job. Then a value that comes while another is being pushed waits for that push to end. */
  get alone(): boolean {
    return this.task.host === undefined;
  }

  /** The watermark of the stage. A stage whose time passes receives no watermark. */
  get watermark(): number {
    return this.scope.watermark;
  }

  /** The wall-clock time in milliseconds. Processing-time timers are set by it. */
  get now(): number {
    return this.task.host?.now?.() ?? wallTime();
  }

  /** The event time of the current value. Throws when it has none. */
  eventTime(): number {
    const { time } = this.at;
    if (Number.isNaN(time)) throw misuse.noEventTime(this.label);
    return time;
  }

  /**
   * Emits a value, with the current event time or with `time`. The stages below have processed it when this returns.
   */
  emit(value: Result, time?: number): void {
    if (time === undefined) this.out.next(value);
    else this.emitAt(value, time);
  }

  /** Emits a value with the given event time. */
  emitAt(value: Result, time: number): void {
    const { task } = this;
    const before = task.timestamp;
    task.timestamp = time;
    // No `finally`: after a throw the stream is over, and the code that began the push restores the register.
    this.out.next(value);
    task.timestamp = before;
  }

  /**
   * The current value is late. It is counted, and sent to the side output `late` if that was opened.
   *
   * @param until the watermark at which it was given up. @default its event time
   * @param window the last window that would have taken it, if there is one
   */
  late(value: unknown, until: number = this.at.time, window?: TimeWindow): void {
    const { task } = this;
    task.late++;
    this.tally.count(TALLY_LATE);
    if (!this.alone) {
      const { watermark } = this.scope;
      this.#lateRecords().add(task, { until, watermark, window, now: this.now });
    }
    const side = this.#sides.get("late");
    if (side === undefined) return;
    const before = task.refusal;
    task.refusal = `late for ${this.label}`;
    try {
      side.push(value);
    } finally {
      task.refusal = before;
    }
  }

  #lateRecords(): LateRecords {
    return this.tally.lates ??= new LateRecords();
  }

  /** The current record is bad: the job's `onBadRecord` decides. Without a job the stream ends with an error. */
  bad(reason: string): void {
    this.task.refuse(reason, this.label);
  }

  /** Reports once that an event time is so early that its unit is probably wrong. */
  early(time: number): void {
    this.task.tellEarly(time);
  }

  /** Opens a side output. Returns `undefined` when no stage below takes it. Called while the stage is built. */
  side(name: string): ((value: unknown) => void) | undefined {
    const side = this.below.findSide(name);
    if (side === undefined) return undefined;
    side.taken = true;
    this.#sides.set(name, side);
    return (value) => side.push(value);
  }

  /** Opens a keyed state of the stage. Called while the stage is built. */
  state<K extends Key, V>(options: StateOptions = {}): KeyedState<K, V> {
    return this.#openState<"value", K, Key, V>("value", options);
  }

  /** Opens a state that keeps a map for each key. Called while the stage is built. */
  maps<K extends Key, E extends Key, V>(options: StateOptions = {}): KeyedMap<K, E, V> {
    return this.#openState<"map", K, E, V>("map", options);
  }

  /** Opens a state that keeps a list for each key. Called while the stage is built. */
  lists<K extends Key, V>(options: StateOptions = {}): KeyedList<K, V> {
    return this.#openState<"list", K, Key, V>("list", options);
  }

  #openState<Kind extends StateKind, K extends Key, E extends Key, V>(
    kind: Kind,
    { part, namespaced = false, ...spec }: StateOptions,
  ): StateKinds<K, E, V>[Kind] {
    const { operator, name } = this.parts.options;
    const full = part === undefined || name === undefined ? name : `${name}/${part}`;
    if (!this.alone && this.tally.states.length === 0) this.out = new CountedOut(this.out, this.tally);
    return this.task.openState<Kind, K, E, V>({ ...spec, kind, namespaced, operator, name: full }, this.tally);
  }

  /** Opens durable timers of the stage. Called while the stage is built. */
  timers<K extends Key>(fire: FireTimer<K>, options: TimersOptions = {}): Timers<K> {
    return TimerService.open(this, fire, options);
  }

  /**
   * Checks a key that is new to the stage. Throws when its type cannot be a key, or when the topic is not keyed by it.
   */
  meet(key: Key): void {
    this.task.meet(key, this.label, this.anyKey);
  }

  /** Keeps the forwarded watermark below a time, and keeps the task from ending, until the hold is released. */
  hold(time: number): Hold {
    if (this.parts.options.time !== "own") throw new TypeError(`${this.label} has no time of its own to hold back`);
    return this.holds.add(time);
  }

  /** Runs a function soon, in a push of its own. For events that reach the stage outside of a push. */
  later(run: () => void): void {
    this.task.later(() => {
      if (this.closed) return;
      this.tally.count(TALLY_ACTED);
      try {
        run();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /**
   * Whether the stage can take no more records for now. The job pushes none to its task meanwhile. Sources without a
   * job cannot wait.
   */
  get full(): boolean {
    return this.#full;
  }

  set full(full: boolean) {
    if (full === this.#full) return;
    this.#full = full;
    const { task, label } = this;
    task.full += full ? 1 : -1;
    if (full) task.fullStages.push(label);
    else task.fullStages.splice(task.fullStages.indexOf(label), 1);
    if (!full) task.host?.wake?.();
  }

  /** Fails the stream. For code that runs outside of the handlers; inside them a throw does the same. */
  fail(error: unknown, kind: TaskFailure["kind"] = this.parts.options.failure ?? "user"): void {
    this.parts.failed(this.task.fail(error, this.label, kind));
  }

  /**
   * Registers a service that has something due by the watermark. This and all that follows is for the `_*.ts` files.
   */
  due(due: Due): void {
    if (this.ownTime === undefined) {
      throw new TypeError(`${this.label} has no time of its own: timers of event time need time: "own"`);
    }
    this.#due.push(due);
  }

  /**
   * Fires one timer or pane. A failure meanwhile is attributed to it. A pane that was found undeliverable is skipped.
   */
  atTimer(pane: PaneAtHand, time: number, fire: () => void): void {
    const { task } = this;
    const { timestamp, pane: before } = task;
    if (task.host !== undefined) {
      if (task.host.skipPane?.(pane)) return;
      task.pane = pane;
    }
    task.timestamp = time;
    try {
      fire();
    } finally {
      task.timestamp = timestamp;
    }
    // After a throw, and after a failure of a stage below, the pane register keeps the pane that caused it.
    if (task.failure === undefined) task.pane = before;
  }

  /** Fires one timer without a job. After a throw the stream is over, so the register needs no `finally`. */
  atTimerAlone<K extends Key>(eventTime: number, key: K, time: number, fire: FireTimer<K>, memo?: unknown): void {
    const { task } = this;
    const { timestamp } = task;
    task.timestamp = eventTime;
    fire(key, time, memo);
    task.timestamp = timestamp;
  }

  /** Registers a function that runs when the subscription is over. */
  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  /** Restores and opens the stage, after everything above is bound. */
  open(): void {
    this.ownTime?.restore();
    this.handlers.open?.();
    this.ownTime?.attach();
    const { cut } = this.handlers;
    if (cut === undefined) return;
    const { task } = this;
    task.cutHooks.push(() =>
      task.enter(() => {
        if (this.closed) return;
        this.tally.count(TALLY_ACTED);
        cut();
        this.ownTime?.forward();
      })
    );
  }

  /**
   * The input has ended. Returns whether the stream below may complete now; otherwise it completes after the last hold.
   */
  end(): boolean {
    this.ownTime?.end();
    if (this.closed) return false;
    this.handlers.end?.();
    this.ownTime?.forward();
    return this.holds.size === 0;
  }

  /** The subscription is over. */
  close(): void {
    this.full = false;
    this.holds.clear();
    this.ownTime?.close();
    for (const close of this.#closers) close();
    this.handlers.close?.();
  }

  /** Whether the stage acts on a watermark before it is forwarded. */
  acts(watermark: number): boolean {
    if (watermark === END_OF_TIME || this.handlers.advance !== undefined) return true;
    const due = this.#due;
    for (let i = 0; i < due.length; i++) if (due[i].next <= watermark) return true;
    return false;
  }

  #act(watermark: number): void {
    const ended = watermark === END_OF_TIME;
    const due = this.#due;
    if (ended) { for (const service of due) service.seal?.(); }
    const limit = ended ? Infinity : watermark;
    for (let i = 0; i < due.length; i++) {
      const { next } = due[i];
      if (next > limit || next === Infinity) continue;
      this.#limit = limit;
      if (!this.alone) this.#lateRecords().closing(limit, this.task);
      this.task.enter(this.#fire);
      break;
    }
    if (this.handlers.advance === undefined) return;
    this.tally.count(TALLY_ACTED);
    this.handlers.advance(watermark);
  }

  #released(): void {
    this.ownTime?.forward();
    if (this.holds.size > 0 || this.whenReleased === undefined) return;
    const complete = this.whenReleased;
    this.whenReleased = undefined;
    complete();
  }
}
