/** What an operator costs to write: stages as an author would add them, each on the seam alone. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, merge, type MonoTypeOperatorFunction, type Observable, type OperatorFunction, Subject } from "rxjs";
import { watermark } from "@tidemark/streams/operators";
import { operate, operate2 } from "../operators/_operate.ts";
import type { Key } from "../operators/keyed_state.ts";
import { at, type Event, strict } from "./support/events.ts";
import { strayRegisters } from "./support/tidy/operators.ts";
import { source } from "./support/tidy/source.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

/** Passes the first value of each key and forgets the key `ttl` milliseconds after it: state and a timer, in one short function. */
function firstWithin<T>(name: string, options: { key: (value: T) => Key; ttl: number }): MonoTypeOperatorFunction<T> {
  const { key, ttl } = options;
  return operate<T, T>({ operator: "firstWithin", name, time: "own", keeps: true }, (stage) => {
    const seen = stage.state<Key, true>();
    const timers = stage.timers((key) => seen.write(seen.cell(key), undefined));
    return {
      next(value) {
        const cell = seen.cell(key(value));
        if (cell.value !== undefined) return;
        seen.write(cell, true);
        timers.set(cell.key, stage.eventTime() + ttl);
        stage.emit(value);
      },
    };
  });
}

/** Pairs each value with what the other side said last of its key. */
function withLatest<L, R>(
  right: Observable<R>,
  options: { name: string; leftKey: (value: L) => Key; rightKey: (value: R) => Key },
): OperatorFunction<L, [L, R | undefined]> {
  const { name, leftKey, rightKey } = options;
  return operate2<L, R, [L, R | undefined]>(
    { operator: "withLatest", name, time: "own", keeps: true },
    right,
    (stage) => {
      const latest = stage.state<Key, R>({ part: "right" });
      return {
        left: (value) => stage.emit([value, latest.find(leftKey(value))?.value]),
        right: (value) => latest.write(latest.cell(rightKey(value)), value),
      };
    },
  );
}

/** Reports each key once an epoch, `delay` milliseconds of wall-clock time after its first value. */
function afterAWhile(name: string, delay: number): OperatorFunction<Event, string> {
  return operate<Event, string>({ operator: "afterAWhile", name, time: "passes", keeps: true }, (stage) => {
    const timers = stage.timers<string>((user) => stage.emit(user, stage.watermark), { time: "processing" });
    return { next: ({ user }) => timers.set(user, stage.now + delay) };
  });
}

/** Answers values later, outside of their push, as a service would; event time waits for the oldest answer. */
function answered(name: string, answers: (() => void)[], most = Infinity): MonoTypeOperatorFunction<Event> {
  return operate<Event, Event>({ operator: "answered", name, time: "own", keeps: true }, (stage) => {
    let inFlight = 0;
    return {
      next(event) {
        const hold = stage.hold(event.at);
        stage.full = ++inFlight >= most;
        answers.push(() =>
          stage.later(() => {
            stage.full = --inFlight >= most;
            stage.emit(event, event.at);
            hold.release();
          })
        );
      },
    };
  });
}

const event = (user: string, at: number): Event => ({ user, at });
const written = (job: HandMadeTask) => job.written.map(([, value]) => value);

describe("a stage with state and a timer", () => {
  const pipeline = () =>
    jobSource<Event>("events").pipe(
      at,
      strict(),
      firstWithin("first", { key: ({ user }) => user, ttl: 10 }),
      jobSink("out"),
    );

  it("keeps what it is told until the timer fires", () => {
    const job = new HandMadeTask().run(pipeline());
    for (const one of [event("ada", 1), event("ada", 5), event("bob", 9), event("ada", 12), event("ada", 13)]) {
      job.push("events", one);
    }
    // The watermark after the fourth is 11: Ada's timer has fired, and her fifth is a first one again.
    assertEquals(written(job), [event("ada", 1), event("bob", 9), event("ada", 13)]);
  });

  it("finds state and timers again after a restart", () => {
    const first = new HandMadeTask().run(pipeline());
    first.push("events", event("ada", 1)).push("events", event("bob", 2));
    const second = new HandMadeTask(first.cut()).run(pipeline());
    second.push("events", event("ada", 8)).push("events", event("eve", 12)).push("events", event("ada", 13));
    second.push("events", event("bob", 13));
    assertEquals(written(second), [event("eve", 12), event("ada", 13), event("bob", 13)]);
    assertEquals(second.cut().states.get("first/timers")!.size, 3);
  });

  it("is one file of under 60 lines", async () => {
    const text = await Deno.readTextFile(new URL(import.meta.url));
    const [, body] = /(function firstWithin[\s\S]*?\n})\n/.exec(text)!;
    assertEquals(body.split("\n").length < 60, true);
    // What holds for the files of operators holds for it.
    assertEquals(strayRegisters([source("operators/first_within.ts", body)]), []);
  });
});

describe("a stage with two inputs", () => {
  it("sees both, and hands on the minimum of their times", () => {
    const users = jobSource<Event>("users").pipe(at, strict());
    const times: number[] = [];
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        at,
        strict(),
        withLatest(users, { name: "pairs", leftKey: ({ user }) => user, rightKey: ({ user }) => user }),
        noteTimes(times),
        map(([left, right]) => [left.at, right?.at]),
        jobSink("out"),
      ),
    );
    job.push("events", event("ada", 5)).push("users", event("ada", 3)).push("events", event("ada", 9));
    assertEquals(written(job), [[5, undefined], [9, 3]]);
    assertEquals(times, [2]);
    job.push("users", event("bob", 20));
    assertEquals(times, [2, 8]);
  });

  it("ends when both inputs have, and one that has ended holds nobody back", () => {
    const users = jobSource<Event>("users").pipe(at, strict());
    const times: number[] = [];
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        at,
        strict(),
        withLatest(users, { name: "pairs", leftKey: ({ user }) => user, rightKey: ({ user }) => user }),
        noteTimes(times),
        jobSink("out"),
      ),
    );
    job.push("events", event("ada", 5)).push("users", event("ada", 50)).end("events");
    assertEquals([job.task.failure, job.ends, times], [undefined, 0, [4, 49]]);
    job.push("users", event("ada", 60)).end("users");
    assertEquals([job.task.failure, job.ends, times.at(-1)], [undefined, 1, Number.MAX_SAFE_INTEGER]);
  });

  it("takes plain Observables where there is no job", () => {
    const left = new Subject<Event>(), right = new Subject<Event>();
    const seen: unknown[] = [];
    left.pipe(at, withLatest(right.pipe(at), { name: "p", leftKey: ({ user }) => user, rightKey: ({ user }) => user }))
      .subscribe({ next: ([l, r]) => seen.push([l.at, r?.at]), complete: () => seen.push("end") });
    right.next(event("ada", 1));
    left.next(event("ada", 2));
    left.complete();
    assertEquals(seen, [[2, 1]]);
    right.complete();
    assertEquals(seen, [[2, 1], "end"]);
  });
});

describe("timers", () => {
  it("fire in the order of their times, then of their setting; set twice they fire once, and taken back never", () => {
    const fired: unknown[] = [];
    const stage = operate<Event, string>({ operator: "alarm", name: "a", time: "own", keeps: true }, (stage) => {
      const timers = stage.timers<string>((key, time) => {
        fired.push([key, time, stage.at.time, stage.at.record]);
        if (key === "again" && time < 40) timers.set("again", time + 1);
      });
      return {
        next({ user, at }) {
          if (user.startsWith("-")) timers.delete(user.slice(1), at);
          else timers.set(user, at);
        },
      };
    });
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        watermark({ punctuated: ({ user, at }) => user === "go" ? at : undefined }),
        stage,
      ),
    );
    for (
      const one of [["late", 30], ["b", 20], ["a", 20], ["b", 20], ["gone", 25], ["again", 38], ["-gone", 25]] as const
    ) {
      job.push("events", event(one[0], one[1]));
    }
    job.push("events", event("go", 29));
    const [first, ...rest] = fired.splice(0);
    assertEquals(first, ["b", 20, 20, undefined]);
    assertEquals(rest.map(String), ["a,20,20,", "go,29,29,"]);
    job.push("events", event("go", 100));
    assertEquals(fired.map(String), [
      "late,30,30,",
      "again,38,38,",
      "again,39,39,",
      "again,40,40,",
      "go,100,100,",
    ]);
  });

  it("of processing time fire by the job's clock, and are found again after a restart", () => {
    let now = 1_000;
    const pipeline = () => jobSource<Event>("events").pipe(afterAWhile("w", 500), jobSink("out"));
    const first = new HandMadeTask();
    first.now = () => now;
    first.run(pipeline()).push("events", event("ada", 1)).tick(0);
    assertEquals(written(first), []);
    now = 1_499;
    const second = new HandMadeTask(first.cut());
    second.now = () => now;
    second.run(pipeline()).tick(0);
    assertEquals(written(second), []);
    now = 1_500;
    second.tick(0).tick(0);
    assertEquals(written(second), ["ada"]);
  });

  it("of event time need a stage with a time of its own", () => {
    const stage = operate<Event, Event>({ operator: "alarm", name: "a", time: "passes", keeps: true }, (stage) => {
      stage.timers(() => {});
      return { next: (value) => stage.emit(value) };
    });
    assertThrows(() => new HandMadeTask().run(jobSource<Event>("events").pipe(stage)), TypeError, 'time: "own"');
  });
});

describe("a hold", () => {
  it("keeps event time below what is in flight, and the task from ending", () => {
    const answers: (() => void)[] = [], times: number[] = [];
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(at, strict(), answered("a", answers), noteTimes(times), jobSink("out")),
    );
    for (const one of [event("ada", 5), event("bob", 9), event("eve", 30)]) job.push("events", one);
    assertEquals([written(job), times], [[], [4]]);
    answers[0]();
    job.task.runLater();
    assertEquals([written(job), times], [[event("ada", 5)], [4, 8]]);
    job.end();
    assertEquals([job.ends, job.task.held, times], [0, 2, [4, 8]]);
    answers[2]();
    answers[1]();
    job.task.runLater();
    assertEquals([job.ends, job.task.held, job.task.failure], [1, 0, undefined]);
    assertEquals(written(job), [event("ada", 5), event("eve", 30), event("bob", 9)]);
    assertEquals(times, [4, 8, Number.MAX_SAFE_INTEGER]);
  });

  it("keeps its branch of a merge() from being idle", () => {
    const answers: (() => void)[] = [], times: number[] = [];
    const idle = () => watermark<Event>({ maxOutOfOrderness: 0, idleAfter: 10, whenIdle: "hold" });
    const job = new HandMadeTask().run(
      merge(
        jobSource<Event>("quiet").pipe(at, idle(), answered("a", answers)),
        jobSource<Event>("busy").pipe(at, idle()),
      ).pipe(noteTimes(times)),
    );
    job.push("quiet", event("ada", 5)).push("busy", event("bob", 100)).quiet("quiet", 0, 0).tick(50);
    assertEquals(times, [4]);
    answers[0]();
    job.task.runLater();
    assertEquals(times, [4, 99]);
  });

  it("keeps a stream without a job open until the last answer", () => {
    const answers: (() => void)[] = [], seen: unknown[] = [];
    const source = new Subject<Event>();
    source.pipe(at, answered("a", answers)).subscribe({
      next: ({ user }) => seen.push(user),
      complete: () => seen.push("end"),
    });
    source.next(event("ada", 1));
    source.next(event("bob", 2));
    source.complete();
    assertEquals(seen, []);
    answers[1]();
    answers[0]();
    assertEquals(seen, ["bob", "ada", "end"]);
  });

  it("is no business of a stage whose time passes", () => {
    const stage = operate<Event, Event>({ operator: "waits", name: "w", time: "passes", keeps: true }, (stage) => ({
      next: () => void stage.hold(1),
    }));
    const job = new HandMadeTask().run(jobSource<Event>("events").pipe(stage));
    job.push("events", event("ada", 1));
    assertEquals(job.task.failure?.error.message, 'waits "w" has no time of its own to hold back');
  });

  it("a stage that is full says so to its task, until it is no more or is gone", () => {
    const answers: (() => void)[] = [];
    const job = new HandMadeTask().run(jobSource<Event>("events").pipe(at, strict(), answered("a", answers, 1)));
    job.push("events", event("ada", 5));
    assertEquals(job.task.full, 1);
    answers[0]();
    job.task.runLater();
    assertEquals(job.task.full, 0);
  });
});

/** Notes every watermark that comes by. */
function noteTimes<T>(times: number[]): MonoTypeOperatorFunction<T> {
  return operate<T, T>({ operator: "note", time: "own", keeps: false }, (stage) => ({
    next: (value) => stage.emit(value),
    advance: (watermark) => void times.push(watermark),
  }));
}
