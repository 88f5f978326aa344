import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, of, Subject } from "rxjs";
import { days, eventTime, keyedReduce, recordInfo, tumblingWindow, watermark } from "@tidemark/streams/operators";
import { outcome } from "./support/events.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

const itself = eventTime((time: number) => time);
const timeAtHand = map(() => recordInfo().timestamp);

describe("eventTime()", () => {
  it("says when a value happened, also before 1970 and at the ends of the safe integers", () => {
    const times = [0, -1, -86_400_000, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    assertEquals(outcome(from(times).pipe(itself, timeAtHand)).values, times);
  });

  it("emits the very value that it was given", () => {
    const value = { at: 1 };
    assertEquals(outcome(of(value).pipe(eventTime(({ at }) => at))).values[0] === value, true);
  });

  for (
    const bad of [NaN, 1.5, Infinity, -Infinity, Number.MAX_SAFE_INTEGER + 1, undefined, null, "5", 5n, new Date(5)]
  ) {
    it(`refuses ${typeof bad} ${String(bad).slice(0, 20)} as an event time`, () => {
      const { error, values } = outcome(of(1).pipe(eventTime(() => bad as number)));
      assertInstanceOf(error, RangeError);
      assertEquals(
        error.message,
        `A record is bad: its event time must be a safe integer of milliseconds, current value is ${String(bad)}`,
      );
      assertEquals(values, []);

      const job = new HandMadeTask().run(jobSource("events").pipe(eventTime(() => bad as number)));
      job.push("events", {});
      assertEquals(job.badRecords.length, 1);
      assertEquals(job.task.failure, undefined, "the job decides");
    });
  }

  it("in a job goes on after a bad record", () => {
    const seen: unknown[] = [];
    const job = new HandMadeTask().run(jobSource<number>("events").pipe(itself, map((time) => seen.push(time))));
    for (const time of [1, NaN, 2]) job.push("events", time);
    assertEquals(seen, [1, 2]);
  });

  it("measures maxAhead from the record's own timestamp, to the millisecond", () => {
    const seen: number[] = [];
    const tooFar = (options?: { maxAhead: number }) => {
      const job = new HandMadeTask().run(
        jobSource<number>("events").pipe(eventTime((time) => time, options), map((time) => seen.push(time))),
      );
      return (time: number, timestamp: number) => job.push("events", time, { timestamp }).badRecords.at(-1);
    };
    const byDefault = tooFar();
    assertEquals(byDefault(1_000 + days(1), 1_000), undefined);
    assertEquals(
      byDefault(1_001 + days(1), 1_000),
      "its event time 86401001 lies 86400001 ms beyond its own timestamp 1000, maxAhead is 86400000",
    );
    assertEquals(tooFar({ maxAhead: 0 })(5, 5), undefined);
    assertEquals(tooFar({ maxAhead: 0 })(6, 5)?.includes("lies 1 ms beyond"), true);
    assertEquals(
      tooFar({ maxAhead: Infinity })(253_402_300_799_000, 0),
      undefined,
      "the year 9999, where it is wanted",
    );
    assertEquals(
      byDefault(-5_000, 1_000),
      "its event time 86401001 lies 86400001 ms beyond its own timestamp 1000, maxAhead is 86400000",
      "the past has no limit",
    );
    assertEquals(seen, [1_000 + days(1), 5, 253_402_300_799_000, -5_000]);
  });

  it("says of a time in microseconds that it is most likely one", () => {
    const job = new HandMadeTask().run(jobSource<number>("events").pipe(eventTime((time) => time)));
    const timestamp = Date.UTC(2026, 0, 5);
    const reason = (time: number) => job.push("events", time, { timestamp }).badRecords.at(-1);
    assertEquals(
      reason(timestamp * 1000),
      `most likely microseconds, not milliseconds: its event time ${timestamp}000 lies ${
        timestamp * 999
      } ms beyond its own timestamp ${timestamp}, maxAhead is 86400000`,
    );
    assertEquals(
      reason(timestamp + days(1) + 1),
      `its event time ${
        timestamp + days(1) + 1
      } lies 86400001 ms beyond its own timestamp ${timestamp}, maxAhead is 86400000`,
    );
  });

  it("has no limit ahead where there is no record: nothing says what is now", () => {
    assertEquals(outcome(of(253_402_300_799_000).pipe(itself)).error, undefined);
  });

  it("of a branch is not seen by its neighbours", () => {
    const source = jobSource<number>("events");
    const seen: unknown[] = [];
    const job = new HandMadeTask().run(
      source.pipe(eventTime((time) => time + 100), timeAtHand, map((time) => seen.push(time))),
      source.pipe(timeAtHand, map((time) => seen.push(time))),
    );
    job.push("events", 1, { timestamp: 7 });
    assertEquals(seen, [101, 7], "the second branch has the record's own timestamp");
  });

  it("lower in the pipe changes the time of what is below it only", () => {
    const seen: unknown[] = [];
    const note = <T>() => map((value: T) => (seen.push(recordInfo().timestamp), value));
    of(1).pipe(itself, note(), eventTime(() => 50), note()).subscribe();
    assertEquals(seen, [1, 50]);
  });

  it("restores the time at hand when something below it throws", () => {
    const source = new Subject<number>();
    const seen: unknown[] = [];
    source.pipe(itself, map((time) => (seen.push(recordInfo().timestamp), time))).subscribe();
    const other = source.pipe(
      itself,
      keyedReduce({
        key: (time) => time,
        initial: 0,
        reduce: () => {
          throw new Error("broken");
        },
      }),
    );
    other.subscribe({ error: () => {} });
    for (const time of [1, 2]) source.next(time);
    assertEquals(seen, [1, 2]);
  });

  it("above a window decides to which window a value belongs", () => {
    const rows = [{ at: 3, seen: 30 }, { at: 14, seen: 31 }];
    const windows = (by: "at" | "seen") =>
      outcome(
        from(rows).pipe(
          eventTime((row) => row[by]),
          watermark({ maxOutOfOrderness: 0 }),
          tumblingWindow({ key: () => 0, size: 10, aggregate: { seed: () => 0, add: (n) => n + 1 } }),
          map(({ window, value }) => [window.start, value]),
        ),
      ).values;
    assertEquals([windows("at"), windows("seen")], [[[0, 1], [10, 1]], [[30, 2]]]);
  });

  it("throws at once when maxAhead is no number of at least 0", () => {
    for (const maxAhead of [-1, NaN]) {
      const { message } = assertThrows(() => eventTime(() => 0, { maxAhead }), RangeError);
      assertEquals(message, `Cannot create event time: maxAhead must be >= 0, current value is ${maxAhead}`);
    }
  });
});
