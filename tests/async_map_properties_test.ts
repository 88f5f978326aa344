/** `asyncMap` against a naive model: the order of results, the watermark below it, and what a restart calls again. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { asyncMap, type AsyncMapOptions, eventTime, watermark } from "@tidemark/streams/operators";
import { rest } from "../base/clock.ts";
import { operate } from "../operators/_operate.ts";
import { Calls } from "./support/calls.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

interface Item {
  readonly id: number;
  readonly key: string;
  readonly time: number;
}

type Order = "input" | "key" | "any";
type Step =
  | { readonly do: "push"; readonly time: number; readonly key: string }
  | { readonly do: "answer"; readonly pick: number }
  | { readonly do: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("push" as const), time: fc.nat(100), key: fc.constantFrom("a", "b") }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("answer" as const), pick: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

/** What should have come out, computed anew from the whole list of what is in flight. */
class Model {
  inFlight: { readonly item: Item; answered: boolean }[] = [];
  readonly emitted: number[] = [];
  /** The watermark above the stage and the one below it. */
  above = -Infinity;
  below = -Infinity;

  constructor(readonly order: Order) {}

  push(item: Item): void {
    this.inFlight.push({ item, answered: false });
    this.above = Math.max(this.above, item.time - 1);
    this.#advance();
  }

  answer(id: number): void {
    const answered = this.inFlight.find(({ item }) => item.id === id)!;
    answered.answered = true;
    for (;;) {
      const next = this.inFlight.find((one) =>
        one.answered && !this.inFlight.some((other) => this.#isBefore(other, one))
      );
      if (next === undefined) break;
      this.inFlight.splice(this.inFlight.indexOf(next), 1);
      this.emitted.push(next.item.id);
    }
    this.#advance();
  }

  /** Whether the result of one must come before that of the other. */
  #isBefore({ item: one }: { item: Item }, { item: other }: { item: Item }): boolean {
    if (this.order === "any" || one.id >= other.id) return false;
    return this.order === "input" || one.key === other.key;
  }

  restart(): void {
    for (const one of this.inFlight) one.answered = false;
  }

  #advance(): void {
    const oldest = Math.min(...this.inFlight.map(({ item }) => item.time));
    this.below = Math.max(this.below, Math.min(this.above, oldest - 1));
  }
}

/** One process: the stage in a task, and what stands below it. */
class Process {
  readonly calls = new Calls<Item>();
  readonly task: HandMadeTask;
  /** The watermark below the stage. */
  watermark: () => number = () => NaN;

  constructor(
    checkpoint: ConstructorParameters<typeof HandMadeTask>[0],
    options: AsyncMapOptions<Item, Item>,
    emitted: (item: Item, time: number, watermark: number) => void,
  ) {
    const below = operate<Item, Item>({ operator: "below", name: "below", time: "own", keeps: true }, (stage) => {
      this.watermark = () => stage.watermark;
      return { next: (item) => emitted(item, stage.eventTime(), stage.watermark) };
    });
    const pipeline = jobSource<Item>("items").pipe(
      eventTime(({ time }) => time),
      watermark({ maxOutOfOrderness: 0 }),
      asyncMap(this.calls.fn, { name: "ask", timeout: Infinity, ...options }),
      below,
    );
    this.task = new HandMadeTask(checkpoint).run(pipeline);
    this.later();
  }

  get full(): boolean {
    return this.task.task.full > 0;
  }

  later(): void {
    this.task.task.runLater();
  }
}

Deno.test("property: asyncMap gives what a naive model gives, and its watermark never passes what is in flight", async () => {
  const orders = fc.constantFrom<Order>("input", "key", "any");
  const concurrencies = fc.constantFrom(1, 2, 5, 100);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: "max" }),
      orders,
      concurrencies,
      async (steps, order, concurrency) => {
        const model = new Model(order);
        const seen: number[] = [], late = new Set<number>();
        const options = { order, concurrency, key: order === "key" ? ({ key }: Item) => key : undefined };
        const emitted = (item: Item, time: number, watermark: number) => {
          seen.push(item.id);
          assertEquals(time, item.time);
          if (!late.has(item.id) && watermark >= time) throw new Error(`${item.id} is late because of its call`);
        };
        let process = new Process(undefined, options, emitted);
        const answer = async (id: number) => {
          const call = process.calls.about((item) => item.id === id);
          model.answer(id);
          call.answer(call.value);
          await rest();
          process.later();
        };
        let id = 0;
        for (const one of steps) {
          assertEquals(process.full, model.inFlight.length >= concurrency);
          if (one.do === "push") {
            // A job pushes nothing to a task that is full.
            if (process.full) continue;
            const item = { id: id++, key: one.key, time: one.time };
            if (item.time <= model.above) late.add(item.id);
            model.push(item);
            process.task.push("items", item, { offset: item.id });
            process.later();
          } else if (one.do === "restart") {
            model.restart();
            process = new Process(process.task.cut(), options, emitted);
            const called = process.calls.made.map(({ value }) => value.id);
            assertEquals(called, model.inFlight.map(({ item }) => item.id));
          } else {
            const { waiting } = process.calls;
            if (waiting.length > 0) await answer(waiting[one.pick % waiting.length].value.id);
          }
          assertEquals(process.task.task.failure, undefined);
          assertEquals(seen, model.emitted);
          if (id > 0) assertEquals(process.watermark(), model.below);
        }
        process.task.end();
        while (process.calls.waiting.length > 0) await answer(process.calls.waiting.at(-1)!.value.id);
        assertEquals(seen, model.emitted);
        assertEquals([seen.toSorted((a, b) => a - b), process.task.task.held, process.task.ends], [
          Array.from({ length: id }, (_, index) => index),
          0,
          1,
        ]);
      },
    ),
    { numRuns: 1_000, seed: 20_240_229 },
  );
});
