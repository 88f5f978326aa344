/** Durable states: undo, versions, names, and what a key's bucket depends on. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Key, KeyedState } from "../operators/keyed_state.ts";
import { checksum, hashKey, placed } from "../state/hash.ts";
import { hashKeyOfFormat1 } from "../state/hash_format_1.ts";
import { DELTA_RANGES } from "../state/limits.ts";
import { commitCuts, DurableStates, MemoryStore, TaskCheckpoint } from "../state/mod.ts";
import { restoreStates } from "../state/restore.ts";
import { bucketOf } from "../state/state_cell.ts";
import { contents, filled, keysOf, own, put, taken, testClock } from "./support/state.ts";

const clock = testClock();
const COUNTS = { name: "counts", operator: "keyedReduce", namespaced: false } as const;
const WINDOWS = { name: "windows", operator: "tumblingWindow", namespaced: true } as const;

Deno.test("undo makes everything as it was at the last cut, whatever happened since", () => {
  const operation = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    namespace: fc.constantFrom(0, 10),
    act: fc.constantFrom("set", "change in place", "remove", "cell", "drop", "cut", "undo"),
    value: fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 2 }), fc.uint8Array({ maxLength: 2 })),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const states = new DurableStates({ undoable: true });
      let state = states.open(WINDOWS) as KeyedState<string, unknown>;
      let atCut = "[]";
      for (const { key, namespace, act, value } of operations) {
        if (act === "set") put(state, key, structuredClone(value), namespace);
        else if (act === "remove") put(state, key, undefined, namespace);
        else if (act === "cell") state.cell(key, namespace);
        else if (act === "drop") state.drop(namespace);
        else if (act === "change in place") {
          const cell = state.find(key, namespace);
          if (!Array.isArray(cell?.value)) continue;
          state.touch(cell!);
          cell.value.push(9);
        } else if (act === "cut") {
          states.cut();
          atCut = shown(state);
        } else {
          states.undo();
          state = states.open(WINDOWS) as KeyedState<string, unknown>;
          assertEquals(shown(state), atCut);
        }
      }
      states.undo();
      assertEquals([shown(states.find("windows")!), states.size], [atCut, states.find("windows")!.size]);
    }),
    { numRuns: 500 },
  );
});

function shown(state: Pick<KeyedState, "namespaces" | "cells">): string {
  return Deno.inspect(Object.entries(contents(state)).sort(([a], [b]) => a < b ? -1 : 1), { depth: 9 });
}

Deno.test("an epoch is cut after an undo as if nothing had been undone", async () => {
  const store = new MemoryStore();
  const owner = await own(store, { undoable: true });
  put(owner.counts, "ada", [1]);
  put(owner.counts, "bob", [1]);
  await owner.commit();
  const cell = owner.counts.find("ada")!;
  owner.counts.touch(cell);
  (cell.value as number[]).push(666);
  put(owner.counts, "bob", undefined);
  put(owner.counts, "eve", 1);
  owner.states.undo();
  const counts = owner.states.open(COUNTS) as KeyedState<string, unknown>;
  owner.states.open(WINDOWS);
  put(counts, "zoe", 3);
  await owner.commit();
  assertEquals(contents((await own(store)).counts), { "0 string ada": [1], "0 string bob": [1], "0 string zoe": 3 });
});

Deno.test("undo is refused where nothing was kept for it", () => {
  const states = new DurableStates();
  put(states.open(COUNTS) as KeyedState<string, unknown>, "ada", [1]);
  assertThrows(() => states.undo(), Error, "was not opened to be undone");
});

Deno.test("a key that came and went within an epoch writes nothing", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  put(owner.counts, "ada", 1);
  put(owner.counts, "ada", undefined);
  owner.counts.cell("bob");
  await owner.commit();
  assertEquals(owner.checkpoint.head.ranges, []);
  assertEquals(owner.counts.size, 0);
});

Deno.test("a key that is as it was writes nothing, and one that left writes that", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  put(owner.counts, "ada", 1);
  put(owner.counts, "bob", 0);
  await owner.commit();
  const [{ bytes }] = owner.checkpoint.head.ranges;
  put(owner.counts, "ada", 2);
  put(owner.counts, "ada", 1);
  await owner.commit();
  assertEquals(owner.checkpoint.head.ranges[0].bytes, bytes);
  put(owner.counts, "bob", -0);
  put(owner.counts, "ada", undefined);
  await owner.commit();
  const next = await own(store);
  assertEquals(contents(next.counts), { "0 string bob": -0 });
  assertEquals(Object.is(next.counts.find("bob")?.value, -0), true);
});

Deno.test("a cell that a stage held on to comes back when it is written", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const cell = owner.windows.cell("ada", 5);
  owner.windows.write(cell, 1);
  owner.windows.write(cell, undefined);
  await owner.commit();
  owner.windows.write(cell, 2);
  assertStrictEquals(owner.windows.find("ada", 5), cell);
  owner.windows.write(cell, undefined);
  owner.windows.write(owner.windows.cell("ada", 5), 3);
  assertThrows(() => owner.windows.write(cell, 4), Error, "another had come in its place");
});

Deno.test("two stages of one name are refused", () => {
  const states = new DurableStates();
  states.open(COUNTS);
  assertThrows(
    () => states.open({ ...COUNTS, operator: "tumblingWindow" }),
    TypeError,
    "the name is taken by another stage",
  );
});

async function restored(store: MemoryStore, drop: string[] = []) {
  const states = new DurableStates({ drop });
  const claim = await TaskCheckpoint.claim(store, { job: "job", task: 0, states, clock });
  const { checkpoint } = taken(claim);
  await checkpoint.restore();
  return { states, checkpoint };
}

async function stored(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const owner = await own(store);
  for (let epoch = 0; epoch < 8; epoch++) {
    for (let i = 0; i < 300; i++) put(owner.counts, `key ${(epoch * 200 + i) % 1500}`, { total: epoch });
    for (let i = 0; i < 100; i++) put(owner.windows, `key ${i}`, `${"w".repeat(200)} ${epoch}`, epoch * 60_000);
    await owner.commit();
  }
  return store;
}

Deno.test("a state that no stage opens is an error that names it, unless it is dropped by name", async () => {
  const store = await stored();
  const first = await restored(store);
  first.states.open(COUNTS);
  assertThrows(() => first.states.seal(), Error, 'The checkpoint has state of "windows", and no stage has that name');
  assertThrows(() => first.checkpoint.cut(filled(first.checkpoint)), Error, 'state of "windows"');

  let owner = await restored(store, ["windows", "never was"]);
  for (let epoch = 0; epoch < 5; epoch++) {
    const counts = owner.states.open(COUNTS) as KeyedState<string, unknown>;
    for (let i = 0; i < 200; i++) put(counts, `key ${(epoch * 170 + i) % 1500}`, epoch);
    await commitCuts(store, [owner.checkpoint.cut(filled(owner.checkpoint))], { clock });
    const next = await restored(store);
    assertEquals(contents(next.states.find("counts")!), contents(counts));
    assertEquals(next.states.find("windows"), undefined);
    owner = next;
  }
  const bases = await keysOf(store, owner.checkpoint.keys.buckets);
  assertEquals(new Set(bases.map((key) => key[5])), new Set([0]));
});

Deno.test("a state of another kind under the same name is refused", async () => {
  const { states } = await restored(await stored());
  assertThrows(() => states.open({ ...WINDOWS, name: "counts" }), TypeError, "a stage of another kind stored it");
});

Deno.test("values of an older version are migrated once, and are stored in their new form as a whole", async () => {
  const store = await stored();
  const first = await restored(store);
  assertThrows(
    () => first.states.open({ ...COUNTS, version: 2 }),
    TypeError,
    "its values have version 1, the program has version 2 and no migrate",
  );
  let calls = 0;
  const migrate = (value: unknown, version: number) => {
    calls++;
    assertEquals(version, 1);
    const { total } = value as { total: number };
    return total === 1 ? undefined : total;
  };
  const second = await restored(store);
  const { size } = second.states.find("counts")!;
  const counts = second.states.open({ ...COUNTS, version: 2, migrate });
  second.states.open(WINDOWS);
  assertEquals(calls, size);
  const migrated = contents(counts);
  assert(counts.size < size && Object.values(migrated).every((value) => typeof value === "number"));
  await commitCuts(store, [second.checkpoint.cut(filled(second.checkpoint))], { clock });
  assertEquals(second.checkpoint.head.states.map(({ version }) => version), [2, 1]);

  const third = await restored(store);
  const again = third.states.open({ ...COUNTS, version: 2, migrate });
  assertEquals(contents(again), migrated);
  assertEquals(calls, size);
  third.states.open(WINDOWS);
  assertThrows(() => new DurableStates().open({ ...COUNTS, version: 0.5 }), RangeError, "must be a whole number");
  const fourth = await restored(store);
  assertThrows(() => fourth.states.open({ ...COUNTS, migrate }), TypeError, "Run the newer program");
});

Deno.test("a state that is written anew as a whole leaves many bases behind, and none of them comes back", async () => {
  const store = new MemoryStore();
  const first = await own(store);
  for (let epoch = 0; epoch < 60; epoch++) {
    for (let i = 0; i < 400; i++) put(first.counts, `key ${(epoch * 400 + i) % 1200}`, `${epoch} `.repeat(600));
    await first.commit();
  }
  const bases = () => keysOf(store, first.checkpoint.keys.buckets);
  const before = (await bases()).length;
  assert(before > 40, `${before} buckets have bases`);

  const second = await restored(store);
  const migrate = (value: unknown) => (value as string).slice(0, 20);
  const counts = second.states.open({ ...COUNTS, version: 2, migrate }) as KeyedState<string, unknown>;
  second.states.open(WINDOWS);
  for (let epoch = 0; epoch < 12; epoch++) {
    for (let i = 0; i < 200; i++) put(counts, `key ${(epoch * 170 + i) % 1200}`, `${epoch} `.repeat(200));
    await commitCuts(store, [second.checkpoint.cut(filled(second.checkpoint))], { clock });
    const states = new DurableStates();
    const { head, keys } = second.checkpoint;
    states.prepare(head.states, head.nextState);
    await restoreStates(store, keys, head, new Map([...states.all].map((state) => [state.id, state])));
    assertEquals(contents(states.find("counts")!), contents(counts));
  }
  assertEquals(new Set((await bases()).map((key) => key[4])), new Set([second.checkpoint.head.era]));
});

Deno.test("a task that is taken again and again keeps a short list of ranges", async () => {
  const store = new MemoryStore();
  const oracle: Record<string, unknown> = {};
  for (let owners = 0; owners < 3 * DELTA_RANGES; owners++) {
    const owner = await own(store);
    for (let epoch = 0; epoch < 3; epoch++) {
      put(owner.counts, `key ${owners}`, epoch);
      put(owner.counts, `key ${owners - 5}`, owners % 2 === 0 ? undefined : owners);
      oracle[`0 string key ${owners}`] = epoch;
      if (owners % 2 === 0) delete oracle[`0 string key ${owners - 5}`];
      else oracle[`0 string key ${owners - 5}`] = owners;
      await owner.commit();
    }
    assert(owner.checkpoint.head.ranges.length <= DELTA_RANGES);
    await owner.checkpoint.sweep();
    assertEquals(contents((await own(store)).counts), oracle);
  }
});

const HASHES_OF_FORMAT_1 = [
  ...[2872998923, 3873127206, 3586634751, 1070580098, 0, 301794027, 387900469, 4112544204, 3663940613, 0],
  ...[1746855504, 3525244118, 237450808, 2628190328],
];
const HASHES = [
  ...[335713065, 865760830, 94371157, 2773608256, 1622062625, 2693513640, 2791726705, 1522132952, 2566794930],
  ...[2841743054, 3668925392, 493091992, 20442629, 3346992189],
];
const SUMS = [1438416925, 1799740202, 1812121239];

Deno.test("the hash of a key never changes, or stored buckets would not be found", () => {
  const keys: Key[] = [
    "",
    "a",
    "user-1",
    "a much longer key than twelve",
    0,
    1,
    -1,
    1.5,
    2 ** 40,
    NaN,
    1n,
    -(2n ** 70n),
    true,
    false,
  ];
  assertEquals(keys.map((key) => hashKey(key, 1)), HASHES);
  assertEquals(keys.map(hashKeyOfFormat1), HASHES_OF_FORMAT_1);
  assertEquals(hashKey(-0, 1), hashKey(0, 1));
  const seeded = new Set([0, 1, 2, 0xffff_ffff].map((seed) => hashKey("user-1", seed)));
  assertEquals(seeded.size, 4);
  assertEquals([checksum(new Uint8Array([1, 2, 3])), placed(1, 2, 3), placed(7, 2 ** 40, 0)], SUMS);
});

Deno.test("buckets are about equally full, whatever keys look like", () => {
  const kinds: ((i: number) => Key)[] = [
    (i) => `user-${i}`,
    (i) => `${i}`.padStart(40, "0"),
    (i) => `id-${i.toString(36)}-suffix`,
    (i) => `${i.toString(16).padStart(8, "0")}-a24a-11ee-9c3e-0242ac120002`,
    (i) => `user${i}@mail.example.com`,
    (i) => `urn:shop:${i}:europe-west1`,
    (i) => `europe-west1/${"x".repeat(20)}/${i}/${"y".repeat(20)}`,
    (i) => String.fromCharCode(i),
    (i) => "\0".repeat(i % 300) + Math.floor(i / 300),
    (i) => i,
    (i) => i * 1000,
    (i) => i / 7,
    (i) => BigInt(i) ** 3n,
  ];
  for (const kind of kinds.values()) {
    const counts = new Array(64).fill(0);
    for (let i = 0; i < 64_000; i++) counts[bucketOf(hashKey(kind(i), 0x5eed), 64)]++;
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    assert(least > 850 && most < 1150, `${kind} fills buckets with ${least} to ${most} keys`);
  }
});
