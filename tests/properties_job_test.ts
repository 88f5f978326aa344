/** Properties of a job: whatever the records, the cuts and the deaths of its process, what is visible is what the oracle says, once. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { map, type Observable, tap } from "rxjs";
import {
  collect,
  deadLetter,
  embeddedLog,
  eventTime,
  type Job,
  keyedReduce,
  lateSideOutput,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import { runWith } from "../runtime/run.ts";
import { assertCounted, type Death, ManualClock, mortal, type MortalKv, until } from "./support/jobs.ts";
import { type Pane, type Row, type Rules, windows } from "./support/oracle.ts";

const SEED = { seed: 20_240_229 };
/** When the records were written: event times lie about 0, in milliseconds. */
const WRITTEN = 200_000;
/** The shortest time between two cuts, in milliseconds of a clock that a script moves on. */
const MIN_EPOCH = 10;

/** A record: its place in the list, and whether the user's function throws at it. */
interface Placed extends Row {
  readonly place: number;
  readonly bad: boolean;
}

/** One life of the process: records come in chunks, after some of which an epoch is cut; then it is stopped or dies. */
interface Life {
  readonly chunks: readonly { readonly size: number; readonly cut: boolean }[];
  readonly death: Death | null;
}

interface Script {
  readonly rules: Rules;
  readonly rows: readonly Placed[];
  readonly lives: readonly Life[];
}

const script: fc.Arbitrary<Script> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  maxOutOfOrderness: fc.integer({ min: 0, max: 20 }),
  size: fc.integer({ min: 1, max: 20 }),
  allowedLateness: fc.integer({ min: 0, max: 20 }),
}).chain((limits) =>
  fc.record({
    rules: fc.constant({ ...limits, offset: 0 }),
    rows: fc.array(
      fc.record({
        partition: fc.integer({ min: 0, max: limits.partitions - 1 }),
        letter: fc.constantFrom("a", "b"),
        time: fc.integer({ min: -30, max: 90 }),
        bad: fc.integer({ min: 0, max: 11 }).map((n) => n === 0),
      }),
      { minLength: 8, maxLength: 40 },
    ).map((rows) =>
      rows.map(({ letter, ...row }, place): Placed => ({ ...row, key: `${letter}${row.partition}`, place }))
    ),
    lives: fc.array(
      fc.record({
        chunks: fc.array(fc.record({ size: fc.integer({ min: 1, max: 7 }), cut: fc.boolean() }), {
          minLength: 1,
          maxLength: 4,
        }),
        death: fc.option(fc.record({ after: fc.integer({ min: 0, max: 9 }), takesEffect: fc.boolean() }), { freq: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
);

/** What a pane is written as. */
type WrittenPane = Pane & { readonly partition: number };

/** Two pipelines over one topic: counts of each key, and windows with late records. Both throw at bad records. */
function pipelines(log: EmbeddedLog, { maxOutOfOrderness, partitions: _, ...cut }: Rules): Observable<unknown>[] {
  const check = tap<Placed>(({ bad, place }) => {
    if (bad) throw new RangeError(`record ${place} is bad`);
  });
  const rows = log.source<Placed>("rows");
  return [
    rows.pipe(
      keyedReduce({
        name: "counts",
        key: ({ key }) => key,
        initial: { total: 0 },
        reduce: (state) => increment(state),
      }),
      map(({ key, value }) => ({ key, value: value.total })),
      log.sink("counts", { key: ({ key }) => key }),
    ),
    rows.pipe(
      eventTime(({ time }) => time),
      watermark({ maxOutOfOrderness }),
      check,
      tumblingWindow({ name: "windows", key: ({ key }) => key, ...cut, aggregate: collect<Placed>() }),
      lateSideOutput((late) => late.pipe(log.sink("late", { partition: ({ partition }) => partition }))),
      map(({ key, window, value, pane, index }): WrittenPane => ({
        key,
        start: window.start,
        members: value.map(({ place }) => place),
        pane: pane as Pane["pane"],
        index,
        partition: value[0].partition,
      })),
      log.sink("panes", { key: ({ key }) => key, partition: ({ partition }) => partition }),
    ),
  ];
}

/** Changes a state in place, as a user may. */
function increment(state: { total: number }): { total: number } {
  state.total++;
  return state;
}

/** A process with its own view of the KV. */
async function live(process: MortalKv, { rules, rows }: Script, { chunks, death }: Life): Promise<void> {
  const log = embeddedLog(process.kv);
  const clock = new ManualClock(WRITTEN);
  if (death !== null) process.die(death);
  let job: Job | undefined;
  try {
    job = await start(log, { kv: process.kv, rules, clock, minEpoch: MIN_EPOCH });
    for (const { size, cut } of chunks) {
      const from = await length(log, "rows");
      await append(log, rows.slice(from, from + size));
      const total = await length(log, "rows");
      const { metrics } = job;
      await until(`${total} records to be read`, () => process.dead || metrics.snapshot().records_in === total);
      if (cut) await clock.advance(MIN_EPOCH);
    }
  } catch (error) {
    if (!process.dead) throw error;
  }
  await job?.stop();
  const end = await job?.finished.then(() => undefined, (error: Error) => error.message);
  assert(end === undefined || process.dead, `the job stopped: ${end}`);
}

interface Starting {
  readonly kv: Deno.Kv;
  readonly rules: Rules;
  readonly clock: ManualClock;
  readonly minEpoch: number;
}

function start(log: EmbeddedLog, { kv, rules, clock, minEpoch }: Starting): Promise<Job> {
  const onError = deadLetter(log.sink("failed"));
  return runWith(pipelines(log, rules), { name: "property", state: kv, minEpoch, onError, log: () => {} }, clock);
}

async function append(log: EmbeddedLog, rows: readonly Placed[]): Promise<void> {
  await log.append(
    "rows",
    rows.map((row) => ({ key: row.key, partition: row.partition, value: row, timestamp: WRITTEN })),
  );
}

/** How many records a topic has. */
async function length(log: EmbeddedLog, topic: string): Promise<number> {
  return (await log.bounds(topic)).reduce((sum, { latest }) => sum + latest, 0);
}

async function read<T>(log: EmbeddedLog, topic: string, partition?: number): Promise<T[]> {
  const values: T[] = [];
  for await (const { value } of log.read(topic, { partition })) {
    values.push(JSON.parse(new TextDecoder().decode(value!)));
  }
  return values;
}

/** Panes in groups of the given lengths; the order within a group is free. */
function grouped(panes: readonly Pane[], lengths: readonly number[]): Pane[][] {
  let at = 0;
  const groups = [...lengths, Infinity].map((length) => panes.slice(at, at += length));
  return groups.map((group) => group.toSorted((a, b) => a.key < b.key ? -1 : 1));
}

/** What one partition came to, against the oracle: tasks share nothing, so each has a truth of its own. */
async function verify(log: EmbeddedLog, { rules, rows }: Script, partition: number): Promise<void> {
  const own = rows.filter((row) => row.partition === partition && !row.bad);
  const truth = windows(own.map((row) => ({ ...row, partition: 0 })), { ...rules, partitions: 1 });
  const lengths = truth.groups.map((group) => group.length);
  const panes = (await read<WrittenPane>(log, "panes", partition)).map(({ partition: _, ...pane }) => pane);
  const expected = truth.groups.flat().map((pane) => ({ ...pane, members: pane.members.map((at) => own[at].place) }));
  assertEquals(grouped(panes, lengths), grouped(expected, lengths));
  const late = await read<Placed>(log, "late", partition);
  assertEquals(late.map(({ place }) => place), truth.late.map((at) => own[at].place));
}

async function play(script: Script): Promise<void> {
  const { rules, rows, lives } = script;
  using kv = await Deno.openKv(":memory:");
  const { partitions } = rules;
  const maker = embeddedLog(mortal(kv).kv);
  for (const topic of ["rows", "counts", "panes", "late", "failed"]) await maker.create(topic, { partitions });
  for (const life of lives) await live(mortal(kv), script, life);

  // The last life sees everything through.
  const last = mortal(kv);
  const log = embeddedLog(last.kv);
  await append(log, rows.slice(await length(log, "rows")));
  await log.end("rows");
  const job = await start(log, { kv: last.kv, rules, clock: new ManualClock(WRITTEN), minEpoch: 0 });
  assertEquals(await job.finished, { reason: "finished" });

  const good = rows.filter(({ bad }) => !bad);
  assertCounted(await read(log, "counts"), good.map(({ key }) => key));
  for (let partition = 0; partition < partitions; partition++) await verify(log, script, partition);
  const failed = (await read<Placed>(log, "failed")).map(({ place }) => place).sort((a, b) => a - b);
  assertEquals(failed, rows.filter(({ bad }) => bad).map(({ place }) => place));
  const { records_in, dead_letters, outputs } = job.metrics.snapshot();
  assertEquals({ records_in, dead_letters }, { records_in: rows.length, dead_letters: failed.length });
  assertEquals(outputs.counts ?? 0, good.length);
}

Deno.test("a job's results are what the oracle says, once, over any cuts, stops, deaths and throwing functions", async () => {
  await fc.assert(fc.asyncProperty(script, play), { ...SEED, numRuns: 60 });
});
