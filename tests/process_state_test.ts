/** The states of `keyedProcess`: what each kind does, and what a change of one costs. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from } from "rxjs";
import { keyedProcess, list, map, type ProcessContext, value } from "@tidemark/streams/operators";
import { CommittingTask } from "./support/committing_task.ts";
import { outcome } from "./support/events.ts";
import { jobSource } from "./support/task_host.ts";

const states = () => ({ one: value<unknown>(), by: map<string | number, unknown>(), all: list<unknown>() });
type States = ProcessContext<string, ReturnType<typeof states>, unknown>["state"];

/** Runs steps on the states of one key, one record each, and returns what each returns. */
function steps(...all: ((state: States) => unknown)[]): unknown[] {
  const { values, error } = outcome(
    from(all).pipe(keyedProcess({
      name: "p",
      key: () => "ada",
      state: states(),
      next: (step, { state, emit }) => emit(step(state)),
    })),
  );
  if (error !== undefined) throw error;
  return values;
}

/** What `forEach` visits. */
function visitedOf(by: States["by"]): [string | number, unknown][] {
  const visited: [string | number, unknown][] = [];
  by.forEach((value, entry) => visited.push([entry, value]));
  return visited;
}

describe("the states of keyedProcess()", () => {
  it("value() gives undefined until it is set, and after it was deleted", () => {
    const results = steps(
      ({ one }) => one.get(),
      ({ one }) => (one.set(null), one.get()),
      ({ one }) => one.get(),
      ({ one }) => (one.delete(), one.get()),
      ({ one }) => (one.delete(), one.set(0), one.delete(), one.set(false), one.get()),
      ({ one }) => one.get(),
    );
    assertEquals(results, [undefined, null, null, undefined, false, false]);
  });

  it("map() finds entries by name, and is empty where nothing was set", () => {
    const results = steps(
      ({ by }) => [by.size, by.has("x"), by.get("x"), by.entries(), by.keys(), by.values()],
      ({ by }) => (by.delete("x"), by.clear(), by.set("x", 1), by.set(1, { n: 2 }), by.set("1", null), by.size),
      ({ by }) => [by.has("1"), by.get(1), by.keys(), by.values()],
      ({ by }) => (by.delete("x"), by.delete("none"), by.entries()),
      ({ by }) => visitedOf(by),
      ({ by }) => (by.clear(), by.set("y", 3), by.entries()),
      ({ by }) => (by.clear(), by.size),
    );
    assertEquals(results, [
      [0, false, undefined, [], [], []],
      3,
      [true, { n: 2 }, ["x", 1, "1"], [1, { n: 2 }, null]],
      [[1, { n: 2 }], ["1", null]],
      [[1, { n: 2 }], ["1", null]],
      [["y", 3]],
      0,
    ]);
    const { message } = assertThrows(() => steps(({ by }) => by.set({} as never, 1)), TypeError);
    assertEquals(
      message,
      'An entry of state "by" of keyedProcess "p" must be named by a string, number, bigint or boolean, not by object',
    );
  });

  it("list() adds at the end and removes at the start", () => {
    const results = steps(
      ({ all }) => [all.size, all.at(0), all.values()],
      ({ all }) => (all.shift(), all.clear(), all.append(1), all.append({ n: 2 }), all.append(null), all.values()),
      ({ all }) => (all.replace(0, "one"), [all.at(0), all.at(1), all.at(2), all.at(3), all.at(-1)]),
      ({ all }) => (all.shift(2), [all.size, ...all.values()]),
      ({ all }) => (all.shift(9), all.append(7), all.values()),
      ({ all }) => (all.clear(), all.size),
    );
    assertEquals(results, [
      [0, undefined, []],
      [1, { n: 2 }, null],
      ["one", { n: 2 }, null, undefined, undefined],
      [1, null],
      [7],
      0,
    ]);
    for (const index of [0, -1, 1.5]) {
      const { message } = assertThrows(() => steps(({ all }) => all.replace(index, 1)), RangeError);
      assertEquals(message, `state "all" of keyedProcess "p" has no element ${index}`);
    }
  });

  it("refuse to be set to undefined, with the cure", () => {
    for (
      const [step, name] of [
        [({ one }: States) => one.set(undefined), "one"],
        [({ by }: States) => by.set("x", undefined), "by"],
        [({ all }: States) => all.append(undefined), "all"],
      ] as const
    ) {
      const { message } = assertThrows(() => steps(step), TypeError);
      assertEquals(message, `Cannot set state "${name}" of keyedProcess "p" to undefined: delete it instead`);
    }
  });
});

describe("a change of a key that has 100,000 elements", () => {
  const process = () =>
    jobSource<(state: States) => void>("steps").pipe(keyedProcess({
      name: "p",
      key: () => "ada",
      state: states(),
      next: (step, { state }) => step(state),
    }));

  it("writes at most twice the bytes of one of a key that has 10", async () => {
    const tasks = await Promise.all([10, 100_000].map(async (size) => {
      const task = await CommittingTask.run(process());
      for (let n = 0; n < size; n++) {
        task.push("steps", ({ all, by }: States) => {
          all.append(`event ${n % 10}`);
          by.set(n, `item ${n % 10}`);
        });
      }
      await task.commit();
      return task;
    }));
    const changes: ((state: States) => void)[] = [
      ({ all }) => all.append("event 3"),
      ({ by }) => by.set(1_000_000, "item 3"),
      ({ by }) => by.set(3, "item 4"),
      ({ by }) => by.delete(4),
      ({ all }) => all.shift(),
      ({ all }) => all.replace(2, "event 8"),
    ];
    for (const change of changes) {
      const [small, large] = [
        await tasks[0].push("steps", change).commit(),
        await tasks[1].push("steps", change).commit(),
      ];
      assert(0 < small && large <= 2 * small, `${change} writes ${small} bytes of 10, ${large} of 100,000`);
    }
  });
});
