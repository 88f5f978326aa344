/** Pictures of stages that are no windows: joins, reductions, and streams with names. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { filter, from, map, Subject } from "rxjs";
import {
  count,
  deduplicate,
  eventTime,
  intervalJoin,
  keyedReduce,
  memory,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { trace } from "@tidemark/streams/pictures";
import { testPipeline } from "@tidemark/streams/testing";
import { lines } from "./support/drawn_lines.ts";
import { wellFormed } from "./support/well_formed.ts";

interface Row {
  readonly of: "order" | "payment";
  readonly id: string;
  readonly at: number;
}

/** Orders with their payments within ten milliseconds, from rows in the order in which they come. */
function settled(rows: readonly Row[]) {
  const all = new Subject<Row>();
  const side = (of: Row["of"]) =>
    all.pipe(
      filter((row) => row.of === of),
      eventTime(({ at }) => at),
      watermark({ name: `${of}s`, maxOutOfOrderness: 0 }),
    );
  const picture = trace({ label: ({ id }: Row) => id });
  side("order").pipe(
    intervalJoin(side("payment"), {
      name: "settled",
      key: ({ id }) => id,
      rightKey: ({ id }) => id,
      lower: 0,
      upper: 10,
      type: "left",
      join: ({ id }, payment) => ({ id, payment: payment === undefined ? "none" : "paid" }),
    }),
    picture.watch(),
  ).subscribe();
  for (const row of rows) all.next(row);
  all.complete();
  return picture;
}

const ROWS: readonly Row[] = [
  { of: "order", id: "a", at: 0 },
  { of: "payment", id: "a", at: 5 },
  { of: "order", id: "b", at: 10 },
  { of: "payment", id: "c", at: 30 },
  { of: "order", id: "d", at: 40 },
  { of: "order", id: "e", at: 12 },
];

describe("a picture of a join", () => {
  it("has a row for each stream by its name, their watermark, and each result where it came", () => {
    assertEquals(
      settled(ROWS).marbles({ width: 140 }),
      lines`
      orders            --a@0------------------b@10--------d@40-------------e@12-------------|
      payments          -------a@5-------------------c@30------------------------------------|
      watermark         -------−1--------------4-----9-----29--------------------------------|
      settled           ------------(a: paid)--------------------(b: none)--------(d: none)--|
      late for settled  ----------------------------------------------------e@12-------------|`,
    );
  });

  it("draws results at their event time, and tells them in sentences", () => {
    const svg = settled(ROWS).svg();
    assertEquals(wellFormed(svg), []);
    assertStringIncludes(svg, "settled emits 3 results: a paid at 5;");
    assertStringIncludes(svg, ">result<");
    assertStringIncludes(svg, "<title>settled: a paid at 5</title>");
  });

  it("has them as data, with event time and a copy of the value", () => {
    const [first] = settled(ROWS).events.filter(({ kind }) => kind === "result");
    assertEquals<unknown>(first, {
      kind: "result",
      step: 1,
      task: 0,
      stage: 'intervalJoin "settled"',
      time: 5,
      value: { id: "a", payment: "paid" },
      words: ["a", "paid"],
    });
  });
});

describe("a picture of a reduction", () => {
  const users = () => from(["ada", "bob", "ada"].map((user, index) => ({ user, at: index * 10 })));
  const perUser = keyedReduce({
    name: "clicks",
    key: (row: { user: string }) => row.user,
    initial: 0,
    reduce: (n) => n + 1,
  });

  it("has a result after each record, with key and value", () => {
    const picture = trace(users().pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: 0 }), perUser), {
      label: ({ user }) => user,
    });
    assertEquals(
      picture.marbles(),
      lines`
      records    --ada@0------------bob@10------------ada@20------------|
      watermark  --−1---------------9-----------------19----------------|
      clicks     ---------(ada: 1)----------(bob: 1)----------(ada: 2)--|`,
    );
    assertEquals(wellFormed(picture.svg()), []);
  });

  it("shows results without event time in their row, and labels them as it is told", () => {
    const picture = trace(users().pipe(perUser), { result: ({ key, value }) => [`${value} of ${key}`] });
    assertEquals(picture.marbles(), "clicks  --(1 of ada)--(1 of bob)--(2 of ada)--");
    assertEquals(wellFormed(picture.svg()), []);
    assertStringIncludes(picture.svg(), ">2 of ada<");
    assertThrows(() => trace({ result: "key" as never }), TypeError, "Cannot trace: result must be a function");
  });

  it("stands beside a window below it, and stages that keep nothing are not drawn", () => {
    const picture = trace(
      users().pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
        perUser,
        map(({ key }) => key),
        deduplicate({ name: "new", key: (user) => user, within: 1_000 }),
        tumblingWindow({ name: "users", key: () => "all", size: 100, aggregate: count() }),
      ),
    );
    const stages = new Set(picture.events.flatMap((event) => "stage" in event ? [`${event.kind} ${event.stage}`] : []));
    assertEquals([...stages], [
      'result keyedReduce "clicks"',
      'result deduplicate "new"',
      'firing tumblingWindow "users"',
      'pane tumblingWindow "users"',
    ]);
  });
});

describe("a picture of a job", () => {
  it("has what a reduction emits, and nothing for its sink", async () => {
    const log = memory();
    const picture = trace();
    const pipeline = log.source<{ user: string; at: number }>("clicks", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      keyedReduce({ name: "clicks", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
      log.sink("counts", { key: ({ key }) => key }),
      picture.watch(),
    );
    await using test = await testPipeline(pipeline, { start: 0 });
    for (const user of ["ada", "ada"]) await test.push("clicks", { value: { user, at: 1 }, key: user });
    assertEquals(picture.events.flatMap((event) => event.kind === "result" ? [event.words] : []), [["ada", "1"], [
      "ada",
      "2",
    ]]);
    assertEquals(test.results("counts").length, 2);
  });
});
