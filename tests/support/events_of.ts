/** The events of a job, with the lines that are logged. */
import { systemClock } from "../../base/clock.ts";
import type { Clock } from "../../base/clock.ts";
import { Events } from "../../runtime/events.ts";

export function eventsOf(
  name: string,
  clock: Pick<Clock, "now" | "elapsed"> = systemClock,
): { readonly lines: string[]; readonly events: Events } {
  const lines: string[] = [];
  return { lines, events: new Events({ name, clock, log: (line) => lines.push(line) }) };
}
