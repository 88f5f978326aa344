/** Days, weeks and months of a time zone. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, map } from "rxjs";
import { calendarWindow, count, eventTime, hours, type TimeWindow, watermark } from "@tidemark/streams/operators";
import type { Event } from "./support/events.ts";
import { crashWindows } from "./support/window_crash.ts";
import { assertTruth, common, optionsOf } from "./support/window_property.ts";
import type { Row } from "./support/oracle.ts";

type Unit = "day" | "week" | "month";

function windowOf(time: number, unit: Unit, timeZone: string): TimeWindow {
  const windows: TimeWindow[] = [];
  from([time]).pipe(
    eventTime((at) => at),
    watermark({ maxOutOfOrderness: 0 }),
    calendarWindow({ key: () => 1, unit, timeZone, aggregate: count() }),
    map(({ window }) => window),
  ).subscribe((window) => windows.push(window));
  return windows[0];
}

/** The hours of the window that holds a time, and its first moment in the zone. */
function shown(time: number, unit: Unit, timeZone: string): [number, string] {
  const { start, end } = windowOf(time, unit, timeZone);
  const first = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(timeZone);
  return [(end - start) / hours(1), first.toPlainDateTime().toString({ smallestUnit: "minute" })];
}

describe("calendarWindow()", () => {
  it("has days of 23 and 25 hours where the clocks change", () => {
    assertEquals(shown(Date.UTC(2024, 2, 30, 12), "day", "Europe/Berlin"), [24, "2024-03-30T00:00"]);
    assertEquals(shown(Date.UTC(2024, 2, 31, 12), "day", "Europe/Berlin"), [23, "2024-03-31T00:00"]);
    assertEquals(shown(Date.UTC(2024, 9, 27, 12), "day", "Europe/Berlin"), [25, "2024-10-27T00:00"]);
    assertEquals(shown(Date.UTC(2024, 3, 7, 0), "day", "Australia/Lord_Howe"), [24.5, "2024-04-07T00:00"]);
  });

  it("begins a day with its first moment where midnight is skipped", () => {
    assertEquals(shown(Date.UTC(2018, 10, 4, 12), "day", "America/Sao_Paulo"), [23, "2018-11-04T01:00"]);
  });

  it("leaves out a day that a zone has skipped", () => {
    // Samoa went from 29 to 31 December 2011.
    assertEquals(shown(Date.UTC(2011, 11, 30, 9, 59), "day", "Pacific/Apia"), [24, "2011-12-29T00:00"]);
    assertEquals(shown(Date.UTC(2011, 11, 30, 10), "day", "Pacific/Apia"), [24, "2011-12-31T00:00"]);
  });

  it("has weeks from Monday on, and months of their own lengths", () => {
    assertEquals(shown(Date.UTC(2024, 2, 31, 12), "week", "Europe/Berlin"), [7 * 24 - 1, "2024-03-25T00:00"]);
    assertEquals(shown(Date.UTC(2024, 3, 1, 12), "week", "UTC"), [7 * 24, "2024-04-01T00:00"]);
    assertEquals(shown(Date.UTC(2024, 1, 29), "month", "UTC"), [29 * 24, "2024-02-01T00:00"]);
    assertEquals(shown(Date.UTC(2024, 2, 1, 3), "month", "America/New_York"), [29 * 24, "2024-02-01T00:00"]);
  });

  it("knows times before 1970", () => {
    assertEquals(shown(Date.UTC(1969, 11, 31, 23, 30), "day", "Europe/Berlin"), [24, "1970-01-01T00:00"]);
  });

  it("refuses options that make no sense, in words", () => {
    const make = (options: object) => () =>
      calendarWindow({ key: () => 1, unit: "day", timeZone: "UTC", aggregate: count(), ...options } as never);
    const attempts: [() => unknown, string][] = [
      [make({ unit: "year" }), 'unit must be "day", "week" or "month", current value is year'],
      [make({ timeZone: "Mars/Olympus" }), "timeZone must be the name of a time zone: "],
      [make({ aggregate: undefined }), "aggregate must have seed and add"],
    ];
    for (const [attempt, sentence] of attempts) {
      assertThrows(attempt, Error, `Cannot create calendar windows: ${sentence}`);
    }
  });

  it("has the same results whatever crashes", async () => {
    const day = { unit: "day", timeZone: "Europe/Berlin", allowedLateness: hours(20) } as const;
    const windows = calendarWindow({ name: "w", key: ({ user }: Event) => user, ...day, aggregate: count() });
    await crashWindows(windows, { unit: hours(2) });
  });

  it("says what a recomputation from the whole input says, with restarts, partitions, lateness and triggers", () => {
    const zones = fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe");
    const moment = fc.constantFrom(Date.UTC(2024, 2, 30, 12), Date.UTC(2024, 10, 3, 4), Date.UTC(2024, 3, 6, 13));
    fc.assert(
      fc.property(
        common,
        zones,
        moment,
        fc.constantFrom<Unit>("day", "week", "month"),
        (rules, timeZone, begin, unit) => {
          // A step of the rules is three hours here: some days of rows around a change of the clocks.
          const long = (ms: number) => ms * hours(3);
          const every = (one: typeof rules.early) => one !== undefined && "ms" in one ? { ms: long(one.ms) } : one;
          const rows = rules.rows.map((row): Row => ({ ...row, time: begin + long(row.time) }));
          const stretched = {
            ...rules,
            rows,
            maxOutOfOrderness: long(rules.maxOutOfOrderness),
            allowedLateness: long(rules.allowedLateness),
            early: every(rules.early),
            late: every(rules.late),
          };
          const spansOf = ({ time }: { time: number }) => {
            const date = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone).toPlainDate();
            const first = unit === "day"
              ? date
              : unit === "week"
              ? date.subtract({ days: date.dayOfWeek - 1 })
              : date.with({ day: 1 });
            const [start, end] = [first, first.add({ [`${unit}s`]: 1 })].map((one) =>
              one.toZonedDateTime(timeZone).epochMilliseconds
            );
            return [{ start, end }];
          };
          assertTruth(
            { ...stretched, spansOf, merges: false },
            calendarWindow({ ...optionsOf(stretched), unit, timeZone }),
          );
        },
      ),
      { seed: 20_240_306, numRuns: 1_000 },
    );
  });
});
