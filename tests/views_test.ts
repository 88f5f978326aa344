/** Tables and charts of what an Observable emits: in a notebook, and in a terminal. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { concat, finalize, from, NEVER, Observable, Subject, throwError } from "rxjs";
import { count, eventTime, keyedReduce, tumblingWindow, watermark } from "@tidemark/streams";
import { chart, table } from "@tidemark/streams/pictures";
import type { Display, Notebook, NotebookContent } from "../pictures/_notebook.ts";
import type { Terminal } from "../pictures/_screens.ts";
import { TableContent } from "../pictures/table.ts";
import { View as Shown } from "../pictures/view.ts";
import { lines } from "./support/drawn_lines.ts";
import { wellFormed } from "./support/well_formed.ts";

/** What a view shows outside of a notebook, where its display is the picture itself. */
async function lookOf(view: object): Promise<Display> {
  return await (view as Record<symbol, () => Promise<Display>>)[Symbol.for("Jupyter.display")]();
}

const clicks = (times: readonly number[], allowedLateness = 0) =>
  from(times).pipe(
    eventTime((time) => time),
    watermark({ maxOutOfOrderness: 0 }),
    tumblingWindow({
      key: (time) => time % 2 === 0 ? "even" : "odd",
      size: 1_000,
      aggregate: count(),
      allowedLateness,
    }),
  );

describe("a table in a terminal", () => {
  it("has a row for each value and a column for each field, numbers to the right", () => {
    assertEquals(
      String(table([{ user: "ada", clicks: 12 }, { user: "bob", clicks: 7, note: "new" }], { title: "clicks" })),
      lines`
      clicks
      user  clicks  note
      ────  ──────  ────
      ada       12
      bob        7  new
      2 values, ended`,
    );
  });

  it("has the newest value of each key, at the place of its first one", () => {
    const counts = from(["ada", "bob", "ada", "cy"]).pipe(
      keyedReduce({ key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    );
    assertEquals(
      Deno.inspect(table(counts, { key: ({ key }) => key, columns: ["value", "key"] })),
      lines`
      value  key
      ─────  ───
      ····2  ada
      ····1  bob
      ····1  cy
      4 values, ended`,
    );
  });

  it("writes windows as spans of time, and values that are no objects in one column", () => {
    const rows = String(table(clicks([1, 1_200, 65_000]), { columns: ["key", "window", "value"] })).split("\n");
    assertEquals(rows.slice(2, 5).map((row) => row.split(/  +/).slice(0, 2)), [
      ["odd", "[0:00, 0:01)"],
      ["even", "[0:01, 0:02)"],
      ["even", "[1:05, 1:06)"],
    ]);
    assertEquals(
      String(table([1n, "two", null, new Date(0), [3]])).split("\n").slice(2, -1),
      ["1", "two", "null", "1970-01-01T00:00:00.000Z", "[3]"],
    );
  });

  it("keeps as many rows as it may: the one that changed longest ago leaves", () => {
    const last = String(table(Array.from({ length: 100_000 }, (_, i) => i), { limit: 2 }));
    assertEquals(last.split("\n").slice(2), ["99998", "99999", "100000 values, ended; 99998 older rows left out"]);
    const keyed = String(table(["a", "b", "a", "c"], { key: (name) => name, limit: 2 }));
    assertEquals(keyed.split("\n").slice(2), ["a", "c", "4 values, ended; 1 older row left out"]);
  });
});

describe("a chart in a terminal", () => {
  it("has a line for each key, from left to right by event time", () => {
    assertEquals(
      String(chart(clicks([1, 3, 5, 2, 1_001, 2_001, 2_003, 2_002]), { title: "clicks" })),
      lines`
      clicks
      odd   █▁▅  2
      even  ▁▁  1
      0 to 2000, from 1 to 3
      5 values, ended`,
    );
  });

  it("corrects a point by the late pane of its window", () => {
    const view = chart(clicks([1, 3, 1_001, 5], 1_000));
    assertEquals(String(view).split("\n")[0], "odd  █▁  1");
    assertStringIncludes(String(view), "from 1 to 3\n3 values, ended");
  });

  it("draws numbers in the order in which they come, and other values as it is told", () => {
    assertEquals(String(chart([3, 1, 4, 1, 5])).split("\n"), ["▅▁▆▁█  5", "0 to 4, from 1 to 5", "5 values, ended"]);
    const told = chart([{ at: 2, v: 5, of: "a" }, { at: 1, v: 7, of: "a" }], {
      x: ({ at }) => at,
      y: ({ v }) => v,
      line: ({ of }) => of,
    });
    assertEquals(String(told).split("\n")[0], "a  █▁  5");
  });

  it("keeps as many points and lines as it may", () => {
    const view = chart(Array.from({ length: 50_000 }, (_, i) => i), { limit: 3 });
    assertEquals(String(view).split("\n"), [
      "▁▅█  49999",
      "49997 to 49999, from 49997 to 49999",
      "50000 values, ended",
    ]);
    const many = String(chart(Array.from({ length: 10 }, (_, i) => i), { line: (i) => `line ${i}` }));
    assertEquals(many.split("\n").length, 8 + 2);
    assertStringIncludes(many, "2 values of further lines left out");
  });

  it("says what it cannot draw", async () => {
    const view = chart([{ user: "ada" }]);
    await assertRejects(() => view.finished, TypeError, "y must be a number, current value is undefined");
    assertStringIncludes(String(view), "1 value, failed: TypeError: Cannot show a chart");
  });
});

describe("a view in a notebook", () => {
  it("has inline styles only, no script, and a picture that is well formed", async () => {
    for (const view of [table(clicks([1, 1_200, 65_000])), chart(clicks([1, 1_200, 65_000])), table([]), chart([])]) {
      const look = await lookOf(view);
      assertEquals(look["text/plain"], String(view));
      assertEquals(wellFormed(look["text/html"].replace(/<img [^>]*>/, "")), []);
      assertEquals(/<(script|style|link)|\son\w+=|class=/.test(look["text/html"]), false);
      const svg = look["image/svg+xml"];
      if (svg === undefined) continue;
      assertEquals(wellFormed(svg), []);
      assertStringIncludes(look["text/html"], encodeURIComponent(svg));
    }
  });

  it("tells its chart in sentences, for those who do not see it", async () => {
    const { "image/svg+xml": svg = "" } = await lookOf(chart(clicks([1, 3, 1_001]), { title: "clicks" }));
    assertStringIncludes(svg, "<title>clicks</title>");
    assertStringIncludes(svg, "<desc>odd: 2 points from 1 to 2, 1 at 1000.</desc>");
  });

  it("shows hostile text as text only", async () => {
    const hostile = `"'<script>alert(1)</script>&amp;]]>\u001b[31m\u0000\u202e\ud800`;
    const values = [{ key: hostile, value: 1, [hostile]: hostile }];
    for (const view of [table(values, { title: hostile }), chart(values, { title: hostile })]) {
      const look = await lookOf(view);
      for (const [type, text] of Object.entries(look)) {
        if (type !== "text/plain") assertEquals(wellFormed(text.replace(/<img [^>]*>/, "")), []);
        assertEquals(type !== "text/plain" && /<script/i.test(text), false);
        // deno-lint-ignore no-control-regex -- what a terminal would act on
        assertEquals(/[\u0000-\u0009\u000b-\u001f\u202e]/.test(text), false);
        assert(text.isWellFormed());
      }
    }
  });

  it("is shown once and updated in its place, not more often than its interval, and in the end", async () => {
    using time = new FakeTime();
    const { notebook, sent } = recording();
    const values = new Subject<number>();
    const view = tableIn(notebook, values, 100);
    const shown = lookOf(view);
    await time.tickAsync(0);
    assertEquals(Object.keys(await shown), []);
    for (let i = 0; i < 1_000; i++) values.next(i);
    assertEquals(sent.length, 1);
    await time.tickAsync(100);
    assertEquals(sent.map(({ type }) => type), ["display_data", "update_display_data"]);
    values.next(1_000);
    values.complete();
    await time.tickAsync(0);
    assertEquals(sent.map(({ text }) => text), ["0 live", "1000 live", "1001 ended"]);
    assertEquals(new Set(sent.map(({ id }) => id)).size, 1);
    await time.tickAsync(1_000);
    assertEquals(sent.length, 3);
  });

  it("waits for a slow reader, and then shows the newest state", async () => {
    using time = new FakeTime();
    const { notebook, sent, open } = recording();
    const values = new Subject<number>();
    const view = tableIn(notebook, values, 10);
    const gate = Promise.withResolvers<void>();
    await lookOf(view);
    open(gate.promise);
    values.next(1);
    await time.tickAsync(10);
    for (let i = 0; i < 50; i++) {
      values.next(i);
      await time.tickAsync(10);
    }
    assertEquals(sent.map(({ text }) => text), ["0 live", "1 live"]);
    gate.resolve();
    await time.tickAsync(10);
    assertEquals(sent.map(({ text }) => text), ["0 live", "1 live", "51 live"]);
    view.stop();
    await time.tickAsync(0);
    assertEquals(sent.at(-1)!.text, "51 stopped");
  });

  it("stops painting where nobody reads any more, and goes on to take values", async () => {
    using time = new FakeTime();
    const { notebook, sent, open } = recording();
    const values = new Subject<number>();
    const view = tableIn(notebook, values, 10);
    await lookOf(view);
    const gone = Promise.reject(new Error("the kernel is gone"));
    gone.catch(() => {});
    open(gone);
    values.next(1);
    await time.tickAsync(10);
    values.next(2);
    await time.tickAsync(10);
    assertEquals([sent.length, view.count], [2, 2]);
    values.complete();
    await view.finished;
  });

  it("may be shown again, and both places are updated together", async () => {
    using time = new FakeTime();
    const { notebook, sent } = recording();
    const values = new Subject<number>();
    const view = tableIn(notebook, values, 10);
    await lookOf(view);
    await lookOf(view);
    values.complete();
    await time.tickAsync(0);
    assertEquals(sent.map(({ type }) => type), ["display_data", "display_data", "update_display_data"]);
    assertEquals(new Set(sent.map(({ id }) => id)).size, 1);
  });
});

describe("a view on a screen", () => {
  it("writes over its lines in a terminal, and cuts those that are too long", async () => {
    using time = new FakeTime();
    const written: string[] = [];
    const terminal: Terminal = { isTerminal: () => true, width: () => 12, write: (text) => void written.push(text) };
    const values = new Subject<string>();
    const view = tableIn(terminal, values, 10);
    const shown = view.show();
    values.next("a long line of text");
    await time.tickAsync(10);
    values.complete();
    await shown;
    assertEquals(written, [
      "0 values, l\n",
      "\x1b[1A\x1b[Jvalue\n───────────\na long line\n1 value, li\n",
      "\x1b[4A\x1b[Jvalue\n───────────\na long line\n1 value, en\n",
    ]);
  });

  it("is printed once, in the end, where the output is no terminal", async () => {
    const written: string[] = [];
    const terminal: Terminal = { isTerminal: () => false, width: () => 12, write: (text) => void written.push(text) };
    const values = new Subject<number>();
    const view = tableIn(terminal, values, 10);
    const shown = view.show();
    values.next(1);
    assertEquals(written, []);
    values.complete();
    await shown;
    assertEquals(written, ["value\n─────\n····1\n1 value, ended\n".replaceAll("·", " ")]);
    await view.show();
    assertEquals(written.length, 2);
  });

  it("tells the error of the Observable, and fails with it", async () => {
    const written: string[] = [];
    const terminal: Terminal = { isTerminal: () => false, width: () => 80, write: (text) => void written.push(text) };
    const values = concat([1, 2], throwError(() => new RangeError("no more rows")));
    const view = tableIn(terminal, values, 10);
    await assertRejects(() => view.show(), RangeError, "no more rows");
    assertStringIncludes(written.join(""), "2 values, failed: RangeError: no more rows");
  });
});

describe("a view", () => {
  it("unsubscribes when it is stopped, disposed of, or cannot show a value", () => {
    let unsubscribed = 0;
    const source = concat([{ id: 1 }], NEVER).pipe(finalize(() => unsubscribed++));
    const stopped = table(source);
    stopped.stop();
    stopped.stop();
    assertStringIncludes(String(stopped), "1 value, stopped");
    assertEquals(unsubscribed, 1);
    {
      using _disposed = chart(source, { y: ({ id }) => id });
    }
    assertEquals(unsubscribed, 2);
    const failed = table(source, {
      key: () => {
        throw new TypeError("no key");
      },
    });
    assertStringIncludes(String(failed), "failed: TypeError: no key");
    assertEquals(unsubscribed, 3);
  });

  it("takes nothing after a value that it cannot show, even from a source that does not look", () => {
    const stubborn = new Observable<number>((subscriber) => {
      for (let i = 0; i < 5; i++) subscriber.next(i);
    });
    const view = table(stubborn, {
      key: (value) => {
        if (value === 2) throw new Error("two");
        return value;
      },
    });
    assertEquals(view.count, 3);
  });

  it("shows async iterables and streams too, and resolves when they end", async () => {
    const view = table(ReadableStream.from(["a", "b"]));
    await view.finished;
    assertEquals(String(view).split("\n").slice(2), ["a", "b", "2 values, ended"]);
  });

  it("refuses wrong options in one sentence", () => {
    assertThrows(() => table([], { key: "id" as never }), TypeError, "Cannot show a table: key must be a function");
    assertThrows(() => table([], { columns: "id" as never }), TypeError, "columns must be a list of names");
    assertThrows(
      () => table([], { limit: 0 }),
      RangeError,
      "limit must be an integer from 1 to 1000, current value is 0",
    );
    assertThrows(() => chart([], { interval: -1 }), RangeError, "interval must be milliseconds of at least 0");
    assertThrows(() => chart([], { y: 3 as never }), TypeError, "Cannot show a chart: y must be a function");
    assertThrows(() => chart([], { title: 3 as never }), TypeError, "title must be a string");
  });
});

interface Sent {
  readonly type: string;
  readonly id: string;
  /** How many values had come, and the state of the view. */
  readonly text: string;
}

/** A notebook that keeps what it is sent. What is given to `open` is waited for by further messages. */
function recording(): { notebook: Notebook; sent: Sent[]; open: (gate: Promise<void>) => void } {
  const sent: Sent[] = [];
  let gate = Promise.resolve();
  const notebook: Notebook = {
    async broadcast(type: "display_data" | "update_display_data", { data, transient }: NotebookContent) {
      const text = data["text/plain"].split("\n").at(-1)!.replace(/ values?,/, "").split(";")[0];
      sent.push({ type, id: transient.display_id, text });
      await gate;
    },
  };
  return { notebook, sent, open: (next) => void (gate = next) };
}

/** A table in a notebook or a terminal that a test can look at. */
function tableIn<T>(place: Notebook | Partial<Terminal>, source: Observable<T>, interval: number): Shown<T> {
  const notebook = "broadcast" in place ? place : undefined;
  const terminal: Terminal = { isTerminal: () => false, write: () => {}, width: () => 80, ...(notebook ? {} : place) };
  return new Shown(source, new TableContent<T>({}, 20), { interval }, () => ({ notebook, terminal }));
}
