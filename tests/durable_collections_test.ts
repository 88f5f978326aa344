/** Durable maps, lists and namespaces: what an entry costs, undo, versions, kinds, and what is left when a key is gone. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import type { KeyedList, KeyedMap, KeyedState } from "../operators/keyed_state.ts";
import { commitCuts } from "../state/commit.ts";
import { DurableStates } from "../state/durable_state.ts";
import { MemoryStore } from "../state/memory_store.ts";
import type { Bucket } from "../state/state_cell.ts";
import { commitDelta, own, type Owner, type OwnOptions } from "./support/state.ts";

const MAP = { name: "orders/left", operator: "join", kind: "map", namespaced: false } as const;
const LIST = { name: "orders/log", operator: "join", kind: "list", namespaced: true } as const;

interface Kept extends Owner {
  readonly map: KeyedMap<string, string | number, unknown>;
  readonly list: KeyedList<string, unknown>;
}

async function keep(store: MemoryStore, options: OwnOptions = {}): Promise<Kept> {
  const owner = await own(store, options);
  return { ...owner, ...opened(owner.states) };
}

function opened(states: DurableStates, version = 1, migrate?: (value: unknown) => unknown): Pick<Kept, "map" | "list"> {
  const map = states.open({ ...MAP, version, migrate }) as unknown as Kept["map"];
  return { map, list: states.open({ ...LIST, version, migrate }) as unknown as Kept["list"] };
}

describe("an entry of a key that has 100,000 of them", () => {
  const LARGE = 100_000;

  async function filled(size: number): Promise<Kept> {
    const owner = await keep(new MemoryStore());
    for (let i = 0; i < size; i++) {
      owner.map.cell("ada").set(i, `item ${i % 10}`);
      owner.list.cell("ada", 5).append(`event ${i % 10}`);
    }
    await commitDelta(owner);
    return owner;
  }

  it("is stored alone, as one of a key that has 10", async () => {
    const owners = [await filled(10), await filled(LARGE)];
    const changes: ((owner: Kept) => void)[] = [
      ({ list }) => list.cell("ada", 5).append("event 3"),
      ({ map }) => map.cell("ada").set(1_000_000, "item 3"),
      ({ map }) => map.cell("ada").set(3, "item 4"),
      ({ map }) => map.cell("ada").set(7, undefined),
      ({ list }) => list.cell("ada", 5).shift(),
      ({ list }) => list.cell("ada", 5).replace(2, "event 9"),
    ];
    for (const change of changes) {
      const bytes = [];
      for (const owner of owners) {
        change(owner);
        bytes.push(await commitDelta(owner));
      }
      assert(
        0 < bytes[0] && bytes[1] <= 2 * bytes[0],
        `${change} writes ${bytes[0]} bytes of 10, ${bytes[1]} of ${LARGE}`,
      );
    }
  });

  it("does not make of its key one bucket, which an epoch would write as a whole", async () => {
    const owner = await filled(LARGE);
    for (let epoch = 0; epoch < 40; epoch++) {
      for (let i = 0; i < 500; i++) {
        owner.list.cell("ada", 5).append("event");
        owner.map.cell("ada").set(LARGE + 500 * epoch + i, "item");
      }
      await commitDelta(owner);
    }
    const states = [...owner.states.all].slice(-2);
    for (const { name, buckets } of states) {
      assert(buckets.length > 30, `${name} has ${buckets.length} buckets`);
      // The mean is 1,000 and more while buckets wait to be split; pages of a list come as a whole.
      assertLess(Math.max(...(buckets as readonly Bucket[]).map(({ cells }) => cells.length)), 0.1 * LARGE, name);
    }
    const next = await keep(owner.checkpoint.store as MemoryStore);
    assertEquals([next.list.cell("ada", 5).size, next.map.cell("ada").size], [LARGE + 20_000, LARGE + 20_000]);
    assertEquals([next.list.cell("ada", 5).at(0), next.list.cell("ada", 5).at(LARGE)], ["event 0", "event"]);
    assertEquals(next.map.cell("ada").get(LARGE - 1), "item 9");
  });
});

describe("a value of a key that has 20,000 namespaces", () => {
  it("is in many buckets, and is found after a restart", async () => {
    const store = new MemoryStore();
    const { windows, commit, states } = await own(store);
    for (let epoch = 0; epoch < 20; epoch++) {
      for (let i = 0; i < 1000; i++) windows.write(windows.cell("ada", (1000 * epoch + i) * 60_000), i);
      await commit();
    }
    const [, kept] = [...states.all];
    assertLess(Math.max(...(kept.buckets as readonly Bucket[]).map(({ cells }) => cells.length)), 4000);
    const { windows: again } = await own(store);
    assertEquals([again.size, again.find("ada", 60_000 * 19_999)?.value], [20_000, 999]);
    assertEquals([...again.namespaces()].length, 20_000);
  });
});

describe("maps and lists that are undone", () => {
  it("are as they were at the last cut, whatever happened since", () => {
    const operation = fc.record({
      key: fc.constantFrom("a", "b"),
      entry: fc.constantFrom("x", "y", "z"),
      act: fc.constantFrom(
        "set",
        "remove",
        "append",
        "append",
        "shift",
        "replace",
        "in place",
        "clear",
        "cell",
        "cut",
        "undo",
      ),
      value: fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 2 })),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const states = new DurableStates({ undoable: true });
        let { map, list } = opened(states);
        let atCut = shown({ map, list });
        for (const { key, entry, act, value } of operations) {
          const entries = map.cell(key), elements = list.cell(key, 5);
          if (act === "set") entries.set(entry, structuredClone(value));
          else if (act === "remove") entries.set(entry, undefined);
          else if (act === "append") elements.append(structuredClone(value));
          else if (act === "shift") elements.shift(2);
          else if (act === "replace") elements.size > 1 && elements.replace(1, structuredClone(value));
          else if (act === "clear") entries.clear(), elements.clear();
          else if (act === "in place") {
            changeInPlace(entries.get(entry), () => entries.touch(entry), (v) => entries.set(entry, v));
          } else if (act === "cut") {
            states.cut();
            atCut = shown({ map, list });
          } else if (act === "undo") {
            states.undo();
            ({ map, list } = opened(states));
            assertEquals(shown({ map, list }), atCut);
          }
        }
        states.undo();
        assertEquals(shown(opened(states)), atCut);
      }),
      { numRuns: 400 },
    );
  });

  it("are committed after an undo as if nothing had been undone", async () => {
    const store = new MemoryStore();
    const owner = await keep(store, { undoable: true });
    owner.map.cell("ada").set("x", 1);
    for (let i = 0; i < 5; i++) owner.list.cell("ada", 5).append(i);
    await commitDelta(owner);
    owner.map.cell("ada").clear();
    owner.map.cell("eve").set("x", 1);
    owner.list.cell("ada", 5).shift(3);
    owner.list.cell("ada", 5).append("undone");
    owner.states.undo();
    owner.states.open({ name: "counts", operator: "keyedReduce", namespaced: false });
    owner.states.open({ name: "windows", operator: "tumblingWindow", namespaced: true });
    const { map, list } = opened(owner.states);
    map.cell("bob").set("y", 2);
    list.cell("ada", 5).append(5);
    await commitDelta(owner);
    assertEquals(shown(await keep(store)), shown({ map, list }));
    assertEquals(list.find("ada", 5)?.value, [0, 1, 2, 3, 4, 5]);
  });
});

describe("maps and lists of an older version", () => {
  it("are migrated entry by entry, once", async () => {
    const store = new MemoryStore();
    const owner = await keep(store);
    for (let i = 0; i < 3; i++) {
      owner.map.cell("ada").set(i, i);
      owner.list.cell("ada", 5).append(i);
    }
    await commitDelta(owner);
    const second = await own(store);
    const dropped = opened(second.states, 2, (value) => value === 1 ? { kept: 1 } : { n: value });
    assertEquals(dropped.list.find("ada", 5)?.value, [{ n: 0 }, { kept: 1 }, { n: 2 }]);
    await commitDelta(second);
    const third = await own(store);
    const { map } = opened(third.states, 2);
    assertEquals(
      map.find("ada")?.value,
      new Map<string | number, unknown>([[0, { n: 0 }], [1, { kept: 1 }], [2, { n: 2 }]]),
    );
    const fourth = await own(store);
    const refused = () => opened(fourth.states, 3, () => undefined);
    assertThrows(refused, TypeError, "a list's element cannot become undefined");
  });

  it("name the state, the versions and the key where migrate throws", async () => {
    const store = new MemoryStore();
    const owner = await keep(store);
    owner.map.cell("ada").set("pens", 3);
    owner.map.cell("bob").set("pens", -1);
    await commitDelta(owner);
    const cause = new RangeError("minus one pen");
    const { states } = await own(store);
    const error = assertThrows(() =>
      opened(states, 2, (value) => {
        if (value === -1) throw cause;
        return value;
      }), TypeError);
    assertEquals(
      error.message,
      'Cannot migrate the state of join "orders/left" from version 1 to 2, key "bob": the migrate function failed: minus one pen',
    );
    assertEquals(error.cause, cause);
  });
});

describe("a state of another kind under the same name", () => {
  it("is refused with both kinds", async () => {
    const store = new MemoryStore();
    const owner = await keep(store);
    owner.map.cell("ada").set("x", 1);
    await commitDelta(owner);
    const { states } = await own(store);
    assertThrows(
      () => states.open({ ...MAP, kind: "list" }),
      TypeError,
      "with a map for each key, where this one keeps a list",
    );
    assertThrows(
      () => states.open({ name: LIST.name, operator: "join", namespaced: true }),
      TypeError,
      "with a list for each",
    );
  });

  it("is dropped by name, and its entries in deltas are passed over", async () => {
    const store = new MemoryStore();
    const owner = await keep(store);
    owner.map.cell("ada").set("x", 1);
    owner.list.cell("ada", 5).append(1);
    owner.counts.write(owner.counts.cell("ada"), 7);
    await commitDelta(owner);
    const next = await own(store, { drop: [MAP.name, LIST.name] });
    await next.commit();
    const last = await own(store);
    assertEquals([last.counts.find("ada")?.value, last.states.size], [7, 1]);
  });
});

describe("a frozen value", () => {
  it("needs no copy to be undone, and is not written where it is the one before", async () => {
    const store = new MemoryStore();
    const { states, checkpoint } = await own(store, { undoable: true });
    const state = states.open({
      name: "frozen",
      operator: "keyedReduce",
      namespaced: false,
      frozen: true,
    }) as KeyedState;
    const value = Object.freeze({ total: 1 });
    state.write(state.cell("ada"), value);
    await commitCuts(store, [checkpoint.cut({ offsets: {}, clocks: {}, counters: {} })], checkpoint.options);
    const ranges = checkpoint.head.ranges;
    state.write(state.cell("ada"), value);
    await commitCuts(store, [checkpoint.cut({ offsets: {}, clocks: {}, counters: {} })], checkpoint.options);
    assertEquals(checkpoint.head.ranges, ranges);
    state.write(state.cell("ada"), Object.freeze({ total: 2 }));
    states.undo();
    assert(states.find("frozen")!.find("ada")!.value === value);
  });
});

function changeInPlace(value: unknown, touch: () => void, set: (value: unknown) => void): void {
  if (!Array.isArray(value)) return;
  touch();
  value.push(9);
  set(value);
}

function shown({ map, list }: Pick<Kept, "map" | "list">): string {
  const rows = [...map.cells(0)].map(({ key, value }) => [key, [...value!].sort()]);
  const lists = [...list.namespaces()].flatMap((namespace) =>
    [...list.cells(namespace)].map(({ key, value }) => [key, value])
  );
  return Deno.inspect([rows.sort(), lists.sort()], { depth: 9 });
}
