/** `windowJoin` emits what a recomputation from the whole input says, whatever the disorder and the restarts. */
import fc from "fast-check";
import { type JoinType, type JoinWindow, windowJoin } from "@tidemark/streams/operators";
import {
  assertJoined,
  type Input,
  input,
  reaches,
  type Row,
  type Truth,
  type Value,
  watermarksOf,
} from "./support/join_property.ts";

const SEED = { seed: 20_240_403, numRuns: 1_000 };

const type = fc.constantFrom<JoinType>("inner", "left", "right", "full");
const values = fc.constantFrom<"copied" | "frozen">("copied", "frozen");
const offsetOf = (period: number) => fc.integer({ min: 1 - period, max: period - 1 });

const tumbling = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.record({ size: fc.constant(size), offset: offsetOf(size) })
);
const sliding = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 25 })).chain(([size, slide]) =>
  fc.record({ size: fc.constant(size), slide: fc.constant(slide), offset: offsetOf(slide) })
);
const cumulative = fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 5 })).chain(([step, steps]) =>
  fc.record({ max: fc.constant(step * steps), step: fc.constant(step), offset: offsetOf(step * steps) })
);

/** A window of a key with its values. */
interface Window {
  readonly end: number;
  readonly members: readonly Value[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** All spans of a kind that hold a time, found among all that begin near it. */
function spansOf(window: JoinWindow<Value>, time: number): Span[] {
  const spans: Span[] = [];
  const add = (period: number, offset: number, lengths: number[]) => {
    const near = Math.floor((time - offset) / period);
    for (let n = near - 70; n <= near + 1; n++) {
      const start = n * period + offset;
      for (const length of lengths) spans.push({ start, end: start + length });
    }
  };
  if ("slide" in window) add(window.slide, window.offset ?? 0, [window.size]);
  else if ("size" in window) add(window.size, window.offset ?? 0, [window.size]);
  else if ("max" in window) {
    const { max, step, offset = 0 } = window;
    add(max, offset, Array.from({ length: max / step }, (_, n) => (n + 1) * step));
  } else add(86_400_000, 0, [86_400_000]);
  return spans.filter(({ start, end }) => start <= time && time < end);
}

/** The windows of a kind without merging, and which values are late. */
function aligned(run: Input, window: JoinWindow<Value>): { windows: Window[]; late: Value[] } {
  const watermarks = watermarksOf(run);
  const open = (value: Value) => spansOf(window, value.time).filter(({ end }) => end - 1 > watermarks[value.place]);
  const all = run.values.flatMap((value) => open(value).map(({ start, end }) => ({ value, start, end })));
  const windows = [...Map.groupBy(all, ({ value, start, end }) => `${value.key} ${start} ${end}`).values()].map((
    same,
  ) => ({
    end: same[0].end,
    members: same.map(({ value }) => value),
  }));
  const late = run.values.filter((value) => spansOf(window, value.time).length > 0 && open(value).length === 0);
  return { windows, late };
}

/** The sessions, each formed again with each of its values. */
function merged(run: Input, gap: (value: Value) => number): { windows: Window[]; late: Value[] } {
  const watermarks = watermarksOf(run);
  let open: (Span & { key: string; members: readonly Value[] })[] = [];
  const windows: Window[] = [], late: Value[] = [];
  for (const value of run.values) {
    const { key, time, place } = value;
    const isOver = ({ end }: Span) => end - 1 <= watermarks[place];
    windows.push(...open.filter(isOver));
    open = open.filter((session) => !isOver(session));
    const own = { start: time, end: time + gap(value) };
    const touched = open.filter((one) => one.key === key && one.start <= own.end && one.end >= own.start);
    if (touched.length === 0 && isOver(own)) {
      late.push(value);
      continue;
    }
    const spans = [own, ...touched];
    const session = {
      key,
      start: Math.min(...spans.map(({ start }) => start)),
      end: Math.max(...spans.map(({ end }) => end)),
      members: [...touched.flatMap(({ members }) => members), value].sort((a, b) => a.place - b.place),
    };
    open = [...open.filter((one) => !touched.includes(one)), session];
  }
  return { windows: [...windows, ...open], late };
}

/** The rows of all windows, at the value after which each fires. */
function truthOf(run: Input, { windows, late }: ReturnType<typeof merged>, type: JoinType): Truth {
  const { values } = run;
  const watermarks = watermarksOf(run);
  const steps: Row[][] = Array.from({ length: values.length + 1 }, () => []);
  for (const { end, members } of windows) {
    const step = steps[reaches(run, watermarks, end - 1)];
    const placesOf = (side: Value["side"]) => members.filter((one) => one.side === side).map(({ place }) => place);
    const lefts = placesOf("left"), rights = placesOf("right");
    if (lefts.length === 0 && type !== "right" && type !== "full") continue;
    if (rights.length === 0 && type !== "left" && type !== "full") continue;
    for (const left of lefts.length > 0 ? lefts : [undefined]) {
      for (const right of rights.length > 0 ? rights : [undefined]) step.push([left, right, end - 1]);
    }
  }
  // The order of the rows of one key counts.
  const place = ([left, right, time]: Row) => `${values[left ?? right!].key} ${time}`;
  const order = (rows: readonly Row[]) =>
    rows.toSorted((a, b) => place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0);
  return { steps, late: late.map(({ place }) => place), order };
}

function holds(run: Input, window: JoinWindow<Value>, type: JoinType, values: "copied" | "frozen", truth: Truth): void {
  assertJoined(
    run,
    (right) =>
      windowJoin(right, {
        name: "join",
        window,
        key: ({ key }: Value) => key,
        rightKey: ({ key }) => key,
        type,
        values,
        join: (left, right) => [left?.place, right?.place] as const,
      }),
    truth,
  );
}

const KINDS: Record<string, fc.Arbitrary<JoinWindow<Value>>> = {
  tumbling,
  sliding,
  cumulative,
  calendar: fc.constant({ unit: "day", timeZone: "UTC" }),
};

for (const [kind, windows] of Object.entries(KINDS)) {
  Deno.test(`property: a window join of ${kind} windows has the rows of the whole input, with disorder, lateness and restarts`, () => {
    fc.assert(
      fc.property(input, windows, type, values, (run, window, type, values) => {
        holds(run, window, type, values, truthOf(run, aligned(run, window), type));
      }),
      SEED,
    );
  });
}

Deno.test("property: a window join of sessions has the rows of the whole input, with disorder, lateness and restarts", () => {
  fc.assert(
    fc.property(
      input,
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      type,
      values,
      (run, gap, points, type, values) => {
        const gapOf = ({ place }: Value) => points && place % 3 === 0 ? 0 : gap;
        const window = { gap: points ? gapOf : gap };
        holds(run, window, type, values, truthOf(run, merged(run, gapOf), type));
      },
    ),
    SEED,
  );
});
