/** Maps and lists of a stage in running jobs: with their options, through restarts on a real store and through crashes. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Observable, OperatorFunction } from "rxjs";
import { type Job, memory, type RunOptions } from "@tidemark/streams";
import { crashTest } from "@tidemark/streams/testing";
import type { MemoryLog } from "../connectors/memory.ts";
import { operate, type Stage } from "../operators/_operate.ts";
import type { KeyedList, KeyedMap } from "../operators/keyed_state.ts";
import { runWith } from "../runtime/run.ts";
import { ManualClock, refusal, until } from "./support/jobs.ts";

interface Order {
  readonly user: string;
  readonly item: string;
  readonly day: number;
}

interface Basket {
  readonly user: string;
  readonly items: Record<string, unknown>;
  readonly today: readonly string[];
}

type Migrate = (value: unknown, version: number) => unknown;

/** What a user has ordered so far, by item, and in which order on each day, the last three. */
function baskets(name: string, version = 1, migrate?: Migrate): OperatorFunction<Order, Basket> {
  return operate<Order, Basket>({ operator: "baskets", name, time: "passes", keeps: true }, (stage: Stage<Basket>) => {
    const items: KeyedMap<string, string, number> = stage.maps({ part: "items", version, migrate });
    const days: KeyedList<string, string> = stage.lists({ part: "days", namespaced: true });
    return {
      next({ user, item, day }) {
        const mine = items.cell(user);
        if (item === "nothing") mine.clear();
        else mine.set(item, (mine.get(item) ?? 0) + 1);
        const today = days.cell(user, day);
        today.append(item);
        if (today.size > 3) today.shift();
        if (day > 1) days.drop(day - 2);
        stage.emit({ user, items: Object.fromEntries(mine.entries()), today: [...today.elements()] });
      },
    };
  });
}

function pipeline(log: MemoryLog, version?: number, migrate?: Migrate): Observable<unknown> {
  return log.source<Order>("orders", { tombstones: "refuse" }).pipe(
    baskets("baskets", version, migrate),
    log.sink("baskets", { key: ({ user }) => user }),
  );
}

function orders(...all: readonly (readonly [user: string, item: string, day: number])[]) {
  return all.map(([user, item, day]) => ({ key: user, value: { user, item, day } }));
}

const rows = (log: MemoryLog) => log.read<Basket>("baskets").map((row) => [row!.user, row!.items, row!.today]);

/** Runs until so many baskets are written, and stops. */
async function runUntil(count: number, log: MemoryLog, pipelines: Observable<unknown>, options: RunOptions) {
  const job: Job = await runWith(pipelines, { log: () => {}, ...options }, new ManualClock());
  await until(`${count} baskets to be written`, () => rows(log).length === count, job);
  await job.stop();
}

describe("maps and lists of a stage", () => {
  it("are found again after each restart, by entry, element and namespace", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), options = { name: "shop", state: kv };
    log.append("orders", orders(["ada", "pen", 1], ["ada", "ink", 1], ["bob", "pen", 1]));
    await runUntil(3, log, pipeline(log), options);
    log.append("orders", orders(["ada", "pen", 1], ["ada", "cap", 1], ["ada", "pen", 2]));
    await runUntil(6, log, pipeline(log), options);
    log.append("orders", orders(["bob", "nothing", 2], ["ada", "ink", 3], ["bob", "ink", 1]));
    await runUntil(9, log, pipeline(log), options);
    assertEquals(rows(log).slice(3), [
      ["ada", { pen: 2, ink: 1 }, ["pen", "ink", "pen"]],
      ["ada", { pen: 2, ink: 1, cap: 1 }, ["ink", "pen", "cap"]],
      ["ada", { pen: 3, ink: 1, cap: 1 }, ["pen"]],
      ["bob", {}, ["nothing"]],
      ["ada", { pen: 3, ink: 2, cap: 1 }, ["ink"]],
      // The first day was dropped on the third.
      ["bob", { ink: 1 }, ["ink"]],
    ]);
  });

  it("are migrated by their own version, and say which key cannot be", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), options = { name: "shop", state: kv };
    log.append("orders", orders(["ada", "pen", 1], ["bob", "ink", 1]));
    await runUntil(2, log, pipeline(log), options);
    assertMatch(
      await refusal(pipeline(log, 2), options),
      /^Cannot open the state of baskets "baskets\/items": its values have version 1, the program has version 2 and no migrate/,
    );
    const failing = pipeline(log, 2, () => {
      throw new RangeError("no such item");
    });
    assertMatch(
      await refusal(failing, options),
      /^Cannot migrate the state of baskets "baskets\/items" from version 1 to 2, key "(ada|bob)": the migrate function failed: no such item/,
    );
    log.append("orders", orders(["ada", "pen", 1]));
    await runUntil(3, log, pipeline(log, 2, (value) => 10 * (value as number)), options);
    assertEquals(rows(log).at(-1), ["ada", { pen: 11 }, ["pen", "pen"]]);
  });

  it("are refused under the name of a state of another kind", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), options = { name: "shop", state: kv };
    log.append("orders", orders(["ada", "pen", 1]));
    await runUntil(1, log, pipeline(log), options);
    const other = operate<Order, Order>(
      { operator: "other", name: "baskets", time: "passes", keeps: true },
      (stage) => {
        stage.lists({ part: "items" });
        stage.lists({ part: "days", namespaced: true });
        return { next: (value) => stage.emit(value) };
      },
    );
    assertMatch(
      await refusal(log.source<Order>("orders", { tombstones: "refuse" }).pipe(other), options),
      /^Cannot open the state of other "baskets\/items": a stage of another kind stored it, with a map for each key/,
    );
  });

  it("come through crashes as everything else does", async () => {
    const input = orders(
      ...[["ada", "pen", 1], ["ada", "ink", 1], ["bob", "pen", 1], ["ada", "pen", 1], ["ada", "cap", 1]] as const,
      ...[["bob", "nothing", 2], ["eve", "pen", 2], ["ada", "ink", 3], ["bob", "ink", 3], [
        "ada",
        "nothing",
        4,
      ]] as const,
    );
    for (const partitions of [1, 3]) {
      const report = await crashTest(() => pipeline(memory()), input, { partitions });
      assert(report.crashes > 20);
      assertEquals(report.results, input.length);
    }
  });
});
