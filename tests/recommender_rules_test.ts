import { assert, assertAlmostEquals, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { Best, BestLists } from "../examples/recommendations/rules/best.ts";
import { addCandidates, type Candidates, list, oldest } from "../examples/recommendations/rules/candidates.ts";
import { addDecaying, share } from "../examples/recommendations/rules/decay.ts";
import { forgotten, type Pair } from "../examples/recommendations/rules/neighbours.ts";
import { newsOf } from "../examples/recommendations/rules/news.ts";
import { packed, Texts, unpacked } from "../examples/recommendations/rules/packed.ts";
import { type Recent, visit } from "../examples/recommendations/rules/recents.ts";
import { ALL, trendOf, trendsFor } from "../examples/recommendations/rules/trends.ts";
import { weightOf, WEIGHTS } from "../examples/recommendations/rules/weights.ts";

const RULES = { recents: 4, learnsAfter: [1, 3], weights: WEIGHTS };

/** The recent products after views of some, the last one first. */
function after(...products: string[]): readonly Recent[] {
  return products.reduce<readonly Recent[]>((recents, product) => visit(recents, product, 1, RULES).recents, []);
}

Deno.test("an event weighs by its type, and one of an unknown type as a view", () => {
  const types = ["view", "add_to_cart", "purchase", "wave", "toString"];
  assertEquals(types.map((type) => weightOf(type, WEIGHTS)), [1, 3, 5, 1, 1]);
  assertEquals(weightOf("wave", { purchase: 9 }), 1);
});

Deno.test("a part of a decaying sum counts half after a half-life", () => {
  const old = addDecaying(undefined, 1, 0), both = addDecaying(old, 1, 1);
  assertAlmostEquals(share(old, both), 1 / 3);
  assertAlmostEquals(share(addDecaying(undefined, 8, 0), addDecaying(undefined, 1, 3)), 1);
});

Deno.test("a decaying sum is the plain sum of what its parts weigh today, in whatever order they come", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 50 })), {
      minLength: 1,
      maxLength: 30,
    }),
    (parts) => {
      const today = 50;
      const sum = (all: typeof parts) =>
        all.reduce<number | undefined>((so, [weight, age]) => addDecaying(so, weight, age), undefined)!;
      const plain = parts.reduce((so, [weight, age]) => so + weight * 2 ** (age - today), 0);
      assertAlmostEquals(2 ** (sum(parts) - today), plain, plain * 1e-9);
      assertAlmostEquals(sum(parts.toReversed()), sum(parts), 1e-9);
    },
  ));
});

Deno.test("a decaying sum does not overflow at today's times", () => {
  const age = Date.UTC(2026, 0, 1) / 3_600_000;
  assertAlmostEquals(share(addDecaying(undefined, 1, age), addDecaying(addDecaying(undefined, 1, age), 3, age)), 0.25);
});

Deno.test("the event's product learns of all recent ones, for the lesser weight of the two", () => {
  const { recents, gain, forward } = visit(visit(after("a"), "b", 5, RULES).recents, "c", 3, RULES);
  assertEquals(gain, 3);
  assertEquals(forward, { product: "c", others: ["b", "a"], pairs: [3, 1] });
  assertEquals(recents.map(({ product }) => product), ["c", "b", "a"]);
});

Deno.test("only as many products are recent as are asked for", () => {
  assertEquals(after("a", "b", "c", "d", "e").map(({ product }) => product), ["e", "d", "c", "b"]);
});

Deno.test("an event with a product that is recent counts as far as it weighs more than before", () => {
  const again = visit(after("a", "b"), "b", 1, RULES);
  assertEquals([again.gain, again.forward.pairs, again.back], [0, [0], []]);
  const cart = visit(visit([], "a", 5, RULES).recents, "b", 1, RULES);
  const more = visit(cart.recents, "b", 3, RULES);
  assertEquals([more.gain, more.forward.pairs], [2, [2]]);
  assertEquals(more.back, [{ product: "a", others: ["b"], pairs: [2] }]);
});

Deno.test("a recent product learns of each that comes after it once, a few at a time", () => {
  const told: string[] = [];
  ["a", "b", "c", "d", "e", "f"].reduce<readonly Recent[]>((recents, product) => {
    const visited = visit(recents, product, 1, RULES);
    for (const { product, others } of visited.back) told.push(`${product}:${others.join("")}`);
    return visited.recents;
  }, []);
  assertEquals(told, ["a:b", "b:c", "c:d", "a:dc", "d:e", "b:ed", "e:f", "c:fe"]);
});

Deno.test("whatever a user sees, no product learns twice of another one that stays recent", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(..."abcdefgh"), { maxLength: 60 }), (products) => {
    let recents: readonly Recent[] = [];
    const learnt = new Map<string, number>();
    const rules = { recents: 100, learnsAfter: [1, 3, 7] };
    for (const product of products) {
      const visited = visit(recents, product, 1, rules);
      recents = visited.recents;
      for (const { product, others, pairs } of [visited.forward, ...visited.back]) {
        others.forEach((other, at) => {
          const pair = `${product} ${other}`;
          learnt.set(pair, (learnt.get(pair) ?? 0) + pairs[at]);
        });
      }
    }
    for (const [pair, weight] of learnt) assert(weight <= 1, `${pair}: ${weight}`);
  }));
});

Deno.test("the news of an event come to its own product first, and only they ask", () => {
  const event = { user_id: "ada", product_id: "tea", category: "kitchen", event_type: "view", timestamp_ms: 5 };
  const first = newsOf(event, undefined, RULES);
  const { user, news } = newsOf({ ...event, product_id: "rye", category: "bread" }, first.user, RULES);
  assertEquals([user.count, user.categories], [2, ["bread", "kitchen"]]);
  assertEquals(news.map(({ product, asked }) => [product, asked?.event_count]), [["rye", 2], ["tea", undefined]]);
});

Deno.test("the heaviest pairs stay, and of equal ones the first by name", () => {
  const pairs: Pair[] = [["d", 1], ["b", 2], ["c", 2], ["a", 2]];
  assertEquals(forgotten([...pairs], 2), ["c", "d"]);
  assertEquals(new Best(new Map(pairs), 3).alike(3), {
    products: ["a", "b", "c"],
    shares: [500_000, 500_000, 500_000],
  });
});

Deno.test("the best neighbours are those that a sort would have first", () => {
  const pairs = fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.integer({ min: 0, max: 4 })), { maxLength: 20 });
  fc.assert(fc.property(pairs, fc.integer({ min: 1, max: 6 }), (all, most) => {
    const kept = new Map<string, number>(), raised = new Best(kept, most);
    for (const [name, more] of all) {
      const sum = (kept.get(name) ?? 0) + more;
      kept.set(name, sum);
      raised.raise(name, sum);
    }
    const sorted = [...kept].sort(([one, sum], [other, otherSum]) => otherSum - sum || (one < other ? -1 : 1));
    const best = sorted.slice(0, most).map(([name]) => name);
    assertEquals(new Best(kept, most).alike(4).products, best);
    assertEquals(raised.alike(4).products, best);
  }));
});

Deno.test("the list of a product holds as long as its state holds the same object, and is made again otherwise", () => {
  const lists = new BestLists(2), first = { sum: 1 }, second = { sum: 1 };
  const made = lists.take("a", first, new Map([["b", 1]]));
  lists.keep("a", first, made);
  assertStrictEquals(lists.take("a", first, new Map()), made);
  // It was taken and not kept.
  assertEquals(lists.take("a", first, new Map([["c", 1]])).alike(1).products, ["c"]);
  lists.keep("a", second, made);
  assertEquals(lists.take("a", first, new Map([["d", 1]])).alike(1).products, ["d"]);
  assertEquals(lists.take("e", undefined, new Map([["f", 1]])).alike(1).products, ["f"]);
});

Deno.test("a text that is the last one of its key is not parsed, and any other one is", () => {
  const texts = new Texts<{ n: number }>(2);
  const one = { n: 1 }, text = texts.packed("a", one), before = packed({ n: 0 });
  assertStrictEquals(texts.unpacked("a", text), one);
  assertEquals(texts.unpacked("a", before), { n: 0 });
  assertEquals(texts.unpacked("b", text), { n: 1 });
  assertEquals(texts.unpacked("a", undefined), undefined);
  for (const key of ["b", "c"]) texts.packed(key, one);
  assertNotStrictEquals(texts.unpacked("a", text), one);
  assertEquals(texts.unpacked("a", text), one);
});

const NOBODY = () => false;

/** Candidates as rows: `[product, score, because]`. */
function rowsOf({ products, scores, because, causes }: Candidates) {
  return products.map((product, at) => [product, scores[at] / 1e6, causes[because[at]]]);
}

/** An event and what belongs to its product, with shares as numbers from 0 to 1. */
function addition(event_count: number, product: string, shares: Record<string, number>, seen: readonly string[] = []) {
  const alike = { products: Object.keys(shares), shares: Object.values(shares).map((one) => Math.round(one * 1e6)) };
  return { event_count, product, alike, seen, bought: NOBODY };
}

Deno.test("candidates fade with each event, and come from the product that they belong to most", () => {
  const rules = { fade: 0.5, most: 3 };
  const one = addCandidates(undefined, addition(1, "p", { a: 0.8, b: 0.4, c: 0.3, d: 0.2 }), rules);
  assertEquals(rowsOf(one), [["a", 0.8, "p"], ["b", 0.4, "p"], ["c", 0.3, "p"]]);
  const two = addCandidates(one, addition(2, "q", { b: 0.5, a: 0.3 }, ["c"]), rules);
  assertEquals([two.count, rowsOf(two)], [2, [["a", 0.7, "p"], ["b", 0.7, "q"]]]);
});

Deno.test("neither the event's product, nor what was just seen or bought becomes a candidate", () => {
  const event = {
    ...addition(1, "p", { p: 0.9, a: 0.8, b: 0.7, c: 0.6 }, ["a"]),
    bought: (name: string) => name === "b",
  };
  assertEquals(rowsOf(addCandidates(undefined, event, { fade: 0.5, most: 9 })), [["c", 0.6, "p"]]);
});

Deno.test("answers that come out of order weigh as if they had come in order", () => {
  const rules = { fade: 0.5, most: 10 };
  const first = addition(1, "p", { a: 0.4 }), second = addition(2, "q", { b: 0.8 });
  const inOrder = addCandidates(addCandidates(undefined, first, rules), second, rules);
  assertEquals(addCandidates(addCandidates(undefined, second, rules), first, rules), inOrder);
});

Deno.test("a list is filled up with what trends, without what the user has and without doubles", () => {
  const candidates = { count: 1, products: ["a"], scores: [500_000], because: [0], causes: ["p"] };
  const trends = [["b", "a"], ["c", "b", "d"]].map((names) => names.map((product_id) => ({ product_id, score: 7 })));
  assertEquals(list(candidates, trends, { without: (name) => name === "c", most: 3 }), [
    { product_id: "a", score: 0.5, because: "p" },
    { product_id: "b", score: 7, because: "trending" },
    { product_id: "d", score: 7, because: "trending" },
  ]);
  assertEquals(list(candidates, trends, { without: NOBODY, most: 1 }).length, 1);
});

Deno.test("what is packed is the same when it is unpacked, and nothing stays nothing", () => {
  const user = { count: 2, recents: [{ product: 'tea \n" ö', weight: 5, place: 2 }], categories: ["kitchen"] };
  assertEquals(unpacked(packed(user)), user);
  assertEquals(unpacked(undefined), undefined);
});

Deno.test("the purchase that lies back furthest is the oldest", () => {
  assertEquals(oldest([["a", 7], ["b", 3], ["c", 9]]), "b");
});

Deno.test("a row of trends has the best of the hour, then of the day", () => {
  const trend = (product_id: string, score: number) => ({ product_id, score });
  const lists = [
    { hour: [trend("a", 1)], day: [trend("b", 9), trend("a", 8)] },
    { hour: [trend("c", 2)], day: [] },
  ];
  assertEquals(trendOf(lists, 3).products.map(({ product_id }) => product_id), ["c", "a", "b"]);
});

Deno.test("a user is shown what trends in their categories, then in all", () => {
  const row = (product_id: string) => ({ products: [{ product_id, score: 1 }] });
  const trends = new Map([["tea", row("a")], [ALL, row("b")]]);
  const shown = trendsFor({ categories: ["rye", "tea"] }, trends).flat();
  assertEquals(shown.map(({ product_id }) => product_id), ["a", "b"]);
});
