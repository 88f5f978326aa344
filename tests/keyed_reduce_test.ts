import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, merge, of, Subject, tap } from "rxjs";
import { type Keyed, keyedReduce, type KeyedReduceOptions, recordInfo } from "@tidemark/streams/operators";
import { memory } from "@tidemark/streams";
import { crashTest } from "@tidemark/streams/testing";
import { at, counts, type Event, events, outcome, perTen, strict } from "./support/events.ts";
import { twoUsers } from "./support/window_crash.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

type Options<V> = Omit<KeyedReduceOptions<string, string, V>, "key">;

/** What comes out for words that are their own keys. */
function reduced<V>(words: string[], options: Options<V>): [string, V][] {
  return outcome(from(words).pipe(keyedReduce({ key: (word: string) => word, ...options }))).values
    .map(({ key, value }) => [key, value]);
}

const latest = (name?: string) =>
  keyedReduce({ name, key: (event: Event) => event.user, initial: 0, reduce: (total) => total + 1, emit: "latest" });

describe("keyedReduce()", () => {
  it("emits a key's new value for every record", () => {
    assertEquals(reduced(["a", "b", "a"], { initial: 0, reduce: (total) => total + 1 }), [["a", 1], ["b", 1], [
      "a",
      2,
    ]]);
  });

  it("tells keys apart by type and content", () => {
    const keys = [1, "1", 1n, true, "true", 1, 0, -0, NaN, NaN];
    const { values } = outcome(
      from(keys).pipe(keyedReduce({ key: (key) => key, initial: 0, reduce: (n: number) => n + 1 })),
    );
    assertEquals(values.map(({ value }) => value), [1, 1, 1, 1, 1, 2, 1, 2, 1, 2]);
  });

  it("clones an initial object for each key, and calls an initial function for each", () => {
    const shared = { words: [] as string[] };
    const collect = (total: { words: string[] }, word: string) => (total.words.push(word), total);
    assertEquals(reduced(["a", "b"], { initial: shared, reduce: collect }).map(([, { words }]) => words), [["a"], [
      "b",
    ]]);
    assertEquals(shared.words, []);
    let calls = 0;
    const made = reduced(["a", "b", "a"], { initial: () => ({ words: [`made ${++calls}`] }), reduce: collect });
    assertEquals([made[1][1].words, calls], [["made 2", "b"], 2]);
  });

  it("takes null and false for values like any other", () => {
    const seen: unknown[] = [];
    const flip = (value: boolean | null) => (seen.push(value), value === null ? false : null);
    assertEquals(reduced(["a", "a", "a"], { initial: null as boolean | null, reduce: flip }), [
      ["a", false],
      ["a", null],
      ["a", false],
    ]);
    assertEquals(seen, [null, false, null]);
  });

  it("forgets a key whose reducer returns undefined, and emits nothing for it", () => {
    const upToTwo = { initial: 0, reduce: (total: number) => total === 2 ? undefined : total + 1 };
    assertEquals(reduced(["a", "a", "a", "a"], upToTwo), [["a", 1], ["a", 2], ["a", 1]]);
  });

  it("has changed its state before it emits: a record that comes meanwhile sees the new value", () => {
    const source = new Subject<string>();
    const seen: number[] = [];
    source.pipe(keyedReduce({ key: (word) => word, initial: 0, reduce: (total: number) => total + 1 })).subscribe(
      ({ value }) => {
        seen.push(value);
        if (value === 1) source.next("a");
      },
    );
    source.next("a");
    assertEquals(seen, [1, 2]);
  });

  it("keeps the time of the record that changed the key", () => {
    const times: unknown[] = [];
    from(events(5, 3)).pipe(at, counts(), tap(() => times.push(recordInfo().timestamp))).subscribe();
    assertEquals(times, [5, 3]);
  });

  it("lets watermarks through to a window below it", () => {
    const windows = from(events(1, 2, 11)).pipe(
      at,
      strict(),
      counts(),
      map(({ key, value }) => ({ user: key, at: value })),
      perTen(),
    );
    assertEquals(outcome(windows).values.map(({ window, value }) => [window.start, value]), [[0, 2], [10, 1]]);
  });

  it('keyedReduce() with emit "latest" emits each changed key once, at the end where there is no job', () => {
    const rows = [{ user: "ada", at: 1 }, { user: "bob", at: 2 }, { user: "ada", at: 3 }];
    const { values, completed } = outcome(from(rows).pipe(latest()));
    assertEquals([values.map(({ key, value }) => [key, value]), completed], [[["ada", 2], ["bob", 1]], true]);
  });

  it('keyedReduce() with emit "latest" emits at each cut what has changed since the last', () => {
    const times: unknown[] = [];
    const note = tap<Keyed<string, number>>(() => {
      const { topic, timestamp } = recordInfo();
      times.push([topic, timestamp]);
    });
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(at, latest("c"), note, map(({ key, value }) => [key, value]), jobSink("out")),
    );
    const cut = () => {
      const before = job.written.length;
      job.cut();
      return job.written.slice(before).map(([, value]) => value);
    };
    for (const event of events(1, 2)) job.push("events", event);
    job.push("events", { user: "bob", at: 3 });
    assertEquals(cut(), [["ada", 2], ["bob", 1]]);
    assertEquals(cut(), []);
    job.push("events", { user: "bob", at: 4 });
    assertEquals(cut(), [["bob", 2]]);
    assertEquals(
      times,
      [[undefined, 2], [undefined, 3], [undefined, 4]],
      "with the time of the last change, and no record",
    );
    assertEquals(job.task.failure, undefined);
  });

  it('keyedReduce() with emit "latest" emits nothing for a key that was forgotten since, and its new life where it has one', () => {
    const forgetful = keyedReduce({
      name: "c",
      key: (event: Event) => event.user,
      initial: 0,
      reduce: (total, { at }) => at < 0 ? undefined : total + 1,
      emit: "latest",
    });
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(forgetful, map(({ value }) => value), jobSink("out")),
    );
    for (const at of [1, -1]) job.push("events", { user: "ada", at });
    for (const at of [1, 2, -1, 3]) job.push("events", { user: "bob", at });
    job.cut();
    assertEquals(job.written, [['sink "out"', 1]]);
  });

  it('keyedReduce() with emit "latest" forwards the watermark only after what it emits', () => {
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        at,
        strict(),
        latest("c"),
        map(({ key, value }) => ({ user: key, at: value })),
        perTen("w"),
        map(({ window, value }) => [window.start, value]),
        jobSink("out"),
      ),
    );
    for (const event of events(1, 2, 15)) job.push("events", event);
    assertEquals(job.written, []);
    job.cut();
    assertEquals(job.written, [], "the last value of the epoch is from 15, and the window is its own");
    assertEquals(job.task.late, 0);
    job.push("events", events(25)[0]).cut();
    assertEquals(job.written, [['sink "out"', [10, 1]]]);
  });

  it('stages with emit "latest" are flushed from the top of the pipeline to its bottom', () => {
    const again = map(({ key }: { key: string }) => ({ user: key, at: 0 }));
    const job = new HandMadeTask().run(
      jobSource<Event>("events").pipe(
        latest("upper"),
        again,
        latest("lower"),
        map(({ value }) => value),
        jobSink("out"),
      ),
    );
    for (const event of events(1, 2)) job.push("events", event);
    job.cut();
    assertEquals(job.written, [['sink "out"', 1]]);
  });

  it('keyedReduce() with emit "latest" does not hide a branch without watermark from the window below', () => {
    const unwatermarked = merge(from(events(1)).pipe(at, latest()), from(events(1)).pipe(at, strict(), latest()));
    const { error } = outcome(unwatermarked.pipe(map(() => events(0)[0]), perTen("w")));
    assertEquals((error as Error).message.includes("has no watermark()"), true);
  });

  it("goes on with its values after a restart", () => {
    const pipeline = () => jobSource<Event>("events").pipe(counts("c"), map(({ value }) => value), jobSink("out"));
    const first = new HandMadeTask().run(pipeline());
    for (const event of events(1, 2)) first.push("events", event);
    const second = new HandMadeTask(first.cut()).run(pipeline()).push("events", events(3)[0]);
    assertEquals([...first.written, ...second.written].map(([, value]) => value), [1, 2, 3]);
  });

  it("compares a key with its topic on first sight only", () => {
    const sights: unknown[] = [];
    const job = new HandMadeTask();
    job.checkKey = (key, stage) => sights.push([key, stage]);
    job.run(jobSource<Event>("events").pipe(counts("c")));
    for (const event of events(1, 2)) job.push("events", event);
    assertEquals(sights, [["ada", 'keyedReduce "c"']]);
  });

  it("refuses a key that can be none", () => {
    const { error } = outcome(
      of({}).pipe(keyedReduce({ name: "c", key: (row) => (row as Event).user, initial: 0, reduce: (n) => n })),
    );
    assertEquals(
      (error as Error).message,
      'A key of keyedReduce "c" must be a string, number, bigint or boolean, current value is undefined',
    );
  });

  it("throws at once when emit is neither of the two", () => {
    const options = { key: () => 1, initial: 0, reduce: (n: number) => n, emit: "last" as never };
    const { message } = assertThrows(() => keyedReduce(options), TypeError);
    assertEquals(message, 'Cannot create a keyed reduce: emit must be "every" or "latest", current value is last');
  });

  it("has the same results whatever crashes", async () => {
    const broker = memory();
    for (const emit of ["every", "latest"] as const) {
      const last = broker.source<Event>("events").pipe(
        keyedReduce({
          name: "last",
          key: (event: Event) => event.user,
          initial: { times: [] as number[] },
          // With "latest" the last value of a key that is forgotten within an epoch does not come.
          reduce: ({ times }, { at }) => emit === "every" && at > 40 ? undefined as never : { times: [...times, at] },
          emit,
        }),
        broker.sink("last", { key: ({ key }) => key }),
      );
      await crashTest(last, twoUsers, { epochs: [1] });
    }
  });
});
