/** Sessions: what merges, what is late, and what each trigger and kind of pane makes of it. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map } from "rxjs";
import {
  atWatermark,
  count,
  everyCount,
  everyEventTime,
  everyProcessingTime,
  everyRecord,
  sessionWindow,
  type SessionWindowOptions,
  watermark,
} from "@tidemark/streams/operators";
import { memory } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import { operate } from "../operators/_operate.ts";
import { SessionStage } from "../operators/_session_stage.ts";
import { planOf } from "../operators/_window_options.ts";
import { at, type Event } from "./support/events.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";
import { crashWindows } from "./support/window_crash.ts";
import { script, type Step, type Timed } from "./support/window_script.ts";

type Options = Partial<SessionWindowOptions<Timed, string, number, number>>;

function sessions(steps: readonly Step[], options: Options = {}): string[] {
  return script(steps, sessionWindow({ key: ({ key }) => key, gap: 10, aggregate: count<Timed>(), ...options }));
}

describe("sessionWindow()", () => {
  it("lasts from the first record to the gap after the last one, for each key", () => {
    assertEquals(sessions([[0, "a"], [3, "b"], [9, "a"], [30, "a"]]), [
      "b [3,13) 1 onTime 0 @12",
      "a [0,19) 2 onTime 0 @18",
      "a [30,40) 1 onTime 0 @39",
    ]);
  });

  it("merges what touches it, and nothing that begins a millisecond later", () => {
    assertEquals(sessions([[0], [10]]), ["k [0,20) 2 onTime 0 @19"]);
    assertEquals(sessions([[0], [11]]), ["k [0,10) 1 onTime 0 @9", "k [11,21) 1 onTime 0 @20"]);
  });

  it("merges two sessions with the record between them", () => {
    assertEquals(sessions([[0], [20], [40], [10], [30]]), ["k [0,50) 5 onTime 0 @49"]);
  });

  it("merges accumulators in the order of their starts", () => {
    const windows = sessionWindow({
      key: ({ key }: Timed) => key,
      gap: 10,
      process: (values) => values.map(({ time }) => time).join(" "),
    });
    assertEquals(script([[40], [0], [20], [30], [10]], windows), ["k [0,50) 0 20 40 30 10 onTime 0 @49"]);
  });

  it("gives process the window and the key", () => {
    const windows = sessionWindow({
      key: ({ key }: Timed) => key,
      gap: 10,
      process: (values, { start, end }, key) => `${key} ${values.length} in ${end - start}`,
    });
    assertEquals(script([[0], [5]], windows), ["k [0,15) k 2 in 15 onTime 0 @14"]);
  });

  it("takes the gap of each value", () => {
    const gap = ({ key, time }: Timed) => key === "k" ? time : 0;
    assertEquals(sessions([[5], [8]], { gap }), ["k [5,16) 2 onTime 0 @15"]);
    assertEquals(sessions([[5], [12]], { gap }), ["k [5,10) 1 onTime 0 @9", "k [12,24) 1 onTime 0 @23"]);
    assertEquals(sessions([[5, "p"], [5, "p"]], { gap }), ["p [5,5) 2 onTime 0 @4"]);
  });

  it("a record is late when it touches no session that is kept, and its own would be over", () => {
    const steps: Step[] = [[0], { mark: 12 }, [3], [4]];
    assertEquals(sessions(steps), ["k [0,10) 1 onTime 0 @9", "late 3", "k [4,14) 1 onTime 0 @13"]);
  });

  it("a late record that touches a session that is kept is not late, and merges sessions that have fired", () => {
    const steps: Step[] = [[0], [20], { mark: 35 }, [10]];
    assertEquals(sessions(steps, { allowedLateness: 100 }), [
      "k [0,10) 1 onTime 0 @9",
      "k [20,30) 1 onTime 0 @29",
      "k [0,30) 3 late 2 @29",
    ]);
  });

  it("a session that has fired and is extended beyond the watermark fires on time once more", () => {
    assertEquals(sessions([[0], { mark: 10 }, [5]], { allowedLateness: 100 }), [
      "k [0,10) 1 onTime 0 @9",
      "k [0,15) 2 onTime 1 @14",
    ]);
  });

  it("takes back what a merged session replaces", () => {
    const steps: Step[] = [[0], [20], { mark: 35 }, [10], [12]];
    assertEquals(sessions(steps, { allowedLateness: 100, panes: "retract" }), [
      "k [0,10) 1 onTime 0 @9",
      "k [20,30) 1 onTime 0 @29",
      "- k [0,10) 1 onTime 0 @9",
      "- k [20,30) 1 onTime 0 @29",
      "k [0,30) 3 late 2 @29",
      "- k [0,30) 3 late 2 @29",
      "k [0,30) 4 late 3 @29",
    ]);
  });

  it("discards what it has emitted", () => {
    const steps: Step[] = [[0], [1], [2], { mark: 20 }, [3]];
    const trigger = everyCount(2);
    assertEquals(sessions(steps, { allowedLateness: 100, panes: "discard", trigger }), [
      "k [0,11) 2 early 0 @10",
      "k [0,12) 1 onTime 1 @11",
      "k [0,13) 1 late 2 @12",
    ]);
    assertEquals(sessions([[0], [1]], { panes: "discard", trigger }), ["k [0,11) 2 early 0 @10"], "no empty pane");
  });

  it("emits early and late as two triggers say", () => {
    const steps: Step[] = [[0], [1], { mark: 20 }, [2], [2], [2], [2]];
    const trigger = { early: everyRecord(), late: everyCount(3) };
    assertEquals(sessions(steps, { allowedLateness: 100, trigger }), [
      "k [0,10) 1 early 0 @9",
      "k [0,11) 2 early 1 @10",
      "k [0,11) 2 onTime 2 @10",
      "k [0,12) 5 late 3 @11",
      "k [0,12) 6 late 4 @11",
    ]);
    assertEquals(sessions([[0], { mark: 20 }, [2]], { allowedLateness: 100, trigger: { early: atWatermark() } }), [
      "k [0,10) 1 onTime 0 @9",
      "k [0,12) 2 late 1 @11",
    ]);
  });

  it("a pane that waited for an early time is none after the firing on time", () => {
    const steps: Step[] = [[0], [1], { mark: 10 }, [0], { mark: 12 }, { mark: 15 }];
    const trigger = { early: everyEventTime(12), late: everyEventTime(15) };
    assertEquals(sessions(steps, { allowedLateness: 100, trigger }), [
      "k [0,11) 2 onTime 0 @10",
      "k [0,11) 3 late 1 @10",
    ]);
  });

  it("emits one final result when the session and its lateness are over", () => {
    const steps: Step[] = [[0], { mark: 20 }, [1], { mark: 109 }, [2], { mark: 111 }];
    assertEquals(sessions(steps, { allowedLateness: 100, emit: "onClose" }), ["k [0,12) 3 onTime 0 @11"]);
  });

  it("a record that would open too many sessions of its key is an error of that record", () => {
    const steps: Step[] = [[0], [100], [1], [0, "other"], [200]];
    assertEquals(sessions(steps, { maxWindows: 2 }), [
      'RangeError: Key "k" of sessionWindow has 2 windows open, as many as maxWindows allows',
    ]);
  });

  it("refuses options that make no sense, in words", () => {
    const key = () => 1;
    const aggregate = count();
    const make = (options: object) => () => sessionWindow({ key, gap: 1, aggregate, ...options } as never);
    const attempts: [() => unknown, string][] = [
      [make({ gap: 0 }), "gap must be an integer above 0, current value is 0"],
      [make({ gap: 1.5 }), "gap must be an integer above 0, current value is 1.5"],
      [make({ allowedLateness: -1 }), "allowedLateness must be >= 0, current value is -1"],
      [make({ maxWindows: 0 }), "maxWindows must be an integer above 0, current value is 0"],
      [make({ key: undefined }), "key must be a function"],
      [make({ aggregate: { seed: () => 0, add: () => 0 } }), "aggregate must have merge, because sessions that touch"],
      [make({ aggregate: undefined }), "aggregate must have seed and add"],
      [make({ process: () => 0 }), "give aggregate or process, and not both"],
      [make({ panes: "all" }), 'panes must be "accumulate" or "discard" or "retract", current value is all'],
      [make({ emit: "late" }), 'emit must be "panes" or "onClose", current value is late'],
      [make({ emit: "onClose", trigger: everyRecord() }), 'emit: "onClose" emits one final result'],
      [make({ trigger: { early: "often" } }), "trigger must be made by atWatermark()"],
    ];
    for (const [attempt, sentence] of attempts) {
      assertThrows(attempt, Error, `Cannot create session windows: ${sentence}`);
    }
  });

  it("a gap that is no time is an error of its record", () => {
    assertEquals(sessions([[0]], { gap: () => -1 }), [
      "RangeError: sessionWindow: gap must return an integer of at least 0, current value is -1",
    ]);
  });
});

describe("sessionWindow() in a job", () => {
  it("has the same results whatever crashes", async () => {
    const visits = (options: Partial<SessionWindowOptions<Event, string, number, number>> = {}) =>
      sessionWindow({ name: "visits", key: ({ user }) => user, gap: 10, aggregate: count<Event>(), ...options });
    await crashWindows(visits());
    const trigger = { early: everyEventTime(4), late: everyCount(2) };
    for (const panes of ["accumulate", "discard", "retract"] as const) {
      await crashWindows(visits({ allowedLateness: 30, panes, trigger }));
    }
  });

  it("emits by the wall clock, and nothing where nothing has come", async () => {
    const broker = memory();
    const visits = broker.source<Event>("events", { tombstones: "refuse" }).pipe(
      at,
      watermark({ maxOutOfOrderness: 2 }),
      sessionWindow({
        name: "visits",
        key: ({ user }) => user,
        gap: 10,
        aggregate: count(),
        trigger: everyProcessingTime(1_000),
      }),
      map(({ value, pane, index }) => ({ value, pane, index })),
      broker.sink("visits"),
    );
    await using test = await testPipeline(visits, { start: 100 });
    await test.push("events", [{ value: { user: "ada", at: 1 } }, { value: { user: "ada", at: 3 } }]);
    await test.advance(899);
    assertEquals(test.results("visits"), []);
    await test.advance(1);
    await test.advance(5_000);
    await test.push("events", { value: { user: "ada", at: 5 } });
    await test.advance(1_000);
    const panes = test.results<{ value: number; pane: string; index: number }>("visits");
    assertEquals(panes.map(({ value, pane, index }) => [value, pane, index]), [[2, "early", 0], [3, "early", 1]]);
  });

  it("a restart finds the panes that wait for the wall clock again", () => {
    const pipeline = () =>
      jobSource<Event>("events").pipe(
        at,
        watermark({ maxOutOfOrderness: 0 }),
        sessionWindow({
          name: "w",
          key: ({ user }) => user,
          gap: 10,
          aggregate: count(),
          trigger: { early: everyProcessingTime(100) },
        }),
        map(({ value, pane }) => results.push(`${value} ${pane}`)),
      );
    const results: string[] = [];
    const run = (job: HandMadeTask) => {
      job.now = () => 50;
      return job.run(pipeline());
    };
    const first = run(new HandMadeTask()).push("events", { user: "ada", at: 1 });
    const second = run(new HandMadeTask(first.cut()));
    second.tick(0);
    assertEquals(results, []);
    second.now = () => 100;
    second.tick(0);
    assertEquals(results, ["1 early"]);
  });

  it("keeps nothing of sessions that are over, after ten times the records", () => {
    const kept = [1, 10].map((times) => {
      let stage: SessionStage<Event, string, number, number>;
      const plan = planOf<Event, string, number, number>("", {
        key: ({ user }) => user,
        aggregate: count(),
        allowedLateness: 20,
        trigger: everyEventTime(5),
      });
      const job = new HandMadeTask().run(
        jobSource<Event>("events").pipe(
          at,
          watermark({ maxOutOfOrderness: 30 }),
          operate({ operator: "sessions", name: "s", time: "own", keeps: true }, (made) => {
            stage = new SessionStage(made as never, plan);
            return { next: (value: Event) => stage.add(value, value.user, 10) };
          }),
        ),
      );
      for (let n = 0; n < times * 1_000; n++) {
        // One user is never silent, and its late records merge and extend its session again and again.
        const late = n % 7 === 0 ? 45 : n % 3 === 0 ? 20 : 0;
        job.push("events", { user: n % 2 === 0 ? "always" : `user-${n}`, at: 10 * n - late });
      }
      return { cells: job.cut().states.get("s")!.size, waiting: stage!.waiting };
    });
    assertEquals(kept[0], kept[1]);
    assertEquals(kept[0].cells < 20 && kept[0].waiting < 40, true, JSON.stringify(kept));
  });
});
