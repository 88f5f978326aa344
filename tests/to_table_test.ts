/** Changes of a table: what is made of each value, in a job and without one. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from } from "rxjs";
import { deadLetter, memory, toTable } from "@tidemark/streams";
import { runWith } from "../runtime/run.ts";
import { outcome } from "./support/events.ts";
import { header, ManualClock } from "./support/jobs.ts";

interface Price {
  readonly item: string;
  readonly cents: number;
}

const prices: Price[] = [{ item: "tea", cents: 250 }, { item: "tea", cents: 0 }, { item: "jam", cents: 400 }];
const key = ({ item }: Price) => item;

describe("toTable()", () => {
  it("makes each value the row of its key", () => {
    assertEquals(
      outcome(from(prices).pipe(toTable({ key }))).values,
      prices.map((value) => ({ key: value.item, value })),
    );
  });

  it("deletes a row where value gives undefined", () => {
    const value = ({ cents }: Price) => cents > 0 ? cents : undefined;
    assertEquals(outcome(from(prices).pipe(toTable({ key, value }))).values, [
      { key: "tea", value: 250 },
      { key: "tea", value: undefined },
      { key: "jam", value: 400 },
    ]);
  });

  it("a tombstone whose key cannot be read is a bad record", async () => {
    const log = memory();
    log.append("prices", [{ key: "tea", value: null }, { key: "jam", value: prices[2] }]);
    log.end("prices");
    const pipeline = log.source<Price>("prices").pipe(toTable({ key }), log.sink("rows"));
    const options = { name: "prices", state: ":memory:", log: () => {}, onBadRecord: deadLetter(log.sink("bad")) };
    await (await runWith(pipeline, options, new ManualClock())).finished;
    assertEquals(log.read("rows"), [{ key: "jam", value: prices[2] }]);
    assertEquals(log.records("bad").map((record) => header(record, "tidemark.source")), ["prices/0@0"]);
  });
});
