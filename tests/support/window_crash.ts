/** Crash tests of window operators: events of two users, out of order, some of them late. */
import { map, type OperatorFunction } from "rxjs";
import { eventTime, watermark, type WindowResult } from "@tidemark/streams/operators";
import { memory } from "@tidemark/streams";
import { crashTest, type CrashTestOptions } from "@tidemark/streams/testing";
import type { Event } from "./events.ts";

const TIMES = [1, 4, 2, 11, 31, 14, 12, 25, 8, 2, 31, 27, 44, 40, 90, 60];
const DISORDER = 2;

/** Events of two users in turn, keyed by user. */
export const twoUsers: readonly { readonly value: Event; readonly key: string }[] = TIMES.map((at, index) => {
  const user = ["ada", "bob"][index % 2];
  return { value: { user, at }, key: user };
});

/** Options of {@linkcode crashWindows}. */
interface CrashWindowsOptions extends CrashTestOptions {
  /** What a millisecond of the events is in these windows, in milliseconds. @default 1 */
  readonly unit?: number;
}

/** Runs windows of users with a crash at each epoch boundary. Throws when a result differs. */
export async function crashWindows<R>(
  windows: OperatorFunction<Event | null, WindowResult<Event, string, R>>,
  { unit = 1, ...options }: CrashWindowsOptions = {},
): Promise<void> {
  const broker = memory();
  const results = broker.source<Event>("events").pipe(
    eventTime((event) => event.at * unit),
    watermark({ maxOutOfOrderness: DISORDER * unit }),
    windows,
    map(({ key, window, value, pane, index, retracts }) => ({ key, ...window, value, pane, index, retracts })),
    broker.sink("results", { key: ({ key }) => key }),
  );
  // The cut after each record is the one that finds most. Another length adds little.
  await crashTest(results, twoUsers, { epochs: [1], ...options });
}
