/** Values that come while another is being pushed: right, or refused with words. Never silence, never an empty result. */
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  BehaviorSubject,
  firstValueFrom,
  from,
  groupBy,
  map,
  merge,
  mergeMap,
  of,
  ReplaySubject,
  Subject,
  tap,
  toArray,
} from "rxjs";
import { memory } from "@tidemark/streams";
import { count, eventTime, keyedReduce, lateSideOutput, tumblingWindow } from "@tidemark/streams/operators";
import { at, counts, type Event, events, outcome, perTen, shown, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

const event = (user: string, at: number): Event => ({ user, at });

const values = (...all: unknown[]) => all.map((value) => ({ value }));

/** Windows of ten that take late records for long. */
const patient = (name?: string) =>
  tumblingWindow({ name, key: ({ user }: Event) => user, size: 10, allowedLateness: 1_000, aggregate: count<Event>() });

describe("a value pushed into the source's Subject while a window fires", () => {
  it("is a late record of its window, and the next windows fire", () => {
    const source = new Subject<Event>();
    const seen: string[] = [];
    source.pipe(at, strict(), patient(), shown).subscribe((line) => {
      seen.push(line);
      if (line.endsWith("onTime 0") && line.startsWith("ada 0")) source.next(event("ada", 3));
    });
    for (const one of [event("ada", 1), event("bob", 2), event("ada", 12), event("ada", 25)]) source.next(one);
    assertEquals(seen, ["ada 0: 1 onTime 0", "bob 0: 1 onTime 0", "ada 0: 2 late 1", "ada 10: 1 onTime 0"]);
  });

  it("goes to the late side output where its window is gone", () => {
    const source = new Subject<Event>();
    const late: Event[] = [], fired: unknown[] = [];
    source.pipe(
      at,
      strict(),
      perTen(),
      lateSideOutput((records) => records.pipe(tap((record) => late.push(record)))),
    ).subscribe(({ window }) => {
      fired.push(window.start);
      if (window.start === 0) source.next(event("ada", 3));
    });
    for (const one of [event("ada", 1), event("ada", 12), event("ada", 25)]) source.next(one);
    assertEquals([fired, late], [[0, 10], [event("ada", 3)]]);
  });

  it("of a key that is new fires once", () => {
    const source = new Subject<Event>();
    const seen: string[] = [];
    source.pipe(at, strict(), patient(), shown).subscribe((line) => {
      seen.push(line);
      if (line === "ada 0: 1 onTime 0") source.next(event("eve", 4));
    });
    source.next(event("ada", 1));
    source.next(event("bob", 2));
    source.next(event("ada", 12));
    assertEquals(seen, ["ada 0: 1 onTime 0", "bob 0: 1 onTime 0", "eve 0: 1 late 0"]);
  });

  it("that moves time on fires the windows in their order", () => {
    const source = new Subject<Event>();
    const seen: string[] = [];
    source.pipe(at, strict(), patient(), shown).subscribe((line) => {
      seen.push(line);
      if (line === "ada 0: 1 onTime 0") source.next(event("ada", 50));
    });
    for (const one of [event("ada", 1), event("bob", 2), event("bob", 15), event("bob", 22)]) source.next(one);
    assertEquals(seen.slice(0, 4), [
      "ada 0: 1 onTime 0",
      "bob 0: 1 onTime 0",
      "bob 10: 1 onTime 0",
      "bob 20: 1 late 0",
    ]);
  });

  it("and its end are both taken", () => {
    const source = new Subject<Event>();
    const seen: string[] = [];
    source.pipe(at, strict(), patient(), shown).subscribe({
      next(line) {
        seen.push(line);
        if (line !== "ada 0: 1 onTime 0") return;
        source.next(event("eve", 14));
        source.complete();
      },
      complete: () => seen.push("end"),
    });
    source.next(event("ada", 1));
    source.next(event("ada", 12));
    assertEquals(seen, ["ada 0: 1 onTime 0", "ada 10: 1 onTime 0", "eve 10: 1 onTime 0", "end"]);
  });
});

describe("a loop through a Subject", () => {
  it("of 100,000 steps is as deep as one", () => {
    const source = new Subject<number>();
    let last = 0;
    source.pipe(keyedReduce({ key: () => "all", initial: 0, reduce: (total: number) => total + 1 })).subscribe(
      ({ value }) => {
        last = value;
        if (value < 100_000) source.next(value);
      },
    );
    source.next(0);
    assertEquals(last, 100_000);
  });

  it("through a BehaviorSubject and a ReplaySubject is one as well", () => {
    for (const source of [new BehaviorSubject(event("ada", 1)), new ReplaySubject<Event>()]) {
      if (source instanceof ReplaySubject) source.next(event("ada", 1));
      const seen: number[] = [];
      source.pipe(at, counts()).subscribe(({ value }) => {
        seen.push(value);
        if (value < 4) source.next(event("ada", value));
      });
      assertEquals(seen, [1, 2, 3, 4]);
    }
  });

  it("a Subject that is fed from another's push has event time of its own", () => {
    const source = new Subject<Event>(), other = new Subject<Event>();
    const seen: string[] = [];
    merge(
      source.pipe(at, tap((one) => other.next({ user: `${one.user} again`, at: one.at + 1 }))),
      other.pipe(at),
    ).pipe(strict(), patient(), shown).subscribe((line) => seen.push(line));
    for (const one of [event("ada", 1), event("ada", 12), event("ada", 25)]) source.next(one);
    assertEquals(seen, [
      "ada 0: 1 onTime 0",
      "ada again 0: 1 onTime 0",
      "ada 10: 1 onTime 0",
      "ada again 10: 1 onTime 0",
    ]);
  });

  it("between two pipelines goes back and forth", () => {
    const ping = new Subject<number>(), pong = new Subject<number>();
    const seen: string[] = [];
    const stage = () => keyedReduce({ key: () => "all", initial: 0, reduce: (total: number, n: number) => total + n });
    ping.pipe(stage()).subscribe(({ value }) => {
      seen.push(`ping ${value}`);
      if (value < 5) pong.next(1);
    });
    pong.pipe(stage()).subscribe(({ value }) => {
      seen.push(`pong ${value}`);
      ping.next(1);
    });
    ping.next(1);
    assertEquals(seen, ["ping 1", "pong 1", "ping 2", "pong 2", "ping 3", "pong 3", "ping 4", "pong 4", "ping 5"]);
  });

  it("through a log without a job is read after what wrote it", () => {
    const log = memory();
    log.append("a", values(1, 2, 3));
    log.end("a");
    const seen: number[] = [];
    const stream = merge(
      log.source<number>("a", { tombstones: "refuse" }).pipe(map((n) => n * 10), log.sink("b")),
      log.source<number>("b", { tombstones: "refuse" }).pipe(map((n) => n + 1)),
    ).pipe(keyedReduce({ key: (n) => n, initial: 0, reduce: (total: number) => total + 1 }));
    const subscription = stream.subscribe({
      next: ({ key }) => seen.push(key),
      error: (error) => assertEquals(error, 0),
    });
    assertEquals(seen.toSorted((a, b) => a - b), [10, 11, 20, 21, 30, 31]);
    subscription.unsubscribe();
  });

  it("through a log, whose end comes in the same push, loses nothing", () => {
    const log = memory();
    log.append("a", values(1, 2));
    log.end("a");
    log.create("b", { partitions: 1 });
    const seen: unknown[] = [];
    merge(
      log.source<number>("a").pipe(log.sink("b"), tap((n) => n === 2 && log.end("b"))),
      log.source<number>("b").pipe(map((n) => `b${n}`)),
    ).subscribe({ next: (value) => seen.push(value), complete: () => seen.push("end") });
    assertEquals(seen.map(String).toSorted(), ["1", "2", "b1", "b2", "end"]);
  });
});

describe("a pipeline subscribed inside a subscriber", () => {
  it("is one of its own, whatever it is made of", async () => {
    const inner = () => from(events(1, 2, 13)).pipe(at, strict(), perTen(), map(({ value }) => value));
    const seen: unknown[] = [];
    const promised: Promise<unknown>[] = [];
    from(events(1, 2)).pipe(at, strict(), counts()).subscribe(({ value }) => {
      inner().subscribe((result) => seen.push([value, result]));
      inner().pipe(toArray()).subscribe((results) => seen.push(results));
      promised.push(firstValueFrom(inner()));
    });
    assertEquals(seen, [[1, 2], [1, 1], [2, 1], [2, 2], [2, 1], [2, 1]]);
    assertEquals(await Promise.all(promised), [2, 2]);
  });

  it("may read a log, and go on when the outer one has ended", () => {
    const log = memory();
    log.append("letters", values("a", "b"));
    const seen: unknown[] = [];
    of(1).pipe(counts2()).subscribe(() => {
      log.source<string>("letters").pipe(counts2()).subscribe(({ key, value }) => seen.push([key, value]));
    });
    log.append("letters", values("a"));
    assertEquals(seen, [["a", 1], ["b", 1], ["a", 2]]);
  });

  it("is refused in a job, where its state would be in no checkpoint", () => {
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        tap((one) => of(one).pipe(counts("inner")).subscribe({ error: () => {} })),
        jobSink("out"),
      ),
    );
    job.push("events", events(1)[0]);
    assertStringIncludes(job.task.failure!.error.message, "its state would be in no checkpoint");
  });

  it("in an inner stream of mergeMap() is refused: it names the key option", () => {
    const nested = from(events(1)).pipe(at, counts(), mergeMap(() => from(events(1)).pipe(counts("inside"))));
    const { error } = outcome(nested);
    assertInstanceOf(error, TypeError);
    assertStringIncludes(error.message, "the key option");
  });

  it("below groupBy() over a plain Observable counts by group", () => {
    const grouped = from(events(1, 2, 3)).pipe(
      groupBy(({ at }) => at % 2),
      mergeMap((group) => group.pipe(counts(), map(({ value }) => [group.key, value]))),
    );
    assertEquals(outcome(grouped).values, [[1, 1], [0, 1], [1, 2]]);
  });
});

function counts2<T extends string | number>() {
  return keyedReduce({ key: (value: T) => value, initial: 0, reduce: (total: number) => total + 1 });
}

describe("a loop inside a job", () => {
  const loop = (feedback: Subject<Event>, corrected: (line: string) => Event | undefined) =>
    merge(jobSource<Event>("events"), feedback).pipe(
      at,
      strict(),
      patient("w"),
      shown,
      tap((line) => {
        const correction = corrected(line);
        if (correction !== undefined) feedback.next(correction);
      }),
      jobSink("out"),
    );

  it("is part of the push that caused it, and windows fire on", () => {
    const feedback = new Subject<Event>();
    const job = new HandMadeTask().run(
      loop(feedback, (line) => line === "ada 0: 1 onTime 0" ? event("eve", 4) : undefined),
    );
    for (const one of [event("ada", 1), event("bob", 2), event("ada", 12), event("ada", 25)]) job.push("events", one);
    assertEquals(job.task.failure, undefined);
    assertEquals(job.written.map(([, line]) => line).toSorted(), [
      "ada 0: 1 onTime 0",
      "ada 10: 1 onTime 0",
      "bob 0: 1 onTime 0",
      "eve 0: 1 late 0",
    ]);
  });

  it('of a stage with emit: "latest" is emitted at the next cut', () => {
    const feedback = new Subject<Event>();
    const job = new HandMadeTask().run(
      merge(jobSource<Event>("events"), feedback).pipe(
        keyedReduce({
          name: "c",
          key: ({ user }: Event) => user,
          initial: 0,
          reduce: (total: number) => total + 1,
          emit: "latest",
        }),
        tap(({ key, value }) => value < 3 && feedback.next(event(key, 0))),
        map(({ key, value }) => `${key} ${value}`),
        jobSink("out"),
      ),
    );
    job.push("events", event("ada", 1));
    for (let n = 0; n < 4; n++) job.cut();
    assertEquals(job.written.map(([, line]) => line), ["ada 1", "ada 2", "ada 3"]);
  });
});

describe("time at hand", () => {
  it("of a value in a loop is its own, and that of the one that caused it is unchanged after", () => {
    const source = new Subject<Event>();
    const times: unknown[] = [];
    source.pipe(at, counts()).pipe(eventTime(({ value }) => value * 100)).subscribe(({ value }) => {
      times.push(value);
      if (value === 1) source.next(event("ada", 2));
    });
    source.next(event("ada", 1));
    assertEquals(times, [1, 2]);
  });
});
