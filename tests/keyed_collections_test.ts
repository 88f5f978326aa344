/** One contract for every state of maps and lists: in memory, and durable in its forms. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { memoryState } from "../operators/_memory_state.ts";
import type { Key, KeyedList, KeyedMap, KeyedStateSpec } from "../operators/keyed_state.ts";
import { LAYOUT } from "../state/stored_state.ts";
import { DurableCollections } from "../state/durable_collections.ts";
import { DurableStates } from "../state/durable_state.ts";

const SPEC = { name: "orders/left", operator: "join" } as const;
const MAP = { ...SPEC, kind: "map", namespaced: false } as const;
const LIST = { ...SPEC, kind: "list", namespaced: false } as const;

type Form = (spec: KeyedStateSpec) => unknown;

const FORMS: Record<string, Form> = {
  "in memory": (spec) => memoryState(spec),
  "durable": (spec) => new DurableStates().open(spec),
  "durable, to be undone": (spec) => new DurableStates({ undoable: true }).open(spec),
  "durable, in seven buckets": (spec) => {
    const state = new DurableCollections(spec, { id: 0, undoable: false, seed: 7, layout: LAYOUT });
    state.layOut(7, 0);
    return state;
  },
};

const KEYS: Key[] = [
  1,
  "1",
  1n,
  true,
  "true",
  0,
  "",
  false,
  NaN,
  -1,
  1.5,
  2 ** 40,
  "__proto__",
  "constructor",
  "\ufeffa",
];

for (const [form, make] of Object.entries(FORMS)) {
  const openMap = (namespaced = false) => make({ ...MAP, namespaced }) as KeyedMap<Key, Key, unknown>;
  const openList = (namespaced = false) => make({ ...LIST, namespaced }) as KeyedList<Key, unknown>;

  describe(`a state of maps, ${form},`, () => {
    it("finds nothing under a key that was never set", () => {
      const state = openMap();
      assertEquals([state.find("ada"), state.size, [...state.namespaces()]], [undefined, 0, []]);
      const cart = state.cell("ada");
      assertEquals([cart.key, cart.namespace, cart.size, cart.value, [...cart.entries()]], [
        "ada",
        0,
        0,
        undefined,
        [],
      ]);
      assertEquals([state.find("ada"), state.size, [...state.namespaces()], [...state.cells(0)]], [
        undefined,
        0,
        [],
        [],
      ]);
    });

    it("sets, finds and removes entries, and counts them", () => {
      const state = openMap();
      const cart = state.cell("ada");
      cart.set("shoes", 2);
      cart.set("hats", null);
      state.cell("bob").set("shoes", 1);
      assertEquals([state.size, cart.size, cart.get("shoes"), cart.get("hats"), cart.get("ties")], [
        3,
        2,
        2,
        null,
        undefined,
      ]);
      assertStrictEquals(state.find("ada"), cart);
      assertStrictEquals(state.cell("ada"), cart);
      assertEquals([...state.cells(0)].map(({ key }) => key), ["ada", "bob"]);
      cart.set("shoes", undefined);
      cart.set("never", undefined);
      assertEquals([state.size, [...cart.entries()]], [2, [["hats", null]]]);
      cart.clear();
      assertEquals([state.size, cart.size, state.find("ada")], [1, 0, undefined]);
      cart.set("again", 1);
      assertEquals([state.size, state.find("ada")?.get("again")], [2, 1]);
    });

    it("tells keys and entries of different types apart, whatever their names", () => {
      const state = openMap();
      KEYS.forEach((key, i) => KEYS.forEach((entry, j) => state.cell(key).set(entry, i * 100 + j)));
      assertEquals(state.size, KEYS.length ** 2);
      KEYS.forEach((key, i) => KEYS.forEach((entry, j) => assertEquals(state.find(key)?.get(entry), i * 100 + j)));
      state.cell(-0).set(-0, "zero");
      assertEquals([state.find(0)?.get(0), state.cell(-0).key], ["zero", 0]);
      assertEquals(state.size, KEYS.length ** 2);
    });

    it("gives what a key holds as a map of its own", () => {
      const state = openMap();
      const cart = state.cell("ada");
      cart.set("shoes", 1);
      const { value } = cart;
      cart.set("hats", 1);
      assertEquals(value, new Map([["shoes", 1]]));
    });

    it("sees a value that was changed in place", () => {
      const cart = openMap().cell("ada");
      cart.set("shoes", { count: 1 });
      cart.touch("shoes");
      const shoes = cart.get("shoes") as { count: number };
      shoes.count++;
      cart.set("shoes", shoes);
      assertEquals(cart.get("shoes"), { count: 2 });
    });

    it("keeps namespaces of one key apart, and drops one of them", () => {
      const state = openMap(true);
      for (const namespace of [-60_000, 0, 60_000]) state.cell("ada", namespace).set("n", namespace);
      state.cell("bob", 0).set("n", 1);
      assertEquals([...state.namespaces()].sort((a, b) => a - b), [-60_000, 0, 60_000]);
      state.drop(0);
      state.drop(7);
      assertEquals([state.size, state.find("ada", 0), state.find("bob")], [2, undefined, undefined]);
      assertEquals(state.find("ada", 60_000)?.get("n"), 60_000);
      assertEquals([...state.namespaces()].sort((a, b) => a - b), [-60_000, 60_000]);
    });

    it("lets the stage change what it iterates over", () => {
      const state = openMap();
      for (let i = 0; i < 6; i++) state.cell(i).set("n", i);
      const seen: Key[] = [];
      for (const one of state.cells(0)) {
        seen.push(one.key);
        if (one.key === 2) state.cell(3).clear();
        state.cell(`new ${one.key}`).set("n", 0);
        for (const [entry] of one.entries()) one.set(entry, undefined);
      }
      assertEquals(seen, [0, 1, 2, 4, 5]);
      assertEquals(state.size, 5);
    });
  });

  describe(`a state of lists, ${form},`, () => {
    it("appends, finds by place, and removes the oldest", () => {
      const state = openList();
      const log = state.cell("ada");
      assertEquals([log.size, log.value, log.at(0), [...log.elements()], state.find("ada")], [
        0,
        undefined,
        undefined,
        [],
        undefined,
      ]);
      for (let i = 0; i < 10; i++) log.append(`event ${i}`);
      assertEquals([state.size, log.size, log.at(0), log.at(9), log.at(10), log.at(-1)], [
        10,
        10,
        "event 0",
        "event 9",
        undefined,
        undefined,
      ]);
      log.shift();
      log.shift(3);
      assertEquals([log.size, log.at(0), log.at(5)], [6, "event 4", "event 9"]);
      log.append("event 10");
      assertEquals(log.elements(), [4, 5, 6, 7, 8, 9, 10].map((i) => `event ${i}`));
      log.shift(100);
      assertEquals([log.size, state.size, state.find("ada"), [...state.namespaces()]], [0, 0, undefined, []]);
      log.append("anew");
      assertEquals([state.find("ada")?.value, log.at(0)], [["anew"], "anew"]);
    });

    it("replaces an element that is there, and refuses another", () => {
      const log = openList().cell("ada");
      log.append({ n: 1 });
      log.append(2);
      log.touch(0);
      (log.at(0) as { n: number }).n++;
      log.replace(0, log.at(0));
      log.replace(1, null);
      assertEquals(log.value, [{ n: 2 }, null]);
      assertThrows(() => log.replace(2, 1), RangeError, "has no element 2");
      assertThrows(() => log.append(undefined), TypeError, "cannot hold undefined");
    });

    it("keeps namespaces of one key apart, and clears one of them", () => {
      const state = openList(true);
      for (const namespace of [5, 6]) for (let i = 0; i < 3; i++) state.cell("ada", namespace).append(i);
      state.cell("ada", 5).clear();
      assertEquals([state.size, [...state.namespaces()], state.find("ada", 6)?.value], [3, [6], [0, 1, 2]]);
      state.drop(6);
      assertEquals(state.size, 0);
    });
  });

  it(`a state of maps and one of lists, ${form}, are the same as simple ones under any operations`, () => {
    const operation = fc.record({
      key: fc.constantFrom<Key>("a", "b", 1, "1"),
      namespace: fc.constantFrom(0, 10),
      entry: fc.constantFrom<Key>("x", "y", 0, 7n),
      act: fc.constantFrom("set", "set", "remove", "cell", "clear", "drop", "append", "append", "append", "shift"),
      value: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const maps = openMap(true), lists = openList(true);
        const oracle = new Map<string, Map<Key, unknown>>(), rows = new Map<string, unknown[]>();
        for (const { key, namespace, entry, act, value } of operations) {
          const name = `${namespace} ${typeof key} ${key}`;
          const map = oracle.get(name) ?? new Map(), row = rows.get(name) ?? [];
          if (act === "set") maps.cell(key, namespace).set(entry, value), map.set(entry, value);
          else if (act === "remove") maps.cell(key, namespace).set(entry, undefined), map.delete(entry);
          else if (act === "append") lists.cell(key, namespace).append(value), row.push(value);
          else if (act === "shift") lists.cell(key, namespace).shift(2), row.splice(0, 2);
          else if (act === "cell") maps.cell(key, namespace), lists.cell(key, namespace);
          else if (act === "clear") maps.cell(key, namespace).clear(), map.clear();
          else {
            maps.drop(namespace);
            lists.drop(namespace);
            for (const [other, one] of oracle) if (other.startsWith(`${namespace} `)) one.clear();
            for (const [other, one] of rows) if (other.startsWith(`${namespace} `)) one.length = 0;
            map.clear();
            row.length = 0;
          }
          oracle.set(name, map);
          rows.set(name, row);
        }
        const held = (state: KeyedMap<Key, Key, unknown> | KeyedList<Key, unknown>) => {
          const found = new Map<string, unknown>();
          for (const namespace of state.namespaces()) {
            for (const { key, value } of state.cells(namespace)) found.set(`${namespace} ${typeof key} ${key}`, value);
          }
          return found;
        };
        assertEquals(held(maps), new Map([...oracle].filter(([, map]) => map.size > 0)));
        assertEquals(held(lists), new Map([...rows].filter(([, row]) => row.length > 0)));
        assertEquals(maps.size, [...oracle.values()].reduce((sum, { size }) => sum + size, 0));
        assertEquals(lists.size, [...rows.values()].reduce((sum, { length }) => sum + length, 0));
      }),
      { numRuns: 200 },
    );
  });
}
