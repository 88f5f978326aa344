/**
 * A correction of kafkajs 2.2.4: its queue of requests sets a timer with a negative time again and again when there is
 * nothing to send. That keeps a core busy, and current runtimes warn (`TimeoutNegativeWarning`).
 *
 * @module
 */
import { systemClock } from "../../base/clock.ts";

/** A queue of requests of kafkajs: the members that are used here. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

/** Lets a queue set its timer only while a request is queued or throttled. */
export function checkWhenDue(queue: RequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > systemClock.now()) schedule.call(this);
  };
}
