/**
 * The triggers of a stage at work: whether a pane comes at once, and which panes wait for a time.
 *
 * A trigger needs no state of its own in the checkpoint but the number of records since the last pane. The time at
 * which a pane is due is a multiple of the trigger's interval, which follows from the watermark or the wall clock.
 *
 * @module
 */
import { Agenda } from "./_agenda.ts";
import type { Stage } from "./_stage.ts";
import { fireDue } from "./_timers.ts";
import type { Trigger } from "./_trigger.ts";

/** The triggers of one stage. `P` is what the stage knows a pane by. */
export class Firing<P> {
  readonly #stage: Stage;
  readonly #early: Trigger;
  readonly #late: Trigger;
  readonly #byEventTime: Agenda<P>;
  readonly #byWallClock: Agenda<P>;

  /** @param fire called when a pane is due; it may be gone, or have emitted meanwhile */
  constructor(
    stage: Stage,
    { early, late }: { readonly early: Trigger; readonly late: Trigger },
    fire: (pane: P) => void,
  ) {
    this.#stage = stage;
    this.#early = early;
    this.#late = late;
    this.#byEventTime = new Agenda(fire);
    this.#byWallClock = new Agenda(fire);
    if (early.every === "eventTime" || late.every === "eventTime") stage.due(this.#byEventTime);
    if (early.every === "processingTime" || late.every === "processingTime") this.#tick();
  }

  /** How many panes wait for a time. */
  get waiting(): number {
    return this.#byEventTime.size + this.#byWallClock.size;
  }

  /** Whether a pane with this number of records since its last one comes at once. */
  atOnce(since: number, late: boolean): boolean {
    const { every, interval } = late ? this.#late : this.#early;
    return every === "records" && since >= interval;
  }

  /** Whether panes wait for a time. */
  waits(late: boolean): boolean {
    const { every } = late ? this.#late : this.#early;
    return every === "eventTime" || every === "processingTime";
  }

  /**
   * Schedules a pane to which the first record since its last one has come.
   *
   * @param start the start of its window, before which no pane of event time is due
   */
  schedule(pane: P, late: boolean, start: number): void {
    const { every, interval } = late ? this.#late : this.#early;
    const stage = this.#stage;
    if (every === "eventTime") this.#byEventTime.set(after(Math.max(stage.watermark, start), interval), pane);
    else if (!stage.alone) this.#byWallClock.set(after(stage.now, interval), pane);
  }

  /** Fires by the wall clock, which only a job has. */
  #tick(): void {
    const stage = this.#stage;
    const agenda = this.#byWallClock;
    const tick = (now: number): boolean => {
      if (agenda.next > now) return false;
      stage.task.enter(() => fireDue(stage, [agenda], now));
      return true;
    };
    stage.task.tickers.add(tick);
    stage.onClose(() => stage.task.tickers.delete(tick));
  }
}

/** The first multiple of an interval after a time. */
function after(time: number, interval: number): number {
  return Math.floor(time / interval) * interval + interval;
}
