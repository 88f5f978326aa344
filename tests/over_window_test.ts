/** A look back from each record. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, map, type Observable, tap } from "rxjs";
import {
  collect,
  count,
  eventTime,
  lateSideOutput,
  overWindow,
  type OverWindowOptions,
  recordInfo,
  watermark,
} from "@tidemark/streams/operators";
import { memory } from "@tidemark/streams";
import { crashTest } from "@tidemark/streams/testing";
import { operate } from "../operators/_operate.ts";
import { OverStage } from "../operators/_over_stage.ts";
import { planOf } from "../operators/_window_options.ts";
import { at as atOf, type Event } from "./support/events.ts";
import { watermarkAfter } from "./support/oracle.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

interface Row {
  readonly key: string;
  readonly time: number;
  readonly place: number;
  readonly partition: number;
}

const places = { ...collect<Row>(), result: (rows: Row[]) => rows.map(({ place }) => place) };
type Options = Pick<OverWindowOptions<Row, string, Row[], number[]>, "range" | "rows" | "emit">;

/** Results as lines, without disorder. */
function looks(times: readonly number[], options: Options): string[] {
  const lines: string[] = [];
  const rows = times.map((time, place): Row => ({ key: "k", time, place, partition: 0 }));
  from(rows).pipe(
    eventTime((row) => row.time),
    watermark({ maxOutOfOrderness: 10 }),
    overWindow({ key: ({ key }) => key, aggregate: places, ...options }),
    lateSideOutput((late) => late.pipe(tap((row) => lines.push(`late ${(row as unknown as Row).time}`)))),
  ).subscribe(({ record, window, value }) => {
    lines.push(`${record.time}: ${value} [${window.start},${window.end}) @${recordInfo().timestamp}`);
  });
  return lines;
}

describe("overWindow()", () => {
  it("looks back at records of a range, in the order of event time", () => {
    assertEquals(looks([1, 7, 4, 12], { range: 5 }), [
      "1: 0 [-4,2) @1",
      "4: 0,2 [-1,5) @4",
      "7: 2,1 [2,8) @7",
      "12: 1,3 [7,13) @12",
    ]);
  });

  it("records at one time see each other in a range, and come one after the other in rows", () => {
    assertEquals(looks([3, 3, 3], { range: 0 }).map((line) => line.split(" ")[1]), ["0,1,2", "0,1,2", "0,1,2"]);
    assertEquals(looks([3, 3, 3], { rows: 2 }), ["3: 0 [3,4) @3", "3: 0,1 [3,4) @3", "3: 1,2 [3,4) @3"]);
  });

  it("emits at once what has come, when asked to", () => {
    assertEquals(looks([1, 7, 4], { range: 5, emit: "arrival" }), [
      "1: 0 [-4,2) @1",
      "7: 1 [2,8) @7",
      "4: 0,2 [-1,5) @4",
    ]);
    assertEquals(looks([1, 7, 4], { rows: 2, emit: "arrival" }), [
      "1: 0 [1,2) @1",
      "7: 0,1 [1,8) @7",
      "4: 1,2 [7,5) @4",
    ]);
  });

  it("a record is late when the watermark has reached its time", () => {
    assertEquals(looks([20, 9, 10], { range: 0 }), ["late 9", "10: 2 [10,11) @10", "20: 0 [20,21) @20"]);
  });

  it("needs neither a watermark nor event time for rows by arrival", () => {
    const sizes: number[] = [];
    from([5, 1, 3]).pipe(
      overWindow({ key: () => 0, rows: 2, emit: "arrival", aggregate: count() }),
    ).subscribe(({ value }) => sizes.push(value));
    assertEquals(sizes, [1, 2, 2]);
  });

  it("gives process the records, the window and the key", () => {
    const lines: string[] = [];
    from([1, 2]).pipe(
      eventTime((at) => at),
      watermark({ maxOutOfOrderness: 0 }),
      overWindow({ key: () => "k", rows: 5, process: (all, { start }, key) => `${key} ${all} from ${start}` }),
    ).subscribe(({ value }) => lines.push(value));
    assertEquals(lines, ["k 1 from 1", "k 1,2 from 1"]);
  });

  it("refuses options that make no sense, in words", () => {
    const make = (options: object) => () => overWindow({ key: () => 1, aggregate: count(), ...options } as never);
    const attempts: [() => unknown, string][] = [
      [make({}), "give range or rows, and not both"],
      [make({ range: 1, rows: 1 }), "give range or rows, and not both"],
      [make({ range: -1 }), "range must be an integer of at least 0, current value is -1"],
      [make({ rows: 0 }), "rows must be an integer above 0, current value is 0"],
      [make({ rows: 1, emit: "late" }), 'emit must be "ordered" or "arrival", current value is late'],
      [make({ rows: 1, aggregate: { seed: () => 0, add: () => 0 } }), "aggregate must have merge, because records"],
    ];
    for (const [attempt, sentence] of attempts) {
      assertThrows(attempt, Error, `Cannot create an over window: ${sentence}`);
    }
  });
});

describe("overWindow() in a job", () => {
  it("says what a recomputation from the whole input says, with restarts, partitions and late records", () => {
    const rules = fc.record({
      partitions: fc.integer({ min: 1, max: 3 }),
      maxOutOfOrderness: fc.integer({ min: 0, max: 40 }),
      reach: fc.oneof(
        fc.record({ range: fc.integer({ min: 0, max: 40 }) }),
        fc.record({ rows: fc.integer({ min: 1, max: 6 }) }),
      ),
      emit: fc.constantFrom<"ordered" | "arrival">("ordered", "arrival"),
      restarts: fc.array(fc.nat(30), { maxLength: 2 }),
    });
    const inputs = fc.array(
      fc.record({ key: fc.constantFrom("a", "a", "b"), time: fc.integer({ min: -30, max: 90 }), partition: fc.nat(2) }),
      { maxLength: 30, size: "max" },
    );
    fc.assert(
      fc.property(rules, inputs, ({ partitions, maxOutOfOrderness, reach, emit, restarts }, raw) => {
        const rows = raw.map((row, place): Row => ({ ...row, place, partition: row.partition % partitions }));
        const late: number[] = [];
        const pipeline = () =>
          jobSource<Row>("rows", partitions).pipe(
            eventTime((row) => row.time),
            watermark({ maxOutOfOrderness }),
            overWindow({ name: "o", key: ({ key }) => key, aggregate: places, emit, ...reach }),
            lateSideOutput((refused) =>
              (refused as unknown as Observable<Row>).pipe(tap(({ place }) => late.push(place)))
            ),
            map(({ key, record, window, value }) => ({ key, place: record.place, start: window.start, value })),
            jobSink("out"),
          );
        let job = new HandMadeTask().run(pipeline());
        const results: unknown[] = [];
        for (const row of rows) {
          job.push("rows", row, { partition: row.partition, timestamp: row.time });
          if (!restarts.includes(row.place)) continue;
          results.push(...job.written.map(([, value]) => value));
          job = new HandMadeTask(job.cut()).run(pipeline());
        }
        job.end();
        assertEquals(job.task.failure, undefined);
        results.push(...job.written.map(([, value]) => value));
        const truth = truthOf(rows, { partitions, maxOutOfOrderness, emit, ...reach });
        assertEquals(late, truth.late);
        for (const key of ["a", "b"]) {
          const of = (all: unknown[]) => (all as { key: string }[]).filter((one) => one.key === key);
          assertEquals(of(results), of(truth.results));
        }
        assertEquals(
          [...job.cut().states.get("o")!.namespaces()].length === 0,
          "range" in reach || reach.rows === 1 || results.length === 0,
        );
      }),
      { seed: 20_240_309, numRuns: 1_000 },
    );
  });

  it("has the same results whatever crashes", async () => {
    const broker = memory();
    const input = [1, 4, 2, 11, 31, 14, 12, 25, 8, 2, 31, 27].map((at, index) => {
      const user = ["ada", "bob"][index % 2];
      return { value: { user, at }, key: user };
    });
    for (const options of [{ range: 12 }, { rows: 3 }, { range: 12, emit: "arrival" }] as const) {
      const sums = broker.source<Event>("events").pipe(
        eventTime((event) => event.at),
        watermark({ maxOutOfOrderness: 5 }),
        overWindow({ name: "o", key: ({ user }) => user, aggregate: count<Event>(), ...options }),
        map(({ key, record, window, value }) => ({ key, at: record.at, start: window.start, value })),
        broker.sink("counts", { key: ({ key }) => key }),
      );
      await crashTest(sums, input);
    }
  });

  it("keeps nothing that no record can look back at, after ten times the records", () => {
    const kept = [1, 10].map((times) => {
      let stage: OverStage<Event, string, number, number>;
      const plan = planOf<Event, string, number, number>("", { key: ({ user }) => user, aggregate: count() });
      const job = new HandMadeTask().run(
        jobSource<Event>("events").pipe(
          atOf,
          watermark({ maxOutOfOrderness: 30 }),
          operate({ operator: "looks", name: "o", time: "own", keeps: true }, (made) => {
            stage = new OverStage(made as never, plan, { range: 50, rows: Infinity, ordered: true });
            return { next: (value: Event) => stage.add(value, value.user) };
          }),
        ),
      );
      for (let n = 0; n < times * 1_000; n++) {
        job.push("events", { user: n % 2 === 0 ? "always" : `user-${n}`, at: 10 * n - (n % 5 === 0 ? 20 : 0) });
      }
      return [job.cut().states.get("o")!.size, stage!.kept];
    });
    assertEquals(kept[0], kept[1]);
    assertEquals(kept[0][0] < 12 && kept[0][1] < 30, true, JSON.stringify(kept));
  });
});

interface Rules {
  readonly partitions: number;
  readonly maxOutOfOrderness: number;
  readonly emit: "ordered" | "arrival";
  readonly range?: number;
  readonly rows?: number;
}

/** All results and the places of late records, each result from all records that are in time. */
function truthOf(all: readonly Row[], rules: Rules): { results: unknown[]; late: number[] } {
  const { range, rows, emit } = rules;
  const late = all.filter(({ time, place }) => time <= watermarkAfter(all, place, rules)).map(({ place }) => place);
  const counted = all.filter(({ place }) => !late.includes(place));
  const order = emit === "ordered" ? counted.toSorted((a, b) => a.time - b.time) : counted;
  const results = order.map((row, index) => {
    const { key, time, place } = row;
    const before = emit === "ordered" ? order : order.slice(0, index + 1);
    const within = range !== undefined
      ? before.filter((one) => one.key === key && one.time >= time - range && one.time <= time)
      : order.slice(0, index + 1).filter((one) => one.key === key).slice(-rows!);
    // Within a range the aggregate is merged in the order of time.
    const value = (range === undefined ? within : within.toSorted((a, b) => a.time - b.time)).map(({ place }) => place);
    return { key, place, start: range === undefined ? within[0].time : time - range, value };
  });
  return { results, late };
}
