/** A hop, a table that is read first and a table that is written, in one job. */
import { assertEquals } from "@std/assert";
import { map } from "rxjs";
import { broadcastJoin, keyedReduce, kvTable, memory, repartition, tableJoin } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";

interface View {
  readonly user: string;
  readonly product: string;
}

const START = 1_700_000_000_000;
const PRODUCTS = ["tea", "rye", "oat"];
const VIEWS: readonly View[] = Array.from({ length: 9 }, (_none, n) => {
  return { user: `user-${n % 5}`, product: PRODUCTS[n * 7 % PRODUCTS.length] };
});

const log = memory();

/** Views are keyed by user, with the user's name. Behind the hop they are keyed by product, with all prices known. */
const perProduct = log.source<View>("views", { tombstones: "refuse" }).pipe(
  tableJoin(log.table<string>("users"), {
    ...{ name: "users", key: ({ user }: View) => user, type: "left", bootstrap: true },
    join: (view, name) => ({ ...view, name: name ?? "nobody" }),
  }),
  repartition({ name: "by-product", key: ({ product }) => product, partitions: 3 }),
  broadcastJoin(log.table<number>("prices", { broadcast: true }), {
    name: "prices",
    join: ({ product, name }, prices) => ({ product, name, price: prices.get(product) ?? 0 }),
  }),
  keyedReduce({
    name: "products",
    key: ({ product }) => product,
    initial: { views: 0, worth: 0, last: "" },
    reduce: ({ views, worth }, { price, name }) => ({ views: views + 1, worth: worth + price, last: name }),
  }),
  map(({ key, value: { views, worth } }) => ({ product: key, views, worth })),
  kvTable(["shop", "products"], { key: ({ product }) => product }),
  log.sink("products", { key: ({ product }) => product }),
);

const users = [0, 1, 2, 3, 4].map((n) => ({ key: `user-${n}`, value: `name-${n}`, timestamp: START + 50_000 }));
const prices = PRODUCTS.map((key, n) => ({ key, value: 10 + n, timestamp: START + 50_000 }));
const views = VIEWS.map((value, n) => ({ key: value.user, value, timestamp: START + n }));

/** How often each product was seen, and what it was worth, as the prices were known from the beginning. */
function rows() {
  return PRODUCTS.map((product, n) => {
    const seen = VIEWS.filter((view) => view.product === product).length;
    return { product, views: seen, worth: seen * (10 + n) };
  }).sort((one, other) => one.product.localeCompare(other.product));
}

Deno.test("a new job reads its tables first, on both sides of a hop, and its table has the last row of each key", async () => {
  await using test = await testPipeline(perProduct, {
    start: START + 60_000,
    partitions: { views: 2, users: 2, prices: 2 },
  });
  await test.push("users", users);
  await test.push("prices", prices);
  await test.push("views", views);
  assertEquals((await test.table(["shop", "products"])).map(({ value }) => value), rows());
  assertEquals(test.results("products").length, VIEWS.length);
});

Deno.test("crashes change neither what crosses the hop nor the table, nor do they make a task read its tables late", async () => {
  const input = Object.entries({ users, prices, views }).flatMap(([topic, records]) =>
    records.map((record) => ({ topic, ...record }))
  );
  const { results } = await crashTest(perProduct, input, {
    ...{ start: START + 60_000, partitions: 2, epochs: [1, 4] },
  });
  assertEquals(results, VIEWS.length + rows().length);
});
