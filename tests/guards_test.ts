/** The guards: every way to put a pipeline together wrongly that would lose or double records silently. */
import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  catchError,
  concat,
  defer,
  delay,
  EMPTY,
  from,
  map,
  merge,
  mergeMap,
  type MonoTypeOperatorFunction,
  NEVER,
  type Observable,
  observeOn,
  of,
  type OperatorFunction,
  queueScheduler,
  repeat,
  retry,
  share,
  startWith,
  Subject,
  switchMap,
  take,
  takeUntil,
  tap,
} from "rxjs";
import { keyedReduce, lateSideOutput, tumblingWindow } from "@tidemark/streams/operators";
import { at, counts, type Event, events, outcome, perTen, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

/** The message of the error with which a pipeline ends. */
function complaint(pipeline: Observable<unknown>): string {
  const { error } = outcome(pipeline);
  assertInstanceOf(error, TypeError);
  return error.message;
}

/** The message with which a job refuses a pipeline at its start. */
function refusal(...pipelines: Observable<unknown>[]): string {
  return assertThrows(() => new HandMadeTask().run(...pipelines), TypeError).message;
}

function says(message: string, ...parts: string[]): void {
  for (const part of parts) assertStringIncludes(message, part);
}

describe("an asynchronous operator", () => {
  for (
    const [operator, asynchronous] of Object.entries({
      "delay()": delay<Event>(0),
      "mergeMap() of a promise": mergeMap((event: Event) => Promise.resolve(event)),
    })
  ) {
    it(`above a stateful stage is an error without a job: ${operator}`, async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      from(events(1)).pipe(at, asynchronous, counts("event-count")).subscribe({ error: resolve });
      const error = await promise;
      assertInstanceOf(error, TypeError);
      assertEquals(error.name, "AsynchronousStageError");
      says(error.message, 'keyedReduce "event-count"', "asynchronous operator", "synchronous operators only");
    });

    it(`above a stage of a job fails the task as "async": ${operator}`, async () => {
      const job = new HandMadeTask();
      const over = Promise.withResolvers<void>();
      const source = jobSource<Event>("events").pipe(asynchronous, tap({ next: () => queueMicrotask(over.resolve) }));
      job.run(source.pipe(counts("event-count"), jobSink("out")));
      job.push("events", events(1)[0]);
      await over.promise;
      assertEquals([job.task.failure?.kind, job.task.failure?.stage], ["async", 'keyedReduce "event-count"']);
      says(job.task.failure!.error.message, 'keyedReduce "event-count"', "delay, observeOn, mergeMap of a promise");
      assertEquals(job.written, []);
    });
  }

  it("a scheduler that runs within the push is synchronous enough", () => {
    const { values } = outcome(from(events(1, 2)).pipe(at, observeOn(queueScheduler), counts()));
    assertEquals(values.map(({ value }) => value), [1, 2]);
  });

  it("a value while a job subscribes its pipeline is an error that names of() and startWith()", () => {
    const source = jobSource<Event>("events");
    for (const pipeline of [source.pipe(startWith(events(1)[0])), merge(source, of(events(1)[0]))]) {
      says(
        refusal(pipeline.pipe(counts("event-count"))),
        'keyedReduce "event-count"',
        "startWith()",
        "Write such values to a topic",
      );
    }
  });
});

type Inner = <O>(project: (event: Event) => Observable<O>) => OperatorFunction<Event, O>;

describe("a stream that begins or ends at the wrong moment", () => {
  for (
    const [name, ends] of Object.entries({
      "take()": take<Event>(1),
      "takeUntil()": takeUntil<Event>(of(1)),
      "catchError(() => EMPTY)": (above: Observable<Event>) =>
        above.pipe(
          map(() => {
            throw new Error("broken");
          }),
          catchError(() => EMPTY),
        ),
    })
  ) {
    it(`a stream of a job that ends before its input is an error: ${name}`, () => {
      for (
        const pipeline of [
          jobSource<Event>("events").pipe(ends, counts("event-count")),
          jobSource<Event>("events").pipe(ends),
        ]
      ) {
        const job = new HandMadeTask();
        try {
          job.run(pipeline).push("events", events(1)[0]);
        } catch { /* takeUntil(of()) ends it at once, so the start fails already. */ }
        assertEquals(job.task.failure?.kind, "misuse");
        says(
          job.task.failure!.error.message,
          "ended before its input did",
          "take(), takeUntil(), first(), retry() or catchError",
          "filter()",
          "job.stop()",
        );
      }
    });
  }

  it("take() below the last stage ends a job's pipeline early as well", () => {
    const job = new HandMadeTask().run(jobSource<Event>("events").pipe(counts("c"), take(1)));
    job.push("events", events(1)[0]);
    says(job.task.failure!.error.message, "ended before its input did");
  });

  for (
    const [name, later] of Object.entries({
      "concat()": (one: Observable<Event>, two: Observable<Event>) => concat(one, two),
      "repeat()": (one: Observable<Event>) => one.pipe(repeat(2)),
    })
  ) {
    it(`a stage that is subscribed after the bind is an error of its own: ${name}`, () => {
      const stream = () => from(events(1, 3)).pipe(at);
      says(
        complaint(later(stream(), stream()).pipe(strict(), perTen())),
        "eventTime",
        "subscribed after the pipeline",
        "merge()",
      );

      const job = new HandMadeTask().run(later(jobSource("events"), jobSource("others")).pipe(counts("c")));
      job.push("events", events(3)[0]);
      job.end();
      says(
        job.task.failure!.error.message,
        'source "',
        "was subscribed after the pipeline had been bound",
        "Use merge()",
      );
      assertEquals(job.task.failure!.error.name, "TypeError");
    });
  }

  it("a stream that goes on with another one after an error is an error, inside a job and outside", () => {
    const broken = <T>() =>
      map((_: T): T => {
        throw new Error("broken");
      });
    const another = from(events(2)).pipe(at);
    const caught = from(events(1)).pipe(at, broken(), catchError(() => another), strict(), perTen());
    says(complaint(caught), "eventTime", "while a record was being pushed", "catchError()");

    for (const again of [retry<Event>(1), catchError<Event, Observable<Event>>(() => jobSource("others"))]) {
      const job = new HandMadeTask().run(jobSource<Event>("events").pipe(broken(), again, counts("c"), jobSink("out")));
      job.push("events", events(1)[0]);
      says(job.task.failure!.error.message, "ended before its input did", "retry()", "catchError");
      assertEquals(job.written, []);
    }
  });

  it("retry() without a job starts a pipeline of its own, with nothing of the first", () => {
    let attempts = 0;
    const flaky = defer(() => from(attempts++ === 0 ? events(1, NaN) : events(1, 2)));
    const { values, error } = outcome(flaky.pipe(at, strict(), counts(), retry(1)));
    assertEquals(error, undefined);
    assertEquals(values.map(({ value }) => value), [1, 1, 2]);
  });

  it("concat() above eventTime() is one plain Observable, and no mistake", () => {
    const { values } = outcome(concat(from(events(1)), from(events(11))).pipe(at, strict(), perTen()));
    assertEquals(values.map(({ value }) => value), [1, 1]);
  });

  for (
    const [name, inner] of Object.entries<Inner>({
      "mergeMap": (project) => mergeMap(project),
      "switchMap": (project) => switchMap(project),
    })
  ) {
    it(`a stateful stage inside ${name}() is an error that names the key option`, () => {
      const nested = from(events(1)).pipe(at, strict(), inner((event) => from([event]).pipe(counts("inside"))));
      says(complaint(nested), 'keyedReduce "inside"', "while a record was being pushed", "the key option");

      const job = new HandMadeTask().run(
        jobSource<Event>("events").pipe(inner(() => jobSource<Event>("others")), counts("c")),
      );
      job.push("events", events(1)[0]);
      says(job.task.failure!.error.message, 'source "others"', "while a record was being pushed");
    });
  }
});

describe("a stage in the wrong place", () => {
  it("a stateful stage without a name is an error in a job", () => {
    says(refusal(jobSource<Event>("events").pipe(counts())), "keyedReduce", "needs a name in a job");
    says(refusal(jobSource<Event>("events").pipe(strict(), perTen())), "tumblingWindow", "needs a name in a job");
  });

  it("two stateful stages of one name are an error, in one pipeline and in two", () => {
    const source = jobSource<Event>("events");
    const twice = source.pipe(counts("c"), map(({ key }) => ({ user: key, at: 0 })), counts("c"));
    says(refusal(twice), 'keyedReduce "c"', "another stage has this name");
    says(
      refusal(source.pipe(counts("c")), source.pipe(strict(), perTen("c"))),
      'tumblingWindow "c"',
      "another stage has this name",
    );
  });

  it("a share()d source in a second task is an error that says to remove it", () => {
    const shared = jobSource<Event>("events").pipe(share());
    new HandMadeTask().run(shared.pipe(counts("c")));
    says(refusal(shared.pipe(counts("c"))), 'keyedReduce "c"', "no source of the job", "share()", "remove it");
  });

  it("a stage over a stream that is no source of the job is an error", () => {
    says(refusal(NEVER.pipe(counts("c"))), 'keyedReduce "c"', "no source of the job", "has no offsets");
  });

  it("a merge() of a watermarked and an unwatermarked stream under a window is an error", () => {
    const watermarked = from(events(1)).pipe(at, strict());
    says(
      complaint(merge(watermarked, from(events(1)).pipe(at)).pipe(perTen("activity"))),
      'tumblingWindow "activity"',
      "has no watermark()",
      "before the merge",
    );
    const clicks = jobSource<Event>("clicks"), orders = jobSource<Event>("orders").pipe(strict());
    says(
      refusal(merge(clicks, orders).pipe(perTen("activity"))),
      'tumblingWindow "activity"',
      '"clicks"',
      "its own watermark()",
    );
  });

  it("a window without watermark() above it is an error that says what to put there", () => {
    for (
      const message of [
        complaint(from(events(1)).pipe(at, perTen("w"))),
        refusal(jobSource<Event>("events").pipe(perTen("w"))),
      ]
    ) {
      says(message, 'tumblingWindow "w"', "would never fire", "watermark({ maxOutOfOrderness })");
    }
  });

  it("a window over a share() that was connected already is an error that says to remove it", () => {
    const shared = new Subject<Event>().pipe(at, strict(), share());
    says(
      complaint(merge(shared.pipe(perTen("first")), shared.pipe(perTen("second")))),
      'tumblingWindow "second"',
      "remove a share()",
    );
  });

  it("lateSideOutput() without a window directly above it is an error", () => {
    // The types say so already; a program that gets round them is told at its start.
    const route = lateSideOutput((late) => late) as MonoTypeOperatorFunction<unknown>;
    says(
      complaint(from(events(1)).pipe(at, strict(), route)),
      "lateSideOutput",
      "no window stands directly above it",
      "tumblingWindow",
    );
    says(
      refusal(jobSource<Event>("events").pipe(strict(), route)),
      "lateSideOutput",
      "no window stands directly above it",
    );
  });
});

describe("a function that throws in a job", () => {
  it("names its stage, and is no misuse", () => {
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        keyedReduce({
          name: "event-count",
          key: (event) => event.user,
          initial: 0,
          reduce: () => {
            throw new Error("broken");
          },
        }),
      ),
    );
    job.push("events", events(1)[0]);
    assertEquals([job.task.failure?.stage, job.task.failure?.kind, job.task.failure?.error.message], [
      'keyedReduce "event-count"',
      "user",
      "broken",
    ]);
  });

  it("fails, while a window fires, the window's stage, with no record to blame", () => {
    for (const broken of ["result", "below"]) {
      const explode = () => {
        throw new Error("broken");
      };
      const window = tumblingWindow({
        name: "activity",
        key: (event: Event) => event.user,
        size: 10,
        aggregate: {
          seed: () => 0,
          add: (n: number) => n + 1,
          result: broken === "result" ? explode : (n: number) => n,
        },
      });
      const job = new HandMadeTask().run(
        jobSource<Event>("events").pipe(at, strict(), window, map((result) => broken === "below" ? explode() : result)),
      );
      job.push("events", events(1)[0]).push("events", events(11)[0]);
      assertEquals(job.task.failure?.kind, "firing", broken);
      assertEquals(job.task.failure?.pane?.state, "activity", broken);
      if (broken === "result") assertEquals(job.task.failure?.stage, 'tumblingWindow "activity"');
    }
  });
});
