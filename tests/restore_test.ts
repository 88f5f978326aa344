/** Restoring and sweeping: what the head names is read and verified, what it does not name goes. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CHUNK_BYTES } from "../state/limits.ts";
import { CorruptError, DurableStates, FencedError, MemoryStore, readHead, TaskCheckpoint } from "../state/mod.ts";
import { contents, keysOf, own, type Owner, put, result, taken, testClock } from "./support/state.ts";

const clock = testClock();
const TASK = { job: "job", task: 0 };

Deno.test("a corrupt, missing or added chunk is named by its key", async () => {
  const make = async () => {
    const store = new MemoryStore();
    const owner = await own(store);
    for (let epoch = 0; epoch < 3; epoch++) {
      put(owner.counts, `key ${epoch}`, epoch);
      await owner.commit({ outbox: [result("r")] });
    }
    return { store, keys: owner.checkpoint.keys };
  };
  const spoilt: ((value: Uint8Array) => Uint8Array | undefined)[] = [
    (value) => value.map((byte, i) => i === value.length - 1 ? byte ^ 1 : byte),
    (value) => value.subarray(0, value.length - 1),
    () => new Uint8Array(0),
    () => undefined,
  ];
  for (const spoil of spoilt) {
    const { store, keys } = await make();
    const chunk = (await keysOf(store, keys.chunks("delta")))[1];
    const value = spoil((await store.get<Uint8Array>(chunk))!.value);
    await store.atomic([], [value === undefined ? { type: "delete", key: chunk } : { type: "set", key: chunk, value }]);
    const error = await assertRejects(() => own(store), CorruptError);
    assertEquals(error.key.slice(0, 5), chunk.slice(0, 5));
    assert(error.message.includes("delta"), error.message);
  }
  const { store, keys } = await make();
  const chunk = (await keysOf(store, keys.chunks("outbox")))[0];
  await store.atomic([], [{ type: "set", key: chunk, value: new Uint8Array([0, 0, 0, 0, 1]) }]);
  const owner = await own(store);
  const error = await assertRejects(() => owner.checkpoint.readOutbox(owner.checkpoint.head.outbox[0]), CorruptError);
  assertEquals(error.key, chunk);
});

Deno.test("a corrupt or missing base is named by its key", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  for (let epoch = 0; owner.checkpoint.head.states.every(({ bases }) => bases === 0); epoch++) {
    for (let i = 0; i < 500; i++) put(owner.counts, `key ${(epoch * 100 + i) % 900}`, epoch);
    await owner.commit();
  }
  const [key] = await keysOf(store, owner.checkpoint.keys.buckets);
  const { value } = (await store.get<Uint8Array>(key))!;
  await store.atomic([], [{ type: "set", key, value: value.map((byte, i) => i === 20 ? byte ^ 1 : byte) }]);
  assertEquals((await assertRejects(() => own(store), CorruptError)).key, key);
  await store.atomic([], [{ type: "delete", key }]);
  assertEquals((await assertRejects(() => own(store), CorruptError)).key, key.slice(0, -1));
  await store.atomic([], [{ type: "set", key, value }]);
  assertEquals((await own(store)).counts.size, owner.counts.size);
});

Deno.test("what looks corrupt because a new owner has deleted it is a FencedError", async () => {
  const store = new MemoryStore();
  const first = await own(store);
  put(first.counts, "ada", 1);
  await first.commit();
  const states = new DurableStates();
  const { checkpoint } = taken(await TaskCheckpoint.claim(store, { ...TASK, states, clock }));
  await own(store);
  for (const key of await keysOf(store, checkpoint.keys.chunks("delta"))) {
    await store.atomic([], [{ type: "delete", key }]);
  }
  await assertRejects(() => checkpoint.restore(), FencedError);
});

Deno.test("a head that is no head is corrupt, and one of a newer format says so", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const key = owner.checkpoint.keys.head;
  await store.atomic([], [{ type: "set", key, value: "text" }]);
  assertEquals((await assertRejects(() => readHead(store, TASK), CorruptError)).key, key);
  await store.atomic([], [{ type: "set", key, value: new Uint8Array([200, 1, 2, 3, 4, 5]) }]);
  await assertRejects(() => readHead(store, TASK), CorruptError, "it has format 200");
});

Deno.test("a sweep deletes what earlier owners left, and nothing that is live", async () => {
  const store = new MemoryStore();
  const first = await own(store);
  for (let epoch = 0; epoch < 30; epoch++) {
    for (let i = 0; i < 60; i++) put(first.counts, `key ${(epoch * 31 + i) % 300}`, "v".repeat(300));
    await first.commit({ outbox: [result(`${epoch}`)], published: first.checkpoint.head.epoch - 2 });
  }
  const orphans = (["delta", "base", "outbox"] as const).flatMap((kind) => {
    const place = { kind, fence: first.checkpoint.head.fence, attempt: 1000, index: 0 };
    return [
      first.checkpoint.keys.chunk(place),
      first.checkpoint.keys.chunk({ ...place, fence: "zombie", attempt: 1 }),
    ];
  });
  for (const key of orphans) await store.atomic([], [{ type: "set", key, value: new Uint8Array([1]) }]);

  const second = await own(store);
  const before = contents(second.counts);
  const swept = await second.checkpoint.sweep();
  assert(swept >= orphans.length, `${swept} entries were swept`);
  for (const key of orphans) assertEquals(await store.get(key), undefined);
  assertEquals(await second.checkpoint.sweep(), 0);
  const third = await own(store);
  assertEquals(contents(third.counts), before);
  for (const entry of third.checkpoint.head.outbox) await third.checkpoint.readOutbox(entry);
});

Deno.test("what is pinned outlives its epochs and every sweep, until it is no longer pinned", async () => {
  const store = new MemoryStore();
  const first = await own(store);
  const write = async (owner: Owner, epochs: number) => {
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let i = 0; i < 60; i++) put(owner.counts, `key ${(epoch * 31 + i) % 300}`, "v".repeat(300));
      await owner.commit({ outbox: [result(`${epoch}`)], published: owner.checkpoint.head.epoch });
    }
  };
  await write(first, 1);
  const { fence, attempt } = first.checkpoint.head;
  await first.checkpoint.rewrite({ pins: [{ name: "savepoint", fence, first: attempt, last: attempt }] });
  const { keys } = first.checkpoint;
  const pinned = async () => {
    const found = [];
    for (const kind of ["delta", "outbox"] as const) found.push(...await keysOf(store, keys.fence(kind, fence)));
    return found.filter((key) => key[5] === attempt).length;
  };
  await write(first, 40);
  assertEquals(await pinned(), 2);
  const second = await own(store);
  await second.checkpoint.sweep();
  assertEquals(await pinned(), 2);
  await second.checkpoint.rewrite({ pins: [] });
  await second.checkpoint.sweep();
  assertEquals(await pinned(), 0);
});

Deno.test("a sweep and commits run side by side", async () => {
  const store = new MemoryStore();
  const first = await own(store);
  const orphan = (attempt: number) => {
    return first.checkpoint.keys.chunk({ kind: "delta", fence: "zombie", attempt, index: 0 });
  };
  for (let i = 0; i < 900; i++) {
    await store.atomic([], [{ type: "set", key: orphan(i), value: new Uint8Array(10) }]);
  }
  const owner = await own(store);
  let sweeping = true;
  const sweep = owner.checkpoint.sweep().finally(() => sweeping = false);
  for (let epoch = 0; sweeping; epoch++) {
    put(owner.counts, `key ${epoch % 50}`, epoch);
    assertEquals(await owner.commit(), "committed");
  }
  assertEquals(await sweep, 900);
  assertEquals(contents((await own(store)).counts), contents(owner.counts));
});

Deno.test("a value of eight megabytes is stored in chunks", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const value = new Uint8Array(8 * 1024 * 1024).map((_, i) => (i * 31) >> 3);
  put(owner.counts, "large", value);
  put(owner.counts, "small", 1);
  await owner.commit();
  put(owner.counts, "small", 2);
  await owner.commit();
  const next = await own(store);
  assertEquals(next.counts.find("small")?.value, 2);
  assertEquals(next.counts.find("large")?.value, value);
  const chunks = await keysOf(store, next.checkpoint.keys.chunks("base"));
  assert(chunks.length > value.length / CHUNK_BYTES, `the value lies in ${chunks.length} chunks`);
});

Deno.test("a large value that changes again and again leaves nothing behind", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  for (let epoch = 0; epoch < 40; epoch++) {
    put(owner.counts, "large", `${epoch} `.repeat(60_000));
    await owner.commit({ outbox: [result("r")], published: owner.checkpoint.head.epoch });
  }
  await owner.commit({ published: owner.checkpoint.head.epoch });
  for (const kind of ["delta", "base", "outbox"] as const) {
    const left = (await keysOf(store, owner.checkpoint.keys.chunks(kind))).length;
    assert(left <= 10, `${left} chunks of ${kind} are left`);
  }
});
