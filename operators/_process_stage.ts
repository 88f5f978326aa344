/**
 * The stage of `keyedProcess`: its states and timers, and the context that its functions are called with.
 *
 * Invariants:
 * - there is one context for the stage. It stands for the record or timer at hand, and is over when the function returns;
 * - a function that is called while another one of the stage is under way leaves that one's key as it was.
 *
 * @module
 */
import { isKey } from "./_key.ts";
import { BEGIN_OF_TIME } from "./_limits.ts";
import * as misuse from "./_misuse.ts";
import { requireWatermark } from "./_checks.ts";
import { type KeyAtHand, ListHandle, MapHandle, ValueHandle } from "./_process_states.ts";
import type { KeyTimers, ProcessOptions, ProcessStateOptions, States, TimerContext } from "./_process_types.ts";
import type { Stage } from "./_stage.ts";
import type { AccessTime } from "./_ttl.ts";
import { TtlList, TtlMap, TtlValue } from "./_ttl_states.ts";
import type { Timers } from "./_timers.ts";
import type { Key, StateKind } from "./keyed_state.ts";

/** The part of the state of the timers of each clock. A state of the user's may not have these names. */
export const TIMER_PARTS = { event: "timers", processing: "timers-processing" } as const;

type TimeKind = keyof typeof TIMER_PARTS;

/** The stage of one subscription. */
export class ProcessStage<T, K extends Key, S, R> implements TimerContext<K, S, R>, KeyAtHand, AccessTime {
  readonly state: States<S>;
  readonly timers: KeyTimers;
  turn = 0;
  /** Which clock the timer at hand was set by; `undefined` while a record is at hand. */
  #firing: TimeKind | undefined;
  /** The watermark up to which all timers have fired and all values have expired. */
  #reached = BEGIN_OF_TIME;
  readonly #aging: { restore(): void }[] = [];
  /** The first state of values without a time to live. Each timer remembers what this state has found for its key. */
  #first: ValueHandle<unknown> | undefined;
  #key: K | undefined;
  readonly #timed: boolean;
  readonly #stateless: boolean;

  constructor(readonly stage: Stage<R>, readonly options: ProcessOptions<T, K, S, R>) {
    const specs = Object.entries(options.state ?? {}) as [string, Spec][];
    this.#stateless = specs.length === 0;
    const state: Record<string, unknown> = Object.create(null);
    for (const [name, spec] of specs) state[name] = this.#open(name, spec);
    this.state = state as States<S>;
    this.#timed = options.timer !== undefined;
    this.timers = this.#openTimers();
  }

  get key(): K {
    if (this.#key === undefined) throw misuse.contextOver(this.stage.label);
    return this.#key;
  }

  get clock(): TimeKind {
    return this.#firing ?? "event";
  }

  get time(): number {
    return this.stage.at.time;
  }

  get watermark(): number {
    return this.stage.watermark;
  }

  get now(): number {
    return this.stage.now;
  }

  /** A field, so that it can be taken out of the context. */
  readonly emit = (value: R, time?: number): void => {
    if (this.#key === undefined) throw misuse.contextOver(this.stage.label);
    if (time === undefined) return this.stage.emit(value);
    if (!Number.isSafeInteger(time)) {
      throw new RangeError(`The event time of a result of ${this.stage.label} must be a safe integer, is ${time}`);
    }
    this.stage.emitAt(value, time);
  };

  meet(): void {
    this.stage.meet(this.key);
  }

  eventTime(): number {
    const { stage } = this;
    if (this.#firing === "processing") return this.#reached;
    return Math.max(this.#firing === "event" ? stage.at.time : stage.eventTime(), this.#reached);
  }

  /** Watches what the checkpoint had. */
  open(): void {
    this.#reached = this.stage.watermark;
    for (const state of this.#aging) state.restore();
  }

  /** The handler of watermarks, where one is needed. */
  get advance(): ((watermark: number) => void) | undefined {
    return this.#aging.length === 0 ? undefined : (watermark) => void (this.#reached = watermark);
  }

  /** Runs `next` for a record. */
  run(key: K, value: T): void {
    if (!isKey(key)) this.stage.meet(key);
    const outer = this.#key, firing = this.#firing;
    this.#key = key;
    this.#firing = undefined;
    this.turn++;
    const returned: unknown = this.options.next(value, this);
    if (returned !== undefined) this.#refusePromise("next", returned);
    this.#key = outer;
    this.#firing = firing;
    this.turn++;
  }

  #fire(clock: TimeKind, key: K, time: number, memo: unknown): void {
    const outer = this.#key, firing = this.#firing;
    this.#key = key;
    this.#firing = clock;
    this.turn++;
    this.#first?.recall(memo);
    const returned: unknown = this.options.timer!(time, this);
    if (returned !== undefined) this.#refusePromise("timer", returned);
    this.#key = outer;
    this.#firing = firing;
    this.turn++;
  }

  /** Results of an asynchronous function would lie outside of their epoch. */
  #refusePromise(name: string, returned: unknown): void {
    if (typeof (returned as PromiseLike<unknown> | null)?.then !== "function") return;
    throw misuse.asynchronousFunction(this.stage.label, name);
  }

  #open(part: string, { kind, ...options }: Spec): unknown {
    const { stage } = this;
    const { version, migrate, ttl } = options;
    // Kept values never change in place, so the state needs no copy of them for undo.
    // A state without a name is the only one of an operator, and has the stage's name.
    const open = { part: part === "" ? undefined : part, version, migrate, frozen: true };
    const parts = { current: this, label: part === "" ? stage.label : `state "${part}" of ${stage.label}`, options };
    if (ttl !== undefined) {
      const aged = { ...parts, stage, ttl, access: this, open };
      const state = kind === "value" ? new TtlValue(aged) : kind === "map" ? new TtlMap(aged) : new TtlList(aged);
      this.#aging.push(state);
      return state;
    }
    if (kind === "value") {
      const state = new ValueHandle(parts, stage.state(open));
      this.#first ??= state;
      return state;
    }
    return kind === "map" ? new MapHandle(parts, stage.maps(open)) : new ListHandle(parts, stage.lists(open));
  }

  #openTimers(): KeyTimers {
    const { stage } = this;
    const open = (time: TimeKind): Timers<K> | undefined =>
      this.#timed
        ? stage.timers<K>((key, at, memo) => this.#fire(time, key, at, memo), { time, part: TIMER_PARTS[time] })
        : undefined;
    const opened = { event: open("event"), processing: open("processing") };
    const of = (clock: TimeKind): Timers<K> => {
      const timers = opened[clock];
      if (timers !== undefined) return timers;
      throw new TypeError(
        this.#timed
          ? `The clock of a timer of ${stage.label} must be "event" or "processing", current value is ${String(clock)}`
          : `Cannot set a timer of ${stage.label}: it has no function "timer" to call`,
      );
    };
    return {
      set: (time, clock = "event") => {
        const timers = of(clock);
        if (clock === "event") requireWatermark(stage.scope, stage.label);
        if (this.#stateless) this.meet();
        timers.set(this.key, time, this.#first?.found);
      },
      delete: (time, clock = "event") => of(clock).delete(this.key, time),
    };
  }
}

type Spec = ProcessStateOptions & { readonly kind: StateKind };
