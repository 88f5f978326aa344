/** The scope: two phases, and the minimum over what is above. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { defer, filter, from, map, merge, mergeMap, type Observable, Subject, tap } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { count, eventTime, lateSideOutput, tumblingWindow, watermark } from "@tidemark/streams/operators";
import { Scope, type ScopeListener, WatermarkProvider } from "../operators/_scope.ts";
import { Task } from "../operators/_task.ts";
import { at, counts, type Event, events, outcome, perTen, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

describe("a scope over synchronous sources", () => {
  it("merge() of two synchronous arrays with a watermark each loses nothing to lateness", () => {
    const first = from(events(1, 11, 21, 31)).pipe(at, strict());
    const second = from(events(2, 12, 22, 32)).pipe(at, strict());
    const { values } = outcome(merge(first, second).pipe(perTen()));
    assertEquals(values.map(({ window, value, pane }) => [window.start, value, pane]), [
      [0, 2, "onTime"],
      [10, 2, "onTime"],
      [20, 2, "onTime"],
      [30, 2, "onTime"],
    ]);
  });

  it("merge() of two synchronous arrays under one watermark() loses nothing: each eventTime() is a partition", () => {
    const late: Event[] = [];
    const { values } = outcome(
      merge(from(events(1, 11, 21)).pipe(at), from(events(2, 12, 22)).pipe(at)).pipe(
        strict(),
        perTen(),
        lateSideOutput((records) => records.pipe(tap((record) => late.push(record)))),
      ),
    );
    assertEquals(values.map(({ window, value }) => [window.start, value]), [[0, 2], [10, 2], [20, 2]]);
    assertEquals(late, []);
  });

  it("an input of a merge() that has ended no longer holds its neighbour's time back", () => {
    const live = new Subject<Event>();
    const fired: number[] = [];
    merge(from(events(100)).pipe(at), live.pipe(at)).pipe(strict(), perTen()).subscribe(({ window }) =>
      fired.push(window.start)
    );
    live.next(events(1)[0]);
    live.next(events(15)[0]);
    assertEquals(fired, [0]);
    live.next(events(250)[0]);
    assertEquals(fired, [0, 10, 100], "beyond the last record of the one that has ended");
  });

  it("a synchronous source is not subscribed before the whole graph stands", () => {
    const log: string[] = [];
    const source = (name: string) =>
      defer(() => {
        log.push(`${name} begins`);
        return from(events(1));
      });
    const bound = (name: string) => <T>(above: Observable<T>) =>
      defer(() => {
        log.push(`${name} bound`);
        return above;
      });
    merge(source("a").pipe(at, bound("a")), source("b").pipe(at, bound("b"))).pipe(strict()).subscribe();
    assertEquals(log, ["a bound", "b bound", "a begins", "b begins"]);
  });
});

describe("the watermark of a scope", () => {
  it("the minimum over merged inputs fires a window, and not the faster input", () => {
    const fast = new Subject<Event>(), slow = new Subject<Event>();
    const fired: number[] = [];
    merge(fast.pipe(at, strict()), slow.pipe(at, strict())).pipe(perTen()).subscribe(({ window }) =>
      fired.push(window.start)
    );
    fast.next(events(5)[0]);
    fast.next(events(500)[0]);
    assertEquals(fired, [], "the slow input has said nothing yet");
    slow.next(events(9)[0]);
    assertEquals(fired, [], "its watermark is 8");
    slow.next(events(10)[0]);
    assertEquals(fired, [0], "its watermark is 9: the last millisecond of the window");
  });

  it("a scope's watermark over virtual time is the minimum of what its inputs have shown", () => {
    new TestScheduler((actual, expected) => assertEquals(actual, expected)).run(({ cold, expectObservable }) => {
      const a = cold<Event>(" 1---3-----|", { 1: events(1)[0], 3: events(30)[0] }).pipe(at, strict());
      const b = cold<Event>(" --2---4---|", { 2: events(2)[0], 4: events(25)[0] }).pipe(at, strict());
      const fired = merge(a, b).pipe(perTen(), map(({ window, value }) => `${window.start}:${value}`));
      expectObservable(fired).toBe("------x---(yz|)", { x: "0:2", y: "20:1", z: "30:1" });
    });
  });

  it("a window fires before it hands its watermark to the window below it", () => {
    const perUser = from([...events(1, 9, 11, 19, 21, 41), { user: "bob", at: 41 }]).pipe(at, strict(), perTen());
    const busiest = perUser.pipe(
      filter(({ value }) => value > 0),
      tumblingWindow({
        key: () => "all",
        size: 20,
        aggregate: { seed: () => 0, add: (most, { value }) => Math.max(most, value) },
      }),
    );
    assertEquals(outcome(busiest).values.map(({ window, value }) => [window.start, value]), [[0, 2], [20, 1], [40, 1]]);
  });

  it("an eventTime() in the middle of a pipe does not hide the watermark above it", () => {
    const shifted = from(events(1, 12)).pipe(
      at,
      strict(),
      perTen(),
      eventTime(({ window }) => window.start),
      perTenOf(),
    );
    assertEquals(outcome(shifted).values.map(({ window, value }) => [window.start, value]), [[0, 1], [10, 1]]);

    function perTenOf<T>() {
      return tumblingWindow({ key: (_: T) => "all", size: 10, aggregate: count<T>() });
    }
  });

  it("synchronous operators of RxJS stand between the stages unchanged", () => {
    const { values } = outcome(
      from(events(1, 2, 3)).pipe(
        at,
        map((event) => ({ ...event, twice: true })),
        strict(),
        mergeMap((event) => [event, event]),
        filter(({ at }) => at !== 2),
        perTen(),
      ),
    );
    assertEquals(values.map(({ value }) => value), [4]);
  });

  it("a watermark's providers are known to the scope below only, and an opaque one hides them", () => {
    const task = new Task(undefined);
    const below = new Scope(task, task.root, true);
    const between = new Scope(task, below, false);
    const provider = new WatermarkProvider();
    between.attachProvider(provider);
    assertEquals(provider.below === below, true);
    assertEquals([between.providers.length, below.providers.length, task.root.providers.length], [0, 1, 0]);
  });
});

/** A scope over inputs that are driven by hand, and what its listener hears. */
function valve(inputs: number) {
  const scope = new Scope(new Task(undefined), undefined, true);
  const heard: (number | string)[] = [];
  scope.listener = {
    advance: (watermark) => heard.push(watermark),
    idle: (idle) => heard.push(idle ? "idle" : "active"),
  } satisfies ScopeListener;
  const providers = Array.from({ length: inputs }, () => new WatermarkProvider());
  for (const provider of providers) scope.attachProvider(provider);
  const set = (input: number, change: Partial<WatermarkProvider>) => {
    Object.assign(providers[input], change);
    scope.update();
  };
  return { heard, scope, set };
}

describe("an idle input of a scope", () => {
  it("an input that goes idle no longer holds the minimum back", () => {
    const { heard, set } = valve(3);
    set(0, { watermark: 25 });
    set(1, { watermark: 10 });
    set(2, { watermark: 17 });
    set(1, { idle: true });
    set(2, { idle: true });
    assertEquals(heard, [10, 17, 25]);
  });

  it("when the last input goes idle that held time back, the furthest watermark is passed on", () => {
    const { heard, set } = valve(3);
    set(0, { watermark: 10 });
    set(1, { watermark: 5 });
    set(2, { watermark: 3 });
    set(0, { idle: true });
    set(1, { idle: true });
    set(2, { idle: true });
    assertEquals(heard, [3, 10, "idle"]);
  });

  it("an input that wakes up behind holds nobody back until it has caught up", () => {
    const { heard, set } = valve(2);
    set(0, { watermark: 10 });
    set(1, { watermark: 3 });
    set(1, { idle: true });
    set(1, { idle: false });
    set(1, { watermark: 5 });
    set(0, { watermark: 12 });
    assertEquals(heard, [3, 10, 12]);
    set(1, { watermark: 13 });
    set(0, { watermark: 20 });
    assertEquals(heard, [3, 10, 12, 13], "it has caught up, and counts again");
  });

  it("inputs that are active but behind pass nothing on when the others go idle", () => {
    const { heard, set } = valve(3);
    set(0, { watermark: 10 });
    set(1, { watermark: 7 });
    set(2, { idle: true });
    set(2, { idle: false });
    set(0, { idle: true });
    set(1, { idle: true });
    assertEquals(heard, [7]);
  });

  it("an input that has ended is no reason to end time while the other one is idle, also behind a stage with its own time", () => {
    const windows = (topic: string) =>
      jobSource<Event>(topic).pipe(
        at,
        watermark({ name: topic, maxOutOfOrderness: 0, idleAfter: 10, whenIdle: "hold" }),
        tumblingWindow({ name: `${topic} windows`, key: () => "all", size: 10, aggregate: count() }),
      );
    const job = new HandMadeTask().run(
      merge(windows("a"), windows("b")).pipe(
        tumblingWindow({ name: "both", key: () => "all", size: 100, aggregate: count() }),
        map(({ window, value }) => `${window.start}: ${value}`),
        jobSink("out"),
      ),
    );
    const push = (topic: string, ms: number) => job.push(topic, events(ms)[0], { timestamp: ms });
    push("a", 5);
    push("b", 5);
    push("b", 25);
    job.quiet("b", 0, 0).tick(100);
    job.end("a");
    assertEquals(job.written, [], "the other one has not come to 100");
    push("b", 45);
    job.end("b");
    assertEquals([job.written.map(([, value]) => value), job.task.late], [["0: 4"], 0]);
  });

  it("where all inputs are idle, one that moves on with the wall clock moves time on", () => {
    const { heard, set } = valve(2);
    set(0, { watermark: 10 });
    set(1, { watermark: 5 });
    set(0, { idle: true });
    set(1, { idle: true });
    set(1, { watermark: 40 });
    assertEquals(heard, [5, 10, "idle", 40]);
  });
});

describe("two subscriptions of the same stages", () => {
  it("two subscriptions of one pipeline share nothing", () => {
    const pipeline = from(events(1, 2, 11)).pipe(at, strict(), counts());
    assertEquals(outcome(pipeline), outcome(pipeline));
  });

  it("two pipelines of one program share nothing", () => {
    const a = new Subject<Event>(), b = new Subject<Event>();
    const seen: unknown[] = [];
    a.pipe(at, strict(), counts("c")).subscribe(({ value }) => seen.push(["a", value]));
    b.pipe(at, strict(), counts("c")).subscribe(({ value }) => seen.push(["b", value]));
    for (const input of [a, b, a]) input.next(events(1)[0]);
    assertEquals(seen, [["a", 1], ["b", 1], ["a", 2]]);
  });

  it("a job's pipeline that reaches its real end says so, and fires what is open", () => {
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(at, strict(), perTen("w"), map(({ value }) => value), jobSink("out")),
    );
    job.push("events", events(1)[0]).end();
    assertEquals(job.task.failure, undefined);
    assertEquals([job.ends, job.written], [1, [['sink "out"', 1]]]);
    assert(job.cut().clocks["events:0"].watermark === 0, "the end of time is never stored");
  });
});
