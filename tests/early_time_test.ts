/** Event times that are rather seconds. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { map, type Observable } from "rxjs";
import { count, deadLetter, eventTime, memory, run, tumblingWindow, watermark } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { Lines } from "./support/jobs.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

/** A moment of 2023, in seconds. */
const SECONDS = 1_700_000_000;

const WORD =
  `the event time ${SECONDS}, which lies before 1973 (1970-01-20T16:13:20.000Z). Event times are milliseconds since 1970; ` +
  `if the data counts in seconds, give eventTime((value) => value.at * 1000)`;

/** The lines about event times of a job that reads these visits. */
async function words(make: (log: MemoryLog) => Observable<unknown>, ...times: readonly number[]): Promise<string[]> {
  const log = memory();
  log.append("visits", times.map((at) => ({ value: { user: "ada", at }, timestamp: Math.max(at, SECONDS) })));
  log.end("visits");
  const lines = new Lines();
  const job = await run(make(log), {
    name: "visits",
    state: ":memory:",
    log: lines.log,
    onError: deadLetter(log.sink("failed")),
  });
  await job.finished;
  return lines.all.filter((line) => line.includes("1973"));
}

const windows = (log: MemoryLog) =>
  log.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: 10, aggregate: count() }),
    map(({ key }) => key),
    log.sink("out"),
  );

describe("an event time before 1973", () => {
  it("is told once, at the first record that has one", async () => {
    assertEquals(await words(windows, SECONDS, SECONDS + 1, SECONDS + 2), [
      `Job visits: the record visits/0@0 has ${WORD}`,
    ]);
  });

  it("is told where the first of them comes after good ones", async () => {
    assertEquals(await words(windows, SECONDS * 1000, SECONDS * 1000 + 1, SECONDS), [
      `Job visits: the record visits/0@2 has ${WORD}`,
    ]);
  });

  it("is told without a watermark as well, and where the record's own timestamp is the event time", async () => {
    const timed = (log: MemoryLog) => log.source<Visit>("visits").pipe(eventTime(({ at }) => at), log.sink("out"));
    const own = (log: MemoryLog) =>
      log.source<Visit>("visits").pipe(watermark({ maxOutOfOrderness: 0 }), log.sink("out"));
    for (const make of [timed, own]) {
      assertEquals(await words(make, SECONDS), [`Job visits: the record visits/0@0 has ${WORD}`]);
    }
  });

  it("is not told of data in milliseconds, however old the bound lets it be", async () => {
    const old = Date.UTC(1973, 0, 1);
    const bounded = (log: MemoryLog) =>
      log.source<Visit>("visits").pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 86_400_000 }),
        log.sink("out"),
      );
    assertEquals(await words(bounded, old, Date.UTC(2023, 0, 1)), []);
    assertEquals((await words(bounded, old - 1)).length, 1);
  });
});
