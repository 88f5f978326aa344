/** A topic of visits, and the usual stages over it. */
import type { Observable, OperatorFunction } from "rxjs";
import {
  count,
  eventTime,
  type Keyed,
  keyedReduce,
  memory,
  tumblingWindow,
  watermark,
  type WindowResult,
} from "@tidemark/streams";
import type { MemoryLog } from "../../connectors/memory.ts";

export type Count = Keyed<string, number>;

export interface Visit {
  readonly user: string;
  readonly at: number;
}

export const silent = { log: () => {} };

/** Visits, each keyed by its user. */
export function visits(
  ...all: (readonly [user: string, at: number])[]
): { key: string; value: Visit; timestamp: number }[] {
  return all.map(([user, at]) => ({ key: user, value: { user, at }, timestamp: at }));
}

/** Two visits of each of two users. */
export function visited({ partitions = 1, ended = true }: { partitions?: number; ended?: boolean } = {}): MemoryLog {
  const log = memory();
  log.create("visits", { partitions });
  for (const [at, user] of ["ada", "bob", "ada", "bob"].entries()) {
    log.append("visits", [{ key: user, value: { user, at } }]);
  }
  if (ended) log.end("visits");
  return log;
}

export const counts = (name?: string): OperatorFunction<Visit | null, Count> =>
  keyedReduce({ name, key: ({ user }: Visit) => user, initial: 0, reduce: (total) => total + 1 });
/** The same, once an epoch. */
export const latest = (): OperatorFunction<Visit | null, Count> =>
  keyedReduce({
    name: "counts",
    key: ({ user }: Visit) => user,
    initial: 0,
    reduce: (total) => total + 1,
    emit: "latest",
  });
export const perTen = (name?: string): OperatorFunction<Visit | null, WindowResult<Visit, string, number>> =>
  tumblingWindow({ name, key: ({ user }: Visit) => user, size: 10, aggregate: count<Visit>() });
export const clocked = (log: MemoryLog, name?: string): Observable<Visit> =>
  log.source<Visit>("visits").pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: 0, name }));
