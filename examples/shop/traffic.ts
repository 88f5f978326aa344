/**
 * Appends the events of the other shoppers to the log: the shop's past when there is none, then some in each second.
 */
import { setTimeout } from "node:timers/promises";
import type { EmbeddedLog } from "@tidemark/streams";
import { pastEvents, shopperEvent } from "./shoppers.ts";
import type { UserEvent } from "../recommendations/schema.ts";

/** How often events are appended at the most, in milliseconds. */
const TICK = 20;

/** Where and how many. */
export interface Shopping {
  readonly log: EmbeddedLog;
  readonly topic: string;
  /** Events a second. */
  readonly rate: number;
}

/** Appends events, keyed by their user, in one atomic. */
export function appendTo(
  { log, topic }: Pick<Shopping, "log" | "topic">,
  events: readonly UserEvent[],
): Promise<unknown> {
  return log.append(topic, events.map((value) => ({ key: value.user_id, value })));
}

/** Gives a log without events the shop's past. All of it is one atomic, so it is there once or not at all. */
export async function beginWithPast(shopping: Shopping): Promise<void> {
  if (await lengthOf(shopping) === 0) await appendTo(shopping, pastEvents(Date.now()));
}

/** Appends at the rate until the signal is aborted. */
export async function shopOn(shopping: Shopping, signal: AbortSignal): Promise<void> {
  const { rate } = shopping;
  if (rate === 0) return;
  const pause = Math.max(TICK, 1000 / rate);
  let next = await lengthOf(shopping);
  let last = performance.now();
  while (await paused(pause, signal)) {
    // At most a second's worth: after the machine has slept, nobody makes up for that time.
    const due = Math.max(1, Math.floor(Math.min(performance.now() - last, 1000) * rate / 1000));
    last = performance.now();
    await appendTo(shopping, Array.from({ length: due }, () => shopperEvent(next++, Date.now())));
  }
}

async function lengthOf({ log, topic }: Shopping): Promise<number> {
  return (await log.bounds(topic)).reduce((sum, { latest }) => sum + latest, 0);
}

/** Whether the pause is over, and not the work. */
async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
