import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from } from "rxjs";
import {
  type Aggregate,
  average,
  collect,
  count,
  deadLetter,
  eventTime,
  max,
  memory,
  min,
  run,
  sum,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { header, refusal } from "./support/jobs.ts";

/** The result of an aggregate over values, its accumulator going through a checkpoint after each. */
function over<T, A, R>(aggregate: Aggregate<T, A, R>, values: readonly T[]): R {
  const end = values.reduce(
    (accumulator, value) => structuredClone(aggregate.add(accumulator, value)),
    aggregate.seed(),
  );
  return aggregate.result === undefined ? end as unknown as R : aggregate.result(end);
}

const price = (row: { price: number }) => row.price;
const rows = [5, -2, 9].map((price) => ({ price }));

describe("aggregates", () => {
  it("count() counts values, whatever they are", () => assertEquals(over(count<unknown>(), [undefined, null, 0]), 3));

  it("sum() adds the numbers of values up", () => assertEquals(over(sum(price), rows), 12));

  it("min() finds the smallest number, and max() the largest", () => {
    assertEquals([over(min(price), rows), over(max(price), rows)], [-2, 9]);
    assertEquals([over(min(price), rows.slice(0, 1)), over(max(price), rows.slice(1, 2))], [5, -2]);
  });

  it("average() is the mean of the numbers", () => assertEquals(over(average(price), rows), 4));

  it("collect() keeps values in the order in which they came, and hands out a copy", () => {
    const aggregate = collect<number>();
    const values = aggregate.add(aggregate.add(aggregate.seed(), 2), 1);
    const early = aggregate.result!(values);
    aggregate.add(values, 3);
    assertEquals([early, aggregate.result!(values)], [[2, 1], [2, 1, 3]]);
  });

  it("an aggregate begins anew for each window", () => {
    for (
      const make of [count<{ price: number }>(), sum(price), average(price), collect<{ price: number }>()] as Aggregate<
        unknown,
        unknown,
        unknown
      >[]
    ) {
      const first = make.seed();
      make.add(first, rows[0]);
      assertEquals(over(make, rows.slice(0, 1)), over(make, rows.slice(0, 1)));
      assertEquals(make.seed() === first && typeof first === "object", false);
    }
  });

  for (const [name, make] of Object.entries({ sum, min, max, average })) {
    it(`${name}() throws at once when it is not told the number of a value`, () => {
      const { message } = assertThrows(() => make(undefined as never), TypeError);
      assertEquals(message, `Cannot create ${name}(): of must be a function`);
    });
  }
});

/** What each aggregate over numbers says of these, one after the other. */
function refused(values: readonly unknown[]): string[] {
  return Object.entries({ sum, min, max, average }).map(([name, make]) => {
    const aggregate = make((value: unknown) => value as number) as Aggregate<unknown, unknown, unknown>;
    const { message } = assertThrows(() => over(aggregate, values), TypeError);
    assertEquals(message.startsWith(`${name}() takes `), true, message);
    return message.slice(`${name}() takes `.length);
  });
}

describe("sum(), min(), max() and average()", () => {
  const cases: readonly [what: string, value: unknown, shown: string][] = [
    ["text, also of digits", "3.50", 'the text "3.50"'],
    ["a long text", "9".repeat(1000), "a text of 1000 characters"],
    ["an empty text", "", 'the text ""'],
    ["a field that is missing", undefined, "undefined"],
    ["null", null, "null"],
    ["NaN", NaN, "NaN"],
    ["an infinity", -Infinity, "-Infinity"],
    ["a boolean", true, "true"],
    ["a date", new Date(0), "an object"],
    ["an array", [3], "an array"],
    ["a function", () => 3, "a function"],
  ];
  for (const [what, value, shown] of cases) {
    it(`refuse ${what}, as the first value of a window and as a later one`, () => {
      const message = `finite numbers or bigints, current value is ${shown}`;
      assertEquals(refused([value]), Array(4).fill(message));
      assertEquals(refused([1, value, 10]), Array(4).fill(message));
      assertEquals(refused([0, value]), Array(4).fill(message));
    });
  }

  it("refuse numbers and bigints in one window", () => {
    const message = (next: string, before: string) =>
      `numbers or bigints, and not both: current value is the ${next}, those before are of type ${before}`;
    assertEquals(refused([1, 2n]), Array(4).fill(message("bigint 2", "number")));
    assertEquals(refused([2n, 1]), Array(4).fill(message("number 1", "bigint")));
    assertEquals(refused([1, -1, 0n]), Array(4).fill(message("bigint 0", "number")));
  });

  it("take bigints beyond 2^53 exactly", () => {
    const ids = [9007199254740993n, 1n, -9007199254740995n].map((id) => ({ id }));
    const id = (row: { id: bigint }) => row.id;
    assertEquals(over(sum(id), ids), -1n);
    assertEquals([over(min(id), ids), over(max(id), ids)], [-9007199254740995n, 9007199254740993n]);
    assertEquals(over(average(id), ids), -1 / 3);
    const typed: Aggregate<{ id: bigint }, bigint, bigint> = sum(id);
    assertEquals(over(typed, ids.slice(0, 1)), 9007199254740993n);
  });

  it("take 0, -0 and fractions, and a sum of nothing is 0", () => {
    const same = (value: number) => value;
    assertEquals(over(sum(same), [0.5, -0.25]), 0.25);
    assertEquals([over(sum(same), []), over(sum(same), [0]), over(sum(same), [-0])], [0, 0, 0]);
    assertEquals([over(min(same), [0]), over(max(same), [0, -1]), over(average(same), [0, 1])], [0, 0, 0.5]);
  });

  it("refuse a sum beyond all numbers", () => {
    const same = (value: number) => value;
    for (const [name, make] of Object.entries({ sum, average })) {
      const aggregate = make(same) as Aggregate<number, unknown, unknown>;
      const { message } = assertThrows(() => over(aggregate, [1e308, 1e308]), RangeError);
      assertEquals(message, `${name}() of 1e+308 and 1e+308 is beyond all numbers`);
    }
  });

  it("leave a window as it was when they refuse a value", () => {
    const aggregate = average((value: unknown) => value as number);
    const total = aggregate.add(aggregate.seed(), 4);
    assertThrows(() => aggregate.add(total, "4.25"), TypeError);
    assertEquals(aggregate.result!(aggregate.add(total, 6)), 5);
  });
});

describe("a record whose number a window refuses", () => {
  const sales = (log: MemoryLog) =>
    log.source<{ shop: string; price: number; at: number }>("sales").pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "turnover", key: ({ shop }) => shop, size: 100, aggregate: sum(({ price }) => price) }),
      log.sink("out"),
    );
  const logWith = (prices: readonly unknown[]) => {
    const log = memory();
    log.append("sales", prices.map((price, at) => ({ key: "a", value: { shop: "a", price, at }, timestamp: 1 })));
    log.end("sales");
    return log;
  };

  it("goes to onError with its place, and the others are summed up", async () => {
    const log = logWith([3.5, "4.25", 10, undefined]);
    const onError = deadLetter(log.sink("dead"));
    const job = await run(sales(log), { name: "job", state: ":memory:", onError, log: () => {} });
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(log.read<{ value: number }>("out").map((result) => result!.value), [13.5]);
    const told = (name: string) => log.records("dead").map((record) => header(record, name));
    assertEquals(told("tidemark.source"), ["sales/0@1", "sales/0@3"]);
    const takes = 'tumblingWindow "turnover": sum() takes finite numbers or bigints, current value is';
    assertEquals(told("tidemark.reason"), [`${takes} the text "4.25"`, `${takes} undefined`]);
  });

  it("stops the job with its place where nothing else is said", async () => {
    const why = await refusal(sales(logWith(["3.50"])), { name: "job", state: ":memory:" });
    assertEquals(why.startsWith('Job job stopped at sales/0@0 in tumblingWindow "turnover": '), true, why);
    assertEquals(why.includes('sum() takes finite numbers or bigints, current value is the text "3.50"'), true, why);
  });

  it("ends a stream without a job with the same words", () => {
    let told: unknown;
    from([{ at: 1, price: NaN }]).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ key: () => "all", size: 10, aggregate: sum(({ price }) => price) }),
    ).subscribe({ error: (error) => told = error });
    assertEquals((told as Error).message, "sum() takes finite numbers or bigints, current value is NaN");
  });
});
