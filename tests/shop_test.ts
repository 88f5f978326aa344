/** The parts of the shop: its catalogue, its drawings, its other shoppers, and what it knows of a visit. */
import { assert, assertEquals, assertGreater, assertNotEquals, assertThrows } from "@std/assert";
import { CATALOGUE } from "../examples/shop/catalogue.ts";
import { parseFlags } from "../examples/shop/flags.ts";
import { DRAWINGS } from "../examples/shop/page/art/art.js";
import { Stopwatch } from "../examples/shop/page/pulse.js";
import { median, milliseconds, price, things, why } from "../examples/shop/page/words.js";
import { PAST_EVENTS, pastEvents, REGULARS, shopperEvent } from "../examples/shop/shoppers.ts";
import { afterEvent, MOST_PIECES, NO_VISIT } from "../examples/shop/visit.ts";
import { WrongFlags } from "../examples/arguments.ts";

const ids = CATALOGUE.products.map(({ id }) => id);

Deno.test("every product has a name and a drawing of its own, and a category", () => {
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(new Set(CATALOGUE.products.map(({ name }) => name)).size, ids.length);
  assertEquals(Object.keys(DRAWINGS).sort(), ids.toSorted());
  const categories = CATALOGUE.categories.map(({ id }) => id);
  for (const { category, cents, about } of CATALOGUE.products) {
    assert(categories.includes(category) && Number.isInteger(cents) && cents > 0 && about.endsWith("."));
  }
});

Deno.test("the other shoppers want what the shop sells, and each mood wants something of its own", () => {
  const now = Date.UTC(2026, 0, 31);
  const past = pastEvents(now);
  assertEquals(pastEvents(now), past);
  assertEquals(past.length, PAST_EVENTS);
  assertEquals(past.at(-1)!.timestamp_ms, now);
  assert(past.every(({ timestamp_ms }, index) => index === 0 || timestamp_ms >= past[index - 1].timestamp_ms));
  assertEquals([...new Set(past.map(({ product_id }) => product_id))].sort(), ids.toSorted());
  assertEquals([...new Set(past.map(({ event_type }) => event_type))].sort(), ["add_to_cart", "purchase", "view"]);
  const favourites = REGULARS.map(({ id }) => {
    const counts = Map.groupBy(past.filter(({ user_id }) => user_id === id), ({ product_id }) => product_id);
    assertGreater(counts.size, 5, id);
    return [...counts].sort(([, a], [, b]) => b.length - a.length)[0][0];
  });
  assertEquals(new Set(favourites).size, REGULARS.length);
  assertNotEquals(shopperEvent(0, now), shopperEvent(1, now));
});

Deno.test("a basket has what was put in and neither bought nor removed, and each click the events up to it", () => {
  let visit = NO_VISIT;
  const after = (event_type: string, product_id: string, click?: string) => {
    visit = afterEvent(visit, { user_id: "ada", product_id, event_type, click });
  };
  after("view", "cup", "c1");
  after("add_to_cart", "cup", "c2");
  after("add_to_cart", "cup");
  after("add_to_cart", "hat", "c3");
  assertEquals(visit, { events: 4, basket: { cup: 2, hat: 1 }, clicks: [["c1", 1], ["c2", 2], ["c3", 4]] });
  after("purchase", "cup", "c4");
  after("purchase", "pen", "c4");
  assertEquals([visit.basket, visit.clicks.at(-1), visit.clicks.length], [{ hat: 1 }, ["c4", 6], 4]);
  after("remove_from_cart", "hat", "c5");
  assertEquals(visit.basket, {});
  for (let piece = 0; piece < 20; piece++) after("add_to_cart", "cup", `more ${piece}`);
  assertEquals([visit.basket, visit.clicks.length, visit.clicks.at(-1)], [{ cup: MOST_PIECES }, 16, ["more 19", 27]]);
});

Deno.test("a click is answered by the first list that counts its events, and only once", () => {
  const watch = new Stopwatch();
  watch.begin("c1", { at: 10, list: "a" });
  watch.begin("c2", { at: 20, list: "b" });
  const visit = { clicks: [["other", 3], ["c1", 4], ["c2", 5]] };
  assertEquals(watch.answered(undefined, { event_count: 9 }), []);
  assertEquals(watch.answered(visit, undefined), []);
  assertEquals(watch.answered(visit, { event_count: 3 }), []);
  assertEquals(watch.answered(visit, { event_count: 4 }), [{ at: 10, list: "a" }]);
  assertEquals(watch.answered(visit, { event_count: 6 }), [{ at: 20, list: "b" }]);
  assertEquals(watch.answered(visit, { event_count: 6 }), []);
});

Deno.test("prices, times and reasons read as people write them", () => {
  assertEquals([price(1400), price(450), price(123456)], ["€14.00", "€4.50", "€1,234.56"]);
  assertEquals([milliseconds(0.4), milliseconds(17.6), milliseconds(1234)], ["under 1 ms", "18 ms", "1,234 ms"]);
  assertEquals([things(1), things(3)], ["1 thing", "3 things"]);
  assertEquals([median([3, 1, 2]), median([4, 1])], [2, 2.5]);
  const productOf = (id: string) => id === "cup" ? { name: "Cup" } : undefined;
  assertEquals(why("cup", productOf), "because you looked at Cup");
  assertEquals(why("trending", productOf), "many look at it right now");
});

Deno.test("the shop's flags have defaults, and what is wrong with them is a sentence", () => {
  assertEquals(parseFlags([]), { port: 8123, rate: 4, dashboard: undefined });
  assertEquals(parseFlags(["--port", "0", "--rate", "0.5"]), { port: 0, rate: 0.5, dashboard: undefined });
  assertEquals(parseFlags(["--dashboard", "off"]), { port: 8123, rate: 4, dashboard: "off" });
  assertEquals(parseFlags(["--dashboard", "0"]), { port: 8123, rate: 4, dashboard: 0 });
  assertEquals(parseFlags(["--help"]), undefined);
  for (
    const [args, words] of [
      [["--prot", "1"], "There is no flag --prot."],
      [["--port"], "--port needs a value."],
      [["--help=1"], "--help takes no value."],
      [["soon"], 'Every word must be a flag or its value, and "soon" is neither.'],
      [["--port", "65536"], '--port must be a whole number from 0 to 65535, current value is "65536".'],
      [["--rate", "-1"], ""],
      [["--dashboard", "on"], '--dashboard must be a port from 0 to 65535, or off, current value is "on".'],
      [["--rate", "1e3"], '--rate must be a number from 0 to 2000, current value is "1e3".'],
    ] as const
  ) assertThrows(() => parseFlags(args), WrongFlags, words);
});
