/** The guards inside a real job: what would lose or double records silently stops it, with a sentence that says what to write. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  catchError,
  concat,
  defer,
  delay,
  EMPTY,
  filter,
  finalize,
  interval,
  map,
  merge,
  mergeMap,
  type MonoTypeOperatorFunction,
  NEVER,
  type Observable,
  of,
  repeat,
  retry,
  share,
  startWith,
  take,
  takeUntil,
  tap,
} from "rxjs";
import { deadLetter, lateSideOutput, memory, run } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { assertCounted, first, refusal } from "./support/jobs.ts";

import { clocked, type Count, counts, perTen, silent, type Visit, visited } from "./support/visited.ts";

interface Misuse {
  readonly what: string;
  readonly pipelines: (log: MemoryLog) => Observable<unknown> | readonly Observable<unknown>[];
  readonly says: RegExp;
  readonly partitions?: number;
}

const misuses: readonly Misuse[] = [
  {
    what: "the second of a concat()",
    pipelines: (log) => concat(log.source<Visit>("visits"), log.source<Visit>("visits")).pipe(log.sink("out")),
    says: /was subscribed after the pipeline had been bound: concat\(\).* Use merge\(\)/,
  },
  {
    what: "repeat()",
    pipelines: (log) => log.source<Visit>("visits").pipe(repeat(2), log.sink("out")),
    says: /was subscribed after the pipeline had been bound: .*repeat\(\)/,
  },
  {
    what: "retry()",
    pipelines: (log) =>
      log.source<Visit>("visits").pipe(
        tap(() => {
          throw new Error("always");
        }),
        retry(2),
        log.sink("out"),
      ),
    says: /retry\(\)/,
  },
  {
    what: "a stateful stage inside mergeMap()",
    pipelines: (log) =>
      log.source<Visit>("visits").pipe(mergeMap((visit) => of(visit).pipe(counts("inner"))), log.sink("out")),
    says: /keyedReduce "inner" was subscribed while a record was being pushed, inside mergeMap\(\)/,
  },
  {
    what: "share()",
    pipelines: (log) => log.source<Visit>("visits").pipe(share(), log.sink("out")),
    says: /share\(\).*remove it: a job shares its sources by itself/,
    partitions: 2,
  },
  {
    what: "two stages of one name",
    pipelines: (log) =>
      log.source<Visit>("visits").pipe(counts("same"), map(({ key }) => ({ user: key, at: 0 })), counts("same")),
    says: /^Cannot run keyedReduce "same": another stage has this name already/,
  },
  {
    what: "two pipelines with stages of one name",
    pipelines: (log) => [
      log.source<Visit>("visits").pipe(counts("same"), log.sink("one")),
      log.source<Visit>("visits").pipe(counts("same"), log.sink("two")),
    ],
    says: /^Cannot run keyedReduce "same": another stage has this name already/,
  },
  {
    what: "a stateful stage without a name",
    pipelines: (log) => log.source<Visit>("visits").pipe(counts(), log.sink("out")),
    says: /^Cannot run keyedReduce: a stateful stage needs a name in a job/,
  },
  {
    what: "a window without a name",
    pipelines: (log) => clocked(log).pipe(perTen(), log.sink("out")),
    says: /^Cannot run tumblingWindow: a stateful stage needs a name in a job/,
  },
  {
    what: "take()",
    pipelines: (log) => log.source<Visit>("visits").pipe(take(2), log.sink("out")),
    says: /The stream into sink "out" ended before its input did: take\(\).* job\.stop\(\)/,
  },
  {
    what: "take() at the bottom",
    pipelines: (log) => log.source<Visit>("visits").pipe(log.sink("out"), take(2)),
    says: /ended before its input did: take\(\)/,
  },
  {
    what: "takeUntil()",
    pipelines: (log) => log.source<Visit>("visits").pipe(takeUntil(log.source("stop")), log.sink("out")),
    says: /ended before its input did: .*takeUntil\(\)/,
  },
  {
    what: "catchError(() => EMPTY)",
    pipelines: (log) =>
      log.source<Visit>("visits").pipe(
        tap(() => {
          throw new Error("always");
        }),
        catchError(() => EMPTY),
        log.sink("out"),
      ),
    says: /ended before its input did: .*catchError\(\(\) => EMPTY\)/,
  },
  {
    what: "of() beside a source",
    pipelines: (log) => merge(log.source<Visit>("visits"), of({ user: "eve", at: 0 })).pipe(log.sink("out")),
    says: /^A value reached sink "out" while the pipeline was being subscribed: of\(\), from\(\) or startWith\(\)/,
  },
  {
    what: "startWith()",
    pipelines: (log) => log.source<Visit>("visits").pipe(startWith({ user: "eve", at: 0 }), log.sink("out")),
    says: /^A value reached sink "out" while the pipeline was being subscribed: .*startWith\(\)/,
  },
  {
    what: "a source that defer() makes",
    pipelines: (log) => defer(() => log.source<Visit>("visits")).pipe(log.sink("out")),
    says:
      /Source "visits" was not there when the job was planned: make sources and sinks before run\(\), not inside defer\(\)/,
  },
  {
    what: "a pipeline without a source",
    pipelines: (log) => interval(1).pipe(log.sink("out")),
    says: /^Cannot run sink "out": no source of the job was subscribed above it.* interval\(\) has no offsets/,
  },
  {
    what: "a pipeline that never begins",
    pipelines: () => NEVER,
    says: /^Cannot run the pipeline: no source of the job was subscribed above it/,
  },
  {
    what: "two watermarks of one name",
    pipelines: (log) => merge(clocked(log, "same"), clocked(log, "same")).pipe(perTen("windows"), log.sink("out")),
    says:
      /^Cannot run watermark "same": another watermark\(\) has this name already; give one of them a name of its own/,
  },
  {
    what: "a window without a watermark",
    pipelines: (log) => log.source<Visit>("visits").pipe(perTen("windows"), log.sink("out")),
    says: /^Cannot run tumblingWindow "windows": it would never fire, because no watermark\(\) stands above it/,
  },
  {
    what: "a branch without a watermark beside one that has it, under a window",
    pipelines: (log) => merge(clocked(log), log.source<Visit>("others")).pipe(perTen("windows"), log.sink("out")),
    says: /^Cannot run tumblingWindow "windows": the branch from "others" has no watermark\(\)/,
  },
  {
    what: "late records without a window",
    pipelines: (log) =>
      clocked(log).pipe(
        // The types refuse it as well.
        lateSideOutput((late) => late) as unknown as MonoTypeOperatorFunction<Visit>,
        log.sink("out"),
      ),
    says: /^Cannot run lateSideOutput: no window stands directly above it/,
  },
];

for (const { what, pipelines, says, partitions } of misuses) {
  Deno.test(`a job refuses ${what}`, async () => {
    const log = visited({ partitions });
    log.append("stop", [{ value: 1 }]);
    assertMatch(await refusal(pipelines(log), { name: "misuse", state: ":memory:" }), says);
  });

  Deno.test(`a job refuses ${what}, also where errors have a dead letter: no record is to blame`, async () => {
    const log = visited({ partitions });
    log.append("stop", [{ value: 1 }]);
    const onError = deadLetter(log.sink("failed"));
    const why = await refusal(pipelines(log), { name: "misuse", state: ":memory:", onError });
    // A function that throws under retry() or catchError() is a function that throws.
    if (!why.includes("retry()") && !why.includes("catchError")) assertMatch(why, says);
    assertEquals(log.read("failed"), []);
  });
}

/** Visits that come back later than they went. */
const asynchronous: readonly (readonly [string, (log: MemoryLog) => Observable<unknown>])[] = [
  [
    "mergeMap() of a promise",
    (log) =>
      log.source<Visit>("visits").pipe(mergeMap((visit) => Promise.resolve(visit)), counts("counts"), log.sink("out")),
  ],
  ["delay()", (log) => log.source<Visit>("visits").pipe(delay(0), log.sink("out"))],
];

for (const [what, wrong] of asynchronous) {
  Deno.test(`a job with ${what} fails, is marked unsafe, and refuses to start until it is told from where to read`, async () => {
    using kv = await Deno.openKv(":memory:");
    const log = visited({ ended: false });
    const right = log.source<Visit>("visits").pipe(counts("counts"), log.sink("counts"));
    const options = { name: "visits", state: kv };
    const why = await refusal(wrong(log), options);
    assertMatch(
      why,
      /^Job visits stopped at .* in (keyedReduce "counts"|sink "out"): A value reached .* after its push was over/,
    );
    assertMatch(why, /an asynchronous operator \(delay, observeOn, mergeMap of a promise \.\.\.\) stands between/);
    assertMatch(
      why,
      /The checkpoint is marked unsafe; start the corrected job with reset to say from where to read anew\.$/,
    );
    assertEquals(log.read("out"), []);

    for (const pipeline of [wrong(log), right]) {
      const again = await refusal(pipeline, options);
      assertMatch(
        again,
        /^Cannot run the job: an earlier run was stopped as unsafe\. Results from visits\/0@0 on may be wrong/,
      );
      assertMatch(again, /Change the pipeline, then start the job with reset to say from where to read anew$/);
    }

    log.end("visits");
    const corrected = await run(right, { ...options, reset: "earliest", dropStates: ["counts"], ...silent });
    assertEquals(await corrected.finished, { reason: "finished" });
    assertCounted(log.read<Count>("counts"), ["ada", "bob", "ada", "bob"]);
    await (await run(right, { ...options, ...silent })).finished;
    assertEquals(log.read("counts").length, 4);
  });
}

for (const [what, wrong] of asynchronous) {
  Deno.test(`a job with ${what} whose input ends is not finished: what is held back would be lost`, async () => {
    using kv = await Deno.openKv(":memory:");
    const log = visited();
    const options = { name: "visits", state: kv };
    const why = await refusal(wrong(log), options);
    assertMatch(
      why,
      /^Job visits stopped at .*(It did not end with its input: an asynchronous operator|after its push was over)/,
    );
    assertMatch(why, /The checkpoint is marked unsafe/);
    assertMatch(await refusal(wrong(log), options), /an earlier run was stopped as unsafe/);
  });
}

Deno.test("a job that failed after epochs of its own is unsafe from where that run began, not from its birth", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const options = { name: "visits", state: kv };
  const pipeline = (async: boolean) =>
    log.source<Visit>("visits").pipe(
      mergeMap((visit) => async ? Promise.resolve(visit) : [visit]),
      counts("counts"),
      log.sink("counts"),
    );
  log.append("visits", [{ value: { user: "ada", at: 1 } }, { value: { user: "ada", at: 2 } }]);
  const job = await run(pipeline(false), { ...options, ...silent });
  await first(log.source("counts"), 2, job);
  await job.stop();
  log.append("visits", [{ value: { user: "ada", at: 3 } }]);
  await refusal(pipeline(true), options);
  assertMatch(await refusal(pipeline(false), options), /Results from visits\/0@2 on may be wrong/);
});

Deno.test("what RxJS has of its own works between the stages: the guards let it pass", async () => {
  const log = visited({ partitions: 2 });
  let ended = 0;
  const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    filter(({ at }) => at !== 1),
    mergeMap((visit) => [visit, visit]),
    tap(() => {}),
    finalize(() => ended++),
    counts("counts"),
    catchError((error) => {
      throw error;
    }),
    log.sink("counts"),
  );
  const job = await run(pipeline, { name: "visits", state: ":memory:", ...silent });
  await job.finished;
  assertCounted(log.read<Count>("counts"), ["ada", "ada", "ada", "ada", "bob", "bob"]);
  await job.stop();
  // Once for the plan, once for each task.
  assert(ended >= 2);
});
