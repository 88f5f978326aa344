/**
 * The stage of `asyncMap`: what is in flight, which calls are made, and when results come out.
 *
 * Invariants:
 * - a value is in the state, under its number, from its push until the push of its result; numbers grow in the order of
 *   the values;
 * - a hold keeps the watermark below each value in flight;
 * - in a job calls begin, and results come out, in pushes of the stage's own, so an epoch that is processed again on
 *   trial makes no calls. Without a job the call begins in the push of its value.
 *
 * @module
 */
import { systemClock } from "../base/clock.ts";
import { errorOf, messageOf } from "../base/thrown.ts";
import { Call, type CallParts } from "./_async_call.ts";
import type { AsyncMapOptions } from "./_async_options.ts";
import { Flight, keep, type Kept, Line, pushFor } from "./_flight.ts";
import { copyOf } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import { afterWallTime } from "./_wall_clock.ts";
import type { Key, KeyedState } from "./keyed_state.ts";

/** The options that the stage needs, with their defaults. */
export type AsyncSettings<T, R> =
  & Omit<CallParts<T, R>, "label" | "clock">
  & Pick<AsyncMapOptions<T, R>, "key" | "onFailure" | "version" | "migrate">
  & Required<Pick<AsyncMapOptions<T, R>, "concurrency" | "order">>;

/** The stage of one subscription. */
export class AsyncStage<T, R> {
  readonly #state: KeyedState<number, Kept<T>>;
  readonly #parts: CallParts<T, R>;
  readonly #flights = new Set<Flight<T, R>>();
  readonly #lines = new Map<Key, Line<T, R>>();
  /** Values without a call yet, from `#from` on. */
  #waiting: Flight<T, R>[] = [];
  #from = 0;
  /** How many have a call, or have had it and wait for their turn. */
  #called = 0;
  /** Values whose call is over, in the order in which that happened. */
  #settled: Flight<T, R>[] = [];
  /** Values whose call is to be tried again. */
  #again: Flight<T, R>[] = [];
  #woken = false;
  #last = 0;

  constructor(readonly stage: Stage<R>, readonly settings: AsyncSettings<T, R>) {
    const { migrate, version } = settings;
    this.#state = stage.state<number, Kept<T>>({
      version,
      migrate: migrate && ((kept, from) => ({ ...kept as Kept, value: migrate((kept as Kept).value, from) })),
      // Kept values are copies, and nothing changes them.
      frozen: true,
      plain: true,
    });
    this.#parts = { ...settings, label: stage.label, clock: clockOf(stage) };
  }

  /** Takes up again what was in flight at the last cut. */
  readonly open = (): void => {
    // Without a job there is no cut, and values may have come already.
    if (this.stage.alone) return;
    const cells = [...this.#state.cells(0)].sort((one, other) => one.key - other.key);
    for (const cell of cells) {
      const kept = cell.value!;
      this.#last = cell.key;
      this.#take(new Flight<T, R>(cell, kept, this.#hold(kept)), this.#lineOf(kept.value, false), undefined);
    }
  };

  readonly next = (value: T): void => {
    const line = this.#lineOf(value, true);
    const kept = keep(this.stage, value);
    const cell = this.#state.cell(++this.#last);
    this.#state.write(cell, kept);
    this.#take(new Flight<T, R>(cell, kept, this.#hold(kept)), line, { value });
  };

  readonly close = (): void => {
    for (const { call } of this.#flights) call?.stop();
    this.#flights.clear();
    this.#waiting = [];
  };

  #hold({ time }: Kept<T>) {
    return this.stage.hold(Number.isNaN(time) ? Infinity : time);
  }

  /** The line in which a value's result will have its place. */
  #lineOf(value: T, fresh: boolean): Line<T, R> | undefined {
    const { order, key } = this.settings;
    if (order === "any") return undefined;
    const by = order === "key" ? key!(value) : 0;
    const found = this.#lines.get(by);
    if (found !== undefined) return found;
    if (fresh && order === "key") this.stage.meet(by);
    return new Line(by);
  }

  /** @param fresh the value itself, when it comes from above */
  #take(flight: Flight<T, R>, line: Line<T, R> | undefined, fresh: { readonly value: T } | undefined): void {
    this.#flights.add(flight);
    if (line !== undefined) {
      if (line.first === undefined) this.#lines.set(line.key, line);
      line.append(flight);
    }
    flight.call = new Call(this.#parts, {
      argument: (attempt) => attempt === 1 && fresh !== undefined ? fresh.value : copyOf(flight.kept.value),
      again: () => {
        this.#again.push(flight);
        this.#wake();
      },
      succeeded: (result) => this.#settle(flight, { result }),
      failed: (error) => this.#settle(flight, { error }),
    });
    this.#waiting.push(flight);
    this.#tellFull();
    if (!this.stage.alone) return this.#wake();
    if (this.#woken) return;
    this.#woken = true;
    this.#run();
  }

  #settle(flight: Flight<T, R>, outcome: Flight<T, R>["outcome"]): void {
    flight.outcome = outcome;
    this.#settled.push(flight);
    this.#wake();
  }

  #tellFull(): void {
    this.stage.full = this.#flights.size >= this.settings.concurrency;
  }

  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.stage.later(this.#run);
  }

  /** Emits what is settled and makes the calls that are due, until nothing is. */
  readonly #run = (): void => {
    do {
      this.#emitSettled();
      this.#begin();
    } while (this.#settled.length > 0 && !this.#over);
    this.#woken = false;
  };

  get #over(): boolean {
    return this.stage.closed || this.stage.task.failure !== undefined;
  }

  #begin(): void {
    const again = this.#again;
    if (again.length > 0) {
      this.#again = [];
      for (const flight of again) this.#attempt(flight);
    }
    while (this.#from < this.#waiting.length && this.#called < this.settings.concurrency && !this.#over) {
      const flight = this.#waiting[this.#from++];
      this.#called++;
      if (!this.#leaveOut(flight)) this.#attempt(flight);
    }
    if (2 * this.#from < this.#waiting.length) return;
    this.#waiting.splice(0, this.#from);
    this.#from = 0;
  }

  #attempt(flight: Flight<T, R>): void {
    if (this.#over) return;
    pushFor(this.stage, flight, flight.paneIn(this.#state.name), () => flight.call!.begin());
  }

  /** Leaves a value out when its result was found undeliverable. */
  #leaveOut(flight: Flight<T, R>): boolean {
    const skip = this.stage.task.host?.skipPane;
    if (skip === undefined || !skip(flight.paneIn(this.#state.name))) return false;
    this.#settle(flight, { leftOut: true });
    return true;
  }

  #emitSettled(): void {
    for (let at = 0; at < this.#settled.length && !this.#over; at++) {
      const flight = this.#settled[at], { line } = flight;
      if (line === undefined) this.#finish(flight);
      else this.#advance(line);
    }
    this.#settled = [];
  }

  /** Emits the results of a line, as far as their calls are over. */
  #advance(line: Line<T, R>): void {
    for (let flight = line.shift(); flight !== undefined && !this.#over; flight = line.shift()) {
      if (line.first === undefined) this.#lines.delete(line.key);
      this.#finish(flight);
    }
  }

  /** A value is no longer in flight: its result takes effect. */
  #finish(flight: Flight<T, R>): void {
    const { result, error, leftOut } = flight.outcome!;
    this.#flights.delete(flight);
    this.#called--;
    this.#state.write(flight.cell, undefined);
    if (leftOut !== true) {
      if (error === undefined) this.#emit(flight, result as R);
      else this.#fail(flight, error);
    }
    if (this.#over) return;
    flight.hold.release();
    this.#tellFull();
  }

  #emit(flight: Flight<T, R>, result: R): void {
    pushFor(this.stage, flight, flight.paneIn(this.#state.name), () => {
      const { stage, stage: { task: { host } } } = this;
      stage.emit(result);
      if (host?.afterCall !== undefined && !this.#over) host.afterCall();
    });
  }

  /** A call has failed for good: `onFailure` decides. */
  #fail(flight: Flight<T, R>, failed: Error): void {
    const { onFailure } = this.settings;
    const { stage } = this;
    let error = failed;
    if (typeof onFailure === "function") {
      const answer = attempted(() => onFailure(failed, copyOf(flight.kept.value)));
      if ("result" in answer) return this.#emit(flight, answer.result);
      error = answer.error;
    }
    const { attempts } = flight.call!;
    const after = attempts > 1 ? `, after ${attempts} calls` : "";
    const pane = flight.paneIn(this.#state.name);
    if (onFailure !== "stop" && stage.task.host?.giveUp?.(pane, stage.label, `${messageOf(error)}${after}`)) return;
    pushFor(stage, flight, pane, () => stage.fail(error, "call"));
  }
}

function attempted<R>(run: () => R): { readonly result: R } | { readonly error: Error } {
  try {
    return { result: run() };
  } catch (thrown) {
    return { error: errorOf(thrown) };
  }
}

/** The clock of the job, or RxJS's own without one. */
function clockOf({ task: { host } }: Stage): CallParts<unknown, unknown>["clock"] {
  return host?.clock ?? { after: afterWallTime, random: systemClock.random };
}
