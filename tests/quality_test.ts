/** The evaluation of recommendations: who is compared, what is scored, and hand-computed hit rates. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { days } from "@tidemark/streams";
import { courseOf, SEEN } from "../bench/quality/course.ts";
import { hitRates, RowHits } from "../bench/quality/hit_rate.ts";
import { ItemItemCosine } from "../bench/quality/item_item_cosine.ts";
import { Popular } from "../bench/quality/popular.ts";
import { Ranking } from "../bench/quality/ranking.ts";
import type { Rival } from "../bench/quality/rival.ts";
import { Trending } from "../bench/quality/trending.ts";
import type { UserEvent } from "../examples/recommendations/schema.ts";

const NONE: ReadonlySet<number> = new Set();

/** Learns what users had, each `user product`, at the times of their places in the list or at given ones. */
function learn(rival: Rival, had: string, times: readonly number[] = []): Rival {
  had.split(", ").forEach((text, nth) => {
    const [user, product] = text.split(" ").map(Number);
    rival.learn({ user, product, time: times[nth] ?? nth });
  });
  return rival;
}

/** Events of users, each `user product type`. */
function eventsOf(text: string): UserEvent[] {
  return text.split(", ").map((one, timestamp_ms) => {
    const [user_id, product_id, event_type = "view"] = one.split(" ");
    return { user_id, product_id, category: "all", event_type, timestamp_ms };
  });
}

/** A row with a list, `user count product product`. */
function rowOf(text: string) {
  const [user_id, count, ...products] = text.split(" ");
  const recommendations = products.map((product_id) => ({ product_id, score: 1, because: "trending" }));
  return { user_id, event_count: Number(count), recommendations };
}

describe("what is compared", () => {
  it("a ranking keeps the order of its scores, and of equal ones the earlier first", () => {
    const ranking = new Ranking();
    ranking.raise(7, 1);
    ranking.raise(8, 2);
    ranking.raise(9, 2);
    assertEquals(ranking.best(10, NONE), [8, 9, 7]);
    ranking.raise(7, 3);
    assertEquals([ranking.best(10, NONE), ranking.best(2, NONE)], [[7, 8, 9], [7, 8]]);
    assertEquals(ranking.best(10, new Set([8])), [7, 9]);
    assertEquals([ranking.score(7), ranking.score(1)], [3, undefined]);
  });

  it("the popular are the ten with the most events, without what is excluded", () => {
    const popular = learn(new Popular(), "1 5, 1 6, 2 6, 3 7, 1 7, 1 7");
    assertEquals(popular.list(1, NONE), [7, 6, 5]);
    assertEquals(popular.list(1, new Set([7])), [6, 5]);
    const many = Array.from({ length: 12 }, (_, product) => `1 ${product}`).join(", ");
    assertEquals(learn(new Popular(), many).list(1, new Set([3])), [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("the trending are those with the most events, each of which counts half after seven days", () => {
    const trending = new Trending();
    learn(trending, "1 5, 2 5, 3 5, 1 6", [0, 0, 0, days(7)]);
    assertEquals(trending.list(1, NONE), [5, 6], "three times 0.5 are more than 1");
    learn(trending, "2 6", [days(7)]);
    assertEquals(trending.list(1, NONE), [6, 5], "and less than 2");
    assertEquals(trending.list(1, new Set([6])), [5]);
  });

  it("the cosine divides by how many users had each product", () => {
    // Product 1 is had by users 0, 1 and 2. Two of them had 2, one had 3, two had 4, which five others had as well.
    const cosine = learn(new ItemItemCosine(), "0 1, 0 2, 1 1, 1 2, 2 1, 2 3, 0 4, 1 4, 5 4, 6 4, 7 4, 8 4, 9 4, 10 1");
    // 2 / sqrt(4 * 2) = 0.71, 1 / sqrt(4 * 1) = 0.5, 2 / sqrt(4 * 7) = 0.38
    assertEquals(cosine.list(10, NONE), [2, 3, 4]);
    assertEquals(cosine.list(10, new Set([3])), [2, 4]);
    assertEquals(cosine.list(11, NONE), [], "of a user without events nothing is known");
  });

  it("the cosine adds up over a user's last products, and counts a user of two products once", () => {
    const cosine = learn(new ItemItemCosine(), "0 1, 0 3, 0 3, 0 1, 1 2, 1 3, 2 1, 2 4");
    learn(cosine, "3 1");
    // Three users had 1, two had 3, one of them both: 1 / sqrt(6) = 0.41. One had 4, with 1: 1 / sqrt(3) = 0.58.
    assertEquals(cosine.list(3, NONE), [4, 3]);
    learn(cosine, "3 2");
    // Two had 2, one of them with 3: 1 / sqrt(6) + 1 / sqrt(4) = 0.91.
    assertEquals(cosine.list(3, new Set([1, 2])), [3, 4]);
  });

  it("the cosine looks at no more than the last ten distinct products of a user", () => {
    // Each of eleven users has one of the products 0 to 10 with one of 100 to 110.
    const pairs = Array.from({ length: 11 }, (_, nth) => `${nth} ${nth}, ${nth} ${100 + nth}`);
    const cosine = learn(new ItemItemCosine(), pairs.join(", "));
    const own = Array.from({ length: 11 }, (_, nth) => nth);
    learn(cosine, own.map((nth) => `50 ${nth}`).join(", "));
    assertEquals(cosine.list(50, new Set(own)).toSorted(), own.slice(1).map((nth) => 100 + nth));
  });

  it("the cosine makes pairs of a product with the ten before it, when it comes to a user first", () => {
    const row = Array.from({ length: 12 }, (_, nth) => `0 ${nth}`).join(", ");
    const cosine = learn(new ItemItemCosine(), `${row}, 0 0, 1 0`);
    // The first product has pairs with the ten after it, not with the eleventh; that it came again makes none.
    assertEquals(cosine.list(1, NONE).toSorted((one, other) => one - other), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe("an evaluation", () => {
  it("scores no user's first event, and none of a product that the user has bought or just seen", () => {
    const course = courseOf(
      eventsOf("ada tea, bob tea purchase, ada rye purchase, bob tea, ada tea, bob rye, bob rye"),
    );
    assertEquals(course.steps.map(({ scored }) => scored), [false, false, true, false, false, true, false]);
    assertEquals([course.scored, course.users, course.products], [2, 2, 2]);
  });

  it("scores a product again that was seen twenty products ago, unless it was bought", () => {
    const others = Array.from({ length: SEEN }, (_, nth) => `ada product-${nth}`).join(", ");
    const again = (first: string) => courseOf(eventsOf(`ada tea ${first}, ${others}, ada tea`)).steps.at(-1)!.scored;
    assertEquals([again("view"), again("purchase")], [true, false]);
    assertEquals(
      courseOf(eventsOf(`ada tea view, ${others.replace("ada product-0, ", "")}, ada tea`)).steps.at(-1)!.scored,
      false,
    );
  });

  it("predicts each event before it is learnt", () => {
    // For bob's rye nothing but tea is known, which he has. For ada's rye, bob's is known.
    const course = courseOf(eventsOf("ada tea purchase, bob tea purchase, bob rye purchase, ada rye purchase"));
    assertEquals(hitRates(course, { popular: new Popular() }), { popular: 0.5 });
  });

  it("lets nobody list what a user has bought or just seen, and holds all to the same events", () => {
    const seen: string[] = [];
    const spy: Rival = {
      list: (user, excluded) => (seen.push(`${user}: ${[...excluded]}`), []),
      learn: ({ product }) => seen.push(`learns ${product}`),
    };
    const course = courseOf(eventsOf("ada tea purchase, ada rye, ada tea, ada oat"));
    assertEquals(hitRates(course, { spy }), { spy: 0 });
    assertEquals(seen, ["learns 0", "0: 0", "learns 1", "learns 0", "0: 0,1", "learns 2"]);
  });

  it("takes the list in a user's row for the user's next event, whatever others have between", () => {
    const course = courseOf(eventsOf("ada tea, bob tea, ada rye, bob oat, ada oat"));
    const rows = new RowHits(course);
    // Hits: ada's rye after her first row. Not bob's oat, nor ada's oat after the list that followed bob's.
    for (const row of ["ada 1 oat rye", "bob 1 rye", "ada 2 tea", "bob 2 oat", "ada 3 oat"]) rows.see(rowOf(row));
    assertEquals(rows.rate, 1 / 3);
  });

  it("is the same in whatever order the rows of different users come, and counts ten products of a list", () => {
    const course = courseOf(eventsOf("ada tea, bob tea, ada rye, bob oat"));
    const rows = new RowHits(course);
    const long = "a b c d e f g h i j";
    for (const row of ["bob 1 oat", "bob 2", `ada 1 ${long} rye`, "ada 2"]) rows.see(rowOf(row));
    assertEquals(rows.rate, 1 / 2);
  });

  it("is refused where an event has no row", () => {
    const rows = new RowHits(courseOf(eventsOf("ada tea, ada rye")));
    rows.see(rowOf("ada 1 rye"));
    assertThrows(() => rows.rate, Error, "There are 1 rows for 2 events");
  });
});
