/** Committing: joint atomics, what does not fit, and outcomes that nobody knows. */
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  commitCuts,
  CorruptError,
  type Cut,
  KvStore,
  MemoryStore,
  type OutputRecord,
  readHead,
  type Store,
  UnavailableError,
} from "../state/mod.ts";
import { contents, type Fault, FaultStore, filled, keysOf, own, type Owner, put, testClock } from "./support/state.ts";

const clock = testClock();

function results(count: number, bytes: number): OutputRecord[] {
  const value = new Uint8Array(bytes);
  return Array.from({ length: count }, (_, i) => {
    return { topic: "out", partition: i % 4, timestamp: i, key: null, value, headers: undefined };
  });
}

async function owners(store: Store, count: number, job = "job"): Promise<Owner[]> {
  const list: Owner[] = [];
  for (let task = 0; task < count; task++) list.push(await own(store, { job, task }));
  return list;
}

function cutAll(list: readonly Owner[], value: unknown): Cut[] {
  return list.map(({ checkpoint, counts }) => {
    put(counts, "ada", value);
    return checkpoint.cut(filled(checkpoint));
  });
}

Deno.test("a small epoch costs one atomic of few mutations", async () => {
  const store = new MemoryStore();
  const [owner] = await owners(store, 1);
  for (let epoch = 1; epoch <= 50; epoch++) {
    put(owner.counts, "ada", epoch);
    const cut = owner.checkpoint.cut({ ...filled(owner.checkpoint), outbox: results(1, 100), published: epoch - 1 });
    const report = await commitCuts(store, [cut], { clock });
    assertEquals([report.atomics, report.ahead], [1, 0]);
    assertLess(report.mutations, 6);
    assertLess(report.bytes, 1000);
  }
});

Deno.test("ten tasks share an atomic, twenty need two", async () => {
  const store = new MemoryStore();
  const list = await owners(store, 20);
  const report = await commitCuts(store, cutAll(list, 1), { clock });
  assertEquals([report.atomics, report.ahead], [2, 0]);
  assertEquals(report.outcomes, list.map(() => "committed"));
  const versions = await Promise.all(list.map(({ checkpoint }) => store.get(checkpoint.keys.head)));
  assertEquals(new Set(versions.map((entry) => entry!.versionstamp)).size, 2);
});

for (
  const [name, open] of [
    ["MemoryStore", () => Promise.resolve(new MemoryStore())],
    ["Deno KV", () => KvStore.open(":memory:", clock)],
  ] as const
) {
  Deno.test(`an epoch of five megabytes beside small ones is committed on ${name}`, async () => {
    const store = await open();
    try {
      const list = await owners(store, 3);
      for (let i = 0; i < 20_000; i++) put(list[1].counts, `key ${i}`, `${i}`.repeat(20));
      const outbox = results(4000, 1000);
      const cuts = list.map(({ checkpoint }, i) =>
        checkpoint.cut({ ...filled(checkpoint), outbox: i === 1 ? outbox : [] })
      );
      assert(cuts[1].bytes > 5_000_000, `the cut has ${cuts[1].bytes} bytes`);
      const report = await commitCuts(store, cuts, { clock });
      assertEquals(report.outcomes, ["committed", "committed", "committed"]);
      assert(report.ahead > 6);
      const next = await own(store, { task: 1 });
      assertEquals(contents(next.counts), contents(list[1].counts));
      assertEquals(await next.checkpoint.readOutbox(next.checkpoint.head.outbox[0]), outbox);
    } finally {
      store.close();
    }
  });
}

Deno.test("a job with the longest name keeps to the limits of keys", async () => {
  const store = new MemoryStore();
  const job = "j".repeat(200);
  const list = await owners(store, 12, job);
  for (let epoch = 0; epoch < 60; epoch++) {
    for (const { counts } of list) {
      for (let i = 0; i < 60; i++) put(counts, `key ${(epoch * 60 + i) % 700}`, "v".repeat(100));
    }
    const cuts = list.map(({ checkpoint }) =>
      checkpoint.cut({ ...filled(checkpoint), outbox: results(2, 50_000), published: epoch - 1 })
    );
    assertEquals((await commitCuts(store, cuts, { clock })).outcomes, list.map(() => "committed"));
  }
  await assertRejects(() => own(store, { job: `${job}j` }), RangeError, "may have 200 bytes");
});

Deno.test("what a connector writes rides along: ahead before, last with the head, in order", async () => {
  const store = new MemoryStore();
  const list = await owners(store, 2);
  const log = (task: number, count: number) => ({
    ahead: Array.from({ length: count }, (_, i) => [["log", "chunk", task, i], new Uint8Array(50_000)] as const),
    last: [[["log", "tail"], { next: 10 * (task + 1) }]] as const,
  });
  const cuts = list.map(({ checkpoint }, task) =>
    checkpoint.cut({ ...filled(checkpoint), writes: log(task, task === 0 ? 2 : 40) })
  );
  const watched = new FaultStore(store);
  watched.fault = (_, mutations) => {
    if (!mutations.some(({ key }) => key[1] === "tail")) return "none";
    const tails = mutations.filter(({ key }) => key[1] === "tail");
    assertEquals(tails.map((tail) => tail.type === "set" && tail.value), [{ next: 10 }, { next: 20 }]);
    return "none";
  };
  await commitCuts(watched, cuts, { clock });
  assertEquals((await keysOf(store, ["log", "chunk"])).length, 42);
  assertEquals((await store.get(["log", "tail"]))?.value, { next: 20 });
});

Deno.test("what must take effect at once and fits no atomic is refused at the cut", async () => {
  const [{ checkpoint }] = await owners(new MemoryStore(), 1);
  const last = Array.from({ length: 20 }, (_, i) => [["log", i], new Uint8Array(60_000)] as const);
  assertThrows(
    () => checkpoint.cut({ ...filled(checkpoint), writes: { ahead: [], last } }),
    RangeError,
    "must take effect together",
  );
});

Deno.test("where one task of a joint atomic is fenced, the others are committed without it", async () => {
  const store = new MemoryStore();
  const list = await owners(store, 4);
  const cuts = cutAll(list, 1);
  const thief = await own(store, { task: 2 });
  const { outcomes } = await commitCuts(store, cuts, { clock });
  assertEquals(outcomes, ["committed", "committed", "fenced", "committed"]);
  assertEquals(list.map(({ checkpoint }) => checkpoint.fenced), [false, false, true, false]);
  await thief.commit();
  assertEquals(await Promise.all(list.map(({ checkpoint }) => epochOf(store, checkpoint.keys.task))), [1, 1, 1, 1]);
  assertEquals((await own(store, { task: 2 })).states.size, 0);
});

async function epochOf(store: Store, task: number): Promise<number | undefined> {
  return (await readHead(store, { job: "job", task }))?.head.epoch;
}

const FAULTS: Fault[] = ["done, said to have failed", "done, answer lost", "request lost", "request delayed"];

for (const fault of FAULTS) {
  for (const size of ["small", "large"] as const) {
    Deno.test(`a ${size} commit is done once when an atomic is ${fault}`, async () => {
      const inner = new MemoryStore();
      const store = new FaultStore(inner);
      const list = await owners(store, 3);
      if (size === "large") put(list[0].counts, "large", "x".repeat(3_000_000));
      // Every atomic of the commit goes wrong once, and is all right when it comes again.
      const failed = new Set<string>();
      store.fault = (_, mutations) => {
        const name = JSON.stringify(mutations.map(({ key }) => key));
        if (failed.has(name)) return "none";
        failed.add(name);
        return fault;
      };
      const { outcomes, ahead } = await commitCuts(store, cutAll(list, 1), { clock });
      assertEquals(outcomes, ["committed", "committed", "committed"]);
      assertEquals(ahead > 0, size === "large");
      // Only what left no trace on a head may take effect twice, and that is the same as once.
      await store.deliver();
      for (const { checkpoint, counts } of list) {
        const found = await readHead(inner, { job: "job", task: checkpoint.keys.task });
        assertEquals([found?.head.epoch, found?.head], [1, checkpoint.head]);
        store.fault = () => "none";
        put(counts, "bob", 2);
        const cut = checkpoint.cut(filled(checkpoint));
        assertEquals((await commitCuts(store, [cut], { clock })).outcomes, ["committed"]);
        assertEquals(contents((await own(inner, { task: checkpoint.keys.task })).counts), contents(counts));
      }
    });

    Deno.test(`a ${size} commit of an owner that was fenced is never done when an atomic is ${fault}`, async () => {
      const inner = new MemoryStore();
      const store = new FaultStore(inner);
      const [old] = await owners(store, 1);
      if (size === "large") put(old.counts, "large", "x".repeat(3_000_000));
      const cuts = cutAll([old], 1);
      const thief = await own(inner);
      await thief.commit();
      const entries = inner.size;
      let first = true;
      store.fault = () => first ? (first = false, fault) : "none";
      assertEquals((await commitCuts(store, cuts, { clock })).outcomes, ["fenced"]);
      assertEquals(await store.deliver(), 0);
      assertEquals(inner.size, entries);
    });
  }

  Deno.test(`a claim takes the task once when its atomic is ${fault}`, async () => {
    const inner = new MemoryStore();
    const store = new FaultStore(inner);
    for (let n = 0; n < 2; n++) {
      let first = true;
      store.fault = () => first ? (first = false, fault) : "none";
      const owner = await own(store, { publisher: `job.${n}` });
      assertEquals(await store.deliver(), 0);
      await owner.checkpoint.verify();
      await owner.commit();
    }
    assertEquals((await readHead(inner, { job: "job", task: 0 }))?.head.publishers, ["job.0", "job.1"]);
  });

  Deno.test(`a head is rewritten once when its atomic is ${fault}`, async () => {
    const store = new FaultStore(new MemoryStore());
    const [owner] = await owners(store, 1);
    let first = true;
    store.fault = () => first ? (first = false, fault) : "none";
    await owner.checkpoint.rewrite({ offsets: { in: { 0: 4 } } });
    assertEquals(await store.deliver(), 0);
    await owner.commit({ offsets: { in: { 0: 5 } } });
  });
}

Deno.test("a joint atomic that was done while another task was lost settles each by its own head", async () => {
  const inner = new MemoryStore();
  const store = new FaultStore(inner);
  const list = await owners(store, 2);
  const cuts = cutAll(list, 1);
  let thief: Owner | undefined;
  let first = true;
  store.fault = () => first ? (first = false, "done, answer lost") : "none";
  const get = store.get.bind(store);
  store.get = async (key) => {
    thief ??= await own(inner, { task: 1 });
    return await get(key);
  };
  assertEquals((await commitCuts(store, cuts, { clock })).outcomes, ["committed", "fenced"]);
  assertEquals(thief!.counts.find("ada")?.value, 1);
});

Deno.test("a cut whose outcome stayed unknown is given again, and is done once", async () => {
  const store = new FaultStore(new MemoryStore());
  const [owner] = await owners(store, 1);
  const [cut] = cutAll([owner], 1);
  store.fault = () => "request lost";
  await assertRejects(() => commitCuts(store, [cut], { clock, patience: 1000 }), UnavailableError);
  assertEquals([cut.outcome, owner.checkpoint.pending], ["pending", true]);
  store.fault = () => "done, answer lost";
  assertEquals((await commitCuts(store, [cut], { clock, patience: 1000 })).outcomes, ["committed"]);
  store.fault = () => "none";
  assertEquals(await owner.commit(), "committed");
  assertEquals(owner.checkpoint.head.epoch, 2);
});

Deno.test("trouble is told while it lasts, and when it is over", async () => {
  const store = new FaultStore(new MemoryStore());
  const [owner] = await owners(store, 1);
  let left = 3;
  store.fault = () => left-- > 0 ? "request lost" : "none";
  const told: (string | undefined)[] = [];
  await commitCuts(store, cutAll([owner], 1), { clock, trouble: (error) => told.push(error?.message) });
  assertEquals(told, ["The request was lost", "The request was lost", "The request was lost", undefined]);
});

Deno.test("a head that is gone, or that nobody can have written, stops the commit", async () => {
  for (const value of [undefined, "again"] as const) {
    const store = new MemoryStore();
    const [owner] = await owners(store, 1);
    const [cut] = cutAll([owner], 1);
    const { head } = owner.checkpoint.keys;
    const entry = (await store.get(head))!;
    await store.atomic([], [
      value === undefined ? { type: "delete", key: head } : { type: "set", key: head, value: entry.value },
    ]);
    const error = await assertRejects(() => commitCuts(store, [cut], { clock }), CorruptError);
    assertEquals(error.key, head);
  }
});

Deno.test("two cuts of one task in one commit are refused", async () => {
  const store = new MemoryStore();
  const [owner] = await owners(store, 1);
  const [cut] = cutAll([owner], 1);
  await assertRejects(() => commitCuts(store, [cut, cut], { clock }), TypeError, "two cuts of one task");
});
