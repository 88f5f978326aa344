/** Properties of `keyedProcess`: under any disorder, and with a restart anywhere, what a naive recomputation says. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { tap } from "rxjs";
import {
  eventTime,
  keyedProcess,
  list,
  map,
  type ProcessContext,
  typed,
  value,
  watermark,
} from "@tidemark/streams/operators";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

const SEED = { seed: 20_240_229 };

/** What a record asks for: a change of a state, or of a timer `delay` after its time. */
type Ask =
  | { readonly do: "add"; readonly n: number }
  | { readonly do: "append"; readonly n: number }
  | { readonly do: "enter"; readonly entry: string; readonly n: number }
  | { readonly do: "leave"; readonly entry: string }
  | { readonly do: "shift" }
  | { readonly do: "clear" }
  | { readonly do: "forget" }
  | { readonly do: "set"; readonly delay: number }
  | { readonly do: "delete"; readonly delay: number };

interface Row {
  readonly key: string;
  readonly time: number;
  readonly asks: readonly Ask[];
}

/** The states of a key, as results show them. */
type Seen = readonly [
  key: string,
  at: number,
  what: string,
  total: number | undefined,
  list: readonly number[],
  map: unknown,
];

const n = fc.integer({ min: 1, max: 9 }), entry = fc.constantFrom("x", "y", "z");
const delay = fc.integer({ min: -5, max: 25 });
const ask: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({ do: fc.constantFrom("add", "append"), n }),
  fc.record({ do: fc.constant("enter"), entry, n }),
  fc.record({ do: fc.constant("leave"), entry }),
  fc.record({ do: fc.constantFrom("shift", "clear", "forget") }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set"), delay }) },
  fc.record({ do: fc.constant("delete"), delay }),
) as fc.Arbitrary<Ask>;
const row = fc.record({
  key: fc.constantFrom("a", "b", "c"),
  time: fc.integer({ min: -30, max: 60 }),
  asks: fc.array(ask, { maxLength: 4 }),
});
const scenario = fc.record({ disorder: fc.integer({ min: 0, max: 30 }), rows: fc.array(row, { maxLength: 30 }) });

const states = () => ({ total: value<number>(), log: list<number>(), by: map<string, { n: number }>() });
type Context = ProcessContext<string, ReturnType<typeof states>, Seen>;

function show({ key, state: { total, log, by }, emit }: Context, at: number, what: string): void {
  const entries = by.entries().map(([name, { n }]) => `${name}${n}`).sort();
  emit([key, at, what, total.get(), log.values(), entries]);
}

function obey(ask: Ask, { state: { total, log, by }, timers, time }: Context): void {
  if (ask.do === "add") total.set((total.get() ?? 0) + ask.n);
  else if (ask.do === "append") log.append(ask.n);
  else if (ask.do === "enter") by.set(ask.entry, { n: ask.n });
  else if (ask.do === "leave") by.delete(ask.entry);
  else if (ask.do === "shift") log.shift();
  else if (ask.do === "clear") by.clear();
  else if (ask.do === "forget") total.delete();
  else if (ask.do === "set") timers.set(time + ask.delay);
  else timers.delete(time + ask.delay);
}

function pipeline(disorder: number, seen: Seen[]) {
  return jobSource<Row>("rows").pipe(
    eventTime((row) => row.time),
    watermark({ maxOutOfOrderness: disorder }),
    keyedProcess({
      name: "p",
      key: (row) => row.key,
      state: states(),
      emits: typed<Seen>(),
      next({ time, asks }, context) {
        for (const one of asks) obey(one, context);
        show(context, time, "next");
      },
      timer(time, context) {
        context.state.total.set((context.state.total.get() ?? 0) + 100);
        // A timer sets another, for a time that may have come already.
        if (time % 3 === 0) context.timers.set(time + 4);
        show(context, time, "timer");
      },
    }),
    tap((one) => void seen.push(one)),
  );
}

interface Kept {
  total: number | undefined;
  log: number[];
  by: Record<string, number>;
}

/** What comes out, in the simplest way: all timers in one list, which is searched from its start each time. */
function naive(rows: readonly Row[], disorder: number, ends: boolean): Seen[] {
  const seen: Seen[] = [], keys = new Map<string, Kept>();
  let timers: { key: string; time: number }[] = [];
  let highest = -Infinity;
  const of = (key: string) => {
    if (!keys.has(key)) keys.set(key, { total: undefined, log: [], by: {} });
    return keys.get(key)!;
  };
  const note = (key: string, at: number, what: string) => {
    const { total, log, by } = of(key);
    seen.push([key, at, what, total, [...log], Object.entries(by).map(([name, n]) => `${name}${n}`).sort()]);
  };
  const set = (key: string, time: number) => {
    if (!timers.some((timer) => timer.key === key && timer.time === time)) timers.push({ key, time });
  };
  const advance = (watermark: number, last: boolean) => {
    for (;;) {
      const due = timers.filter(({ time }) => time <= watermark);
      const next = due.find(({ time }) => time === Math.min(...due.map((timer) => timer.time)));
      if (next === undefined) return;
      timers = timers.filter((timer) => timer !== next);
      const kept = of(next.key);
      kept.total = (kept.total ?? 0) + 100;
      if (next.time % 3 === 0 && !last) set(next.key, next.time + 4);
      note(next.key, next.time, "timer");
    }
  };
  for (const { key, time, asks } of rows) {
    const kept = of(key);
    for (const ask of asks) {
      if (ask.do === "add") kept.total = (kept.total ?? 0) + ask.n;
      else if (ask.do === "append") kept.log.push(ask.n);
      else if (ask.do === "enter") kept.by[ask.entry] = ask.n;
      else if (ask.do === "leave") delete kept.by[ask.entry];
      else if (ask.do === "shift") kept.log.shift();
      else if (ask.do === "clear") kept.by = {};
      else if (ask.do === "forget") kept.total = undefined;
      else if (ask.do === "set") set(key, time + ask.delay);
      else timers = timers.filter((timer) => timer.key !== key || timer.time !== time + ask.delay);
    }
    note(key, time, "next");
    if (time > highest) advance((highest = time) - disorder - 1, false);
  }
  if (ends) advance(Infinity, true);
  return seen;
}

function push(job: HandMadeTask, rows: readonly Row[]): void {
  for (const row of rows) job.push("rows", row, { timestamp: row.time });
}

Deno.test("property: keyedProcess says what a naive recomputation says, of states and timers, under any disorder", () => {
  fc.assert(
    fc.property(scenario, ({ disorder, rows }) => {
      const seen: Seen[] = [];
      const job = new HandMadeTask().run(pipeline(disorder, seen));
      push(job, rows);
      assertEquals(seen, naive(rows, disorder, false));
      job.end();
      assertEquals(job.task.failure, undefined);
      assertEquals(seen, naive(rows, disorder, true));
    }),
    { ...SEED, numRuns: 1000 },
  );
});

Deno.test("property: restarts between any two records change nothing of what keyedProcess says", () => {
  fc.assert(
    fc.property(scenario, fc.array(fc.nat({ max: 29 }), { maxLength: 3 }), ({ disorder, rows }, cuts) => {
      const seen: Seen[] = [];
      let job = new HandMadeTask().run(pipeline(disorder, seen));
      let from = 0;
      for (const cut of cuts.toSorted((a, b) => a - b)) {
        push(job, rows.slice(from, cut));
        from = Math.max(from, Math.min(cut, rows.length));
        job = new HandMadeTask(job.cut()).run(pipeline(disorder, seen));
      }
      push(job, rows.slice(from));
      job.end();
      assertEquals(seen, naive(rows, disorder, true));
    }),
    { ...SEED, numRuns: 1000 },
  );
});
