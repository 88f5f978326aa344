/** Sliding windows: which windows a record has, what shares slices, and what is kept. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  average,
  collect,
  count,
  everyCount,
  slidingWindow,
  type SlidingWindowOptions,
  watermark,
} from "@tidemark/streams/operators";
import { operate } from "../operators/_operate.ts";
import { SliceStage } from "../operators/_slice_stage.ts";
import { sliding } from "../operators/_slicers.ts";
import { planOf } from "../operators/_window_options.ts";
import { at, type Event } from "./support/events.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";
import { crashWindows } from "./support/window_crash.ts";
import { script, type Step, type Timed } from "./support/window_script.ts";

type Options = Partial<SlidingWindowOptions<Timed, string, number, number>>;

function windows(steps: readonly Step[], options: Options = {}): string[] {
  const rest = { size: 10, slide: 5, aggregate: count<Timed>(), ...options };
  return script(steps, slidingWindow({ key: ({ key }) => key, ...rest }));
}

describe("slidingWindow()", () => {
  it("gives a record every window that holds its time", () => {
    assertEquals(windows([[1], [7], [12]]), [
      "k [-5,5) 1 onTime 0 @4",
      "k [0,10) 2 onTime 0 @9",
      "k [5,15) 2 onTime 0 @14",
      "k [10,20) 1 onTime 0 @19",
    ]);
  });

  it("takes a size that is no multiple of the slide, and an offset", () => {
    assertEquals(windows([[6]], { size: 7, slide: 3, offset: 1 }), [
      "k [1,8) 1 onTime 0 @7",
      "k [4,11) 1 onTime 0 @10",
    ]);
    assertEquals(windows([[0], [3], [6]], { size: 7, slide: 3, offset: 1 }).at(1), "k [-2,5) 2 onTime 0 @4");
  });

  it("passes over a record in no window, where the slide is longer than the size", () => {
    assertEquals(windows([[1], [5], [11]], { size: 3, slide: 10 }), [
      "k [0,3) 1 onTime 0 @2",
      "k [10,13) 1 onTime 0 @12",
    ]);
  });

  it("a record is late when all of its windows are gone, and counts in those that are not", () => {
    const steps: Step[] = [[1], { mark: 11 }, [7], { mark: 14 }, [4], [6]];
    assertEquals(windows(steps), [
      "k [-5,5) 1 onTime 0 @4",
      "k [0,10) 1 onTime 0 @9",
      "k [5,15) 1 onTime 0 @14",
      "late 4",
      "late 6",
    ]);
  });

  it("fires an update of each window that has fired and is kept", () => {
    const steps: Step[] = [[1], { mark: 11 }, [2], [2], { mark: 15 }, [2]];
    assertEquals(windows(steps, { allowedLateness: 5 }), [
      "k [-5,5) 1 onTime 0 @4",
      "k [0,10) 1 onTime 0 @9",
      "k [0,10) 2 late 1 @9",
      "k [0,10) 3 late 2 @9",
      "late 2",
    ]);
  });

  it("merges its slices in the order of time", () => {
    const aggregate = { ...collect<Timed>(), result: (all: Timed[]) => all.map(({ time }) => time).join(" ") };
    const ordered = slidingWindow({ key: ({ key }: Timed) => key, size: 20, slide: 5, aggregate });
    const lines = script([[17], [2], [3], [12], [7]], ordered);
    assertEquals(lines.find((line) => line.includes("[0,20)")), "k [0,20) 2 3 7 12 17 onTime 0 @19");
  });

  it("an accumulator that is changed in place stays that of its slice", () => {
    const means = slidingWindow({
      key: ({ key }: Timed) => key,
      size: 40,
      slide: 10,
      aggregate: average(({ time }: Timed) => time),
    });
    const lines = script([[0], [10], [20], [30], [40], [50]], means);
    assertEquals(lines.map((line) => line.split(" ").slice(1, 3).join(" ")), [
      "[-30,10) 0",
      "[-20,20) 5",
      "[-10,30) 10",
      "[0,40) 15",
      "[10,50) 25",
      "[20,60) 35",
      "[30,70) 40",
      "[40,80) 45",
      "[50,90) 50",
    ]);
  });

  it("a trigger and panes are for each window", () => {
    const trigger = everyCount(2);
    assertEquals(windows([[1], [3], [7]], { trigger, panes: "discard" }), [
      "k [-5,5) 2 early 0 @4",
      "k [0,10) 2 early 0 @9",
      "k [0,10) 1 onTime 1 @9",
      "k [5,15) 1 onTime 0 @14",
    ]);
  });

  it("emits one final result when a window and its lateness are over", () => {
    assertEquals(windows([[1], { mark: 11 }, [2], { mark: 20 }], { allowedLateness: 5, emit: "onClose" }), [
      "k [-5,5) 1 onTime 0 @4",
      "k [0,10) 2 onTime 0 @9",
    ]);
  });

  it("a record that would open too many windows of its key is an error of that record", () => {
    assertEquals(windows([[1], [2], [6]], { maxWindows: 2 }), [
      'RangeError: Key "k" of slidingWindow has 2 windows open, as many as maxWindows allows',
    ]);
    assertEquals(windows([[1], { mark: 4 }, [6]], { maxWindows: 2 }).length, 3);
  });

  it("refuses options that make no sense, in words", () => {
    const make = (options: object) => () =>
      slidingWindow({ key: () => 1, size: 10, slide: 5, aggregate: count(), ...options } as never);
    const attempts: [() => unknown, string][] = [
      [make({ size: 0 }), "size must be > 0, current value is 0"],
      [make({ slide: 1.5 }), "slide must be an integer of milliseconds, current value is 1.5"],
      [make({ offset: 5 }), "offset must lie between -slide and slide, current value is 5 with slide 5"],
      [make({ aggregate: { seed: () => 0, add: () => 0 } }), "aggregate must have merge, because windows share slices"],
    ];
    for (const [attempt, sentence] of attempts) {
      assertThrows(attempt, Error, `Cannot create sliding windows: ${sentence}`);
    }
  });
});

describe("slidingWindow() in a job", () => {
  it("has the same results whatever crashes", async () => {
    const size = { size: 12, slide: 5, allowedLateness: 20 };
    await crashWindows(slidingWindow({ name: "w", key: ({ user }: Event) => user, ...size, aggregate: count() }));
  });

  it("keeps nothing of windows that are gone, after ten times the records", () => {
    const kept = [1, 10].map((times) => {
      let stage: SliceStage<Event, string, number, number>;
      const plan = planOf<Event, string, number, number>("", {
        key: ({ user }) => user,
        aggregate: count(),
        allowedLateness: 50,
      });
      const job = new HandMadeTask().run(
        jobSource<Event>("events").pipe(
          at,
          watermark({ maxOutOfOrderness: 30 }),
          operate({ operator: "windows", name: "s", time: "own", keeps: true }, (made) => {
            stage = new SliceStage(made as never, plan, sliding(70, 20, 0));
            return { next: (value: Event) => stage.add(value, value.user) };
          }),
        ),
      );
      for (let n = 0; n < times * 1_400; n++) {
        job.push("events", { user: n % 2 === 0 ? "always" : `user-${n}`, at: 10 * n - (n % 7 === 0 ? 70 : 0) });
      }
      const { states } = job.cut();
      return { slices: states.get("s/slices")!.size, panes: states.get("s/panes")!.size, kept: stage!.kept };
    });
    assertEquals(kept[0], kept[1]);
    assertEquals(kept[0].kept < 40, true, JSON.stringify(kept));
  });
});
