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
  readonly task: { readonly upcoming: (() => WaitingFacts)[] };
  readonly scope: { readonly watermark: number; holder(): Holder | undefined };
  readonly tally: {
    readonly operator: string;
    readonly name: string | undefined;
    readonly in: number;
    readonly late: number;
    readonly lates: LateSummary | undefined;
  };
}

/** Registers the results of a stage that wait for the watermark. Called while the stage is built. */
export function tellUpcoming({ alone, task, scope, tally }: Told, upcoming: Upcoming): void {
  if (alone) return;
  task.upcoming.push((): WaitingFacts => {
    const { next } = upcoming;
    const waits = next !== Infinity;
    return {
      operator: tally.operator,
      name: tally.name,
      watermark: scope.watermark,
      next: waits ? next : undefined,
      window: waits ? upcoming.window?.() : undefined,
      waiting: upcoming.size,
      ...{ late: tally.late, values: tally.in, lates: tally.late > 0 ? tally.lates : undefined },
      holder: scope.holder(),
    };
  });
}

/** The windows of a calendar that wait for their end. */
export function upcomingWindows(
  calendar: Upcoming & { readonly first: number | undefined },
  span: (window: number) => TimeWindow,
): Upcoming {
  return {
    get next() {
      return calendar.next;
    },
    get size() {
      return calendar.size;
    },
    window: () => span(calendar.first!),
  };
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
