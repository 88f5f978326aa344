/** One contract for every keyed state: in memory, and durable in its forms. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { memoryState } from "../operators/_memory_state.ts";
import type { Key, KeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import { LAYOUT } from "../state/stored_state.ts";
import { DurableKeyedState } from "../state/durable_keyed_state.ts";
import { DurableStates } from "../state/mod.ts";
import { contents } from "./support/state.ts";

type Open = (spec: KeyedStateSpec) => KeyedState;

const FORMS: Record<string, Open> = {
  "MemoryKeyedState": (spec) => memoryState(spec),
  "DurableKeyedState": (spec) => new DurableStates().open(spec),
  "DurableKeyedState that can be undone": (spec) => new DurableStates({ undoable: true }).open(spec),
  "DurableKeyedState in seven buckets": (spec) => {
    const state = new DurableKeyedState(spec, { id: 0, undoable: false, seed: 7, layout: LAYOUT });
    state.layOut(7, 0);
    return state;
  },
};

const SIMPLE = { name: "simple", operator: "keyedReduce", namespaced: false } as const;
const NAMESPACED = { name: "windows", operator: "tumblingWindow", namespaced: true } as const;

const CONTRACT: Record<string, (open: Open) => void> = {
  "finds no key that was never written": (open) => {
    const state = open(SIMPLE);
    assertEquals(state.find("ada"), undefined);
    assertEquals(state.size, 0);
    assertEquals([...state.namespaces()], []);
  },
  "gives an empty cell that counts nowhere until it is written": (open) => {
    const state = open(NAMESPACED);
    const cell = state.cell("ada", 60_000);
    assertEquals([cell.key, cell.namespace, cell.value], ["ada", 60_000, undefined]);
    assertEquals(state.size, 0);
    assertEquals(state.find("ada", 60_000), undefined);
    assertEquals([...state.namespaces()], []);
    assertEquals([...state.cells(60_000)], []);
    state.write(cell, 1);
    assertEquals(state.size, 1);
    assertStrictEquals(state.find("ada", 60_000), cell);
    assertEquals([...state.namespaces()], [60_000]);
  },
  "gives one cell for one key, however often it is asked": (open) => {
    const state = open(NAMESPACED);
    assertStrictEquals(state.cell("ada", 5), state.cell("ada", 5));
    state.write(state.cell("ada", 5), 1);
    assertStrictEquals(state.cell("ada", 5), state.find("ada", 5));
  },
  "tells keys of different types apart": (open) => {
    const state = open(SIMPLE);
    const keys: Key[] = [1, "1", 1n, true, "true", 0, "", false, NaN, -1, 1.5, 2 ** 40, "NaN"];
    keys.forEach((key, i) => state.write(state.cell(key), i));
    assertEquals(keys.map((key) => state.find(key)?.value), keys.map((_, i) => i));
    assertEquals(state.size, keys.length);
  },
  "takes 0 and -0 for one key": (open) => {
    const state = open(SIMPLE);
    state.write(state.cell(-0), "zero");
    assertEquals(state.find(0)?.value, "zero");
    assertEquals([state.size, state.cell(-0).key, [...state.cells(0)].map(({ key }) => key)], [1, 0, [0]]);
  },
  "keeps null, and takes undefined as nothing": (open) => {
    const state = open(SIMPLE);
    state.write(state.cell("ada"), null);
    assertEquals([state.size, state.find("ada")?.value], [1, null]);
    state.write(state.cell("ada"), undefined);
    assertEquals(state.size, 0);
    assertEquals(state.find("ada"), undefined);
  },
  "sees a value that was changed in place": (open) => {
    const state = open(SIMPLE);
    const cell = state.cell("ada");
    state.write(cell, { total: 1 });
    state.touch(cell);
    (cell.value as { total: number }).total++;
    state.write(cell, cell.value);
    assertEquals(state.find("ada")?.value, { total: 2 });
  },
  "keeps namespaces of one key apart": (open) => {
    const state = open(NAMESPACED);
    for (const namespace of [-60_000, 0, 60_000, 120_000]) state.write(state.cell("ada", namespace), namespace);
    state.write(state.cell("bob", 0), "bob");
    assertEquals(state.size, 5);
    assertEquals([...state.namespaces()].sort((a, b) => a - b), [-60_000, 0, 60_000, 120_000]);
    assertEquals([...state.cells(0)].map(({ key }) => key), ["ada", "bob"]);
    state.write(state.cell("ada", 0), undefined);
    assertEquals([...state.cells(0)].map(({ key }) => key), ["bob"]);
    assertEquals(state.find("ada", 60_000)?.value, 60_000);
  },
  "drops a whole namespace and nothing else": (open) => {
    const state = open(NAMESPACED);
    for (const key of ["ada", "bob"]) {
      for (const namespace of [0, 1]) state.write(state.cell(key, namespace), namespace);
    }
    state.drop(0);
    state.drop(7);
    assertEquals([state.size, [...state.namespaces()]], [2, [1]]);
    assertEquals(state.find("ada", 0), undefined);
    assertEquals(state.find("ada", 1)?.value, 1);
  },
  "lets the stage write and remove cells while it iterates": (open) => {
    const state = open(NAMESPACED);
    for (let i = 0; i < 10; i++) state.write(state.cell(`key ${i}`, 0), i);
    const seen: unknown[] = [];
    for (const cell of state.cells(0)) {
      seen.push(cell.value);
      if (cell.value === 3) state.write(state.cell("key 4", 0), undefined);
      state.touch(cell);
      state.write(cell, (cell.value as number) % 2 === 0 ? undefined : "odd");
    }
    assertEquals(seen, [0, 1, 2, 3, 5, 6, 7, 8, 9]);
    assertEquals([...state.cells(0)].map(({ key }) => key), ["key 1", "key 3", "key 5", "key 7", "key 9"]);
  },
  "leaves out of an iteration what comes to be meanwhile": (open) => {
    const state = open(NAMESPACED);
    for (let i = 0; i < 3; i++) state.write(state.cell(i, 7), i);
    const seen: Key[] = [];
    for (const { key } of state.cells(7)) {
      seen.push(key);
      state.write(state.cell(`new ${key}`, 7), 1);
    }
    assertEquals([seen, state.size], [[0, 1, 2], 6]);
  },
  "tells keys apart that an object's prototype has, or that begin with a byte order mark": (open) => {
    const state = open(SIMPLE);
    const keys: Key[] = ["__proto__", "constructor", "toString", "a", "\ufeffa", "\ufeff", ""];
    keys.forEach((key, i) => state.write(state.cell(key), i));
    assertEquals(keys.map((key) => state.find(key)?.value), keys.map((_, i) => i));
  },
  "drops the only namespace of a state without namespaces": (open) => {
    const state = open(SIMPLE);
    state.write(state.cell("ada"), 1);
    assertEquals([...state.namespaces()], [0]);
    state.drop(0);
    assertEquals([state.size, [...state.cells(0)]], [0, []]);
  },
  "is the same as a simple map under any operations": (open) => {
    const operation = fc.record({
      key: fc.constantFrom<Key>("a", "b", 1, "1", 2n, true),
      namespace: fc.constantFrom(0, 10, -10),
      act: fc.constantFrom("set", "set", "cell", "remove", "drop"),
      value: fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 2 }), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const state = open(NAMESPACED);
        const oracle = new Map<string, unknown>();
        for (const { key, namespace, act, value } of operations) {
          const cell = act === "drop" ? undefined : state.cell(key, namespace);
          const name = `${namespace} ${typeof key} ${key}`;
          if (act === "drop") {
            state.drop(namespace);
            for (const name of oracle.keys()) if (name.startsWith(`${namespace} `)) oracle.delete(name);
          } else if (act === "set") {
            state.touch(cell!);
            state.write(cell!, value);
            oracle.set(name, value);
          } else if (act === "remove") {
            state.write(cell!, undefined);
            oracle.delete(name);
          }
          assertEquals(state.size, oracle.size);
        }
        assertEquals(contents(state), Object.fromEntries(oracle));
      }),
      { numRuns: 200 },
    );
  },
};

for (const [name, open] of Object.entries(FORMS)) {
  describe(name, () => {
    for (const [sentence, check] of Object.entries(CONTRACT)) it(sentence, () => check(open));
  });
}
