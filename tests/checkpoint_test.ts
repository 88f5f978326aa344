/** The invariants at the head of `state/checkpoint.ts`, one by one, and the life of a task. */
import { assert, assertEquals, assertInstanceOf, assertLess, assertRejects, assertThrows } from "@std/assert";
import { OUTBOX_EPOCHS, PUBLISHERS } from "../state/limits.ts";
import {
  commitCuts,
  DurableStates,
  FencedError,
  MemoryStore,
  type OutputRecord,
  readHead,
  TaskCheckpoint,
} from "../state/mod.ts";
import { contents, filled, keysOf, own, put, result, taken, testClock } from "./support/state.ts";

const clock = testClock();
const TASK = { job: "job", task: 0 };

Deno.test("the epoch is 0 before the first commit, and each commit makes it one greater", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  assertEquals(owner.checkpoint.head.epoch, 0);
  for (let epoch = 1; epoch <= 3; epoch++) {
    await owner.commit();
    assertEquals((await readHead(store, TASK))?.head.epoch, epoch);
  }
  await owner.checkpoint.rewrite({ finished: true });
  assertEquals(owner.checkpoint.head.epoch, 3);
  const next = await own(store);
  await next.commit();
  assertEquals(next.checkpoint.head.epoch, 4);
});

Deno.test("state, clocks, offsets, counters and results of an epoch become visible together", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  put(owner.counts, "ada", 1);
  const clocks = { main: { partitions: [["in", 0, 7, false]] as const, watermark: 6 } };
  const request = { offsets: { in: { 0: 1 } }, clocks, counters: { in: 1 }, outbox: [result("one")] };
  const cut = owner.checkpoint.cut(request);
  const before = await own(store);
  assertEquals([before.checkpoint.head.offsets, before.checkpoint.head.clocks, before.states.size], [{}, {}, 0]);

  const again = await own(store);
  put(again.counts, "ada", 1);
  await again.commit(request);
  const after = await own(store);
  const { head } = after.checkpoint;
  assertEquals([head.offsets, head.clocks, head.counters], [{ in: { 0: 1 } }, clocks, { in: 1 }]);
  assertEquals(contents(after.counts), { "0 string ada": 1 });
  assertEquals(await after.checkpoint.readOutbox(head.outbox[0]), [result("one")]);
  assertEquals(cut.outcome, "pending");
});

Deno.test("what was written ahead does not exist until the head names it", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const place = { kind: "delta", fence: owner.checkpoint.head.fence, attempt: 1, index: 0 } as const;
  await store.atomic([], [{ type: "set", key: owner.checkpoint.keys.chunk(place), value: new Uint8Array(10) }]);
  const next = await own(store);
  assertEquals(next.states.size, 0);
});

Deno.test("an offset and a watermark never go back, and a refused cut changes nothing", async () => {
  const owner = await own(new MemoryStore());
  const clocks = (watermark: number) => ({ main: { partitions: [], watermark } });
  await owner.commit({ offsets: { in: { 0: 5 } }, clocks: clocks(50) });
  put(owner.counts, "ada", 1);
  await assertRejects(() => owner.commit({ offsets: { in: { 0: 4 } } }), Error, "cannot go back");
  await assertRejects(() => owner.commit({ clocks: clocks(49) }), Error, "cannot go back");
  await assertRejects(() => owner.commit({ clocks: clocks(Number.MAX_SAFE_INTEGER) }), RangeError, "cannot be stored");
  await owner.commit({ offsets: { in: { 0: 5 } }, clocks: clocks(50) });
  assertEquals(owner.checkpoint.head.epoch, 2);
  assertEquals((await own(owner.checkpoint.store)).counts.find("ada")?.value, 1);
});

Deno.test("nothing that happens after the cut is in its commit", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const value = { total: 1 };
  put(owner.counts, "ada", value);
  put(owner.windows, "ada", [1, 0], 60_000);
  const outbox = [result("one")];
  const offsets = { in: { 0: 1 } };
  const cut = owner.checkpoint.cut({ ...filled(owner.checkpoint), offsets, outbox });
  value.total = 99;
  put(owner.counts, "bob", 2);
  owner.windows.drop(60_000);
  outbox[0].value!.fill(0);
  outbox.push(result("two"));
  offsets.in[0] = 9;
  await commitCuts(store, [cut], { clock });

  const after = await own(store);
  assertEquals(contents(after.counts), { "0 string ada": { total: 1 } });
  assertEquals(contents(after.windows), { "60000 string ada": [1, 0] });
  assertEquals(after.checkpoint.head.offsets, { in: { 0: 1 } });
  assertEquals(await after.checkpoint.readOutbox(after.checkpoint.head.outbox[0]), [result("one")]);
});

Deno.test("what happened between a cut and the next is in the next", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  put(owner.counts, "ada", [1]);
  const cut = owner.checkpoint.cut(filled(owner.checkpoint));
  const cell = owner.counts.find("ada")!;
  owner.counts.touch(cell);
  (cell.value as number[]).push(2);
  await commitCuts(store, [cut], { clock });
  await owner.commit();
  assertEquals((await own(store)).counts.find("ada")?.value, [1, 2]);
});

Deno.test("only the owner commits: the one before is fenced, changes nothing and deletes nothing", async () => {
  const store = new MemoryStore();
  const old = await own(store);
  put(old.counts, "ada", 1);
  await old.commit({ outbox: [result("one")] });
  put(old.counts, "ada", 2);
  const cut = old.checkpoint.cut({ ...filled(old.checkpoint), published: 1 });
  const owner = await own(store);
  put(owner.counts, "ada", 10);
  await owner.commit();

  const entries = store.size;
  const { head } = (await readHead(store, TASK))!;
  assertEquals((await commitCuts(store, [cut], { clock })).outcomes, ["fenced"]);
  assertEquals(old.checkpoint.fenced, true);
  assertThrows(() => old.checkpoint.cut(filled(old.checkpoint)), FencedError);
  await assertRejects(() => old.checkpoint.rewrite({ finished: true }), FencedError);
  await assertRejects(() => old.checkpoint.verify(), FencedError, "Task 0 of job job has another owner");
  await assertRejects(() => old.checkpoint.sweep(), FencedError);
  assertEquals(store.size, entries);
  assertEquals((await readHead(store, TASK))!.head, head);
  assertEquals((await own(store)).counts.find("ada")?.value, 10);
});

Deno.test("an owner that has been idle learns from its next head write that it was fenced", async () => {
  const store = new MemoryStore();
  const old = await own(store);
  const owner = await own(store);
  await owner.checkpoint.verify();
  await assertRejects(() => old.checkpoint.rewrite({ published: 1 }), FencedError);
  await owner.commit();
});

Deno.test("no key of a chunk is ever written twice", async () => {
  const seen = new Map<string, Uint8Array>();
  class Watching extends MemoryStore {
    override atomic(...args: Parameters<MemoryStore["atomic"]>) {
      for (const mutation of args[1]) {
        if (mutation.type === "delete" || !/^(delta|base|outbox)$/.test(`${mutation.key[3]}`)) continue;
        const key = JSON.stringify(mutation.key);
        assertEquals(seen.has(key), false, `${key} was written twice`);
        seen.set(key, mutation.value as Uint8Array);
      }
      return super.atomic(...args);
    }
  }
  const store = new Watching();
  for (let owners = 0; owners < 4; owners++) {
    const owner = await own(store);
    for (let epoch = 0; epoch < 40; epoch++) {
      for (let i = 0; i < 40; i++) put(owner.counts, `key ${(epoch * 7 + i) % 90}`, `${epoch} `.repeat(400));
      put(owner.counts, "large", `${epoch} `.repeat(30_000));
      await owner.commit({ outbox: [result(`${epoch}`)], published: owner.checkpoint.head.epoch - 1 });
      if (epoch % 10 === 0) await owner.checkpoint.rewrite({ published: owner.checkpoint.head.epoch });
    }
  }
  assert([...seen.keys()].some((key) => key.includes("base")), "bases were never large enough for chunks");
});

Deno.test("results stay in the outbox until they are said to be published, and are deleted then", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  for (let epoch = 1; epoch <= 3; epoch++) await owner.commit({ outbox: [result(`${epoch}`)] });
  await owner.commit({});
  const next = await own(store);
  const waiting = next.checkpoint.head.outbox;
  assertEquals(waiting.map(({ epoch, records }) => [epoch, records]), [[1, 1], [2, 1], [3, 1]]);
  assertEquals(await Promise.all(waiting.map((entry) => next.checkpoint.readOutbox(entry))), [
    [result("1")],
    [result("2")],
    [result("3")],
  ]);
  await next.commit({ published: 2 });
  assertEquals(next.checkpoint.head.outbox.map(({ epoch }) => epoch), [3]);
  await next.checkpoint.rewrite({ published: 3 });
  assertEquals(next.checkpoint.head.outbox, []);
  assertEquals((await keysOf(store, next.checkpoint.keys.chunks("outbox"))).length, 0);
});

Deno.test("the outbox has a limit, and a cut without results does not mind", async () => {
  const owner = await own(new MemoryStore());
  for (let i = 0; i < OUTBOX_EPOCHS; i++) {
    assertEquals(owner.checkpoint.outboxFull(0), false);
    await owner.commit({ outbox: [result("x")] });
  }
  assertEquals([owner.checkpoint.outboxFull(0), owner.checkpoint.outboxFull(1)], [true, false]);
  await assertRejects(() => owner.commit({ outbox: [result("x")] }), Error, "wait to be published already");
  await owner.commit();
  await owner.commit({ outbox: [result("x")], published: 1 });
});

Deno.test("results of many megabytes come back as they were", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const outbox = Array.from({ length: 3000 }, (_, i): OutputRecord => ({
    topic: i % 3 === 0 ? "first" : "second",
    partition: i % 12,
    timestamp: i % 2 === 0 ? 1_700_000_000_000 + i : -(2 ** 53) + 1 + i,
    key: i % 5 === 0 ? null : new Uint8Array([i % 256]),
    value: i % 7 === 0 ? null : new Uint8Array(1000).fill(i % 256),
    headers: i % 4 === 0
      ? [["tidemark.time", new Uint8Array([1, 2])], ["__proto__", new Uint8Array()], ["", null], ["", null]]
      : undefined,
  }));
  await owner.commit({ outbox });
  const next = await own(store);
  assertEquals(await next.checkpoint.readOutbox(next.checkpoint.head.outbox[0]), outbox);
});

Deno.test("a head full of publishers says which they are, and takes a claim when they are fenced", async () => {
  const store = new MemoryStore();
  const states = () => new DurableStates();
  for (let i = 0; i < PUBLISHERS; i++) {
    taken(await TaskCheckpoint.claim(store, { ...TASK, states: states(), clock, publisher: `job.${i}` }));
  }
  const full = await TaskCheckpoint.claim(store, { ...TASK, states: states(), clock, publisher: "job.new" });
  assert(full.full);
  const options = { ...TASK, states: states(), clock, publisher: "job.new", fenced: full.publishers.slice(0, -1) };
  const { checkpoint } = taken(await TaskCheckpoint.claim(store, options));
  assertEquals(checkpoint.head.publishers, [`job.${PUBLISHERS - 1}`, "job.new"]);
  await checkpoint.rewrite({ publishers: ["job.new"] });
  assertEquals((await readHead(store, TASK))?.head.publishers, ["job.new"]);
});

Deno.test("a claim of the same publisher finds room in a full head", async () => {
  const store = new MemoryStore();
  for (let i = 0; i < PUBLISHERS; i++) {
    await TaskCheckpoint.claim(store, { ...TASK, states: new DurableStates(), clock, publisher: `job.${i}` });
  }
  const claim = await TaskCheckpoint.claim(store, { ...TASK, states: new DurableStates(), clock, publisher: "job.5" });
  assertEquals(taken(claim).checkpoint.head.publishers.at(-1), "job.5");
});

Deno.test("finished, unsafe and first offsets are written to the head alone", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  await owner.checkpoint.rewrite({ offsets: { in: { 0: 3 } } });
  const unsafe = { since: { in: { 0: 3 } }, reason: "a value came back too late. ".repeat(100) };
  await owner.checkpoint.rewrite({ unsafe });
  const { head } = (await readHead(store, TASK))!;
  assertEquals([head.epoch, head.offsets, head.unsafe?.since], [0, { in: { 0: 3 } }, { in: { 0: 3 } }]);
  assertLess(head.unsafe!.reason.length, 501);
  const next = await own(store);
  await next.checkpoint.rewrite({ unsafe: null, finished: true });
  const after = (await readHead(store, TASK))!.head;
  assertEquals([after.unsafe, after.finished], [undefined, true]);
});

Deno.test("a reset forgets state, clocks, offsets and results, and goes on counting epochs", async () => {
  const store = new MemoryStore();
  const first = await own(store);
  for (let epoch = 0; epoch < 5; epoch++) {
    put(first.counts, `key ${epoch}`, "x".repeat(20_000));
    const clocks = { main: { partitions: [], watermark: epoch } };
    await first.commit({ offsets: { in: { 0: epoch + 10 } }, clocks, outbox: [result("r")] });
  }
  const states = new DurableStates();
  const { checkpoint } = taken(await TaskCheckpoint.claim(store, { ...TASK, states, clock }));
  await checkpoint.rewrite({ reset: { epoch: 9 }, offsets: { in: { 0: 2 } } });
  await checkpoint.restore();
  const counts = states.open({ name: "counts", operator: "keyedReduce", namespaced: false });
  assertEquals([states.size, checkpoint.head.outbox, checkpoint.head.clocks], [0, [], {}]);
  counts.write(counts.cell("new"), 1);
  await commitCuts(store, [checkpoint.cut({ offsets: { in: { 0: 3 } }, clocks: {}, counters: {} })], { clock });
  assertEquals([checkpoint.head.epoch, checkpoint.head.offsets], [10, { in: { 0: 3 } }]);
  await checkpoint.sweep();
  assertEquals(contents((await own(store)).counts), { "0 string new": 1 });
  assertEquals((await keysOf(store, checkpoint.keys.chunks("outbox"))).length, 0);
  await assertRejects(
    () => checkpoint.rewrite({ reset: { epoch: 0 } }),
    Error,
    "can only be reset before it is restored",
  );
});

Deno.test("two cuts of one task cannot be under way, and a restore comes before the first", async () => {
  const store = new MemoryStore();
  const owner = await own(store);
  const cut = owner.checkpoint.cut(filled(owner.checkpoint));
  assertEquals(owner.checkpoint.pending, true);
  assertThrows(() => owner.checkpoint.cut(filled(owner.checkpoint)), Error, "has a cut under way");
  await assertRejects(() => owner.checkpoint.rewrite({ finished: true }), Error, "has a cut under way");
  await commitCuts(store, [cut], { clock });
  const { checkpoint } = taken(await TaskCheckpoint.claim(store, { ...TASK, states: new DurableStates(), clock }));
  assertThrows(() => checkpoint.cut(filled(checkpoint)), Error, "must be restored before its first cut");
});

Deno.test("a value that cannot be stored is refused at the cut with state, key and path", async () => {
  const owner = await own(new MemoryStore());
  put(owner.counts, "ada", { best: { when: Symbol("now") } });
  const error = await assertRejects(() => owner.commit(), TypeError);
  assertInstanceOf(error, TypeError);
  assert(error.message.includes('the value of key "ada" in state "counts": .best.when is a symbol'), error.message);
  put(owner.counts, "ada", 1);
  assertEquals(await owner.commit(), "committed");
});
