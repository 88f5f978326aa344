/**
 * A stage as an operator sees it: what is at hand, where results go, and what it keeps. It owns time: an operator asks for it and
 * emits with it, and touches no register.
 *
 * There are two kinds. Through a stage whose time *passes*, watermarks and late records go as if it were not there: it emits while
 * it is given a value. A stage with its *own* time hears of each watermark first, acts, and then lets it go on: windows, timers, and
 * whatever holds something back.
 *
 * @module
 */
import { systemClock } from "../base/clock.ts";
import { type Hold, Holds } from "./_holds.ts";
import * as misuse from "./_misuse.ts";
import { OwnTime } from "./_own_time.ts";
import { END_OF_TIME } from "./_limits.ts";
import type { Scope, SideSlot } from "./_scope.ts";
import type { At, PaneAtHand, Task, TaskFailure } from "./_task.ts";
import { type Due, fireDue, type FireTimer, type Timers, TimerService, type TimersOptions } from "./_timers.ts";
import type { Key, KeyedList, KeyedMap, KeyedState, KeyedStateSpec, StateKind, StateKinds } from "./keyed_state.ts";

/** What kind of stage an operator is. */
export interface StageOptions {
  /** The operator's name, for messages. */
  readonly operator: string;
  /** The stage's own name, for messages and for its state. */
  readonly name?: string;
  /** Whether event time goes through it, or it hears of it first. */
  readonly time: "passes" | "own";
  /** It makes watermarks itself, so those from above end in it. */
  readonly makesWatermarks?: boolean;
  /** A window, a join: of no use without a watermark. */
  readonly needsWatermark?: boolean;
  /** It keeps state or writes: values must arrive inside their epoch, from a source that the engine knows. */
  readonly keeps: boolean;
  /** Without a job it subscribes its source only when the whole graph stands, and counts as a source itself. */
  readonly defers?: boolean;
  /** How a throw in it is to be read. @default "user" */
  readonly failure?: TaskFailure["kind"];
  /** What it reads of a value before it does anything. Where that throws on a tombstone the record is bad, and nothing has happened yet. */
  readonly reads?: (value: never) => unknown;
}

/** What a state of a stage is. */
export interface StateOptions extends Partial<Omit<KeyedStateSpec, "name" | "operator" | "kind">> {
  /** Which of the stage's states, where it has several: its name follows the stage's. */
  readonly part?: string;
}

/** What a stage does, whatever it is given. */
export interface StageHandlers {
  /** Everything above is subscribed, and what the checkpoint knows is there. */
  open?(): void;
  /** The watermark has risen, and the timers up to it have fired. It is handed on after this. */
  advance?(watermark: number): void;
  /** An epoch is about to be cut: what is emitted now is part of it. */
  cut?(): void;
  /** The input has really ended; the stream below completes after it, and after the last hold. */
  end?(): void;
  /** The subscription is over, whatever the reason. */
  close?(): void;
}

/** Where a stage's results go: the subscriber of the stage below. */
export interface Out<Result = unknown> {
  next(value: Result): void;
  readonly closed: boolean;
}

/** What a stage is made of. */
export interface StageParts {
  readonly out: Out;
  /** What it sees of everything above it. */
  readonly scope: Scope;
  /** The scope of the stage below. */
  readonly below: Scope;
  /** `tumblingWindow "activity"` */
  readonly label: string;
  readonly options: StageOptions;
  /** Ends the stream with a failure. */
  readonly failed: (error: Error) => void;
}

/** A stage of one subscription. */
// deno-lint-ignore no-explicit-any
export class Stage<Result = any> {
  /** The value at hand: its event time, record and partition. */
  readonly at: At;
  readonly label: string;
  /** For the files of the seam, as are `scope`, `below`, `holds` and `ownTime`; an operator has no use for them. */
  readonly task: Task;
  readonly scope: Scope;
  readonly below: Scope;
  readonly holds: Holds;
  readonly ownTime: OwnTime | undefined;
  /** What the stage does. */
  handlers: StageHandlers = {};
  /** Completes the stream, where the end waits for the last hold. */
  whenReleased: (() => void) | undefined;
  readonly #due: Due[] = [];
  readonly #closers: (() => void)[] = [];
  /** Emits with the time at hand, as `emit(value)` does; a stage that does so for each record calls it itself and spares a step. */
  readonly out: Out<Result>;
  readonly #sides = new Map<string, SideSlot>();
  #full = false;

  constructor(readonly parts: StageParts) {
    const { scope, below, label, out } = parts;
    this.task = this.at = scope.task;
    this.scope = scope;
    this.below = below;
    this.label = label;
    this.out = out;
    this.holds = new Holds(this.task, () => this.#released());
    const { time, makesWatermarks } = parts.options;
    if (time === "own" && !makesWatermarks) this.ownTime = new OwnTime(this, (watermark) => this.#act(watermark));
  }

  /** Whether the subscription is over. */
  get closed(): boolean {
    return this.out.closed;
  }

  /** Whether there is no job: then a value that comes while another is being pushed waits for it to be over. */
  get alone(): boolean {
    return this.task.host === undefined;
  }

  /** How far event time has come, as the stage has heard; a stage whose time passes hears nothing. */
  get watermark(): number {
    return this.scope.watermark;
  }

  /** What time it is on the wall clock, in milliseconds: what timers of processing time are set by. */
  get now(): number {
    return this.task.host?.now?.() ?? systemClock.now();
  }

  /** The event time of the value at hand. Throws where it has none. */
  eventTime(): number {
    const { time } = this.at;
    if (Number.isNaN(time)) throw misuse.noEventTime(this.label);
    return time;
  }

  /** Emits a value, with the event time of the one at hand or with its own. What it causes has happened when this returns. */
  emit(value: Result, time?: number): void {
    if (time === undefined) return this.out.next(value);
    const { task } = this;
    const before = task.timestamp;
    task.timestamp = time;
    // Not in a finally: after a throw the stream is over, and whoever began the push puts the register back.
    this.out.next(value);
    task.timestamp = before;
  }

  /** The value at hand came too late: it is counted, and offered to the side `late` where that was opened. */
  late(value: unknown): void {
    const { task } = this;
    task.late++;
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

  /** What is at hand is a bad record: it goes where the job says. Without a job the stream ends with an error. */
  bad(reason: string): void {
    this.task.refuse(reason, this.label);
  }

  /** The event time at hand is so early that its unit is in doubt: said once. */
  early(time: number): void {
    this.task.tellEarly(time);
  }

  /** Opens a side output, or `undefined` where nobody below takes it. Called while the stage is made. */
  side(name: string): ((value: unknown) => void) | undefined {
    const side = this.below.findSide(name);
    if (side === undefined) return undefined;
    side.taken = true;
    this.#sides.set(name, side);
    return (value) => side.push(value);
  }

  /** Opens a keyed state of the stage. Called while the stage is made. */
  state<K extends Key, V>(options: StateOptions = {}): KeyedState<K, V> {
    return this.#openState<"value", K, Key, V>("value", options);
  }

  /** Opens a state that keeps a map for each key. Called while the stage is made. */
  maps<K extends Key, E extends Key, V>(options: StateOptions = {}): KeyedMap<K, E, V> {
    return this.#openState<"map", K, E, V>("map", options);
  }

  /** Opens a state that keeps a list for each key. Called while the stage is made. */
  lists<K extends Key, V>(options: StateOptions = {}): KeyedList<K, V> {
    return this.#openState<"list", K, Key, V>("list", options);
  }

  #openState<Kind extends StateKind, K extends Key, E extends Key, V>(
    kind: Kind,
    { part, namespaced = false, ...spec }: StateOptions,
  ): StateKinds<K, E, V>[Kind] {
    const { operator, name } = this.parts.options;
    const full = part === undefined || name === undefined ? name : `${name}/${part}`;
    return this.task.openState<Kind, K, E, V>({ ...spec, kind, namespaced, operator, name: full });
  }

  /** Opens durable timers of the stage. Called while the stage is made. */
  timers<K extends Key>(fire: FireTimer<K>, options: TimersOptions = {}): Timers<K> {
    return TimerService.open(this, fire, options);
  }

  /** A key is new here: throws where it can be none, or where the topic is not keyed by it. */
  meet(key: Key): void {
    this.task.meet(key, this.label);
  }

  /** Keeps the watermark that the stage hands on below a time, and the task from ending, until it is released. */
  hold(time: number): Hold {
    if (this.parts.options.time !== "own") throw new TypeError(`${this.label} has no time of its own to hold back`);
    return this.holds.add(time);
  }

  /** Does something soon, in a push of its own: for what the stage learns outside of a push. */
  later(run: () => void): void {
    this.task.later(() => {
      if (this.closed) return;
      try {
        run();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** Whether the stage can take no further record for now: its task is pushed none meanwhile. A job's records wait; others cannot. */
  get full(): boolean {
    return this.#full;
  }

  set full(full: boolean) {
    if (full === this.#full) return;
    this.#full = full;
    this.task.full += full ? 1 : -1;
    if (!full) this.task.host?.wake?.();
  }

  /** Fails the stream here, for what runs outside of the handlers: in them a throw does it. */
  fail(error: unknown, kind: TaskFailure["kind"] = this.parts.options.failure ?? "user"): void {
    this.parts.failed(this.task.fail(error, this.label, kind));
  }

  /** Something is due by the watermark. For the files of the seam, as is all that follows. */
  due(due: Due): void {
    if (this.ownTime === undefined) {
      throw new TypeError(`${this.label} has no time of its own: timers of event time need time: "own"`);
    }
    this.#due.push(due);
  }

  /** Fires one timer or pane: who fails meanwhile fails because of it. One that was found undeliverable is passed over. */
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
    // After a throw, and where a stage below has failed, the pane stays at hand: it is what is to blame.
    if (task.failure === undefined) task.pane = before;
  }

  /** Something to do when the subscription is over. */
  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  /** Everything above is bound. */
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
        cut();
        this.ownTime?.forward();
      })
    );
  }

  /** The input has really ended. Returns whether the stream below may complete; else it does after the last hold. */
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

  #act(watermark: number): void {
    const ended = watermark === END_OF_TIME;
    const due = this.#due;
    if (ended) { for (const service of due) service.seal?.(); }
    const limit = ended ? Infinity : watermark;
    for (let i = 0; i < due.length; i++) {
      const { next } = due[i];
      if (next > limit || next === Infinity) continue;
      this.task.enter(() => fireDue(this, due, limit));
      break;
    }
    this.handlers.advance?.(watermark);
  }

  #released(): void {
    this.ownTime?.forward();
    if (this.holds.size > 0 || this.whenReleased === undefined) return;
    const complete = this.whenReleased;
    this.whenReleased = undefined;
    complete();
  }
}
