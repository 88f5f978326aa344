/** An epoch that is processed again while a stage is full: what comes after its records waits for all of them. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import {
  asyncMap,
  count,
  deadLetter,
  eventTime,
  keyedReduce,
  memory,
  run,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const USERS = ["ada", "bad", "bob", "ada", "bob", "ada", "eve", "bad", "bob"];

/** Runs pipelines over the visits of all users, beside calls of which one may be under way. */
async function visited(pipelines: (visits: Observable<Visit>, log: MemoryLog) => Observable<unknown>) {
  const log = memory();
  log.append("visits", USERS.map((user, at) => ({ key: user, value: { user, at }, timestamp: at })));
  log.end("visits");
  const visits = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
  );
  const asked = visits.pipe(asyncMap((visit) => visit, { name: "ask", concurrency: 1 }), log.sink("asked"));
  await using job = await run([asked, pipelines(visits, log)], {
    name: "visits",
    state: ":memory:",
    log: () => {},
    onError: deadLetter(log.sink("failed")),
  });
  await job.finished;
  return {
    asked: log.read<Visit>("asked").map((visit) => visit!.at),
    rows: log.read<unknown>("rows"),
    failed: log.records("failed").length,
  };
}

function refusing<T>(of: (value: T) => string) {
  return map((value: T) => {
    if (of(value) === "bad") throw new Error("it is bad");
    return value;
  });
}

describe("an epoch that is processed again while a stage is full", () => {
  it("ends only after its last record: windows that fire at the end have all of them", async () => {
    const { asked, rows, failed } = await visited((visits, log) =>
      visits.pipe(
        tumblingWindow({ name: "windows", key: ({ user }) => user, size: 100, aggregate: count() }),
        refusing(({ key }) => key),
        map(({ key, value }) => [key, value]),
        log.sink("rows"),
      )
    );
    assertEquals(asked, USERS.map((_, at) => at));
    assertEquals([rows, failed], [[["ada", 3], ["bob", 3], ["eve", 1]], 1]);
  });

  it("takes no new record before its last one, and none twice", async () => {
    const { asked, rows, failed } = await visited((visits, log) =>
      visits.pipe(
        refusing(({ user }) => user),
        keyedReduce({ name: "counts", key: ({ user }) => user, initial: 0, reduce: (n) => n + 1 }),
        map(({ key, value }) => [key, value]),
        log.sink("rows"),
      )
    );
    assertEquals(asked, [0, 2, 3, 4, 5, 6, 8]);
    assertEquals(rows, [["ada", 1], ["bob", 1], ["ada", 2], ["bob", 2], ["ada", 3], ["eve", 1], ["bob", 3]]);
    assertEquals(failed, 2);
  });
});
