/** Pipelines whose functions throw, and a job that processes its whole topic in one epoch. */
import { map, type Observable, tap } from "rxjs";
import {
  count,
  eventTime,
  type Job,
  keyedReduce,
  lateSideOutput,
  type RunOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../../connectors/memory.ts";
import { runWith } from "../../runtime/run.ts";
import { ManualClock } from "./jobs.ts";
import { type Count, silent, type Visit, visits } from "./visited.ts";

export { silent, visits };
export type { Count, Visit };

/** Throws at a user named `bad`. */
export function throwAtBad({ user }: Visit): void {
  if (user.startsWith("bad")) throw new RangeError(`there is no user ${user}`);
}

/** Counts the visits of each user. Throws after it has changed the total in place. */
export function counting(log: MemoryLog, check: (visit: Visit) => void = throwAtBad): Observable<unknown> {
  return log.source<Visit>("visits").pipe(
    keyedReduce({
      name: "counts",
      key: ({ user }) => user.replace("bad ", ""),
      initial: { visits: 0 },
      reduce: (total, visit) => {
        total.visits++;
        check(visit);
        return total;
      },
    }),
    map(({ key, value }) => ({ key, value: value.visits })),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

/** Counts the visits of each user in ten milliseconds, and collects late ones. */
export function perTen(
  log: MemoryLog,
  options: { check?: (visit: Visit) => void; result?: (total: number) => number } = {},
): Observable<unknown> {
  const { check = () => {}, result = (total) => total } = options;
  return log.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
    tap(check),
    tumblingWindow({
      name: "activity",
      key: ({ user }) => user,
      size: 10,
      allowedLateness: 10,
      aggregate: { ...count<Visit>(), result },
    }),
    lateSideOutput((late) => late.pipe(log.sink("late"))),
    map(({ key, window, value, pane, index }) => ({ key, start: window.start, value, pane, index })),
    log.sink("activity", { key: ({ key }) => key }),
  );
}

/** Runs a job on time that stands still, so that the whole topic is one epoch. */
export function runInOneEpoch(
  pipelines: Observable<unknown> | readonly Observable<unknown>[],
  options: Partial<RunOptions>,
): Promise<Job> {
  return runWith(pipelines, { name: "visits", state: ":memory:", ...silent, ...options }, new ManualClock());
}
