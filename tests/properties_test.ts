/** Properties: whatever the disorder, keys, sizes and bounds, the operators say what the oracle says. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { map, merge, Subject, tap } from "rxjs";
import { collect, count, eventTime, lateSideOutput, tumblingWindow, watermark } from "@tidemark/streams/operators";
import { type Pane, type Row, type Rules, type Truth, watermarkAfter, windows } from "./support/oracle.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

const SEED = { seed: 20_240_229 };

const time = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -60, max: 120 }) },
  { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 100_000 }) },
);
const rules = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  maxOutOfOrderness: fc.integer({ min: 0, max: 40 }),
  size: fc.integer({ min: 1, max: 30 }),
  shift: fc.double({ min: -0.99, max: 0.99, noNaN: true }),
  allowedLateness: fc.integer({ min: 0, max: 40 }),
}).map(({ shift, ...rest }): Rules => ({ ...rest, offset: Math.trunc(shift * rest.size) }));
const scenario = rules.chain((rules) =>
  fc.tuple(
    fc.constant(rules),
    fc.array(
      fc.record({
        key: fc.constantFrom("a", "b", "c"),
        time,
        partition: fc.integer({ min: 0, max: rules.partitions - 1 }),
      }),
      { maxLength: 40 },
    ),
  )
);

type Placed = Row & { readonly place: number };

/** Groups of panes with the order within each taken out. */
function sorted(groups: readonly (readonly Pane[])[]): Pane[][] {
  return groups.map((group) => group.toSorted((a, b) => a.key < b.key ? -1 : 1));
}

/** Cuts what was emitted into groups of the oracle's lengths. */
function grouped(panes: readonly Pane[], truth: Truth): Pane[][] {
  let at = 0;
  const groups = truth.groups.map(({ length }) => panes.slice(at, at += length));
  return at === panes.length ? groups : [...groups, panes.slice(at)];
}

/** Windows over partitions of a job: panes as they come, and places of late records. */
function windowed(rules: Rules) {
  const panes: Pane[] = [];
  const late: number[] = [];
  const { partitions, maxOutOfOrderness, ...cut } = rules;
  const pipeline = jobSource<Placed>("rows", partitions).pipe(
    eventTime((row) => row.time),
    watermark({ maxOutOfOrderness }),
    tumblingWindow({ name: "w", key: (row) => row.key, ...cut, aggregate: collect() }),
    lateSideOutput((refused) => refused.pipe(tap(({ place }) => late.push(place)))),
    tap(({ key, window, value, pane, index }) =>
      panes.push({
        key,
        start: window.start,
        members: value.map(({ place }) => place),
        pane: pane as Pane["pane"],
        index,
      })
    ),
  );
  return { panes, late, pipeline };
}

function push(job: HandMadeTask, rows: readonly Row[], first = 0): void {
  for (const [index, row] of rows.entries()) {
    job.push("rows", { ...row, place: first + index }, { partition: row.partition, timestamp: row.time });
  }
}

Deno.test("property: windows, panes, their order and late records are the oracle's, over partitions of a job", () => {
  fc.assert(
    fc.property(scenario, ([rules, rows]) => {
      const truth = windows(rows, rules);
      const { panes, late, pipeline } = windowed(rules);
      const job = new HandMadeTask().run(pipeline);
      push(job, rows);
      job.end();
      assertEquals(job.task.failure, undefined);
      assertEquals(late, truth.late);
      assertEquals(job.task.late, truth.late.length);
      assertEquals(sorted(grouped(panes, truth)), sorted(truth.groups));
    }),
    { ...SEED, numRuns: 400 },
  );
});

Deno.test("property: a restart between any two records changes neither panes nor late records", () => {
  fc.assert(
    fc.property(scenario, fc.nat(), ([rules, rows], anywhere) => {
      const cut = anywhere % (rows.length + 1);
      const truth = windows(rows, rules);
      const first = windowed(rules), second = windowed(rules);
      const before = new HandMadeTask().run(first.pipeline);
      push(before, rows.slice(0, cut));
      const after = new HandMadeTask(before.cut()).run(second.pipeline);
      push(after, rows.slice(cut), cut);
      after.end();
      assertEquals([...first.late, ...second.late], truth.late);
      assertEquals(sorted(grouped([...first.panes, ...second.panes], truth)), sorted(truth.groups));
    }),
    { ...SEED, numRuns: 300 },
  );
});

Deno.test("property: without a job the same rows give the same windows, each partition an eventTime() of its own", () => {
  fc.assert(
    fc.property(scenario, ([rules, rows]) => {
      const { partitions, maxOutOfOrderness, ...cut } = rules;
      const inputs = Array.from({ length: partitions }, () => new Subject<Row>());
      const panes: Pane[] = [];
      merge(...inputs.map((input) => input.pipe(eventTime((row) => row.time)))).pipe(
        watermark({ maxOutOfOrderness }),
        tumblingWindow({ key: (row) => row.key, ...cut, aggregate: count() }),
        map(({ key, window, value, pane, index }) => ({ key, start: window.start, value, pane, index })),
      ).subscribe(({ value, ...pane }) => panes.push({ ...pane, members: Array(value).fill(0) } as Pane));
      for (const row of rows) inputs[row.partition].next(row);
      for (const input of inputs) input.complete();
      const truth = windows(rows, rules);
      const anonymous = truth.groups.map((group) =>
        group.map((pane) => ({ ...pane, members: pane.members.map(() => 0) }))
      );
      assertEquals(sorted(grouped(panes, truth)), sorted(anonymous));
    }),
    { ...SEED, numRuns: 200 },
  );
});

Deno.test("property: every record is in the last pane of its window or late, and in one of the two only", () => {
  fc.assert(
    fc.property(scenario, ([rules, rows]) => {
      const { panes, late, pipeline } = windowed(rules);
      const job = new HandMadeTask().run(pipeline);
      push(job, rows);
      job.end();
      const last = new Map(panes.map((pane) => [`${pane.key} ${pane.start}`, pane.members]));
      const places = [...[...last.values()].flat(), ...late].sort((a, b) => a - b);
      assertEquals(places, rows.map((_, place) => place));
    }),
    SEED,
  );
});

Deno.test("property: the watermark of the checkpoint is the oracle's, and never goes back", () => {
  fc.assert(
    fc.property(scenario, ([rules, rows]) => {
      const job = new HandMadeTask().run(windowed(rules).pipeline);
      let before = -Infinity;
      for (const [place, row] of rows.entries()) {
        push(job, [row], place);
        const { watermark } = Object.values(job.cut().clocks)[0];
        const expected = Math.max(watermarkAfter(rows, place + 1, rules), Number.MIN_SAFE_INTEGER);
        assertEquals(watermark, expected);
        assertEquals(watermark >= before, true);
        before = watermark;
      }
    }),
    SEED,
  );
});
