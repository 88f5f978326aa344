/** The rows of tables that every task holds whole: one contract with other keyed states, and one copy for all tasks. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import type { KeyedState } from "../operators/keyed_state.ts";
import { commitCuts } from "../state/commit.ts";
import { DurableStates } from "../state/durable_state.ts";
import { MemoryStore } from "../state/memory_store.ts";
import { NumberList } from "../state/number_list.ts";
import { isSame } from "../state/same_value.ts";
import { type SharedRows, SharedTables } from "../state/shared_rows.ts";
import { SharedState } from "../state/shared_state.ts";
import { contents, own, type Owner, put } from "./support/state.ts";

const COUNTS = new Set(["counts"]);

/** Tasks of one worker, each with its own checkpoint in the store, and the rows that they share. */
class Tasks {
  readonly tables = new SharedTables(COUNTS);
  readonly owners: Owner[] = [];

  constructor(readonly store: MemoryStore, readonly undoable: boolean) {}

  get rows(): SharedRows {
    return this.tables.find("counts")!;
  }

  async start(task: number): Promise<Owner> {
    this.owners[task]?.states.close();
    return this.owners[task] = await own(this.store, { task, shared: this.tables, undoable: this.undoable });
  }
}

describe("a state whose rows are shared", () => {
  it("finds, counts and removes as other states do", () => {
    const state = new DurableStates({ shared: new SharedTables(COUNTS) }).open(
      { name: "counts", operator: "tableJoin", namespaced: false },
    );
    assert(state instanceof SharedState);
    assertEquals([state.find("ada"), state.size, [...state.namespaces()]], [undefined, 0, []]);
    const cell = state.cell("ada");
    assertEquals([cell.key, cell.namespace, cell.value, state.size], ["ada", 0, undefined, 0]);
    state.write(cell, 1);
    state.write(state.cell(-0), 2);
    assertEquals(contents(state), { "0 string ada": 1, "0 number 0": 2 });
    assertEquals([state.find("ada")?.value, state.find(0)?.value, state.find("ada", 7)], [1, 2, undefined]);
    assertThrows(() => state.cell("ada", 7), RangeError, 'State "counts" has no namespace 7');
    state.drop(0);
    assertEquals([state.size, [...state.cells(0)]], [0, []]);
  });

  it("property: each task has its own rows, over cuts, undos and restarts, as a naive map has", async () => {
    const act = fc.record({
      task: fc.nat(2),
      what: fc.oneof(
        { weight: 8, arbitrary: fc.constant("write" as const) },
        fc.constantFrom("commit" as const, "undo" as const, "restart" as const),
      ),
      key: fc.constantFrom("a", "b", "c", "d", "e"),
      value: fc.option(fc.record({ n: fc.nat(2), list: fc.array(fc.nat(1), { maxLength: 1 }) }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const tasks = new Tasks(new MemoryStore(), true);
        const now = [0, 1, 2].map(() => new Map<string, unknown>()), atCut = now.map(() => new Map<string, unknown>());
        for (const task of [0, 1, 2]) await tasks.start(task);
        for (const { task, what, key, value } of acts) {
          const owner = tasks.owners[task];
          if (what === "write") {
            put(owner.counts, key, value);
            if (value === undefined) now[task].delete(key);
            else now[task].set(key, value);
          } else if (what === "commit") {
            await owner.commit();
            atCut[task] = new Map(now[task]);
          } else {
            if (what === "undo") {
              owner.states.undo();
              for (const [name, operator, namespaced] of [["counts", "r", false], ["windows", "w", true]] as const) {
                owner.states.open({ name, operator, namespaced });
              }
            } else await tasks.start(task);
            now[task] = new Map(atCut[task]);
          }
          for (const [at, { counts }] of tasks.owners.entries()) {
            assertEquals(
              Object.fromEntries([...counts.cells(0)].map(({ key, value }) => [key, value])),
              Object.fromEntries(now[at]),
            );
            for (const [key, value] of now[at]) assertEquals(counts.find(key)?.value, value);
            assertEquals(counts.size, now[at].size);
          }
          assertEquals(tasks.rows.size, new Set(now.flatMap((rows) => [...rows.keys()])).size);
        }
      }),
      { seed: 20_241_130, numRuns: 150 },
    );
  });

  it("keeps one copy of what is equal, after a restart too, and of what differs one each", async () => {
    const tasks = new Tasks(new MemoryStore(), false);
    const row = (n: number) => ({ n, tags: ["x"] });
    const three = [await tasks.start(0), await tasks.start(1), await tasks.start(2)];
    const found = (task: number) => tasks.owners[task].counts.find("ada")?.value;
    for (const { counts } of three) put(counts, "ada", row(1));
    assertStrictEquals(found(0), found(1));
    put(three[0].counts, "ada", row(2));
    put(three[1].counts, "ada", row(2));
    assertStrictEquals(found(0), found(1));
    assertEquals([found(0), found(2)], [row(2), row(1)]);
    for (const { commit } of three) await commit();
    for (const task of [0, 1, 2]) await tasks.start(task);
    assertStrictEquals(found(0), found(1));
    assertEquals([found(0), found(2)], [row(2), row(1)]);
    for (const { states } of tasks.owners) states.close();
    assertEquals(tasks.rows.size, 0);
  });

  it("is restored from what another form of state has stored, and the other way round", async () => {
    const store = new MemoryStore();
    const plain = await own(store);
    for (let n = 0; n < 3000; n++) put(plain.counts, `key-${n}`, { n });
    await plain.commit();
    const shared = new SharedTables(COUNTS);
    const all = contents(plain.counts);
    const second = await own(store, { shared });
    assertEquals(contents(second.counts), all);
    put(second.counts, "key-7", undefined);
    put(second.counts, "new", { n: -1 });
    await second.commit();
    const third = await own(store);
    assertEquals(third.counts.find("key-7"), undefined);
    assertEquals(third.counts.find("new")?.value, { n: -1 });
    assertEquals(third.counts.size, 3000);
  });

  it("is spread over buckets, compacted and found again, whatever grows and shrinks", async () => {
    const store = new MemoryStore();
    const shared = new SharedTables(COUNTS);
    let owner = await own(store, { shared });
    const expected = new Map<string, unknown>();
    for (let epoch = 0; epoch < 30; epoch++) {
      for (let n = 0; n < 400; n++) {
        const key = `key-${(epoch * 257 + n * 13) % 6000}`;
        const value = (epoch + n) % 5 === 0 ? undefined : { epoch, text: "x".repeat(n % 100) };
        put(owner.counts, key, value);
        if (value === undefined) expected.delete(key);
        else expected.set(key, value);
      }
      await owner.commit();
      if (epoch % 10 !== 9) continue;
      owner.states.close();
      owner = await own(store, { shared });
      const found = new Map([...(owner.counts as KeyedState<string>).cells(0)].map(({ key, value }) => [key, value]));
      assertEquals(found.size, expected.size);
      for (const [key, value] of expected) assertEquals(found.get(key), value);
    }
    const state = [...owner.states.all].find(({ name }) => name === "counts")!;
    assert(state.buckets.length > 2 && state.bases > 0, `${state.buckets.length} buckets, ${state.bases} bases`);
  });

  it("writes what has changed since the last cut only", async () => {
    const { counts, checkpoint, commit } = await own(new MemoryStore(), { shared: new SharedTables(COUNTS) });
    const value = { n: 1 };
    for (const key of ["a", "b"]) put(counts, key, value);
    await commit();
    const bytes = async () => {
      const cut = checkpoint.cut({ offsets: {}, clocks: {}, counters: {} });
      await commitCuts(checkpoint.store, [cut], checkpoint.options);
      return cut.head.ranges.at(-1)?.bytes;
    };
    const before = await bytes();
    put(counts, "a", { n: 1 });
    assertEquals(await bytes(), before, "an equal row is no change");
  });

  it("migrates its values", async () => {
    const store = new MemoryStore();
    const { counts, commit } = await own(store, { shared: new SharedTables(COUNTS) });
    for (const key of ["a", "b"]) put(counts, key, 1);
    await commit();
    const states = new DurableStates({ shared: new SharedTables(COUNTS) });
    states.prepare([{ ...entry(), name: "counts" }], 1);
    const [state] = states.all;
    state.load({ key: "a", namespace: 0, element: undefined }, 1, 1);
    state.load({ key: "b", namespace: 0, element: undefined }, 2, 1);
    const opened = states.open({
      ...{ name: "counts", operator: "tableJoin", namespaced: false, version: 2 },
      migrate: (value) => value === 1 ? undefined : 10 * (value as number),
    });
    assertEquals(contents(opened), { "0 string b": 20 });
  });
});

function entry() {
  return {
    ...{ id: 0, version: 1, kind: "value", namespaced: false, layout: 2, seed: 7, buckets: 1 } as const,
    ...{ bases: 0, baseBytes: 0, checksum: 0 },
  };
}

describe("isSame()", () => {
  it("is true only where a reader sees no difference", () => {
    const same = [[1, 1], ["a", "a"], [NaN, NaN], [[1, { a: null }], [1, { a: null }]], [{ a: 1, b: [] }, {
      a: 1,
      b: [],
    }]];
    for (const [one, other] of same) assert(isSame(one, other), Deno.inspect([one, other]));
    const different = [
      [0, -0],
      [1, "1"],
      [{ a: 1, b: 2 }, { b: 2, a: 1 }],
      [{ a: undefined }, {}],
      [[], {}],
      [[1], [1, 2]],
      [new Array(2), new Array(3)],
      [new Date(0), new Date(0)],
      [new Map(), new Map()],
      [Object.create(null), {}],
      [null, {}],
    ];
    for (const [one, other] of different) assert(!isSame(one, other), Deno.inspect([one, other]));
  });
});

describe("NumberList", () => {
  it("holds what was pushed and not removed", () => {
    const list = new NumberList();
    for (let n = 0; n < 100; n++) list.push(n * n);
    for (let n = 0; n < 100; n += 2) list.remove(n * n);
    const left = Array.from({ length: list.length }, (_, at) => list.at(at)).sort((a, b) => a - b);
    assertEquals(left, Array.from({ length: 50 }, (_, n) => (2 * n + 1) ** 2));
  });
});
