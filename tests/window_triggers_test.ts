/** Triggers of aligned windows in a job: the wall clock, what a restart finds, and what is kept. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map } from "rxjs";
import {
  count,
  everyCount,
  everyEventTime,
  everyProcessingTime,
  type Trigger,
  type Triggers,
  tumblingWindow,
  watermark,
} from "@tidemark/streams/operators";
import { memory } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import { operate } from "../operators/_operate.ts";
import { TriggeredStage } from "../operators/_triggered_stage.ts";
import { planOf } from "../operators/_window_options.ts";
import { tumbling } from "../operators/_windower.ts";
import { at, type Event, events } from "./support/events.ts";
import { crashWindows } from "./support/window_crash.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

const broker = memory();

function counts(trigger: Trigger | Triggers | undefined, allowedLateness = 0) {
  return tumblingWindow<Event, string, number, number>({
    name: "w",
    key: ({ user }) => user,
    size: 100,
    aggregate: count(),
    trigger,
    allowedLateness,
  });
}

const shown = map((
  { window, value, pane, index }: { window: { start: number }; value: number; pane: string; index: number },
) => `${window.start}: ${value} ${pane} ${index}`);

describe("a window's trigger", () => {
  it("emits by the wall clock, before the end and after it, and not where nothing has come", async () => {
    const pipeline = broker.source<Event>("events", { tombstones: "refuse" }).pipe(
      at,
      watermark({ maxOutOfOrderness: 0 }),
      counts(everyProcessingTime(1_000), 1_000),
      shown,
      broker.sink("counts"),
    );
    await using test = await testPipeline(pipeline, { start: 0 });
    const push = (...times: number[]) => test.push("events", events(...times).map((value) => ({ value })));
    await push(1, 2);
    await test.advance(1_000);
    await test.advance(1_000);
    await push(150);
    await push(3);
    await test.advance(1_000);
    assertEquals(test.results("counts"), ["0: 2 early 0", "0: 2 onTime 1", "100: 1 early 0", "0: 3 late 2"]);
  });

  it("reads windows that were stored without a trigger, and without a trigger those that had one", () => {
    const run = (trigger: Trigger | undefined, before?: HandMadeTask) =>
      new HandMadeTask(before?.cut()).run(
        jobSource<Event>("events").pipe(
          at,
          watermark({ maxOutOfOrderness: 0 }),
          counts(trigger),
          shown,
          jobSink("out"),
        ),
      );
    const lines = (job: HandMadeTask) => job.written.map(([, line]) => line);
    const plain = run(undefined).push("events", events(1)[0]);
    const triggered = run(everyCount(2), plain).push("events", events(2)[0]).push("events", events(3)[0]);
    assertEquals(lines(triggered), ["0: 3 early 0"]);
    const again = run(undefined, triggered).push("events", events(4)[0]).push("events", events(100)[0]);
    assertEquals(lines(again), ["0: 4 onTime 1"]);
  });

  it("waits again after a restart", () => {
    const run = (before?: HandMadeTask) =>
      new HandMadeTask(before?.cut()).run(
        jobSource<Event>("events").pipe(
          at,
          watermark({ maxOutOfOrderness: 0 }),
          counts(everyEventTime(10)),
          shown,
          jobSink("out"),
        ),
      );
    const first = run().push("events", events(1)[0]).push("events", events(5)[0]);
    const second = run(first).push("events", events(12)[0]).push("events", events(13)[0]);
    assertEquals([...first.written, ...second.written].map(([, line]) => line), ["0: 3 early 0"]);
  });

  it("has the same results whatever crashes", async () => {
    await crashWindows(counts({ early: everyEventTime(30), late: everyCount(2) }, 150), { unit: 10 });
  });

  it("keeps nothing of windows that are gone, after ten times the records", () => {
    const kept = [1, 10].map((times) => {
      let stage: TriggeredStage<Event, string, number, number>;
      const plan = planOf<Event, string, number, number>("", {
        key: ({ user }) => user,
        aggregate: count(),
        allowedLateness: 50,
        panes: "retract",
        trigger: everyEventTime(7),
      });
      const job = new HandMadeTask().run(
        jobSource<Event>("events").pipe(
          at,
          watermark({ maxOutOfOrderness: 30 }),
          operate({ operator: "windows", name: "s", time: "own", keeps: true }, (made) => {
            stage = new TriggeredStage(made as never, plan, tumbling(40, 0));
            return { next: (value: Event) => stage.add(value, value.user) };
          }),
        ),
      );
      for (let n = 0; n < times * 1_400; n++) {
        job.push("events", { user: n % 2 === 0 ? "always" : `user-${n}`, at: 10 * n - (n % 7 === 0 ? 70 : 0) });
      }
      return { cells: job.cut().states.get("s")!.size, kept: stage!.kept };
    });
    assertEquals(kept[0], kept[1]);
    assertEquals(kept[0].cells < 20 && kept[0].kept < 30, true, JSON.stringify(kept));
  });
});
