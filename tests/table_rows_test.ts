/** Rows of tables in the checkpoint: with their epoch where they fit, after it where they do not, and never by a former owner. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { changed, claimed } from "../state/decide.ts";
import { type Head, NEW_HEAD } from "../state/head.ts";
import { decodeHead, encodeHead } from "../state/head_codec.ts";
import { decodeRows, encodeRows } from "../state/rows.ts";
import { assertSuccessor } from "../state/successor.ts";
import {
  commitCuts,
  CorruptError,
  DurableStates,
  FencedError,
  KvStore,
  MemoryStore,
  type Store,
  TaskCheckpoint,
} from "../state/mod.ts";
import type { TableRow } from "../state/store.ts";
import { valueBytes } from "../state/weight.ts";
import { SimKv } from "./sim/kv.ts";
import { type Fault, FaultStore, filled, keysOf, own, type Owner, taken, testClock } from "./support/state.ts";

const clock = testClock();
/** A process whose requests are all answered at once. */
const direct = { call: async <T>(_what: string, effect: () => T | Promise<T>) => await effect() };

/** So many rows with this text; `null` deletes them. */
function rows(count: number, value: string | null): TableRow[] {
  return Array.from({ length: count }, (_, i) => {
    return { key: ["prices", i], value, bytes: value === null ? 0 : valueBytes(value) };
  });
}

function cutOf({ checkpoint }: Owner, written: readonly TableRow[]) {
  return checkpoint.cut({ ...filled(checkpoint), writes: { ahead: [], last: [], rows: written } });
}

/** The values of the table, in the order of its keys. */
async function valuesOf(store: Store): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const { value } of store.list(["prices"])) values.push(value);
  return values;
}

/** How many rows there are of each value. */
async function tally(store: Store): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of await valuesOf(store)) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

const chunksOf = ({ checkpoint: { keys } }: Owner, store: Store) => keysOf(store, keys.chunks("rows"));

for (
  const [name, open] of [
    ["MemoryStore", () => Promise.resolve(new MemoryStore())],
    ["Deno KV", () => KvStore.open(":memory:", clock)],
    ["the simulated KV", () => Promise.resolve(new KvStore(new SimKv().handle(direct, "test"), "simulated", clock))],
  ] as const
) {
  describe(`rows of a table on ${name}`, () => {
    const onStore = async (run: (store: Store) => Promise<void>) => {
      const store = await open();
      try {
        await run(store);
      } finally {
        store.close();
      }
    };

    it("are in the atomic of their epoch where they fit, and the head names none", () =>
      onStore(async (store) => {
        const owner = await own(store);
        const report = await commitCuts(store, [cutOf(owner, rows(800, "one"))], { clock });
        assertEquals([report.atomics, report.outcomes], [1, ["committed"]]);
        assertEquals(await tally(store), { one: 800 });
        assertEquals(owner.checkpoint.head.unwritten, undefined);
        await commitCuts(store, [cutOf(owner, rows(400, null))], { clock });
        assertEquals(await tally(store), { one: 400 });
      }));

    it("follow their epoch where they do not fit, and the head names them until its next write", () =>
      onStore(async (store) => {
        const owner = await own(store);
        const report = await commitCuts(store, [cutOf(owner, rows(2500, "one"))], { clock });
        assert(report.atomics > 3, `${report.atomics} atomics`);
        assertEquals(await tally(store), { one: 2500 });
        const { head } = owner.checkpoint;
        assertEquals([head.unwritten?.records, head.unwritten?.epoch], [2500, 1]);
        assert((await chunksOf(owner, store)).length > 0);
        await owner.checkpoint.rewrite({});
        assertEquals(owner.checkpoint.head.unwritten, undefined);
        assertEquals(await chunksOf(owner, store), []);
      }));

    it("follow their epoch where they are too large together, and so do their deletes", () =>
      onStore(async (store) => {
        const owner = await own(store);
        await commitCuts(store, [cutOf(owner, rows(40, "x".repeat(60_000)))], { clock });
        assertEquals((await valuesOf(store)).length, 40);
        await commitCuts(store, [cutOf(owner, rows(2000, null))], { clock });
        assertEquals(await valuesOf(store), []);
        assertEquals(owner.checkpoint.head.unwritten?.records, 2000);
      }));
  });
}

/** Commits an epoch whose rows do not fit, on a store that fails in this way from the nth atomic of the rows on. */
async function failingAt(nth: number, fault: Fault) {
  const inner = new MemoryStore();
  const store = new FaultStore(inner);
  const owner = await own(store);
  await commitCuts(store, [cutOf(owner, rows(2500, "old"))], { clock });
  const cut = cutOf(owner, rows(2500, "new"));
  let seen = 0;
  let met = 0;
  store.fault = (_, mutations) => {
    if (mutations[0].key[0] !== "prices" || ++seen < nth || met++ > 0) return "none";
    return fault;
  };
  const report = await commitCuts(store, [cut], { clock });
  store.fault = () => "none";
  return { inner, store, owner, report, met };
}

describe("rows that follow their epoch", () => {
  for (const fault of ["request lost", "done, answer lost", "done, said to have failed"] as const) {
    it(`are all written when an atomic has the outcome "${fault}"`, async () => {
      for (const nth of [1, 2, 3]) {
        const { inner, report, met } = await failingAt(nth, fault);
        assertEquals([report.outcomes, met > 0], [["committed"], true]);
        assertEquals(await tally(inner), { new: 2500 });
      }
    });
  }

  it("are not written by an atomic that arrives after a later epoch", async () => {
    const { inner, store, owner } = await failingAt(2, "request delayed");
    await commitCuts(store, [cutOf(owner, rows(2500, "later"))], { clock });
    assertEquals(await store.deliver(), 0);
    assertEquals(await tally(inner), { later: 2500 });
  });

  it("are not written by an atomic that arrives after the head has moved on without an epoch", async () => {
    const { inner, store, owner } = await failingAt(2, "request delayed");
    await owner.checkpoint.rewrite({});
    assertEquals(await store.deliver(), 0);
    assertEquals(await tally(inner), { new: 2500 });
  });

  it("are left to the next owner, who writes them before its first cut", async () => {
    const store = new MemoryStore();
    const owner = await own(store);
    await commitCuts(store, [cutOf(owner, rows(2500, "old"))], { clock });
    const cut = cutOf(owner, rows(2500, "new"));
    let atomics = 0;
    let next: Owner | undefined;
    const contested: Store = {
      ...{ name: store.name, get: store.get.bind(store), list: store.list.bind(store), close: () => {} },
      async atomic(checks, mutations) {
        if (mutations[0].key[0] === "prices" && ++atomics === 2) next = await own(store);
        return await store.atomic(checks, mutations);
      },
    };
    assertEquals((await commitCuts(contested, [cut], { clock })).outcomes, ["fenced"]);
    assertThrows(() => cutOf(owner, rows(1, "zombie")), FencedError);
    const between = await tally(store);
    assert(between.old > 0 && between.new > 0, JSON.stringify(between));
    const { checkpoint } = next!;
    assertThrows(() => cutOf(next!, rows(1, "later")), Error, "must write its rows before its first cut");
    assertEquals(await checkpoint.writeRows(), 2500);
    assertEquals(await tally(store), { new: 2500 });
    assertEquals(await checkpoint.writeRows(), 0);
    await commitCuts(store, [cutOf(next!, rows(2500, "later"))], { clock });
    assertEquals(await tally(store), { later: 2500 });
  });

  it("stay in the head when a new owner writes it before it has written them", async () => {
    const store = new MemoryStore();
    const owner = await own(store);
    await commitCuts(store, [cutOf(owner, rows(2500, "one"))], { clock });
    const next = await own(store);
    await next.checkpoint.rewrite({ publishers: [] });
    assertEquals(next.checkpoint.head.unwritten, owner.checkpoint.head.unwritten);
    assertEquals(await next.checkpoint.sweep(), 0);
    const third = await own(store);
    assertEquals(await third.checkpoint.writeRows(), 2500);
    await third.checkpoint.rewrite({});
    assertEquals([third.checkpoint.head.unwritten, await chunksOf(third, store)], [undefined, []]);
  });

  it("cannot be written by an owner who is no longer one", async () => {
    const store = new MemoryStore();
    await commitCuts(store, [cutOf(await own(store), rows(2500, "one"))], { clock });
    const former = await own(store);
    await own(store);
    for (const row of rows(2500, null)) await store.atomic([], [{ type: "delete", key: row.key }]);
    await assertRejects(() => former.checkpoint.writeRows(), FencedError);
    assertEquals(await valuesOf(store), []);
  });

  it("are forgotten by a reset", async () => {
    const store = new MemoryStore();
    await commitCuts(store, [cutOf(await own(store), rows(2500, "one"))], { clock });
    const options = { job: "job", task: 0, states: new DurableStates(), clock };
    const { checkpoint } = taken(await TaskCheckpoint.claim(store, options));
    await checkpoint.rewrite({ reset: { epoch: 0 } });
    assertEquals([checkpoint.head.unwritten, await checkpoint.writeRows()], [undefined, 0]);
  });

  it("stop whoever finds that they are not what was written", async () => {
    const store = new MemoryStore();
    const owner = await own(store);
    await commitCuts(store, [cutOf(owner, rows(2500, "one"))], { clock });
    const [first] = await chunksOf(owner, store);
    await store.atomic([], [{ type: "set", key: first, value: new Uint8Array(100) }]);
    const next = await own(store);
    await assertRejects(() => next.checkpoint.writeRows(), CorruptError, "is not what was written");
  });
});

describe("encoded rows", () => {
  const part = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.double({ noNaN: true }),
    fc.bigInt(),
    fc.boolean(),
    fc.uint8Array(),
  );
  const value = fc.oneof(
    fc.constant(null),
    fc.jsonValue(),
    fc.uint8Array(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
  );
  const row = fc.record({ key: fc.array(part, { minLength: 1, maxLength: 4 }), value, bytes: fc.nat() });

  it("come back as they were", () => {
    fc.assert(fc.property(fc.array(row), (list) => {
      const plain = structuredClone(list);
      assertEquals(decodeRows(encodeRows(plain).slice()), plain);
    }));
  });

  it("of the first version are still read", () => {
    const bytes = Uint8Array.fromHex(
      "01030c034670726963657343746561810d024563656e7473447461677304f4030c0243686f7445677265656e280c03467072696365730901020b0107" +
        "01000c02467072696365730312000000000000144009",
    );
    assertEquals(decodeRows(bytes), [
      { key: ["prices", "tea", 1], value: { cents: 250, tags: ["hot", "green"] }, bytes: 40 },
      { key: ["prices", 2n, new Uint8Array([7])], value: null, bytes: 0 },
      { key: ["prices", true], value: new Date(5), bytes: 9 },
    ]);
  });

  it("come back as they were where JSON would change them", () => {
    const odd = [
      -0,
      NaN,
      undefined,
      [-0],
      { a: undefined },
      { a: [1, { b: Infinity }] },
      JSON.parse('{"__proto__":1}'),
    ];
    const values = [
      ...odd,
      { a: "\ud800" },
      { a: new Map([[1, { b: 2n }]]) },
      Object.assign(Object.create(null), { a: 1 }),
    ];
    const list = values.map((value) => ({ key: ["odd", 1], value, bytes: 1 }));
    const read = decodeRows(encodeRows(list).slice());
    assertEquals(read, list);
    read.forEach(({ value }, at) => assertEquals(Deno.inspect(value), Deno.inspect(values[at])));
  });

  it("are refused where they have another version, or something after their end", () => {
    const bytes = encodeRows(rows(2, "one")).slice();
    assertThrows(() => decodeRows(new Uint8Array([9, ...bytes.slice(1)])), RangeError, "version 9");
    assertThrows(() => decodeRows(new Uint8Array([...bytes, 0])), RangeError, "left over");
    assertMatch(String(decodeRows(bytes)[1].key), /prices,1/);
  });
});

describe("a head", () => {
  it("names rows that may not be written until a write that says they are, whoever makes it", () => {
    const rows = { epoch: 5, fence: "mine", attempt: 7, chunks: 1, bytes: 9, records: 2, checksum: 3 };
    const head: Head = { ...NEW_HEAD, ...{ epoch: 5, fence: "mine", attempt: 7 }, unwritten: rows };
    assertEquals(decodeHead(encodeHead(head)).unwritten, rows);
    assertEquals(changed(head, {}).unwritten, rows);
    assertEquals(changed(head, {}, true).unwritten, undefined);
    const claim = claimed(head, { fence: "next", publisher: undefined, fenced: [] }) as Head;
    assertEquals(claim.unwritten, rows);
    assertSuccessor(head, claim);
    assertSuccessor(head, changed(head, {}, true));
    assertSuccessor({ ...NEW_HEAD, epoch: 4, fence: "mine", attempt: 6 }, head);
    const foreign = "rows came into the head that are not those of epoch 5";
    const before = { ...head, attempt: 6, unwritten: undefined };
    assertThrows(() => assertSuccessor(before, head), Error, foreign);
    assertThrows(
      () => assertSuccessor({ ...before, epoch: 4 }, { ...head, unwritten: { ...rows, epoch: 4 } }),
      Error,
      foreign,
    );
    assertThrows(
      () => assertSuccessor({ ...before, epoch: 4 }, { ...head, unwritten: { ...rows, attempt: 6 } }),
      Error,
      foreign,
    );
    const forgotten = "a new owner changed the rows that may not be written yet";
    assertThrows(() => assertSuccessor(head, { ...claim, unwritten: undefined }), Error, forgotten);
  });
});
