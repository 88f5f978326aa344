/** Metrics by the names of stages. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  count,
  intervalJoin,
  keyedProcess,
  keyedReduce,
  map as states,
  memory,
  type StageMetrics,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import { at, type Event, strict } from "./support/events.ts";

const key = ({ user }: Event) => user;

/** A stage's metrics without its bytes, which depend on how values are stored. */
function counted(stages: readonly StageMetrics[]): Omit<StageMetrics, "state_bytes">[] {
  return stages.map(({ state_bytes: _, ...rest }) => rest);
}

function pushed(...events: [user: string, at: number][]) {
  return events.map(([user, at]) => ({ value: { user, at }, key: user }));
}

describe("the metrics of a job by stage", () => {
  it("count what came in, what went out and what was late, and what is kept", async () => {
    const broker = memory();
    const events = broker.source<Event>("events", { tombstones: "refuse" }).pipe(at, strict());
    const pipelines = [
      events.pipe(
        tumblingWindow({ name: "activity", key, size: 10, aggregate: count() }),
        broker.sink("activity"),
      ),
      events.pipe(
        keyedProcess({
          name: "carts",
          key,
          state: { items: states<number, number>() },
          next({ at }, { state: { items }, timers }) {
            items.set(at, 1);
            timers.set(at + 100);
          },
          timer(time, { emit }) {
            emit(time);
          },
        }),
        broker.sink("carts"),
      ),
    ];
    await using test = await testPipeline(pipelines, { start: 1_000 });
    await test.push("events", pushed(["ada", 1], ["ada", 5], ["bob", 12], ["bob", 2], ["ada", 110]));
    assertEquals(counted(test.metrics.stages), [
      {
        stage: "activity",
        operator: "tumblingWindow",
        records_in: 5,
        records_out: 2,
        late: 1,
        keys: 1,
        timers: 0,
      },
      {
        stage: "carts",
        operator: "keyedProcess",
        records_in: 5,
        records_out: 3,
        late: 0,
        keys: 5,
        timers: 2,
      },
    ]);
  });

  it("count both inputs of a join", async () => {
    const broker = memory();
    const [left, right] = ["left", "right"].map((topic) =>
      broker.source<Event>(topic, { tombstones: "refuse" }).pipe(at, watermark({ maxOutOfOrderness: 5 }))
    );
    const joined = left.pipe(
      intervalJoin(right, { name: "near", key, rightKey: key, lower: -2, upper: 2, join: (a, b) => [a.at, b.at] }),
      broker.sink("near"),
    );
    await using test = await testPipeline(joined, { start: 1_000 });
    await test.push("left", pushed(["ada", 1], ["ada", 2]));
    await test.push("right", pushed(["ada", 3]));
    const [near] = test.metrics.stages;
    assertEquals([near.records_in, near.records_out, near.keys], [3, 2, 3]);
  });

  it("estimate the bytes of the values", async () => {
    const broker = memory();
    const texts = broker.source<Event>("events", { tombstones: "refuse" }).pipe(
      keyedReduce({ name: "texts", key, initial: "", reduce: (_, { at }) => "x".repeat(at) }),
      broker.sink("texts"),
    );
    await using test = await testPipeline(texts, { start: 1_000 });
    const users = Array.from({ length: 50 }, (_, n): [string, number] => [`user-${n}`, 1_000]);
    await test.push("events", pushed(...users));
    const [{ state_bytes, keys }] = test.metrics.stages;
    assertEquals(keys, 50);
    assert(state_bytes >= 50_000 && state_bytes < 52_000, `${state_bytes} bytes`);
    await test.push("events", pushed(...users.map(([user]): [string, number] => [user, 0])));
    const [after] = test.metrics.stages;
    assert(after.state_bytes < state_bytes, `${after.state_bytes} bytes`);
  });
});
