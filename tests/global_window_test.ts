/** The window without an end. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { from } from "rxjs";
import {
  atWatermark,
  count,
  everyCount,
  everyEventTime,
  globalWindow,
  type GlobalWindowOptions,
} from "@tidemark/streams/operators";
import type { Event } from "./support/events.ts";
import { globalTruth } from "./support/global_truth.ts";
import { crashWindows } from "./support/window_crash.ts";
import { assertSteps, common, optionsOf, triggerOf } from "./support/window_property.ts";
import { script, type Step, type Timed } from "./support/window_script.ts";

type Options = Omit<GlobalWindowOptions<Timed, string, number, number>, "key" | "aggregate">;

/** Without the window, which is always the same. */
function panes(steps: readonly Step[], options: Options): string[] {
  const span = `[${Number.MIN_SAFE_INTEGER},${Number.MAX_SAFE_INTEGER}) `;
  const lines = script(steps, globalWindow({ key: ({ key }) => key, aggregate: count<Timed>(), ...options }));
  return lines.map((line) => line.replace(span, ""));
}

describe("globalWindow()", () => {
  it("emits as the trigger says, with the time of the latest record, and once more at the end of the input", () => {
    assertEquals(panes([[1], [5, "b"], [9], [3], [2]], { trigger: everyCount(2) }), [
      "k 2 early 0 @9",
      "k 4 early 1 @9",
      "k 4 onTime 2 @9",
      "b 1 onTime 0 @5",
    ]);
  });

  it("discards what it has emitted, and takes back what it replaces", () => {
    assertEquals(panes([[1], [2], [3]], { trigger: everyCount(2), panes: "discard" }), [
      "k 2 early 0 @2",
      "k 1 onTime 1 @3",
    ]);
    assertEquals(panes([[1], [2], [3]], { trigger: everyCount(2), panes: "retract" }), [
      "k 2 early 0 @2",
      "- k 2 early 0 @3",
      "k 3 onTime 1 @3",
    ]);
  });

  it("emits every so many milliseconds of event time, and no record is late", () => {
    const steps: Step[] = [[1], { mark: 12 }, [3], { mark: 15 }, { mark: 20 }, { mark: 40 }];
    assertEquals(panes(steps, { trigger: { early: everyEventTime(10) } }), [
      "k 1 early 0 @1",
      "k 2 early 1 @3",
      "k 2 onTime 2 @3",
    ]);
  });

  it("has one result, at the end of the input, where only the watermark fires", () => {
    assertEquals(panes([[1], { mark: 100 }, [2]], { trigger: atWatermark() }), ["k 2 onTime 0 @2"]);
  });

  it("needs no watermark and no event time for a number of records", () => {
    const lines: string[] = [];
    from(["a", "b", "c"]).pipe(
      globalWindow({ key: () => 1, aggregate: count(), trigger: everyCount(2) }),
    ).subscribe(({ value, pane }) => lines.push(`${value} ${pane}`));
    assertEquals(lines, ["2 early", "3 onTime"]);
  });

  it("needs a trigger", () => {
    const make = () => globalWindow({ key: () => 1, aggregate: count() } as never);
    assertThrows(
      make,
      TypeError,
      "Cannot create a global window: trigger must be given, because the window has no end",
    );
  });

  it("says what a recomputation from the whole input says, with restarts, partitions and triggers", () => {
    fc.assert(
      fc.property(common, (rules) => {
        const { aggregate, key, name } = optionsOf(rules), { panes, early } = rules;
        const windows = globalWindow({ name, key, aggregate, panes, trigger: triggerOf(early) ?? atWatermark() });
        assertSteps(rules, windows, globalTruth(rules.rows, rules));
      }),
      { seed: 20_240_310, numRuns: 1_000 },
    );
  });

  it("has the same results whatever crashes", async () => {
    const trigger = everyCount(2);
    await crashWindows(
      globalWindow({ name: "g", key: ({ user }: Event) => user, aggregate: count(), trigger, panes: "retract" }),
    );
  });
});
