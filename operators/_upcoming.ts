/**
 * Tells the job which result of a stage comes next, and what holds it back. Nothing is computed until the job asks.
 *
 * @module
 */
import type { Holder, Upcoming, WaitingFacts } from "./_time_facts.ts";
import type { TimeWindow } from "./_window_result.ts";

/** The part of a stage that is told. */
interface Told {
  readonly alone: boolean;
  readonly task: { readonly upcoming: (() => WaitingFacts)[] };
  readonly scope: { readonly watermark: number; holder(): Holder | undefined };
  readonly tally: { readonly operator: string; readonly name: string | undefined; readonly late: number };
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
      late: tally.late,
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
