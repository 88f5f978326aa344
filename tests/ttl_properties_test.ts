/** Properties of states with a time to live: what is seen, and what is left, is what a naive recomputation says. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { tap } from "rxjs";
import {
  eventTime,
  keyedProcess,
  list,
  map,
  type ProcessContext,
  type Ttl,
  typed,
  value,
  watermark,
} from "@tidemark/streams/operators";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

const SEED = { seed: 20_240_229 };
const DISORDER = 6;

/** What a record does with the states of its key, at its time. A timer at the time of the last one shows all states. */
interface Row {
  readonly key: string;
  readonly time: number;
  readonly do: (typeof DEEDS)[number];
  readonly entry: string;
  readonly n: number;
}

const DEEDS = [
  ...["set", "enter", "append", "set", "enter", "append", "get", "look", "read"] as const,
  ...["delete", "leave", "shift", "replace", "clear", "show", "timer"] as const,
] as const;

type Seen = readonly [key: string, at: number, one: number | undefined, by: readonly string[], all: readonly number[]];

const row: fc.Arbitrary<Row> = fc.record({
  key: fc.constantFrom("a", "b"),
  time: fc.integer({ min: 0, max: 60 }),
  do: fc.constantFrom(...DEEDS),
  entry: fc.constantFrom("x", "y", "z"),
  n: fc.integer({ min: 1, max: 99 }),
});
const scenario = fc.record({
  after: fc.integer({ min: 1, max: 25 }),
  refresh: fc.constantFrom("write" as const, "read" as const),
  rows: fc.array(row, { maxLength: 40 }),
  cuts: fc.array(fc.nat({ max: 39 }), { maxLength: 2 }),
});

const states = (ttl: Ttl) => ({
  one: value<number>({ ttl }),
  by: map<string, number>({ ttl }),
  all: list<number>({ ttl }),
});
type Context = ProcessContext<string, ReturnType<typeof states>, Seen>;

function show({ key, state: { one, by, all }, emit }: Context, at: number): void {
  const entries = () => by.entries().map(([name, n]) => `${name}${n}`).sort();
  const seen = [key, at, one.get(), entries(), all.values()] as const;
  assertEquals([by.size, by.keys().sort(), all.size, all.at(0)], [
    seen[3].length,
    seen[3].map(([name]) => name),
    seen[4].length,
    seen[4][0],
  ]);
  emit(seen);
}

function act(row: Row, context: Context): void {
  const { state: { one, by, all }, timers, now, time } = context;
  if (row.do === "set") one.set(row.n);
  else if (row.do === "enter") by.set(row.entry, row.n);
  else if (row.do === "append") all.append(row.n);
  else if (row.do === "get") one.get();
  else if (row.do === "look") by.get(row.entry);
  else if (row.do === "read") all.at(0);
  else if (row.do === "delete") one.delete();
  else if (row.do === "leave") by.delete(row.entry);
  else if (row.do === "shift") all.shift();
  else if (row.do === "replace" && all.size > 0) all.replace(0, row.n);
  else if (row.do === "clear") row.n % 2 === 0 ? by.clear() : all.clear();
  else if (row.do === "timer") Number.isNaN(time) ? timers.set(now, "processing") : timers.set(time + row.n % 20);
  else if (row.do === "show") show(context, time);
}

function pipeline(ttl: Ttl, seen: Seen[]) {
  return jobSource<Row>("rows").pipe(
    eventTime((row) => row.time),
    watermark({ maxOutOfOrderness: DISORDER }),
    keyedProcess({
      name: "p",
      key: (row) => row.key,
      state: states(ttl),
      emits: typed<Seen>(),
      next: act,
      timer: (time, context) => show(context, time),
    }),
    tap((one) => void seen.push(one)),
  );
}

interface Aged {
  name: string;
  n: number;
  at: number;
}

/** All that was ever kept and not deleted, with its time: what has expired is left out only when somebody looks. */
class Naive {
  readonly #kept = new Map<string, { one: Aged[]; by: Aged[]; all: Aged[] }>();

  constructor(readonly ttl: Ttl) {}

  /** How many values, entries and elements there are that have not expired. */
  left(now: number): number[] {
    const count = (of: "one" | "by" | "all") =>
      [...this.#kept.values()].reduce((sum, kept) => sum + this.#seen(kept[of], now).length, 0);
    return [count("one"), count("by"), count("all")];
  }

  show(key: string, at: number, now: number): Seen {
    const [one, by, all] = (["one", "by", "all"] as const).map((of) => this.#read(key, of, now));
    return [key, at, one[0]?.n, by.map(({ name, n }) => `${name}${n}`).sort(), all.map(({ n }) => n)];
  }

  act({ key, do: deed, entry, n }: Row, now: number): void {
    const kept = this.#of(key);
    if (deed === "set") this.#put(kept.one, "", n, now);
    else if (deed === "enter") this.#put(kept.by, entry, n, now);
    else if (deed === "append") kept.all.push({ name: "", n, at: Math.max(now, ...kept.all.map(({ at }) => at)) });
    else if (deed === "get") this.#read(key, "one", now);
    else if (deed === "look") this.#read(key, "by", now, entry);
    else if (deed === "read") this.#read(key, "all", now);
    else if (deed === "delete") kept.one = [];
    else if (deed === "leave") kept.by = kept.by.filter(({ name }) => name !== entry);
    else if (deed === "shift") kept.all = this.#seen(kept.all, now).slice(1);
    else if (deed === "replace") {
      const [first] = this.#seen(kept.all, now);
      if (first !== undefined) first.n = n;
    } else if (deed === "clear") n % 2 === 0 ? kept.by = [] : kept.all = [];
  }

  #of(key: string) {
    const kept = this.#kept.get(key) ?? { one: [], by: [], all: [] };
    this.#kept.set(key, kept);
    return kept;
  }

  #seen(some: Aged[], now: number): Aged[] {
    return some.filter(({ at }) => at + this.ttl.after > now);
  }

  #put(some: Aged[], name: string, n: number, now: number): void {
    const found = some.find((one) => one.name === name);
    if (found === undefined) some.push({ name, n, at: now });
    else Object.assign(found, { n, at: Math.max(found.at, now) });
  }

  #read(key: string, of: "one" | "by" | "all", now: number, entry?: string): Aged[] {
    const kept = this.#of(key), seen = this.#seen(kept[of], now);
    const read = entry === undefined ? seen : seen.filter(({ name }) => name === entry);
    if (this.ttl.refresh !== "read") return read;
    // A read of a list refreshes all of it, so what has expired by then is gone for good.
    if (of === "all") kept.all = seen;
    for (const one of read) one.at = Math.max(one.at, now);
    return read;
  }
}

const sizes = (job: HandMadeTask) =>
  ["one", "by", "all"].map((name) => job.openState({ name: `p/${name}` } as never).size);

Deno.test("property: by event time, what is seen and what is left is what a naive recomputation says, across restarts", () => {
  fc.assert(
    fc.property(scenario, ({ after, refresh, rows, cuts }) => {
      const ttl: Ttl = { after, refresh };
      const naive = new Naive(ttl), seen: Seen[] = [], expected: Seen[] = [];
      let timers: { key: string; time: number }[] = [];
      let highest = -Infinity, reached = -Infinity;
      const advance = (watermark: number) => {
        for (;;) {
          const due = timers.filter(({ time }) => time <= watermark);
          const next = due.find(({ time }) => time === Math.min(...due.map((timer) => timer.time)));
          if (next === undefined) break;
          timers = timers.filter((timer) => timer !== next);
          expected.push(naive.show(next.key, next.time, Math.max(next.time, reached)));
        }
        reached = watermark;
      };
      let job = new HandMadeTask().run(pipeline(ttl, seen));
      for (const [index, row] of rows.entries()) {
        if (cuts.includes(index)) job = new HandMadeTask(job.cut()).run(pipeline(ttl, seen));
        job.push("rows", row, { timestamp: row.time });
        if (job.task.failure !== undefined) throw job.task.failure.error;
        const now = Math.max(row.time, highest - DISORDER - 1);
        if (row.do === "show") expected.push(naive.show(row.key, row.time, now));
        else if (row.do !== "timer") naive.act(row, now);
        else {
          const time = row.time + row.n % 20;
          if (!timers.some((timer) => timer.key === row.key && timer.time === time)) {
            timers.push({ key: row.key, time });
          }
        }
        if (row.time > highest) advance((highest = row.time) - DISORDER - 1);
        assertEquals(seen, expected);
        assertEquals(sizes(job), naive.left(highest - DISORDER - 1));
      }
      job.end();
      advance(Infinity);
      assertEquals(seen, expected);
      assertEquals(sizes(job), [0, 0, 0], "what is left at the end of time");
    }),
    { ...SEED, numRuns: 1000 },
  );
});

Deno.test("property: by the wall clock, what is seen and what is left is what a naive recomputation says, across restarts", () => {
  fc.assert(
    fc.property(scenario, ({ after, refresh, rows, cuts }) => {
      const ttl: Ttl = { after, refresh, clock: "processing" };
      const naive = new Naive(ttl), seen: Seen[] = [], expected: Seen[] = [];
      let now = 1_700_000_000_000;
      const begin = (job: HandMadeTask) => {
        job.now = () => now;
        return job.run(pipeline(ttl, seen));
      };
      let job = begin(new HandMadeTask());
      for (const [index, row] of rows.entries()) {
        now += row.time % 10;
        if (cuts.includes(index)) job = begin(new HandMadeTask(job.cut()));
        if (row.do === "timer") {
          job.tick(0);
          assertEquals(sizes(job), naive.left(now));
          continue;
        }
        job.push("rows", row, { timestamp: row.time });
        if (job.task.failure !== undefined) throw job.task.failure.error;
        if (row.do === "show") expected.push(naive.show(row.key, row.time, now));
        else naive.act(row, now);
        assertEquals(seen, expected);
      }
      now += after;
      job.tick(0);
      assertEquals(sizes(job), [0, 0, 0]);
    }),
    { ...SEED, numRuns: 1000 },
  );
});
