/** Pictures of event time: what a trace records, and how it is drawn. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, type MonoTypeOperatorFunction, type Observable, throwError } from "rxjs";
import {
  collect,
  count,
  eventTime,
  everyCount,
  globalWindow,
  lateSideOutput,
  memory,
  tumblingWindow,
  watermark,
  type WindowOptions,
  type WindowResult,
} from "@tidemark/streams";
import { type Trace, trace, type TraceDisplay } from "@tidemark/streams/pictures";
import { testPipeline } from "@tidemark/streams/testing";
import { operate, type Stage } from "../operators/_operate.ts";
import { PICTURES } from "./support/pictures.ts";
import { lines } from "./support/drawn_lines.ts";
import { wellFormed } from "./support/well_formed.ts";

/** Windows of ten milliseconds over event times. */
function tens(
  times: readonly number[],
  { bound = 0, ...rest }: { bound?: number } & Partial<WindowOptions<number, string, number, number>> = {},
): Observable<WindowResult<number, string, number>> {
  return from(times).pipe(
    eventTime((time) => time),
    watermark({ maxOutOfOrderness: bound }),
    tumblingWindow({ key: () => "k", size: 10, aggregate: count(), ...rest }),
  );
}

describe("the pictures of the documentation", () => {
  for (const [name, { title, make }] of Object.entries(PICTURES)) {
    it(`are what the code draws: ${name}`, async () => {
      const svg = (await make()).svg({ title });
      assertEquals(
        svg,
        await Deno.readTextFile(`docs/pictures/${name}.svg`),
        "Draw them anew: deno run -A --no-lock tests/support/pictures.ts",
      );
      assertEquals(wellFormed(svg), []);
      assertStringIncludes(svg, `<title>${title}</title>`);
      assertStringIncludes(svg, "<desc>");
    });
  }
});

describe("the marbles of the documentation", () => {
  it("are what the code draws", async () => {
    const page = await Deno.readTextFile("docs/pictures.md");
    assertStringIncludes(page, `\`\`\`text\n${(await PICTURES["out-of-order"].make()).marbles()}\n\`\`\``);
  });
});

describe("marbles", () => {
  it("show records in order, the watermark after each, and the panes that it fires", () => {
    assertEquals(
      trace(tens([1, 5, 12, 20])).marbles(),
      lines`
      records         --1--5--12-----------------20----------------------------------|
      watermark       --0--4--11-----------------19----------------------------------|
      tumblingWindow  ------------(k [0,10): 2)------(k [10,20): 1)--(k [20,30): 1)--|`,
    );
  });

  it("show records out of order, and those that come too late", () => {
    const picture = trace(tens([5, 25, 18, 31, 7], { bound: 10, name: "tens" }), { label: (value) => `r${value}` });
    assertEquals(
      picture.marbles({ width: 140 }),
      lines`
      records        --r5@5--r25@25-----------------r18@18--r31@31------------------r7@7----------------------------------|
      watermark      --−6----14-----------------------------20------------------------------------------------------------|
      tens           ----------------(k [0,10): 1)------------------(k [10,20): 1)--------(k [20,30): 1)--(k [30,40): 1)--|
      late for tens  ---------------------------------------------------------------r7@7----------------------------------|`,
    );
  });

  it("show early panes, late ones, and those that are taken back", () => {
    const picture = trace(
      tens([1, 2, 11, 3], { allowedLateness: 5, panes: "retract", trigger: { early: everyCount(2) } }),
    );
    assertEquals(
      picture.marbles({ width: 200 }),
      lines`
      records         --1--2-----------------------11----------------------------------------3-------------------------------------------------------|
      watermark       --0--1-----------------------10------------------------------------------------------------------------------------------------|
      tumblingWindow  --------(early k [0,10): 2)------(- early k [0,10): 2)--(k [0,10): 2)-----(- k [0,10): 2)--(late k [0,10): 3)--(k [10,20): 1)--|`,
    );
  });

  it("are continued below where a line would be too long", () => {
    assertEquals(
      trace(tens([1, 12, 23])).marbles({ width: 50 }),
      lines`
      records         --1--12-----------------23--…
      watermark       --0--11-----------------22--…
      tumblingWindow  ---------(k [0,10): 1)------…

      records         ------------------…
      watermark       ------------------…
      tumblingWindow  --(k [10,20): 1)--…

      records         ------------------|
      watermark       ------------------|
      tumblingWindow  --(k [20,30): 1)--|`,
    );
  });

  it("show two partitions that become idle", async () => {
    assertEquals(
      (await PICTURES.partitions.make()).marbles({ width: 140 }),
      lines`
      clicks/0           --ada@12:00:05----------------ada@12:01:15----------------ada@12:01:35--idle----------------------------------------…
      clicks/1           ----------------bob@12:00:20----------------ada@12:00:50----------------idle----------------------------------------…
      watermark          ----------------11:59:54.999--12:00:09.999--12:00:39.999----------------12:01:24.999--------------------------------…
      activity           --------------------------------------------------------------------------------------(ada [12:00:00,12:01:00): 2)--…
      late for activity  --------------------------------------------------------------------------------------------------------------------…

      clicks/0           ----------------------------------------------bob@12:01:50----------------ada@12:02:15----------------…
      clicks/1           ------------------------------------------------------------bob@12:01:20----------------cy@12:02:20---…
      watermark          --------------------------------12:01:39.949--12:01:39.999------------------------------12:02:04.999--…
      activity           --(bob [12:00:00,12:01:00): 1)------------------------------------------------------------------------…
      late for activity  ------------------------------------------------------------------------------------------------------…

      clicks/0           --------------------------------------------------------------bob@12:00:30--------------------------------…
      clicks/1           ----------------------------------------------------------------------------------------------------------…
      watermark          ----------------------------------------------------------------------------------------------------------…
      activity           --(ada [12:01:00,12:02:00): 2)--(bob [12:01:00,12:02:00): 2)----------------(ada [12:02:00,12:03:00): 1)--…
      late for activity  --------------------------------------------------------------bob@12:00:30--------------------------------…

      clicks/0           -------------------------------|
      clicks/1           -------------------------------|
      watermark          -------------------------------|
      activity           --(cy [12:02:00,12:03:00): 1)--|
      late for activity  -------------------------------|`,
    );
  });

  it("say that nothing has happened", () => {
    assertEquals(trace().marbles(), "nothing has happened");
    assertEquals(wellFormed(trace().svg()), []);
  });

  it("have a least width", () => {
    const picture = trace(tens([1]));
    for (const width of [39, 40.5, NaN]) assertThrows(() => picture.marbles({ width }), RangeError, "at least 40");
  });
});

describe("a trace", () => {
  it("has everything that happens as data, in the order in which it happens", () => {
    const { events } = trace(tens([5, 25, 7], { name: "tens" }), { label: (value) => value * 2 });
    const at = { task: 0, topic: "", partition: 0 };
    const stage = 'tumblingWindow "tens"';
    const pane = { kind: "pane", stage, key: "k", value: 1, pane: "onTime", index: 0, retracts: false, task: 0 };
    assertEquals<unknown>(events, [
      { kind: "record", step: 0, ...at, offset: undefined, time: 5, value: 5, text: "10" },
      { kind: "mark", step: 0, ...at, mark: 4 },
      { kind: "watermark", step: 0, task: 0, watermark: 4 },
      { kind: "record", step: 1, ...at, offset: undefined, time: 25, value: 25, text: "50" },
      { kind: "mark", step: 1, ...at, mark: 24 },
      { kind: "watermark", step: 1, task: 0, watermark: 24 },
      { kind: "firing", step: 1, task: 0, stage, watermark: 24 },
      { ...pane, step: 1, window: { start: 0, end: 10 } },
      { kind: "record", step: 2, ...at, offset: undefined, time: 7, value: 7, text: "14" },
      { kind: "late", step: 2, ...at, stage, time: 7, value: 7, text: "14" },
      { kind: "end", step: 3, task: 0 },
      { kind: "firing", step: 3, task: 0, stage, watermark: undefined },
      { ...pane, step: 3, window: { start: 20, end: 30 } },
    ]);
  });

  it("passes results and late records on, and sees the stages above it through RxJS's operators", () => {
    const picture = trace();
    const results: unknown[] = [], late: number[] = [];
    tens([1, 12, 2, 23]).pipe(
      lateSideOutput((records) => records.pipe(map((time) => late.push(time)))),
      map(({ value }) => value),
      picture.watch(),
    ).subscribe((value) => results.push(value));
    assertEquals([results, late], [[1, 1, 1], [2]]);
    assertEquals(picture.events.filter(({ kind }) => kind === "pane").length, 3);
    assertEquals(picture.events.filter(({ kind }) => kind === "late").length, 1);
  });

  it("may stand above another one, and both see the same", () => {
    const inner = trace(), outer = trace(tens([1, 12, 3]).pipe(inner.watch()));
    assertEquals(inner.events, outer.events);
    assertEquals(inner.events.length, 13);
  });

  it("wraps only the stages that it watches", () => {
    const stages: Stage[] = [];
    const spy = <T>() =>
      operate<T, T>({ operator: "spy", time: "passes", keeps: false }, (stage) => {
        stages.push(stage);
        return { next: (value) => stage.emit(value) };
      });
    const picture = trace();
    from([1]).pipe(eventTime((time) => time), spy(), picture.watch(), spy()).subscribe();
    from([1]).pipe(eventTime((time) => time), spy()).subscribe();
    assertEquals(stages.map((stage) => Object.hasOwn(stage, "late")), [false, true, false]);
    assertEquals(stages.map(({ scope }) => scope.watcher !== undefined), [false, true, false]);
  });

  it("keeps as many events as it may, and counts the others", () => {
    const picture = trace(tens([1, 12, 23]), { limit: 4 });
    assertEquals([picture.events.length, picture.leftOut], [4, 12]);
    assertEquals(picture.marbles().split("\n\n").at(-1), "12 more events");
    assert(picture.svg().includes(">12 more events<"));
  });

  it("draws the first 200 records and panes of a long one", () => {
    const picture = trace(tens(Array.from({ length: 1_000 }, (_, i) => i)));
    const svg = picture.svg();
    assert(svg.length < 200_000, `${svg.length} characters`);
    assertEquals(wellFormed(svg), []);
    assert(/>\d+ more events</.test(svg));
    assertEquals(picture.leftOut, 0);
  });

  it("throws what the pipeline throws, and refuses wrong options", () => {
    assertThrows(() => trace(throwError(() => new RangeError("no rows"))), RangeError, "no rows");
    assertThrows(() => trace({ limit: 0 }), RangeError, "limit must be an integer above 0, current value is 0");
    assertThrows(() => trace({ label: "user" as never }), TypeError, "label must be a function");
  });

  it("is drawn where no window stands above it, and where windows have no end", () => {
    const plain = trace(from([1, 5]).pipe(eventTime((time) => time), watermark({ maxOutOfOrderness: 0 })));
    assertEquals(
      plain.marbles(),
      lines`
      records    --1--5--|
      watermark  --0--4--|`,
    );
    const picture = trace(
      from([1, 5]).pipe(
        eventTime((time) => time),
        watermark({ maxOutOfOrderness: 0 }),
        globalWindow({ key: () => "k", trigger: { early: everyCount(1) }, aggregate: count() }),
      ),
    );
    assertEquals(wellFormed(picture.svg()), []);
    assertEquals(picture.events.filter(({ kind }) => kind === "pane").length >= 2, true);
  });

  it("follows a job with a task for each partition", async () => {
    const log = memory();
    const picture = trace();
    const pipeline = log.source<number>("times").pipe(
      eventTime((time) => time),
      watermark({ maxOutOfOrderness: 0 }),
      tumblingWindow({ name: "tens", key: (time) => time, size: 10, aggregate: count() }),
      log.sink("out", { key: ({ key }) => key }),
      picture.watch(),
    );
    await using test = await testPipeline(pipeline, { partitions: 2, start: 0 });
    await test.push("times", { value: 1, key: 1, partition: 0 });
    await test.push("times", { value: 12, key: 12, partition: 1 });
    await test.push("times", { value: 23, key: 23, partition: 0 });
    assertEquals(
      picture.marbles(),
      lines`
      times/0      --1------23-----------------
      times/1      -----12---------------------
      watermark 0  --0------22-----------------
      watermark 1  -----11---------------------
      tens         -------------(1 [0,10): 1)--`,
    );
    assertEquals(test.results("out").length, 1);
  });
});

describe("a job with a trace", () => {
  it("has the results, the late records and the details of one without", async () => {
    const told = async (watch: MonoTypeOperatorFunction<WindowResult<number, string, number>>) => {
      const log = memory();
      const pipeline = log.source<number>("times").pipe(
        eventTime((time) => time),
        watermark({ maxOutOfOrderness: 3 }),
        tumblingWindow({ name: "tens", key: () => "k", size: 10, aggregate: count<number>(), allowedLateness: 5 }),
        watch,
        log.sink("out", { key: ({ key }) => key }),
      );
      await using test = await testPipeline(pipeline, { partitions: 2, tasks: "single", start: 0 });
      const rows = [1, 12, 4, 25, 31, 2, 28, 40, 11];
      for (const [place, value] of rows.entries()) await test.push("times", { value, partition: place % 2 });
      const { commit_ms: _commit, latency_ms: _latency, ...details } = await test.details();
      const { nodes, edges } = test.topology;
      return {
        details,
        graph: [nodes.map(({ id }) => id), edges],
        results: test.records("out"),
        why: await test.explain(),
      };
    };
    const picture = trace();
    const traced = await told(picture.watch());
    assertEquals(traced, await told((source) => source));
    assertEquals(traced.details.lateRecords.length, picture.events.filter(({ kind }) => kind === "late").length);
    assert(traced.details.lateRecords.length > 0 && traced.details.lateRecords[0].window !== undefined);
  });
});

describe("a picture of hostile text", () => {
  const hostile = `"'<script>alert(1)</script>&amp;]]>\u001b[31m\u0000\u202e\ud800`;

  it("has it as text only, in the SVG, the HTML and the terminal", () => {
    const picture = trace(
      from([{ at: 1 }, { at: 25 }, { at: 2 }]).pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
        tumblingWindow({ name: hostile, key: () => hostile, size: 10, aggregate: collect() }),
        map((result) => result),
      ),
      { label: () => hostile },
    );
    const { "text/plain": plain, "image/svg+xml": svg, "text/html": html } = shownBy(picture);
    assertEquals(wellFormed(picture.svg({ title: hostile })), []);
    assertEquals(wellFormed(svg), []);
    assertEquals(wellFormed(html.replace(/<img [^>]*>/, "")), []);
    for (const text of [svg, html]) assertEquals(/<(script|!\[)/i.test(text), false);
    // deno-lint-ignore no-control-regex -- what a terminal would act on
    for (const text of [plain, svg, html]) assertEquals(/[\u0000-\u0009\u000b-\u001f\u202e]/.test(text), false);
    for (const text of [plain, svg, html]) assert(text.isWellFormed());
  });

  it("is shown with what cannot be text replaced", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const labels: unknown[] = [10n, loop, () => 1, undefined, Symbol("s"), "a\nb", "x".repeat(40)];
    const picture = trace(tens([1, 2, 3, 4, 5, 6, 7]), { label: (value) => labels[value - 1] });
    const texts = picture.events.flatMap((event) => event.kind === "record" ? [event.text] : []);
    assertEquals(texts, ["10", "?", "function", "undefined", "Symbol(s)", "a\ufffdb", `${"x".repeat(17)}…`]);
  });
});

describe("a trace in a notebook", () => {
  it("displays itself as marbles, as SVG, and as HTML with a table", () => {
    const picture = trace(tens([1, 12]));
    const shown = shownBy(picture);
    assertEquals(shown["text/plain"], picture.marbles());
    assertEquals(shown["image/svg+xml"], picture.svg());
    const html = shown["text/html"];
    assert(html.includes(`src="data:image/svg+xml,${encodeURIComponent(picture.svg())}"`));
    const rows = [...html.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
      row.replace(/<[^>]*>/g, " ").trim().split(/  +/)
    );
    assertEquals(rows.length, 1 + picture.events.length);
    assertEquals(rows[0], ["step", "what", "where", "event time", "value"]);
    assertEquals(rows.filter((row) => row[1] === "pane"), [
      ["1", "pane", "tumblingWindow", "[0, 10)", "onTime: k 1"],
      ["2", "pane", "tumblingWindow", "[10, 20)", "onTime: k 1"],
    ]);
  });

  it("prints its marbles in a terminal", () => {
    const picture = trace(tens([1, 12]));
    assertEquals(Deno.inspect(picture), picture.marbles());
    assertEquals(`${picture}`, picture.marbles());
  });
});

/** What a notebook takes. */
function shownBy(picture: Trace): TraceDisplay {
  return (picture as unknown as Record<symbol, () => TraceDisplay>)[Symbol.for("Jupyter.display")]();
}
