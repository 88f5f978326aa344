/**
 * Tells the job which result of a stage comes next, and what holds it back. Nothing is computed until the job asks.
 *
 * @module
 */
import type { LateSummary } from "./_late_facts.ts";
import type { Holder, Upcoming, WaitingFacts } from "./_time_facts.ts";
import type { TimeWindow } from "./_window_result.ts";
import type { Windower } from "./_windower.ts";

/** The part of a stage that is told. */
interface Told {
  readonly alone: boolean;
  readonly task: { readonly upcoming: WaitingFacts[] };
  readonly scope: { readonly watermark: number; holder(): Holder | undefined };
  readonly tally: {
    readonly operator: string;
    readonly name: string | undefined;
    readonly in: number;
    readonly late: number;
    readonly lates: LateSummary | undefined;
    readonly upcoming: Upcoming[];
  };
}

/** The results of one stage that wait, as they are at the moment of each question. */
class WaitingStage implements WaitingFacts {
  readonly operator: string;
  readonly name: string | undefined;
  readonly #stage: Told;
  readonly #upcoming: Upcoming;

  constructor(stage: Told, upcoming: Upcoming) {
    ({ operator: this.operator, name: this.name } = stage.tally);
    this.#stage = stage;
    this.#upcoming = upcoming;
  }

  get watermark(): number {
    return this.#stage.scope.watermark;
  }

  get next(): number {
    return this.#upcoming.next;
  }

  get window(): TimeWindow | undefined {
    return this.#upcoming.next === Infinity ? undefined : this.#upcoming.window?.();
  }

  get waiting(): number {
    return this.#upcoming.size;
  }

  get late(): number {
    return this.#stage.tally.late;
  }

  get values(): number {
    return this.#stage.tally.in;
  }

  get lates(): LateSummary | undefined {
    return this.late > 0 ? this.#stage.tally.lates : undefined;
  }

  holder(): Holder | undefined {
    return this.#stage.scope.holder();
  }
}

/** Registers the results of a stage that wait for the watermark. Called while the stage is built. */
export function tellUpcoming(stage: Told, upcoming: Upcoming): void {
  if (stage.alone) return;
  stage.task.upcoming.push(new WaitingStage(stage, upcoming));
  stage.tally.upcoming.push(upcoming);
}

/** The windows of a calendar that wait for their end. */
export function upcomingWindows(
  calendar: Upcoming & { readonly first: number | undefined; window: (() => TimeWindow) | undefined },
  span: (window: number) => TimeWindow,
): Upcoming {
  calendar.window = () => span(calendar.first!);
  return calendar;
}

/** A value is too late for all of its windows: tells the last of them, and until when it would have taken the value. */
export function lateFor<T>(
  stage: { late(value: unknown, until: number, window: TimeWindow): void },
  value: T,
  { windower, time, allowedLateness }: {
    readonly windower: Windower<T>;
    readonly time: number;
    readonly allowedLateness: number;
  },
): void {
  let last = windower.first(time, value);
  for (let at = last; !Number.isNaN(at); at = windower.after(at, time, value)) last = at;
  stage.late(value, windower.last(last) + allowedLateness, windower.span(last));
}
