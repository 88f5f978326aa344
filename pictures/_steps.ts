/**
 * Events in their steps, and the names of what they come from.
 *
 * @module
 */
import type { TraceEvent, TracePane, TracePlace, TraceResult } from "./events.ts";
import { safe, short } from "./_words.ts";

/** The events of each step. */
export function stepsOf(events: readonly TraceEvent[]): TraceEvent[][] {
  return [...Map.groupBy(events, ({ step }) => step).values()];
}

/** `user_events/0`; `orders` for a plain Observable with a name; `records` for a plain Observable, with its number unless it is the first. */
export function placeName({ topic, partition }: TracePlace): string {
  if (topic !== "") return partition < 0 ? short(topic) : `${short(topic)}/${partition}`;
  return partition <= 0 ? "records" : `records ${partition}`;
}

/** The own name of a stage: `activity` for `tumblingWindow "activity"`; its operator where it has none. */
export function stageName(label: string): string {
  const name = /"(.*)"$/s.exec(label)?.[1];
  return name === undefined ? safe(label) : short(name);
}

/** Whether a stage has emitted it. Such an event has a column of its own. */
export function isResult(event: TraceEvent): event is TracePane | TraceResult {
  return event.kind === "pane" || event.kind === "result";
}
