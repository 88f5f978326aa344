/** repartition() gives the same results whether a job crashes or not. */
import { map } from "rxjs";
import { count, eventTime, keyedReduce, memory, repartition, tumblingWindow, watermark } from "../mod.ts";
import { crashTest } from "../testing/mod.ts";
import { assertEquals } from "@std/assert";

interface View {
  readonly user: string;
  readonly product: string;
  readonly at: number;
}

const START = 1_700_000_000_000;
const VIEWS = Array.from({ length: 24 }, (_none, n): { key: string; value: View; timestamp: number } => {
  const user = `user-${n % 5}`;
  return { key: user, value: { user, product: `product-${n % 3}`, at: START + n * 400 }, timestamp: START + n * 400 };
});

const log = memory();
const views = log.source<View>("views", { tombstones: "refuse" }).pipe(
  eventTime((view) => view.at),
  watermark({ maxOutOfOrderness: 1000 }),
  repartition({ name: "by-product", key: (view) => view.product, partitions: 2 }),
);
const options = { start: START + 60_000 };

Deno.test("crashes lose and double nothing behind a hop, and the records of one sender keep their order", async () => {
  const totals = views.pipe(
    keyedReduce({ name: "totals", key: (view) => view.product, initial: 0, reduce: (n) => n + 1 }),
    log.sink("totals"),
  );
  const { results } = await crashTest(totals, VIEWS, { ...options, partitions: 1 });
  assertEquals(results, VIEWS.length);
});

Deno.test("crashes lose and double no window behind two hops", async () => {
  const windows = views.pipe(
    repartition({ name: "by-user", key: (view) => view.user }),
    tumblingWindow({ name: "windows", key: (view) => view.user, size: 2000, aggregate: count() }),
    map(({ key, window, value }) => ({ key, start: window.start, value })),
    log.sink("windows"),
  );
  const { results } = await crashTest(windows, VIEWS, { ...options, partitions: 2 });
  assertEquals(results, new Set(VIEWS.map(({ value: { user, at } }) => `${user} ${Math.floor(at / 2000)}`)).size);
});
