/** Windows in parts: other windowers stand on the same stage, and nothing of the seam knows of them. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, type MonoTypeOperatorFunction, type OperatorFunction, tap } from "rxjs";
import { count, lateSideOutput } from "@tidemark/streams/operators";
import { operate } from "../operators/_operate.ts";
import type { WindowResult } from "../operators/_window_result.ts";
import { WindowStage } from "../operators/_window_stage.ts";
import type { Windower } from "../operators/_windower.ts";
import { at, type Event, events, outcome, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

type Result = WindowResult<Event, string, number>;

/** Windows of `size` that begin every `slide`: a value has several. */
function sliding(size: number, slide: number): Windower<unknown> {
  return {
    first: (time) => Math.floor((time - size) / slide) * slide + slide,
    after: (start, time) => start + slide <= time ? start + slide : NaN,
    last: (start) => start + size - 1,
    span: (start) => ({ start, end: start + size }),
  };
}

/** Windows that share their start and end a step later each: known by their ends. */
function cumulative(max: number, step: number): Windower<unknown> {
  const startOf = (end: number) => Math.floor((end - 1) / max) * max;
  return {
    first: (time) => Math.floor(time / step) * step + step,
    after: (end, time) => startOf(end + step) === startOf(time + 1) ? end + step : NaN,
    last: (end) => end - 1,
    span: (end) => ({ start: startOf(end), end }),
  };
}

/** Calendar months of UTC: of 28 to 31 days. */
const months: Windower<unknown> = {
  first: (time) => Date.UTC(new Date(time).getUTCFullYear(), new Date(time).getUTCMonth()),
  after: () => NaN,
  last: (start) => monthAfter(start) - 1,
  span: (start) => ({ start, end: monthAfter(start) }),
};

function monthAfter(start: number): number {
  return Date.UTC(new Date(start).getUTCFullYear(), new Date(start).getUTCMonth() + 1);
}

/** A window operator of these parts. */
function windowOf(
  windower: Windower<unknown>,
  options: { name?: string; allowedLateness?: number } = {},
): OperatorFunction<Event, Result> {
  const { name, allowedLateness = 0 } = options;
  return operate<Event, Result>(
    { operator: "windowOf", name, time: "own", keeps: true, needsWatermark: true },
    (stage) => {
      const windows = new WindowStage(stage, { windower, allowedLateness, aggregate: count<Event>() });
      return { open: () => windows.open(), next: (value) => windows.add(value, value.user) };
    },
  );
}

const shown = map(({ window, value, pane }: Result) => `[${window.start}, ${window.end}): ${value} ${pane}`);

describe("a windower", () => {
  it("may give a value several windows, which fire in the order of their ends", () => {
    const { values } = outcome(from(events(1, 6, 12)).pipe(at, strict(), windowOf(sliding(10, 5)), shown));
    assertEquals(values, [
      "[-5, 5): 1 onTime",
      "[0, 10): 2 onTime",
      "[5, 15): 2 onTime",
      "[10, 20): 1 onTime",
    ]);
  });

  it("may give a value windows of one start and several ends", () => {
    const { values } = outcome(from(events(1, 4, 11)).pipe(at, strict(), windowOf(cumulative(9, 3)), shown));
    assertEquals(values, [
      "[0, 3): 1 onTime",
      "[0, 6): 2 onTime",
      "[0, 9): 2 onTime",
      "[9, 12): 1 onTime",
      "[9, 15): 1 onTime",
      "[9, 18): 1 onTime",
    ]);
  });

  it("may follow a calendar", () => {
    const times = [Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1), Date.UTC(2024, 2, 31)];
    const { values } = outcome(from(events(...times)).pipe(at, strict(), windowOf(months)));
    assertEquals(values.map(({ window, value }) => [(window.end - window.start) / 86_400_000, value]), [[29, 1], [
      31,
      2,
    ]]);
  });

  it("a value is late once, when all of its windows are gone", () => {
    const late: Event[] = [];
    const job = from(events(1, 12, 4, 1, 30, 6)).pipe(
      at,
      strict(),
      windowOf(sliding(10, 5)),
      lateSideOutput((records) => records.pipe(note(late))),
      shown,
    );
    const { values } = outcome(job);
    // The second 1 still has none of [-5, 5) and [0, 10), which have fired; 4 neither; and of 6 all are gone at 30.
    assertEquals(late.map(({ at }) => at), [4, 1, 6]);
    assertEquals(values.filter((line) => line.startsWith("[0, 10)")), ["[0, 10): 1 onTime"]);
  });

  it("a value of which some windows are gone counts in the others, and is not late", () => {
    const late: Event[] = [];
    const { values } = outcome(
      from(events(1, 11, 7)).pipe(
        at,
        strict(),
        windowOf(sliding(10, 5)),
        lateSideOutput((records) => records.pipe(note(late))),
        shown,
      ),
    );
    assertEquals(late, []);
    assertEquals(values, ["[-5, 5): 1 onTime", "[0, 10): 1 onTime", "[5, 15): 2 onTime", "[10, 20): 1 onTime"]);
  });

  it("open windows wait again after a restart, fired ones are only kept", () => {
    const pipeline = () =>
      jobSource<Event>("events").pipe(
        at,
        strict(),
        windowOf(sliding(10, 5), { name: "w", allowedLateness: 100 }),
        shown,
        jobSink("out"),
      );
    const one = new HandMadeTask().run(pipeline());
    one.push("events", events(1)[0]).push("events", events(12)[0]);
    const two = new HandMadeTask(one.cut()).run(pipeline());
    two.push("events", events(2)[0]).push("events", events(16)[0]);
    assertEquals([...one.written, ...two.written].map(([, line]) => line), [
      "[-5, 5): 1 onTime",
      "[0, 10): 1 onTime",
      "[-5, 5): 2 late",
      "[0, 10): 2 late",
      "[5, 15): 1 onTime",
    ]);
  });
});

function note(late: Event[]): MonoTypeOperatorFunction<Event> {
  return tap((record) => void late.push(record));
}
