/** One contract for every store: Deno KV in a file, in memory, our own in memory and the simulated one, each with the same limits. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { KvStore, MemoryStore, UnavailableError } from "../state/mod.ts";
import { SimKv } from "./sim/kv.ts";
import { set, storeContract, type StoreSubject } from "./store_contract.ts";
import { testClock } from "./support/state.ts";

const STORES: Record<string, () => Promise<StoreSubject>> = {
  "KvStore on a file": async () => {
    const folder = await Deno.makeTempDir();
    const store = await KvStore.open(`${folder}/deep/state.db`, testClock());
    return {
      store,
      async done() {
        store.close();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
  "KvStore in memory": async () => {
    const store = await KvStore.open(":memory:", testClock());
    return { store, done: () => Promise.resolve(store.close()) };
  },
  "MemoryStore": () => {
    const store = new MemoryStore();
    return Promise.resolve({ store, done: () => Promise.resolve(store.close()) });
  },
  "KvStore on the simulated KV": () => {
    const caller = { call: async <T>(_what: string, effect: () => T | Promise<T>) => await effect() };
    const store = new KvStore(new SimKv().handle(caller, "test"), "simulated", testClock());
    return Promise.resolve({ store, done: () => Promise.resolve(store.close()) });
  },
};

for (const [name, open] of Object.entries(STORES)) storeContract(name, open);

Deno.test("KvStore says in one sentence why a path cannot be opened", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/text`,
      "This is no database, and long enough that everybody sees it. ".repeat(100),
    );
    for (const path of [folder, `${folder}/text`, `${folder}/text/state.db`]) {
      const error = await assertRejects(() => KvStore.open(path, testClock()), Error);
      assertStringIncludes(error.message, `Cannot open the state at ${path}: `);
      assertEquals(error.message.includes("\n"), false);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("KvStore tries again while the database is locked, since that was surely not done", async () => {
  let failures = 3;
  const kv = fakeKv(() => {
    if (failures-- > 0) throw new TypeError("database is locked");
  });
  const store = new KvStore(kv, "fake", testClock());
  assertEquals(await store.atomic([], [set(["a"], 1)]), { ok: true, versionstamp: "1" });
  assertEquals(failures, -1);
});

Deno.test("KvStore calls every other failure an unknown outcome, and asks nobody twice", async () => {
  let calls = 0;
  const kv = fakeKv(() => {
    calls++;
    throw new Error("connection reset by peer");
  });
  const store = new KvStore(kv, "fake", testClock());
  await assertRejects(() => store.atomic([], [set(["a"], 1)]), UnavailableError, "connection reset by peer");
  assertEquals(calls, 1);
});

Deno.test("KvStore does not wait for ever for a store that has stopped answering, and says that it waits", async () => {
  let away = true;
  const silent = Object.assign(fakeKv(() => {}), { get: () => new Promise(() => {}) });
  const limits: number[] = [];
  const after = (ms: number, run: () => void) => {
    limits.push(ms);
    if (away) queueMicrotask(run);
    return () => {};
  };
  const store = new KvStore(silent, "half open", { ...testClock(), after });
  const said: (string | undefined)[] = [];
  store.waits = (error) => said.push(error?.message);
  await assertRejects(
    () => store.get(["a"]),
    UnavailableError,
    "half open cannot be read: it has not answered for 30 s",
  );
  assertEquals(limits, [5000, 30_000]);
  const waits = "The state at half open cannot be read: it has not answered for 5 s";
  assertEquals(said, [waits]);
  away = false;
  await store.atomic([], [set(["a"], 1)]);
  assertEquals(said, [waits, undefined]);
});

Deno.test("KvStore is not well while one call hangs, whatever others are answered", async () => {
  const hung = Promise.withResolvers<{ versionstamp: null }>();
  let calls = 0;
  const kv = {
    get: () => calls++ === 0 ? hung.promise : Promise.resolve({ versionstamp: null }),
  } as unknown as Deno.Kv;
  const late: (() => void)[] = [];
  const after = (_: number, run: () => void) => {
    late.push(run);
    return () => {};
  };
  const store = new KvStore(kv, "half open", { ...testClock(), after });
  const said: (string | undefined)[] = [];
  store.waits = (error) => said.push(error?.message);
  const first = store.get(["a"]);
  late[0]();
  await store.get(["b"]);
  assertEquals(said, ["The state at half open cannot be read: it has not answered for 5 s"]);
  hung.resolve({ versionstamp: null });
  await first;
  assertEquals(said.slice(1), [undefined]);
});

Deno.test("KvStore says of a file that stays locked why it waits, and that it answers again only when it is written", async () => {
  const said: (string | undefined)[] = [];
  let late: (() => void) | undefined;
  const after = (ms: number, run: () => void) => {
    if (ms === 5000) late ??= run;
    // A file that is locked for writing can be read.
    else if (ms < 5000) void store.get(["a"]).then(run);
    return () => {};
  };
  let calls = 0;
  const kv = fakeKv(() => {
    calls++;
    if (calls === 3) late!();
    if (calls < 6) throw new TypeError("database is locked");
  });
  const reading = Object.assign(kv, { get: () => Promise.resolve({ versionstamp: null }) });
  const store = new KvStore(reading, "a file", { ...testClock(), after });
  store.waits = (error) => said.push(error?.message);
  await store.atomic([], [set(["a"], 1)]);
  const waits = "The state at a file cannot be written: database is locked";
  assertEquals(said, [waits, waits, waits, waits, undefined]);
});

Deno.test("KvStore gives up on a database that stays locked", async () => {
  const kv = fakeKv(() => {
    throw new TypeError("database is locked");
  });
  await assertRejects(() => new KvStore(kv, "fake", testClock()).get(["a"]), UnavailableError, "database is locked");
});

function fakeKv(before: () => void): Deno.Kv {
  const atomic = { check: () => atomic, set: () => atomic, delete: () => atomic, commit: act };
  function act(): Promise<unknown> {
    try {
      before();
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.resolve({ ok: true, versionstamp: "1" });
  }
  return { get: act, atomic: () => atomic, close() {} } as unknown as Deno.Kv;
}
