/**
 * The checkpoint under everything at once: random changes, cuts, crashes, zombies, sweeps, lost answers and delayed requests, held
 * against an oracle that is a simple map. Limits are small enough that buckets split and compaction runs all the time.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { commitCuts, type Cut, MemoryStore, readHead } from "../state/mod.ts";
import type { KeyedList, KeyedMap } from "../operators/keyed_state.ts";
import { contents, type Fault, FaultStore, filled, keysOf, own, type Owner, put, testClock } from "./support/state.ts";

const FAULTS: Fault[] = ["done, said to have failed", "done, answer lost", "request lost", "request delayed"];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("change"), from: fc.nat({ max: 3000 }), count: fc.nat({ max: 400 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("remove"), from: fc.nat({ max: 3000 }), count: fc.nat({ max: 300 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("commit"), fault: fc.option(fc.constantFrom(...FAULTS)) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("large"), size: fc.integer({ min: 1, max: 400_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("crash", "crash with a cut", "undo", "sweep", "deliver") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("zombie commits") }) },
) as fc.Arbitrary<{ do: string; from: number; count: number; size: number; fault: Fault | null }>;

type Oracle = Map<string, unknown>;
type Lists = Map<string, unknown[]>;

/** What an owner keeps beside what every test has: a map a key, and a list a key and namespace. */
interface Kept extends Owner {
  readonly carts: KeyedMap<string, string>;
  readonly logs: KeyedList<string>;
}

function withCollections(owner: Owner): Kept {
  const { states } = owner;
  const carts = states.open({ name: "orders/carts", operator: "join", kind: "map", namespaced: false });
  const logs = states.open({ name: "orders/logs", operator: "join", kind: "list", namespaced: true });
  return { ...owner, carts: carts as KeyedMap<string, string>, logs: logs as KeyedList<string> };
}

class World {
  readonly inner = new MemoryStore();
  readonly store = new FaultStore(this.inner);
  readonly zombies: { owner: Owner; cut: Cut }[] = [];
  owner!: Kept;
  /** What is so now, and what was at the last commit. */
  now: Oracle = new Map();
  committed: Oracle = new Map();
  lists: Lists = new Map();
  committedLists: Lists = new Map();
  epoch = 0;
  serial = 0;

  async takeOver(): Promise<void> {
    this.owner = withCollections(await own(this.store, { undoable: true }));
    this.same();
  }

  /** What happened since the last commit has not happened. */
  same(): void {
    this.now = new Map(this.committed);
    this.lists = copied(this.committedLists);
    const expected = Object.fromEntries([...this.now].map(([key, value]) => [`0 string ${key}`, value]));
    assertEquals(contents(this.owner.counts), expected);
    const windows = Object.fromEntries([...this.now].map(([key, value]) => [`${spaceOf(key)} string ${key}`, [value]]));
    assertEquals(contents(this.owner.windows), windows);
    const carts = Map.groupBy(this.now, ([key]) => cartOf(key));
    const held = [...this.owner.carts.cells(0)].map(({ key, value }): [string, unknown] => [key, value]);
    assertEquals(new Map(held), new Map([...carts].map(([cart, entries]) => [cart, new Map(entries)])));
    const logs = [...this.owner.logs.namespaces()].flatMap((namespace) => [...this.owner.logs.cells(namespace)]);
    assertEquals(new Map(logs.map(({ key, value }): [string, unknown] => [key, value])), this.lists);
  }

  change(from: number, count: number, value: (key: string) => unknown): void {
    const { counts, windows, carts } = this.owner;
    for (let i = 0; i < count; i++) {
      const key = `user-${(from + i * 7) % 3000}`;
      const next = value(key);
      put(counts, key, next);
      carts.cell(cartOf(key)).set(key, next);
      this.append(key, next ?? null);
      if (next === undefined) {
        put(windows, key, undefined, spaceOf(key));
        this.now.delete(key);
      } else {
        const cell = windows.cell(key, spaceOf(key));
        windows.touch(cell);
        if (cell.value === undefined) windows.write(cell, [next]);
        else (cell.value as unknown[])[0] = next;
        this.now.set(key, next);
      }
    }
  }

  /** Lists that grow, and lose their oldest elements from time to time. */
  append(key: string, value: unknown): void {
    const name = `log ${Number(key.slice(-2))}`;
    const list = this.owner.logs.cell(name, spaceOf(key));
    const expected = this.lists.get(name) ?? [];
    list.append(value);
    expected.push(value);
    if (list.size > 40) {
      list.shift(15);
      expected.splice(0, 15);
    }
    this.lists.set(name, expected);
  }

  async commit(fault: Fault | null): Promise<void> {
    let left = 1;
    this.store.fault = () => fault !== null && left-- > 0 ? fault : "none";
    const cut = this.owner.checkpoint.cut({ ...filled(this.owner.checkpoint), offsets: { in: { 0: this.epoch + 1 } } });
    assertEquals((await commitCuts(this.store, [cut], { clock: testClock() })).outcomes, ["committed"]);
    this.store.fault = () => "none";
    this.committed = new Map(this.now);
    this.committedLists = copied(this.lists);
    assertEquals(this.owner.checkpoint.head.epoch, ++this.epoch);
  }

  async run(one: { do: string; from: number; count: number; size: number; fault: Fault | null }): Promise<void> {
    switch (one.do) {
      case "change":
        return this.change(one.from, one.count, () => ++this.serial);
      case "remove":
        return this.change(one.from, one.count, () => undefined);
      case "large":
        return this.change(one.size, 1, () => "x".repeat(one.size));
      case "commit":
        return await this.commit(one.fault);
      case "crash":
        return await this.takeOver();
      case "crash with a cut":
        this.zombies.push({ owner: this.owner, cut: this.owner.checkpoint.cut(filled(this.owner.checkpoint)) });
        return await this.takeOver();
      case "zombie commits":
        return await this.wakeZombies();
      case "sweep":
        await this.owner.checkpoint.sweep();
        return await this.assertSwept();
      case "deliver":
        await this.store.deliver();
        return;
      default:
        this.owner.states.undo();
        this.owner = withCollections({ ...this.owner, ...reopened(this.owner) });
        return this.same();
    }
  }

  async wakeZombies(): Promise<void> {
    for (const { owner, cut } of this.zombies.splice(0)) {
      assertEquals((await commitCuts(this.store, [cut], { clock: testClock() })).outcomes, ["fenced"]);
      assertEquals(owner.checkpoint.fenced, true);
    }
  }

  /** After a sweep there are no chunks but those that the head names, and the owner's own that it will delete. */
  async assertSwept(): Promise<void> {
    const { head } = (await readHead(this.inner, { job: "job", task: 0 }))!;
    for (const key of await keysOf(this.inner, this.owner.checkpoint.keys.chunks("delta"))) {
      const [fence, attempt] = key.slice(4) as [string, number];
      const isLive = head.ranges.some((range) =>
        range.fence === fence && range.first <= attempt && attempt <= range.last
      );
      assert(isLive || fence === head.fence, `${JSON.stringify(key)} was not swept`);
    }
  }
}

function cartOf(key: string): string {
  return `cart ${Number(key.slice(5)) % 30}`;
}

function copied(lists: Lists): Lists {
  return new Map([...lists].map(([name, list]) => [name, [...list]]));
}

function spaceOf(key: string): number {
  return Number(key.slice(-1)) * 60_000;
}

function reopened({ states }: Owner): Pick<Owner, "counts" | "windows"> {
  return {
    counts: states.open({ name: "counts", operator: "keyedReduce", namespaced: false }) as Owner["counts"],
    windows: states.open({ name: "windows", operator: "tumblingWindow", namespaced: true }) as Owner["windows"],
  };
}

Deno.test("whatever happens, a restore gives the state of the last commit", async () => {
  let cycles = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80, size: "max" }), async (steps) => {
      const world = new World();
      await world.takeOver();
      for (const one of steps) {
        await world.run(one);
        if (world.owner.checkpoint.head.states.some(({ bases }) => bases > 0)) cycles++;
      }
      await world.wakeZombies();
      await world.store.deliver();
      await world.takeOver();
      await world.owner.checkpoint.sweep();
      await world.takeOver();
    }),
    { numRuns: 60 },
  );
  assert(cycles > 100, `compaction ran in ${cycles} steps only`);
});

Deno.test("a growing, then shrinking state is restored after each epoch, bases or not", async () => {
  const world = new World();
  await world.takeOver();
  const buckets = new Set<number>();
  for (let epoch = 0; epoch < 60; epoch++) {
    if (epoch < 40) world.change(epoch * 300, 450, () => ++world.serial);
    else world.change((epoch - 40) * 1050, 300, () => undefined);
    await world.commit(null);
    const { owner } = world;
    await world.takeOver();
    if (epoch % 3 !== 0) {
      // The owner that goes on has lost nothing in memory; the one that was restored has everything from the store.
      assertEquals(contents(owner.counts), contents(world.owner.counts));
      assertEquals(contents(owner.logs as never), contents(world.owner.logs as never));
    }
    for (const state of world.owner.checkpoint.head.states) buckets.add(state.buckets);
  }
  assert(buckets.size > 2, `states had ${[...buckets]} buckets`);
});

Deno.test("the store stays within a small multiple of the live state", async () => {
  const world = new World();
  await world.takeOver();
  const largest = { ratio: 0, bytes: 0 };
  for (let epoch = 0; epoch < 400; epoch++) {
    world.change(epoch * 131, 200, () => ++world.serial);
    await world.commit(null);
    const { states, ranges } = world.owner.checkpoint.head;
    const live = states.reduce((sum, { baseBytes }) => sum + baseBytes, 0);
    if (epoch > 50) largest.ratio = Math.max(largest.ratio, world.inner.bytes / live);
    assertEquals(ranges.length, epoch === 0 ? ranges.length : 1);
  }
  assert(largest.ratio < 3, `the store grew to ${largest.ratio} times the live state`);
});
