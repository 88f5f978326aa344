/** The shop's traffic: a function of its description and the index, with tastes that are hidden and can be learnt. */
import { assertEquals, assertGreater, assertLess, assertNotEquals } from "@std/assert";
import { eventAt, GENERATION, type Traffic } from "../examples/recommendations/traffic.ts";

const BEGAN = 1_700_000_000_000;
const TRAFFIC: Traffic = { version: GENERATION, seed: 1, began: BEGAN, perSecond: 200 };

const eventsOf = (traffic: Traffic, count: number) =>
  Array.from({ length: count }, (_, index) => eventAt(traffic, index));

/** How many of the items there are of each kind. */
function counted(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

Deno.test("the traffic of a log that the first generator began goes on as it was", () => {
  const first: Traffic = { seed: 1, began: BEGAN, perSecond: 200 };
  const seen = [0, 77, 123_456].map((index) => Object.values(eventAt(first, index)));
  assertEquals(seen, [
    ["user-707", "product-63", "toys", "view", BEGAN - 68],
    ["user-1249", "product-312", "books", "view", BEGAN - 1609],
    ["user-795", "product-364", "music", "view", BEGAN + 615_305],
  ]);
});

Deno.test("an event of the traffic depends on nothing but the description and the index", () => {
  const forwards = eventsOf(TRAFFIC, 500);
  const backwards = Array.from({ length: 500 }, (_, nth) => eventAt({ ...TRAFFIC }, 499 - nth)).reverse();
  assertEquals(forwards, backwards);
  assertNotEquals(forwards, eventsOf({ ...TRAFFIC, seed: 2 }, 500));
});

Deno.test("tastes change only which product an event is about", () => {
  const withoutProduct = (traffic: Traffic) =>
    eventsOf(traffic, 2000).map(({ user_id, event_type, timestamp_ms }) => [user_id, event_type, timestamp_ms]);
  assertEquals(withoutProduct(TRAFFIC), withoutProduct({ ...TRAFFIC, version: undefined }));
});

Deno.test("a tenth of the products has more than a third of the events, and each product has some", () => {
  const counts = [...counted(eventsOf(TRAFFIC, 50_000).map(({ product_id }) => product_id)).values()];
  assertEquals(counts.length, 500);
  const most = counts.sort((a, b) => b - a).slice(0, 50).reduce((sum, count) => sum + count, 0);
  assertGreater(most, 50_000 / 3);
});

Deno.test("a shop may have more or fewer users and products", () => {
  for (const [users, products] of [[3, 1], [50, 40], [100_000, 10_000]]) {
    const events = eventsOf({ ...TRAFFIC, users, products }, 20_000);
    for (const { user_id, product_id } of events) {
      assertLess(Number(user_id.split("-")[1]), users);
      assertLess(Number(product_id.split("-")[1]), products);
    }
    assertGreater(counted(events.map(({ product_id }) => product_id)).size, products / 3);
  }
});

Deno.test("what users had next after a product says more than what is popular", () => {
  const before = new Map<string, string>();
  const steps = eventsOf(TRAFFIC, 60_000).map(({ user_id, product_id }) => {
    const step = { from: before.get(user_id), to: product_id };
    before.set(user_id, product_id);
    return step;
  });
  const learnt = Map.groupBy(steps.slice(0, 50_000), ({ from }) => from);
  const best = (list: readonly { readonly to: string }[]) =>
    [...counted(list.map(({ to }) => to))].sort((a, b) => b[1] - a[1]).slice(0, 10).map(([product]) => product);
  const after = new Map(learnt.entries().map(([from, list]) => [from, best(list)]));
  const popular = best(steps.slice(0, 50_000));
  const asked = steps.slice(50_000);
  const guessed = asked.filter(({ from, to }) => after.get(from)?.includes(to)).length;
  const lucky = asked.filter(({ to }) => popular.includes(to)).length;
  assertGreater(guessed, 2 * lucky);
  assertGreater(lucky, asked.length / 20, "some products are popular all the same");
});

Deno.test("products that go together are of several categories", () => {
  const events = eventsOf({ ...TRAFFIC, users: 1 }, 800);
  const most = [...counted(events.map(({ product_id }) => product_id))].sort((a, b) => b[1] - a[1]).slice(0, 20);
  const categories = new Map(events.map(({ product_id, category }) => [product_id, category]));
  assertGreater(new Set(most.map(([product]) => categories.get(product))).size, 4);
});
