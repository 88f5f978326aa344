/** Streams that are shared inside a pipe: everything arrives, or words say what to change. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { connect, defer, filter, from, map, merge, type Observable, of, range, share, Subject } from "rxjs";
import { eventTime, keyedReduce } from "@tidemark/streams/operators";
import { at, counts, type Event, events, outcome, perTen, shown, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

const event = (user: string, at: number): Event => ({ user, at });

describe("connect() and share()", () => {
  const odd = filter((one: Event) => one.at % 2 === 1), even = filter((one: Event) => one.at % 2 === 0);
  const windows = (branches: Observable<Event>) => outcome(branches.pipe(strict(), perTen(), shown)).values;

  it("connect() with an eventTime() in each branch loses nothing", () => {
    for (const source of [from(events(1, 2, 3, 14)), defer(() => from(events(1, 2, 3, 14)))]) {
      const branches = source.pipe(connect((shared) => merge(shared.pipe(odd, at), shared.pipe(even, at))));
      assertEquals(windows(branches), ["ada 0: 3 onTime 0", "ada 10: 1 onTime 0"]);
    }
  });

  it("connect() above an eventTime(), and between it and the watermark(), loses nothing", () => {
    const split = connect((shared: Observable<Event>) => merge(shared.pipe(odd), shared.pipe(even)));
    assertEquals(windows(from(events(1, 2, 3, 14)).pipe(split, at)), ["ada 0: 3 onTime 0", "ada 10: 1 onTime 0"]);
    assertEquals(windows(from(events(1, 2, 3, 14)).pipe(at, split)), ["ada 0: 3 onTime 0", "ada 10: 1 onTime 0"]);
  });

  describe("with an eventTime() inside, below another one", () => {
    const later = eventTime((one: Event) => one.at + 10);
    const both = connect((shared: Observable<Event>) => merge(shared.pipe(odd, later), shared.pipe(even, later)));
    const half = connect((shared: Observable<Event>) => merge(shared.pipe(odd, later), shared.pipe(even)));

    it("loses nothing and goes by the inner one", () => {
      for (const source of [from(events(1, 2, 3, 14)), defer(() => from(events(1, 2, 3, 14)))]) {
        assertEquals(windows(source.pipe(at, both)), ["ada 10: 3 onTime 0", "ada 20: 1 onTime 0"]);
      }
    });

    it("passes on what comes, when it comes", () => {
      const source = new Subject<Event>();
      const seen: string[] = [];
      source.pipe(at, both, strict(), perTen(), shown).subscribe((line) => seen.push(line));
      for (const one of events(1, 2, 13, 14)) source.next(one);
      assertEquals(seen, ["ada 10: 2 onTime 0"]);
    });

    it("measures all branches as one stream, as a job does", () => {
      for (const split of [both, half]) {
        const alone: string[] = [];
        const source = new Subject<Event>();
        source.pipe(at, split, strict(), perTen(), shown).subscribe((line) => alone.push(line));
        const job = new HandMadeTask().run(
          jobSource<Event>("events").pipe(at, split, strict(), perTen("windows"), shown, jobSink("out")),
        );
        for (const one of events(1, 2, 13, 14, 36, 37)) {
          source.next(one);
          job.push("events", one);
        }
        assertEquals(alone, job.written.map(([, line]) => line as string));
        assert(alone.length > 0);
      }
    });
  });

  it("connect() of a Subject passes on what comes, when it comes", () => {
    const source = new Subject<Event>();
    const seen: string[] = [];
    source.pipe(connect((shared) => merge(shared.pipe(odd, at), shared.pipe(even, at))), strict(), perTen(), shown)
      .subscribe((line) => seen.push(line));
    for (const one of events(1, 2, 13, 14)) source.next(one);
    assertEquals(seen, ["ada 0: 2 onTime 0"]);
  });

  it("connect() with a stateful stage in each branch, under a stage, loses nothing", () => {
    const branches = from(events(1, 2, 3)).pipe(
      connect((shared) => merge(shared.pipe(odd, counts("odd")), shared.pipe(even, counts("even")))),
      keyedReduce({ key: () => "all", initial: 0, reduce: (total: number) => total + 1 }),
      map(({ value }) => value),
    );
    assertEquals(outcome(branches).values, [1, 2, 3]);
  });

  it("connect() between a watermark() and its windows is refused with words", () => {
    const hidden = from(events(1)).pipe(
      at,
      strict(),
      connect((shared) => merge(shared.pipe(perTen()), shared.pipe(perTen()))),
    );
    const { error } = outcome(hidden);
    assertInstanceOf(error, TypeError);
    assertStringIncludes(error.message, "connect()");
  });

  it("defer() with a whole branch inside, under a stage, loses nothing", () => {
    const branch = defer(() => from(events(1, 2, 14)).pipe(at));
    assertEquals(windows(branch), ["ada 0: 2 onTime 0", "ada 10: 1 onTime 0"]);
  });

  it("share() of a plain source under two branches, and of a stage under two subscribers, gives each everything", () => {
    const source = new Subject<Event>();
    const shared = source.pipe(share());
    const seen: string[] = [];
    merge(shared.pipe(odd, at), shared.pipe(even, at)).pipe(strict(), perTen(), shown).subscribe((line) =>
      seen.push(line)
    );
    const counted = source.pipe(counts(), share());
    const both: number[][] = [[], []];
    for (const list of both) counted.subscribe(({ value }) => list.push(value));
    for (const one of events(1, 2, 13, 14)) source.next(one);
    assertEquals([seen, both], [["ada 0: 2 onTime 0"], [[1, 2, 3, 4], [1, 2, 3, 4]]]);
  });

  it("a stage over a plain source, under others, begins when the whole graph stands", () => {
    const seen = outcome(
      from(events(1, 2, 14)).pipe(
        counts(),
        map(({ key, value }) => event(key, value * 10)),
        at,
        strict(),
        perTen(),
        shown,
      ),
    );
    assertEquals(seen.error, undefined);
    assertEquals(seen.values, ["ada 10: 1 onTime 0", "ada 20: 1 onTime 0", "ada 30: 1 onTime 0"]);
  });

  it("a plain value beside a source in a merge(), while it is subscribed, is pushed when the graph stands", () => {
    const merged = merge(of(event("eve", 0)), from(events(1)).pipe(at)).pipe(counts(), map(({ key }) => key));
    assertEquals(outcome(merged).values.toSorted(), ["ada", "eve"]);
  });

  it("take() of what is shared inside connect() ends in time", () => {
    const all = range(1, 100).pipe(
      map((n) => event("ada", n)),
      connect((shared) => shared.pipe(at)),
      counts(),
      map(({ value }) => value),
    );
    assertEquals(outcome(all).values.length, 100);
  });
});
