/** The slices of a key against a plain fold over all of them, and what windows over slices keep. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { from, map } from "rxjs";
import { count, eventTime, slidingWindow, watermark } from "@tidemark/streams/operators";
import { MemoryKeyedState } from "../operators/_memory_state.ts";
import { KeySlices, type Slot } from "../operators/_key_slices.ts";

/** Joins texts, so that order counts, and changes its first argument in place. */
const joined = {
  seed: (): string[] => [],
  add: (all: string[], value: unknown) => [...all, String(value)],
  merge(all: string[], more: string[]) {
    all.push(...more);
    return all;
  },
};

const op = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("add" as const), start: fc.nat(14) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("drop" as const), start: fc.nat(14) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("window" as const),
      start: fc.nat(14),
      size: fc.integer({ min: 1, max: 12 }),
    }),
  },
);

Deno.test("property: a window over slices is the fold of its slices, whatever was asked, changed and dropped before", () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60, size: "max" }), (ops) => {
      const state = new MemoryKeyedState<string, Slot<string[]>>({ name: "s", operator: "", namespaced: true });
      const first = state.cell("k", -1);
      state.write(first, [["first"]]);
      const slices = new KeySlices<string, string[]>("k", first);
      const all = new Map<number, string[]>();
      let n = 0;
      for (const step of ops) {
        const { start } = step;
        if (step.type === "add") {
          const cell = state.cell("k", start);
          const known = slices.indexOf(start);
          assertEquals(known !== -1, all.has(start));
          const value = [...all.get(start) ?? [], `${n++}`];
          all.set(start, value);
          state.write(cell, [[...value]]);
          if (known === -1) slices.add(cell);
          else slices.changed(known);
        } else if (step.type === "drop") {
          slices.remove(start);
          all.delete(start);
        } else {
          const within = [...all].filter(([at]) => at >= start && at < start + step.size).sort(([a], [b]) => a - b);
          const expected = within.length === 0 ? undefined : within.flatMap(([, texts]) => texts);
          assertEquals(slices.merge(joined, start, start + step.size)?.[0], expected);
          for (const [at, texts] of all) {
            assertEquals(slices.cells[slices.indexOf(at)].value, [texts], "a slice is as it was");
          }
        }
      }
    }),
    { seed: 20_240_304, numRuns: 1_000 },
  );
});

Deno.test("a window fires once for each key that has values in it, where most keys have none", () => {
  const values = [
    ...["a", "b", "c", "d", "e", "f"].map((key) => ({ key, at: 0 })),
    ...[100, 105, 106, 200].map((at) => ({ key: "a", at })),
    { key: "b", at: 104 },
    { key: "z", at: 300 },
  ];
  const results: string[] = [];
  from(values).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 150 }),
    slidingWindow({ key: ({ key }) => key, size: 10, slide: 5, allowedLateness: 1_000, aggregate: count() }),
    map(({ key, window, value }) => `${key} ${window.start} ${value}`),
  ).subscribe((line) => results.push(line));
  const near = results.filter((line) => Number(line.split(" ")[1]) >= 90 && Number(line.split(" ")[1]) < 190);
  assertEquals(near.sort(), ["a 100 3", "a 105 2", "a 95 1", "b 100 1", "b 95 1"]);
});
