/** The job entry: written once, compared ever after. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { changeJob, CorruptError, MemoryStore, openJob, readJob } from "../state/mod.ts";
import { FaultStore, testClock } from "./support/state.ts";

const options = { clock: testClock() };
const SHOP = { name: "shop", tasks: "perPartition", inputs: { visits: 4, sales: 4 } } as const;

Deno.test("a job gets its incarnation at its first start and keeps it", async () => {
  const store = new MemoryStore();
  const first = await openJob(store, SHOP, options);
  assertEquals([first.created, first.differences], [true, []]);
  assertMatch(first.incarnation, /^[0-9a-z]{16}$/);
  assertEquals(await openJob(store, SHOP, options), { ...first, created: false });
  const other = await openJob(store, { ...SHOP, name: "other" }, options);
  assertEquals(other.incarnation === first.incarnation, false);
});

Deno.test("openJob() tells every difference from the first start", async () => {
  const store = new MemoryStore();
  await openJob(store, SHOP, options);
  const now = { name: "shop", tasks: "single", inputs: { visits: 6, returns: 2 } } as const;
  assertEquals((await openJob(store, now, options)).differences, [
    { kind: "tasks", was: "perPartition", is: "single" },
    { kind: "partitions", topic: "visits", was: 4, is: 6 },
    { kind: "input added", topic: "returns", partitions: 2 },
    { kind: "input removed", topic: "sales", partitions: 4 },
  ]);
});

Deno.test("two processes that start a job at once agree on its incarnation", async () => {
  const store = new MemoryStore();
  const opened = await Promise.all([1, 2, 3].map((seed) => openJob(store, SHOP, { clock: testClock(seed) })));
  assertEquals(new Set(opened.map(({ incarnation }) => incarnation)).size, 1);
  assertEquals(opened.filter(({ created }) => created).length, 1);
});

for (const fault of ["done, said to have failed", "done, answer lost", "request lost", "request delayed"] as const) {
  Deno.test(`a job is made once when its atomic is ${fault}`, async () => {
    const inner = new MemoryStore();
    const store = new FaultStore(inner);
    let first = true;
    store.fault = () => first ? (first = false, fault) : "none";
    const { incarnation, created } = await openJob(store, SHOP, options);
    assertEquals(created, true);
    await store.deliver();
    assertEquals((await openJob(inner, SHOP, options)).incarnation, incarnation);
  });
}

Deno.test("an entry of format 1 is read: it has no hops, and its run is known to every worker", async () => {
  const store = new MemoryStore();
  const old = { format: 1, incarnation: "0123456789abcdef", tasks: "perPartition", inputs: { visits: 4, sales: 4 } };
  await store.atomic([], [{ type: "set", key: ["job", "shop", "entry"], value: old }]);
  const { incarnation, hops, run, resetting, differences } = await openJob(store, SHOP, options);
  assertEquals([incarnation, hops, run, resetting, differences], [old.incarnation, {}, "01234567", undefined, []]);
  await changeJob(store, "shop", { hops: { "by-user": { partitions: 6 } } }, options);
  assertEquals((await readJob(store, "shop", options))?.hops, { "by-user": { partitions: 6 } });
  assertEquals((await openJob(store, SHOP, options)).incarnation, old.incarnation);
});

Deno.test("a hop that has left is remembered, and has a run of its own from its return to the next reset", async () => {
  const store = new MemoryStore();
  await openJob(store, SHOP, options);
  const hops = { "by-user": { partitions: 6 } };
  const change = async (what: Parameters<typeof changeJob>[2]) => (await changeJob(store, "shop", what, options)).hops;
  assertEquals(await change({ hops }), hops);
  assertEquals(await change({ hops: { "by-user": { partitions: 9 } } }), hops);
  assertEquals(await change({ gone: ["by-user"] }), { "by-user": { partitions: 6, gone: true } });
  const { "by-user": { run, ...back } } = await change({ hops });
  assertEquals(back, { partitions: 6 });
  assertMatch(run!, /^[0-9a-z]{8}$/);
  const { "by-user": { run: other } } = await change({ gone: ["by-user"] });
  assertEquals(other, run);
  assertEquals((await change({ hops }))["by-user"].run === run, false);
  assertEquals(await change({ reset: "earliest" }), hops);
});

Deno.test("of two resets of one run the second changes nothing", async () => {
  const store = new MemoryStore();
  const { run: since } = await openJob(store, SHOP, options);
  const one = await changeJob(store, "shop", { reset: "earliest", since }, options);
  assertEquals(await changeJob(store, "shop", { reset: "latest", since }, options), one);
  assertEquals((await changeJob(store, "shop", { reset: "latest", since: one.run }, options)).resetting, "latest");
});

Deno.test("a reset gets a run of its own, and is over only when that run says so", async () => {
  const store = new MemoryStore();
  const { run } = await openJob(store, SHOP, options);
  const one = await changeJob(store, "shop", { reset: "earliest" }, options);
  assertEquals([one.run === run, one.resetting], [false, "earliest"]);
  assertEquals((await changeJob(store, "shop", { resetDone: run }, options)).resetting, "earliest");
  assertEquals((await changeJob(store, "shop", { resetDone: one.run }, options)).resetting, undefined);
});

Deno.test("an entry that is none, or of another format, is corrupt", async () => {
  const store = new MemoryStore();
  const key = ["job", "shop", "entry"];
  for (const value of ["text", { format: 9, incarnation: "x", tasks: "single", inputs: {} }]) {
    await store.atomic([], [{ type: "set", key, value }]);
    assertEquals((await assertRejects(() => openJob(store, SHOP, options), CorruptError)).key, key);
  }
  await assertRejects(() => openJob(store, { ...SHOP, name: "" }, options), RangeError, "needs a name");
});
