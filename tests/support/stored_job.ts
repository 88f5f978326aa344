/**
 * A stopped job, as in the fixture of each stored format. `tests/fixtures/make.ts` creates it, and
 * `tests/stored_format_test.ts` continues it.
 */
import type { Observable } from "rxjs";
import { count, type Job, keyedReduce, memory, type RunOptions, tumblingWindow, watermark } from "@tidemark/streams";
import type { MemoryLog } from "../../connectors/memory.ts";
import { runWith } from "../../runtime/run.ts";
import { systemClock } from "../../base/clock.ts";
import type { Store } from "../../state/store.ts";
import { first } from "./jobs.ts";

/** Its options. */
export const STORED_JOB: RunOptions = { name: "clicks", state: ":memory:", log: () => {} };

/** The clicks from `first` to `last`: the stopped job had read the earlier ones. Ten minutes, one click a second. */
export function storedClicks(first: number, last: number): { key: string; value: string; timestamp: number }[] {
  const users = ["ada", "bob", `eve-${"long".repeat(10)}`];
  return Array.from({ length: last - first }, (_, i) => {
    const user = users[(first + i) % users.length];
    return { key: user, value: user, timestamp: 1_700_000_000_000 + (first + i) * 1000 };
  });
}

/** The job: counts by user, and by user and minute. */
export function storedPipelines(log: MemoryLog): Observable<unknown>[] {
  const clicks = log.source<string>("clicks").pipe(
    watermark({ maxOutOfOrderness: 5000, name: "clicks" }),
  );
  return [
    clicks.pipe(
      keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
      log.sink("counts", { key: ({ key }) => key }),
    ),
    clicks.pipe(
      tumblingWindow({ name: "minutes", key: (user) => user, size: 60_000, aggregate: count() }),
      log.sink("minutes", { key: ({ key }) => key }),
    ),
  ];
}

/** Runs the job on a store that stays open afterwards. */
export function runStored(log: MemoryLog, store: Store): Promise<Job> {
  const lasting: Store = {
    name: store.name,
    get: (key) => store.get(key),
    list: (prefix, range) => store.list(prefix, range),
    atomic: (checks, mutations) => store.atomic(checks, mutations),
    close: () => {},
  };
  return runWith(storedPipelines(log), STORED_JOB, systemClock, { store: lasting });
}

/** How many clicks the stopped job had read. */
export const STORED_READ = 300;

/** Creates the job, and stops it. */
export async function leaveJob(store: Store): Promise<void> {
  const log = memory();
  log.create("clicks", { partitions: 2 });
  log.append("clicks", storedClicks(0, STORED_READ));
  const job = await runStored(log, store);
  await first(log.source("counts"), STORED_READ, job);
  await job.stop();
}
