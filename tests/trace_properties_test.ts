/** Everything that a trace records is the truth, by a naive computation from the whole input. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { map, type Observable, type OperatorFunction, tap } from "rxjs";
import {
  eventTime,
  lateSideOutput,
  sessionWindow,
  slidingWindow,
  tumblingWindow,
  watermark,
  type WindowResult,
} from "@tidemark/streams";
import { trace, type TraceEvent } from "@tidemark/streams/pictures";
import { DurableTask } from "./support/durable_task.ts";
import { type Row, watermarkAfter } from "./support/oracle.ts";
import { jobSink, jobSource } from "./support/task_host.ts";
import { type Common, common, optionsOf, type Placed } from "./support/window_property.ts";
import { wellFormed } from "./support/well_formed.ts";
import { inOrder, type Pane, type Span, type WindowRules, windowTruth } from "./support/window_truth.ts";

type Windows = OperatorFunction<Placed, WindowResult<Placed, string, number[]>>;

/** Runs the rows, with restarts on the way, and returns the events of the trace. */
function traced({ rows, partitions, maxOutOfOrderness, restarts }: Common, windows: Windows): readonly TraceEvent[] {
  const picture = trace({ label: ({ place }) => place });
  const late: number[] = [];
  const task = new DurableTask(() =>
    jobSource<Placed>("rows", partitions).pipe(
      eventTime((row) => row.time),
      watermark({ maxOutOfOrderness }),
      windows,
      lateSideOutput((refused) =>
        (refused as unknown as Observable<Placed>).pipe(tap(({ place }) => late.push(place)))
      ),
      map(({ key, window, value, pane, index, retracts = false }) => ({ key, window, value, pane, index, retracts })),
      jobSink("out"),
      picture.watch(),
    )
  );
  for (const [place, row] of rows.entries()) {
    task.push("rows", { ...row, place }, { partition: row.partition, timestamp: row.time, offset: place });
    if (task.failure !== undefined) throw task.failure;
    if (restarts.includes(place)) task.restart();
  }
  task.end();
  if (task.failure !== undefined) throw task.failure;
  const { events } = picture;
  const panes = events.flatMap((event) => {
    if (event.kind !== "pane") return [];
    const { key, window, value, pane, index, retracts } = event;
    return [{ key, window, value, pane, index, retracts }];
  });
  assertEquals<unknown[]>(panes, task.results, "the panes are the results, in their order");
  assertEquals(events.flatMap((event) => event.kind === "late" ? [Number(event.text)] : []), late);
  assertEquals(wellFormed(picture.svg()), []);
  assert(picture.marbles().isWellFormed());
  return events;
}

/** The events that each record caused, the record left out; the last ones are those of the end of the input. */
function causes(rows: readonly Row[], events: readonly TraceEvent[]): TraceEvent[][] {
  const records = events.filter((event) => event.kind === "record");
  assertEquals(
    records.map(({ time, partition, text, offset }) => ({ time, partition, text, offset })),
    rows.map(({ time, partition }, place) => ({ time, partition, text: String(place), offset: place })),
  );
  const steps = new Map(records.map(({ step }, place) => [step, place]));
  const caused: TraceEvent[][] = Array.from({ length: rows.length + 1 }, () => []);
  for (const event of events) {
    if (event.kind === "record") continue;
    const place = steps.get(event.step);
    assert(place !== undefined || event.step > records.at(-1)!.step, `step ${event.step} has no record`);
    caused[place ?? rows.length].push(event);
  }
  return caused;
}

/** Whether a trace has what the rules say. */
function assertTraced(rules: Common & WindowRules, windows: Windows): void {
  const { rows } = rules;
  const truth = windowTruth(rows, rules);
  const caused = causes(rows, traced(rules, windows));
  let reached = -Infinity;
  const highest = new Map<number, number>();
  for (const [place, events] of caused.entries()) {
    assertEquals(inOrder(events.flatMap(paneOf)), inOrder(truth.steps[place]), `the panes of record ${place}`);
    assertEquals(events.some(({ kind }) => kind === "late"), truth.late.includes(place), `whether ${place} is late`);
    assertFirings(events);
    if (place === rows.length) continue;
    const { time, partition } = rows[place];
    const before = highest.get(partition) ?? -Infinity;
    const mark = Math.max(before, time - rules.maxOutOfOrderness - 1);
    highest.set(partition, mark);
    const marks = events.flatMap((event) => event.kind === "mark" ? [[event.partition, event.mark]] : []);
    assertEquals(marks, mark > before ? [[partition, mark]] : [], `the mark that record ${place} raises`);
    const then = watermarkAfter(rows, place + 1, rules);
    const watermarks = events.flatMap((event) => event.kind === "watermark" ? [event.watermark] : []);
    assertEquals(watermarks, then > reached ? [then] : [], `the watermark after record ${place}`);
    reached = Math.max(reached, then);
  }
  assertEquals(caused.at(-1)!.filter(({ kind }) => kind === "end").length, 1);
}

function paneOf(event: TraceEvent): Pane[] {
  if (event.kind !== "pane") return [];
  const { key, window, value, pane, index, retracts } = event;
  const members = (value as number[]).toSorted((a, b) => a - b);
  return [{ key: key as string, ...window, members, pane, index, ...(retracts ? { retracts } : {}) }];
}

/** A pane on time comes after the firing that caused it, and a firing after its watermark. */
function assertFirings(events: readonly TraceEvent[]): void {
  const kinds = events.map((event) => event.kind === "pane" && event.pane === "onTime" ? "onTime" : event.kind);
  for (const [index, kind] of kinds.entries()) {
    const before = kinds.slice(0, index);
    if (kind === "onTime") assert(before.includes("firing"), "a pane on time belongs to a firing");
    if (kind === "firing") assert(before.includes("watermark") || before.includes("end"), "a firing has a cause");
  }
}

/** Windows of one size that begin every `slide` milliseconds. */
function spansOf(size: number, slide: number): (row: Row) => Span[] {
  return ({ time }) => {
    const spans: Span[] = [];
    for (let start = Math.floor(time / slide) * slide; start + size > time; start -= slide) {
      spans.push({ start, end: start + size });
    }
    return spans;
  };
}

const settings = { numRuns: 150, seed: 7 };

Deno.test("a trace of tumbling windows has every record, mark, watermark, firing, pane and late record", () => {
  fc.assert(
    fc.property(common, fc.integer({ min: 1, max: 40 }), (rules, size) => {
      const windows = tumblingWindow({ ...optionsOf(rules), size }) as Windows;
      assertTraced({ ...rules, spansOf: spansOf(size, size), merges: false }, windows);
    }),
    settings,
  );
});

Deno.test("a trace of sliding windows has every record, mark, watermark, firing, pane and late record", () => {
  fc.assert(
    fc.property(common, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3 }), (rules, slide, times) => {
      const size = slide * times;
      const windows = slidingWindow({ ...optionsOf(rules), size, slide }) as Windows;
      assertTraced({ ...rules, spansOf: spansOf(size, slide), merges: false }, windows);
    }),
    settings,
  );
});

Deno.test("a trace of sessions has every record, mark, watermark, firing, pane and late record", () => {
  fc.assert(
    fc.property(common, fc.integer({ min: 1, max: 30 }), (rules, gap) => {
      const windows = sessionWindow({ ...optionsOf(rules), gap }) as Windows;
      const spans = ({ time }: Row) => [{ start: time, end: time + gap }];
      assertTraced({ ...rules, spansOf: spans, merges: true }, windows);
    }),
    settings,
  );
});
