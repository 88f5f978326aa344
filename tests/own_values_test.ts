/** What a stage keeps is its own, and what it emitted never changes: the same results whether it stopped or not. */
import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from, map, merge, type Observable, Subject, tap } from "rxjs";
import {
  average,
  collect,
  count,
  eventTime,
  keyedReduce,
  type KeyedReduceOptions,
  lateSideOutput,
  tumblingWindow,
} from "@tidemark/streams/operators";
import { outcome, strict } from "./support/events.ts";
import { DurableTask } from "./support/durable_task.ts";
import { jobSink, jobSource } from "./support/task_host.ts";

interface Total {
  total: number;
}

/** Adds numbers up, in place, and keeps in a second stage what the first emitted. */
function addedUp(numbers: Observable<number>, values?: "frozen"): Observable<unknown> {
  return numbers.pipe(
    keyedReduce<number, string, Total>({
      name: "added",
      key: () => "all",
      initial: { total: 0 },
      reduce: values === "frozen" ? (t, n) => ({ total: t.total + n }) : (t, n) => {
        t.total += n;
        return t;
      },
      values,
    }),
    keyedReduce<{ value: Total }, string, Total[]>({
      name: "kept",
      key: () => "all",
      initial: [],
      reduce: values === "frozen" ? (all, { value }) => [...all, value] : (all, { value }) => {
        all.push(value);
        return all;
      },
      values,
    }),
    map(({ value }) => value.map(({ total }) => total).join()),
  );
}

describe("keyedReduce() keeps values of its own", () => {
  for (const values of [undefined, "frozen"] as const) {
    it(`also when a reducer changes its total in place, and wherever the job stops: ${values ?? "copied"}`, () => {
      const expected = ["1", "1,3", "1,3,6", "1,3,6,10"];
      assertEquals(outcome(addedUp(from([1, 2, 3, 4]), values)).values, expected);
      for (const stops of [[], [0], [1], [2], [3], [0, 1, 2, 3]]) {
        const job = new DurableTask(() => addedUp(jobSource("numbers"), values).pipe(jobSink("out")));
        for (const [index, number] of [1, 2, 3, 4].entries()) {
          job.push("numbers", number);
          if (stops.includes(index)) job.restart();
        }
        assertEquals(job.results, expected, `stopped after ${stops}`);
      }
    });
  }

  it("also when one object is pushed again and again, and when a value is kept by two pipelines", () => {
    const last = (name: string) =>
      keyedReduce({ name, key: () => 1, initial: { n: 0 }, reduce: (_: { n: number }, value: { n: number }) => value });
    const source = new Subject<{ n: number }>();
    const one: { n: number }[] = [], other: { n: number }[] = [];
    source.pipe(last("one"), map(({ value }) => value)).subscribe((value) => {
      value.n *= 100;
      one.push(value);
    });
    source.pipe(last("other"), map(({ value }) => value)).subscribe((value) => other.push(value));
    const reused = { n: 1 };
    source.next(reused);
    reused.n = 2;
    source.next(reused);
    assertEquals([one, other, reused], [[{ n: 100 }, { n: 200 }], [{ n: 1 }, { n: 2 }], { n: 2 }]);
  });

  it("also when one object stands twice inside a value", () => {
    const shared = keyedReduce<number, string, { a: number[]; b: number[] }>({
      name: "shared",
      key: () => "all",
      initial: () => {
        const list: number[] = [];
        return { a: list, b: list };
      },
      reduce(total, n) {
        total.a.push(n);
        return total;
      },
    });
    const pipeline = (numbers: Observable<number>) => numbers.pipe(shared, map(({ value }) => JSON.stringify(value)));
    const expected = ['{"a":[1],"b":[]}', '{"a":[1,2],"b":[]}'];
    assertEquals(outcome(pipeline(from([1, 2]))).values, expected);
    const job = new DurableTask(() => pipeline(jobSource("numbers")).pipe(jobSink("out")));
    job.push("numbers", 1).restart().push("numbers", 2);
    assertEquals(job.results, expected);
  });

  it("also when an initial value is changed from outside, or shared by an initial function", () => {
    const initial = { names: ["first"] };
    const push = (t: { names: string[] }, name: string) => {
      t.names.push(name);
      return t;
    };
    for (const begin of [initial, () => initial]) {
      const stage = keyedReduce({ key: (name: string) => name, initial: begin, reduce: push });
      const { values } = outcome(from(["a", "b"]).pipe(stage));
      assertEquals(values.map(({ value }) => value.names), [["first", "a"], ["first", "b"]]);
    }
    const stage = keyedReduce({ key: (name: string) => name, initial, reduce: push });
    initial.names.push("changed");
    assertEquals(outcome(from(["a"]).pipe(stage)).values[0].value.names, ["first", "a"]);
  });

  it('with emit: "latest" as well', () => {
    const stage = keyedReduce<number, number, Total>({
      name: "latest",
      key: () => 1,
      initial: { total: 0 },
      reduce: (t, n) => (t.total += n, t),
      emit: "latest",
    });
    const seen: Total[] = [];
    const job = new DurableTask(() =>
      jobSource<number>("numbers").pipe(stage, tap(({ value }) => seen.push(value)), jobSink("out"))
    );
    job.push("numbers", 1).cut();
    job.push("numbers", 2).cut();
    seen[0].total = 1_000;
    job.push("numbers", 3).cut();
    assertEquals(seen.map(({ total }) => total), [1_000, 3, 6]);
  });

  it("shares what is frozen, and a reducer that changes it fails", () => {
    const stage = (reduce: KeyedReduceOptions<number, number, Total & { same: object }>["reduce"]) =>
      keyedReduce({ key: () => 1, initial: { total: 0, same: { deep: true } }, reduce, values: "frozen" });
    const { values } = outcome(from([1, 2]).pipe(stage((t, n) => ({ ...t, total: t.total + n }))));
    assertStrictEquals(values[0].value.same, values[1].value.same);
    assertEquals([Object.isFrozen(values[1].value), Object.isFrozen(values[1].value.same)], [true, true]);
    const { error } = outcome(from([1]).pipe(stage((t, n) => (t.total += n, t))));
    assertEquals(error instanceof TypeError, true);
  });

  it("a restored value is frozen as one that never left memory", () => {
    const job = new DurableTask(() =>
      jobSource<number>("numbers").pipe(
        keyedReduce<number, number, Total>({
          name: "sums",
          key: () => 1,
          initial: { total: 0 },
          reduce: (t, n) => n < 0 ? (t.total -= n, t) : { total: t.total + n },
          values: "frozen",
        }),
        jobSink("out"),
      )
    );
    job.push("numbers", 1).restart().push("numbers", -1);
    assertEquals(job.failure?.message.includes("read only property"), true, job.failure?.message);
  });

  it("refuses what is no plain data, with the key and the cure", () => {
    class Cart {
      items: string[] = [];
    }
    const create = () => keyedReduce({ key: () => "ada", initial: new Cart(), reduce: (cart) => cart });
    const { message } = assertThrows(create, TypeError);
    assertEquals(
      message,
      "Cannot create a keyed reduce: initial must be plain data, but it holds an instance of Cart. A class cannot be stored: keep " +
        "its fields in a plain object",
    );
    const made = keyedReduce({ name: "c", key: () => "ada", initial: () => new Cart(), reduce: (cart) => cart });
    const { error } = outcome(from([1]).pipe(made));
    assertEquals(
      (error as Error).message,
      'Cannot keep the value of key "ada" in keyedReduce "c": it holds an instance of Cart. A stage keeps plain data: numbers, ' +
        "strings, arrays, plain objects, Map, Set, Date and Uint8Array",
    );
  });

  it("takes 0 and -0 for one key, and says 0", () => {
    const stage = keyedReduce({ key: (n: number) => n, initial: 0, reduce: (total: number) => total + 1 });
    const { values } = outcome(from([-0, 0, -0]).pipe(stage));
    assertEquals(values.map(({ key, value }) => [Object.is(key, 0), value]), [[true, 1], [true, 2], [true, 3]]);
  });
});

interface Item {
  at: number;
  tags: string[];
}

describe("windows keep accumulators of their own", () => {
  const item = (at: number): Item => ({ at, tags: [`t${at}`] });
  const at = eventTime((item: Item) => item.at);

  it("collect() keeps copies, and each pane is a list of its own", () => {
    const source = new Subject<Item>();
    const panes: Item[][] = [];
    source.pipe(
      at,
      strict(),
      tumblingWindow({ key: () => 1, size: 10, allowedLateness: 100, aggregate: collect<Item>() }),
    )
      .subscribe(({ value }) => panes.push(value));
    const first = item(1);
    source.next(first);
    first.tags.push("changed outside");
    source.next(item(12));
    panes[0][0].tags.push("changed below");
    source.next(item(2));
    assertEquals(panes.map((pane) => pane.map(({ tags }) => tags)), [[["t1", "changed below"]], [["t1"], ["t2"]]]);
  });

  it("an aggregate may change its accumulator in place, hand it out, share its seed, or keep the value itself", () => {
    const seed = { last: undefined as Item | undefined, n: 0 };
    const aggregate = {
      seed: () => seed,
      add(total: typeof seed, value: Item) {
        total.last = value;
        total.n++;
        return total;
      },
      result: (total: typeof seed) => total,
    };
    const items = [item(1), item(2), item(13)];
    const windows = from(items).pipe(at, strict(), tumblingWindow({ key: ({ at }) => at % 2, size: 10, aggregate }));
    const { values } = outcome(windows);
    assertEquals(values.map(({ key, value }) => [key, value.last?.at, value.n]), [[1, 1, 1], [0, 2, 1], [1, 13, 1]]);
    assertNotStrictEquals(values[0].value.last, items[0]);
    assertEquals(seed, { last: undefined, n: 0 });
  });

  it("built-in aggregates that keep no value are given the value itself", () => {
    class Sale {
      constructor(readonly at: number, readonly price: number) {}
    }
    let given: unknown;
    const sale = new Sale(1, 3);
    const stage = tumblingWindow({
      key: () => 1,
      size: 10,
      aggregate: average((value: Sale) => (given = value, value.price)),
    });
    const { values } = outcome(from([sale]).pipe(eventTime(({ at }) => at), strict(), stage));
    assertEquals([values[0].value, given === sale], [3, true]);
  });

  it("a value that is no plain data may be counted, and is refused where it would be kept", () => {
    class Sale {
      constructor(readonly at: number) {}
    }
    const sales = from([new Sale(1), new Sale(12)]).pipe(eventTime(({ at }) => at), strict());
    const counting = {
      seed: () => ({ n: 0 }),
      add: (t: { n: number }, _: Sale) => (t.n++, t),
      result: (t: { n: number }) => t,
    };
    const { values } = outcome(sales.pipe(tumblingWindow({ key: () => 1, size: 10, aggregate: counting })));
    assertEquals(values.map(({ value }) => value.n), [1, 1]);
    const { error } = outcome(sales.pipe(tumblingWindow({ name: "w", key: () => 1, size: 10, aggregate: collect() })));
    assertEquals(
      (error as Error).message.startsWith(
        'Cannot keep the value of key 1 in tumblingWindow "w": it holds an instance of Sale.',
      ),
      true,
      String(error),
    );
  });

  it("a late record that is changed by whoever takes it changes no window", () => {
    const source = new Subject<Item>();
    const late: Item[] = [];
    const panes: string[][][] = [];
    const watermarked = source.pipe(at, strict());
    merge(
      watermarked.pipe(
        tumblingWindow({ name: "short", key: () => 1, size: 10, aggregate: count<Item>() }),
        lateSideOutput((items) =>
          items.pipe(tap((one) => {
            late.push(one);
            one.tags.push("late");
          }))
        ),
      ),
    ).subscribe();
    source.pipe(
      at,
      strict(),
      tumblingWindow({ name: "long", key: () => 1, size: 10, allowedLateness: 100, aggregate: collect<Item>() }),
    ).subscribe(({ value }) => panes.push(value.map(({ tags }) => tags)));
    for (const one of [item(1), item(12), item(3)]) source.next(one);
    late[0].tags.push("later");
    source.next(item(4));
    assertEquals(panes.at(-1), [["t1"], ["t3", "late"], ["t4", "late"]]);
  });
});

describe("a reducer of any manners", () => {
  /** How a reducer treats what it is given; each adds a number to a list of pairs. */
  type Pairs = { list: { n: number }[]; last?: { n: number } };
  const manners: Record<string, (total: Pairs, value: { n: number }) => Pairs> = {
    "in place": (total, value) => (total.list.push(value), total.last = value, total),
    anew: (total, value) => ({ list: [...total.list, { n: value.n }], last: value }),
    "the first changes": (total, value) => {
      if (total.list.length > 0) total.list[0].n += value.n;
      total.list.push(value);
      return total;
    },
    "its argument changes": (total, value) => {
      total.list.push(value);
      value.n++;
      total.last = total.list[0];
      return total;
    },
    "twice the same": (total, value) => ({ list: [value, value, ...total.list], last: value }),
  };

  it("gives the same results wherever the job stops, and in memory", () => {
    const steps = fc.array(
      fc.record({ n: fc.integer({ min: 0, max: 9 }), key: fc.integer({ min: 0, max: 2 }), restart: fc.boolean() }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(manners)),
        fc.constantFrom(...Object.keys(manners)),
        steps,
        (a, b, all) => {
          const stage = <T extends { n: number; key: number }>(name: string, reduce: string) =>
            keyedReduce<T, number, Pairs>({
              name,
              key: ({ key }) => key,
              initial: { list: [] },
              reduce: (total, value) => manners[reduce](total, value as { n: number }),
            });
          const pipeline = (values: Observable<{ n: number; key: number }>) =>
            values.pipe(
              stage("one", a),
              map(({ key, value }) => ({ key, n: value.list.length, value })),
              stage("two", b),
              map((result) => JSON.stringify(result)),
            );
          const fresh = () => all.map(({ n, key }) => ({ n, key }));
          const { values } = outcome(pipeline(from(fresh())));
          for (const restarts of [false, true]) {
            const job = new DurableTask(() => pipeline(jobSource("numbers")).pipe(jobSink("out")));
            for (const [index, value] of fresh().entries()) {
              job.push("numbers", value);
              if (restarts && all[index].restart) job.restart();
            }
            assertEquals(job.results, values);
          }
        },
      ),
    );
  });
});
