/** Files of ratings: the order of their lines, and what is said of wrong ones. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseRatings, readRatings } from "../bench/quality/ratings.ts";

const shown = (text: string) =>
  parseRatings(text, "u.data").map(({ user_id, product_id, event_type, timestamp_ms }) =>
    `${user_id} ${product_id} ${event_type} ${timestamp_ms}`
  );

Deno.test("ratings are taken in the order of their times, those of one time in the order of the file", () => {
  assertEquals(shown("7\t30\t3\t20\n8\t31\t1\t10\n9\t32\t5\t20\n7\t33\t4.5\t10\n"), [
    "8 31 purchase 10000",
    "7 33 purchase 10000",
    "7 30 purchase 20000",
    "9 32 purchase 20000",
  ]);
});

Deno.test("a file of ratings may have the line ends of Windows, and names of any kind", () => {
  assertEquals(shown("ada lovelace\tThe Tempest\t5\t1.5\r\n"), ["ada lovelace The Tempest purchase 1500"]);
});

Deno.test("a line that is no rating is named with its number", () => {
  for (
    const [wrong, why] of [
      ["7\t30\t3", '"7\\t30\\t3"'],
      ["7\t30\t3\t20\t4", '"7\\t30\\t3\\t20\\t4"'],
      ["7\t30\tgood\t20", '"7\\t30\\tgood\\t20"'],
      ["7\t30\t3\t", '"7\\t30\\t3\\t"'],
      ["7\t30\t3\t1e300", '"7\\t30\\t3\\t1e300"'],
      ["\t30\t3\t20", '"\\t30\\t3\\t20"'],
      ["", '""'],
      ["x".repeat(100), `"${"x".repeat(60)}..."`],
    ]
  ) {
    assertThrows(
      () => parseRatings(`7\t30\t3\t20\n${wrong}\n7\t31\t3\t20\n`, "u.data"),
      Error,
      `Line 2 of u.data must be user<TAB>item<TAB>rating<TAB>seconds with numbers in the last two, current value is ${why}`,
    );
  }
});

Deno.test("a file that is missing or empty is said to be so", async () => {
  await assertRejects(
    () => readRatings("/nowhere/u.data"),
    Error,
    "Cannot read the ratings of /nowhere/u.data: No such file",
  );
  const empty = await Deno.makeTempFile();
  await assertRejects(() => readRatings(empty), Error, `The file ${empty} has no ratings: a line is user<TAB>item`);
  await Deno.remove(empty);
});
