import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { filter, from, map, merge, Subject, take, tap, toArray } from "rxjs";
import { count, eventTime, lateSideOutput, recordInfo, tumblingWindow } from "@tidemark/streams/operators";
import { at, counts, type Event, events, outcome, perTen, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

describe("lateSideOutput()", () => {
  it("routes the very values that the window refused, and passes results on", () => {
    const rows = events(5, 25, 7, 26, 8);
    const late: Event[] = [];
    const windows = from(rows).pipe(
      at,
      strict(),
      perTen(),
      lateSideOutput((records) => records.pipe(tap((record) => late.push(record)))),
    );
    assertEquals(outcome(windows).values.map(({ window, value }) => [window.start, value]), [[0, 1], [20, 2]]);
    assertEquals([late.length, late[0] === rows[2], late[1] === rows[4]], [2, true, true]);
  });

  it("finds its window through map() and filter()", () => {
    const late: Event[] = [];
    from(events(5, 25, 7)).pipe(
      at,
      strict(),
      perTen(),
      map((result) => ({ ...result, more: true })),
      filter(({ value }) => value > 100),
      lateSideOutput((records) => records.pipe(tap((record) => late.push(record)))),
    ).subscribe();
    assertEquals(late, events(7));
  });

  it("takes the late records of two windows that are merged above it", () => {
    const late: Event[] = [];
    const source = new Subject<Event>();
    const watermarked = source.pipe(at, strict());
    merge(watermarked.pipe(perTen()), watermarked.pipe(perTen())).pipe(
      lateSideOutput((records) => records.pipe(tap((record) => late.push(record)))),
    ).subscribe();
    for (const event of events(5, 25, 7)) source.next(event);
    assertEquals(late, events(7, 7));
  });

  it("each of two nested windows has the lateSideOutput() that stands below it", () => {
    const inner: unknown[] = [], outer: unknown[] = [];
    from(events(5, 45, 7)).pipe(
      at,
      strict(),
      perTen(),
      lateSideOutput((late) => late.pipe(tap(({ at }) => inner.push(at)))),
      map(({ window }) => window.start),
      tumblingWindow({ key: () => "all", size: 20, aggregate: count<number>() }),
      lateSideOutput((late) => late.pipe(tap((start) => outer.push(start)))),
    ).subscribe();
    assertEquals([inner, outer], [[7], []]);
  });

  it("a late record tells where it came from, and has its own event time", () => {
    const seen: unknown[] = [];
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        at,
        strict(),
        perTen("w"),
        lateSideOutput((late) =>
          late.pipe(
            tap(() => {
              const { topic, partition, offset, timestamp } = recordInfo();
              seen.push([topic, partition, offset, timestamp]);
            }),
            jobSink("late"),
          )
        ),
        jobSink("out"),
      ),
    );
    job.push("events", events(25)[0], { offset: 8 }).push("events", events(7)[0], { offset: 9 });
    assertEquals(seen, [["events", 0, 9, 7]]);
    assertEquals(job.written, [['sink "late"', events(7)[0]]]);
  });

  it("a late record is counted with and without lateSideOutput(), and says why it was refused while it is routed", () => {
    const reasons: unknown[] = [];
    const windows = jobSource<Event>("events").pipe(at, strict(), perTen("w"));
    const silent = new HandMadeTask().run(windows);
    const routed = new HandMadeTask();
    routed.run(windows.pipe(lateSideOutput((late) => late.pipe(tap(() => reasons.push(routed.task.refusal))))));
    for (const job of [silent, routed]) for (const event of events(25, 7, 8)) job.push("events", event);
    assertEquals([silent.task.late, routed.task.late], [2, 2]);
    assertEquals(reasons, ['late for tumblingWindow "w"', 'late for tumblingWindow "w"']);
    assertEquals(routed.task.refusal, undefined);
  });

  it("the routed stream has stages of its own, with state and windows", () => {
    const totals: unknown[] = [], windows: unknown[] = [];
    from(events(5, 100, 7, 101, 8, 102, 31, 9)).pipe(
      at,
      strict(),
      perTen(),
      lateSideOutput((late) =>
        merge(
          late.pipe(counts(), tap(({ value }) => totals.push(value))),
          late.pipe(
            eventTime((event) => event.at),
            strict(),
            perTen(),
            tap(({ window, value }) => windows.push([window.start, value])),
          ),
        )
      ),
    ).subscribe();
    assertEquals(totals, [1, 2, 3, 4]);
    assertEquals(windows, [[0, 2], [30, 1]], "9 is late for its window once more, and there it is only counted");
  });

  it("the routed stream ends when the input does, and is left with it when it is left", () => {
    const ends: string[] = [];
    const windows = (source: Subject<Event>) =>
      source.pipe(
        at,
        strict(),
        perTen(),
        lateSideOutput((late) =>
          late.pipe(tap({ complete: () => ends.push("complete"), unsubscribe: () => ends.push("unsubscribe") }))
        ),
      );
    const ended = new Subject<Event>(), left = new Subject<Event>();
    windows(ended).subscribe();
    ended.complete();
    windows(left).subscribe().unsubscribe();
    assertEquals(ends, ["complete", "unsubscribe"]);
  });

  it("the routed stream may collect all late records until the end of the input", () => {
    const collected: Event[][] = [];
    from(events(5, 25, 7, 8)).pipe(
      at,
      strict(),
      perTen(),
      lateSideOutput((late) => late.pipe(toArray(), tap((all) => collected.push(all)))),
    ).subscribe();
    assertEquals(collected, [events(7, 8)]);
  });

  it("an error of the routed stream is an error of the pipeline, though no result comes after it", () => {
    const error = new Error("broken");
    const explode = () => {
      throw error;
    };
    const windows = (...times: number[]) =>
      outcome(from(events(...times)).pipe(at, strict(), perTen(), lateSideOutput((late) => late.pipe(map(explode)))));
    assertEquals(windows(25, 7), { values: [], error, completed: false });
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(at, strict(), perTen("w"), lateSideOutput((late) => late.pipe(map(explode)))),
    );
    for (const event of events(25, 7)) job.push("events", event);
    assertEquals([job.task.failure?.error, job.task.failure?.kind], [error, "user"]);
  });

  it("a routed stream that has enough ends alone without a job, and is an error in one", () => {
    const seen: unknown[] = [];
    const { values, error } = outcome(
      from(events(5, 25, 7, 8)).pipe(
        at,
        strict(),
        perTen(),
        lateSideOutput((late) => late.pipe(take(1), tap(({ at }) => seen.push(at)))),
      ),
    );
    assertEquals([seen, values.length, error], [[7], 2, undefined]);

    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(at, strict(), perTen("w"), lateSideOutput((late) => late.pipe(take(1)))),
    );
    for (const event of events(25, 7)) job.push("events", event);
    assertEquals(job.task.failure?.kind, "misuse");
  });
});
