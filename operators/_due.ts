/**
 * Services of a stage that have entries due at certain times, and what runs them: the watermark or the wall clock.
 *
 * @module
 */
import { TALLY_ACTED } from "./_limits.ts";
import type { Stage } from "./_stage.ts";
import { Alarm } from "./_wall_clock.ts";

/** A service of a stage that has entries due at certain times. */
export interface Due {
  /** The time of the next due entry; Infinity when there is none. */
  readonly next: number;
  /** Runs the first entry that is due at `next`, or all that are. */
  fire(): void;
  /** The end of time is reached: entries that are set from now on do not fire. */
  seal?(): void;
}

/** Runs all entries that are due up to a time, in order. */
export function fireDue(stage: Stage, services: readonly Due[], limit: number): void {
  while (!stage.closed) {
    let least: Due | undefined;
    let next = Infinity;
    for (let i = 0; i < services.length; i++) {
      const time = services[i].next;
      if (time >= next) continue;
      next = time;
      least = services[i];
    }
    if (least === undefined || next > limit) return;
    stage.tally.count(TALLY_ACTED);
    least.fire();
  }
}

/**
 * Runs the entries of a service by the wall clock: that of the job, or RxJS's without a job. Entries that are left when
 * the subscription is over do not run.
 *
 * @returns a function to be called when the next time may have changed
 */
export function fireByWallClock(stage: Stage, service: Due): () => void {
  const services = [service];
  if (stage.alone) {
    const alarm = new Alarm(() =>
      stage.later(() => {
        fireDue(stage, services, stage.now);
        if (!stage.closed) alarm.set(service.next);
      })
    );
    stage.onClose(() => alarm.set(Infinity));
    return () => stage.closed ? undefined : alarm.set(service.next);
  }
  const { task } = stage;
  const tick = (now: number): boolean => {
    if (service.next > now) return false;
    task.enter(() => {
      try {
        fireDue(stage, services, now);
      } catch (error) {
        stage.fail(error);
      }
    });
    return true;
  };
  task.tickers.add(tick);
  stage.onClose(() => task.tickers.delete(tick));
  return () => {};
}
