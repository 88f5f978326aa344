/** What every store owes the checkpoint room: one suite, whatever it lies on. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import type { Mutation, Store, StoreKey } from "../state/mod.ts";

/** A store to try, and what is to be done when it was. */
export interface StoreSubject {
  readonly store: Store;
  readonly done: () => Promise<void>;
}

const CONTRACT: Record<string, (store: Store) => Promise<void>> = {
  "finds nothing under a key that was never set": async (store) => {
    assertEquals(await store.get(["nothing"]), undefined);
  },
  "gives back what was set, and nobody can change it in place": async (store) => {
    const bytes = new Uint8Array([1, 2, 3]);
    const object = { list: [1, { deep: true }] };
    await store.atomic([], [set(["bytes"], bytes), set(["object"], object)]);
    bytes[0] = 9;
    object.list.push(2);
    const found = (await store.get<Uint8Array>(["bytes"]))!;
    assertEquals(found.value, new Uint8Array([1, 2, 3]));
    found.value[0] = 7;
    assertEquals((await store.get(["bytes"]))?.value, new Uint8Array([1, 2, 3]));
    assertEquals((await store.get(["object"]))?.value, { list: [1, { deep: true }] });
  },
  "gives bytes that are part of a larger buffer alone": async (store) => {
    await store.atomic([], [set(["part"], new Uint8Array([0, 1, 2, 3]).subarray(1, 3))]);
    assertEquals((await store.get(["part"]))?.value, new Uint8Array([1, 2]));
  },
  "changes the versionstamp with every write": async (store) => {
    const first = await store.atomic([], [set(["v"], 1)]);
    const before = await store.get(["v"]);
    assertEquals(first, { ok: true, versionstamp: before!.versionstamp });
    await store.atomic([], [set(["v"], 1)]);
    const after = await store.get(["v"]);
    assertEquals(before!.versionstamp < after!.versionstamp, true);
  },
  "does all of an atomic when its checks hold, else nothing of it": async (store) => {
    const missing = { key: ["a"], versionstamp: null };
    assertEquals((await store.atomic([missing], [set(["a"], 1), set(["b"], 1)])).ok, true);
    assertEquals(await store.atomic([missing], [set(["a"], 2), set(["c"], 2)]), { ok: false });
    assertEquals((await store.get(["a"]))?.value, 1);
    assertEquals(await store.get(["c"]), undefined);
    const { versionstamp } = (await store.get(["a"]))!;
    assertEquals((await store.atomic([{ key: ["a"], versionstamp }], [{ type: "delete", key: ["a"] }])).ok, true);
    assertEquals(await store.get(["a"]), undefined);
    assertEquals((await store.atomic([{ key: ["a"], versionstamp }], [set(["a"], 3)])).ok, false);
  },
  "applies mutations of one key in their order": async (store) => {
    await store.atomic([], [set(["k"], 1), set(["k"], 2)]);
    assertEquals((await store.get(["k"]))?.value, 2);
    await store.atomic([], [set(["k"], 3), { type: "delete", key: ["k"] }]);
    assertEquals(await store.get(["k"]), undefined);
  },
  "lists keys in the order of Deno KV": async (store) => {
    const parts: StoreKey[number][] = [
      ...[new Uint8Array([]), new Uint8Array([0]), new Uint8Array([0, 1]), new Uint8Array([1])],
      ...["", "\0", "a", "a\0b", "ab", "b", "é", "\u{1f600}"],
      ...[-(2n ** 70n), -256n, -1n, 0n, 1n, 255n, 256n, 2n ** 70n],
      ...[-Infinity, -1e300, -2.5, -1, 0, 5e-324, 1, 1.5, 255, 256, 2 ** 53, Infinity, NaN],
      ...[false, true],
    ];
    const shuffled = parts.map((part, i) => [(i * 17) % parts.length, part] as const).sort((a, b) => a[0] - b[0]);
    for (const [, part] of shuffled) await store.atomic([], [set(["order", part], 1)]);
    const found: unknown[] = [];
    for await (const { key } of store.list(["order"])) found.push(key[1]);
    assertEquals(found, parts);
  },
  "lists below a prefix, without the prefix itself and without longer names": async (store) => {
    for (const key of [["p"], ["p", 1], ["p", 1, 2], ["p", 2], ["pq", 1]]) await store.atomic([], [set(key, 1)]);
    assertEquals(await list(store, ["p"]), [["p", 1], ["p", 1, 2], ["p", 2]]);
    assertEquals(await list(store, ["p", 1]), [["p", 1, 2]]);
  },
  "lists from a start, inclusive, to an end, exclusive": async (store) => {
    for (let i = 0; i < 6; i++) await store.atomic([], [set(["r", i], i)]);
    assertEquals(await list(store, ["r"], { start: ["r", 2], end: ["r", 4] }), [["r", 2], ["r", 3]]);
    assertEquals(await list(store, ["r"], { start: ["r", 4] }), [["r", 4], ["r", 5]]);
    assertEquals(await list(store, ["r"], { end: ["r", 1] }), [["r", 0]]);
  },
  "lists more than one batch": async (store) => {
    for (let from = 0; from < 1200; from += 400) {
      await store.atomic([], Array.from({ length: 400 }, (_, i) => set(["many", from + i], i)));
    }
    assertEquals((await list(store, ["many"])).length, 1200);
  },
  "takes 64 KiB in a value, and no more": async (store) => {
    await store.atomic([], [set(["large"], new Uint8Array(65_536))]);
    await assertRejects(() => store.atomic([], [set(["large"], new Uint8Array(65_537))]), TypeError, "Value too large");
    await assertRejects(() => store.atomic([], [set(["large"], "x".repeat(65_536))]), TypeError, "Value too large");
  },
  "takes 2 KiB in a key, and no more": async (store) => {
    await store.atomic([], [set(["k".repeat(2046)], 1)]);
    await assertRejects(() => store.atomic([], [set(["k".repeat(2047)], 1)]), TypeError, "Key too large");
    await assertRejects(() => store.atomic([], [set([], 1)]), TypeError, "key cannot be empty");
  },
  "takes 1,000 mutations in an atomic, and no more": async (store) => {
    const sets = (count: number) => Array.from({ length: count }, (_, i) => set(["m", i], 1));
    await store.atomic([], sets(1000));
    await assertRejects(() => store.atomic([], sets(1001)), TypeError, "Too many mutations");
  },
  "takes 800 KiB in an atomic with its keys counted twice, and no more": async (store) => {
    const sets = (last: number) =>
      Array.from({ length: 13 }, (_, i) => set(["t", i], new Uint8Array(i < 12 ? 63_000 : last)));
    const most = 800 * 1024 - 12 * 63_000 - 2 * 13 * 12;
    await store.atomic([], sets(most));
    await assertRejects(() => store.atomic([], sets(most + 1)), TypeError, "Total mutation size too large");
  },
  "takes 80 KiB of keys in the sets of an atomic, and no more": async (store) => {
    const sets = (count: number) => Array.from({ length: count }, (_, i) => set(["k".repeat(1000), i], 1));
    await store.atomic([], sets(81));
    await assertRejects(() => store.atomic([], sets(82)), TypeError, "Total key size too large");
  },
  "says so when it is closed": async (store) => {
    store.close();
    const error = await assertRejects(() => store.get(["a"]), Error);
    assertMatch(error.message, /closed/);
  },
};

/** Makes a suite of the contract: a case of each sentence. */
export function storeContract(name: string, open: () => Promise<StoreSubject>): void {
  describe(name, () => {
    let subject: StoreSubject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.done());
    for (const [sentence, check] of Object.entries(CONTRACT)) it(sentence, () => check(subject.store));
  });
}

export function set(key: StoreKey, value: unknown): Mutation {
  return { type: "set", key, value };
}

async function list(store: Store, prefix: StoreKey, range?: { start?: StoreKey; end?: StoreKey }): Promise<StoreKey[]> {
  const keys: StoreKey[] = [];
  for await (const { key } of store.list(prefix, range)) keys.push(key);
  return keys;
}
