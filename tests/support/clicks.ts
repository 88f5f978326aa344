/** Topics of clicks and of visits in memory, for tests of a job's life. */
import { map, type Observable } from "rxjs";
import { count, eventTime, type Keyed, keyedReduce, tumblingWindow, watermark } from "@tidemark/streams";
import type { MemoryLog } from "../../connectors/memory.ts";

export type Count = Keyed<string, number>;

/** Clicks of users, each keyed by its user. */
export function clicks(...users: string[]): { key: string; value: string }[] {
  return users.map((user) => ({ key: user, value: user }));
}

/** How often each user has clicked. */
export function counting(log: MemoryLog): Observable<Count> {
  return log.source<string>("clicks").pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

export const silent = { log: () => {} };

/** Visits of each user in ten milliseconds. */
export function perTen(log: MemoryLog): Observable<unknown> {
  return log.source<{ user: string; at: number }>("visits").pipe(
    eventTime((visit) => visit.at),
    watermark({ maxOutOfOrderness: 0 }),
    tumblingWindow({ name: "activity", key: (visit) => visit.user, size: 10, aggregate: count() }),
    map(({ key, window, value }) => ({ key, start: window.start, value })),
    log.sink("activity"),
  );
}
