/** repartition() without a job, its options, and what is refused. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, type Observable } from "rxjs";
import {
  asyncMap,
  count,
  deadLetter,
  eventTime,
  keyedReduce,
  memory,
  repartition,
  run,
  tumblingWindow,
  watermark,
} from "../mod.ts";

interface View {
  readonly user: string;
  readonly at: number;
}

const byUser = repartition<View>({ name: "by-user", key: (view) => view.user });

function start(pipeline: Observable<unknown> | Observable<unknown>[], options: object = {}) {
  return run(pipeline, { name: "views", state: ":memory:", log: () => {}, ...options });
}

function views(partitions = 2) {
  const log = memory();
  log.create("views", { partitions });
  return log;
}

describe("repartition()", () => {
  it("passes values on without a job, with event time and watermark", () => {
    const results: unknown[] = [];
    from([{ user: "ada", at: 1 }, { user: "ada", at: 12 }]).pipe(
      eventTime((view) => view.at),
      watermark({ maxOutOfOrderness: 0 }),
      byUser,
      tumblingWindow({ key: (view) => view.user, size: 10, aggregate: count() }),
    ).subscribe(({ window, value }) => results.push([window.start, value]));
    assertEquals(results, [[0, 1], [10, 1]]);
  });

  it("refuses a key or partitions where every value goes to all tasks, and what else is no choice", () => {
    const all = { name: "hop", broadcast: true } as const;
    for (const more of [{ key: () => "all" }, { partitions: 2 }]) {
      assertThrows(() => repartition({ ...all, ...more } as never), TypeError, "leave key and partitions out");
    }
    assertThrows(() => repartition({ name: "hop", broadcast: "yes" } as never), TypeError, "must be true or false");
  });

  it("refuses to count or to write what every task gets", async () => {
    const log = views();
    const all = log.source<View>("views", { tombstones: "refuse" }).pipe(repartition({ name: "hop", broadcast: true }));
    const counts = all.pipe(keyedReduce({ name: "n", key: (view) => view.user, initial: 0, reduce: (n) => n + 1 }));
    for (const pipeline of [counts.pipe(log.sink("counts")), all.pipe(log.sink("copies"))]) {
      await assertRejects(() => start(pipeline), TypeError, "views.hop.repartition");
    }
  });

  it("passes values of a plain Observable on as they are", () => {
    const seen: View[] = [];
    from([{ user: "ada", at: 1 }]).pipe(byUser).subscribe((view) => seen.push(view));
    assertEquals(seen, [{ user: "ada", at: 1 }]);
  });

  it("refuses a name of other characters, no key, and no number of partitions", () => {
    const key = () => "all";
    for (const name of ["", "a.b", "a b", undefined]) {
      assertThrows(() => repartition({ name: name as string, key }), TypeError, "name must be 1 to 100 letters");
    }
    assertThrows(() => repartition({ name: "hop", key: undefined as never }), TypeError, "key must be a function");
    for (const partitions of [0, 1.5, -1, NaN]) {
      assertThrows(() => repartition({ name: "hop", key, partitions }), RangeError, "partitions must be an integer");
    }
  });

  it("refuses a second hop of the same name", async () => {
    const log = views();
    const source = log.source<View>("views", { tombstones: "refuse" });
    const twice = source.pipe(byUser, repartition({ name: "by-user", key: (view) => view.user }), log.sink("out"));
    await assertRejects(() => start(twice), TypeError, 'repartition "by-user": another repartition() has this name');
  });

  it("refuses a watermark() below a hop that brings one", async () => {
    const log = views();
    const clocked = log.source<View>("views", { tombstones: "refuse" }).pipe(
      eventTime((view) => view.at),
      watermark({ maxOutOfOrderness: 0 }),
    );
    const again = clocked.pipe(byUser, watermark({ maxOutOfOrderness: 5, name: "again" }), log.sink("out"));
    await assertRejects(() => start(again), TypeError, 'repartition "by-user" above it brings the watermark');
  });

  it("refuses values that come from no source of the job", async () => {
    const log = views();
    const source = log.source<View>("views", { tombstones: "refuse" });
    const alone = from([{ user: "ada", at: 1 }]).pipe(byUser, log.sink("out"));
    await assertRejects(
      () => start([alone, source.pipe(log.sink("copy"))]),
      TypeError,
      "would be pushed again at each start",
    );
  });

  it("makes a record bad whose key is no key, and dead letters name the input record", async () => {
    const log = views(1);
    log.append("views", [{ key: "ada", value: { user: { first: "ada" }, at: 1 } }]);
    log.end("views");
    const odd = log.source<View>("views", { tombstones: "refuse" }).pipe(byUser, log.sink("out"));
    await using job = await start(odd);
    await assertRejects(
      () => job.finished,
      Error,
      'views/0@0 in repartition "by-user": A key of repartition "by-user" must be',
    );
  });

  it("refuses a value that its topic does not take, with the record and the stage, or makes a dead letter of it", async () => {
    const log = views(1);
    const pads = ["a", "b".repeat(700_000), "c"];
    log.append("views", pads.map((user, at) => ({ key: `${at}`, value: { user, at } })));
    log.end("views");
    const doubled = log.source<View>("views", { tombstones: "refuse" }).pipe(
      map(({ user, at }) => ({ user: `${user}${user}`, at })),
      repartition({ name: "by-time", key: ({ at }) => at }),
      map(({ at }) => at),
      log.sink("out"),
    );
    await using job = await start(doubled);
    await assertRejects(
      () => job.finished,
      Error,
      'views/0@1 in repartition "by-time": a record of 1400',
    );
    await using again = await start(doubled, { onError: deadLetter(log.sink("dead")) });
    assertEquals(await again.finished, { reason: "finished" });
    assertEquals(log.read<number>("out"), [0, 2]);
    const [{ headers }] = log.records("dead");
    const texts = new Map(headers!.map(([name, bytes]) => [name, new TextDecoder().decode(bytes!)]));
    assertMatch(
      texts.get("tidemark.reason")!,
      /a record of 1400\d{3} bytes is larger than topic views\.by-time\.repartition takes/,
    );
    assertEquals([texts.get("tidemark.source"), texts.get("tidemark.stage")], ["views/0@1", 'repartition "by-time"']);
  });

  it("is shared by two pipelines", async () => {
    const log = views();
    log.append("views", ["ada", "bob", "ada"].map((user, at) => ({ key: `${at}`, value: { user, at } })));
    log.end("views");
    const hopped = log.source<View>("views", { tombstones: "refuse" }).pipe(byUser);
    const counted = (name: string) =>
      hopped.pipe(
        keyedReduce({ name, key: (view) => view.user, initial: 0, reduce: (n) => n + 1 }),
        log.sink(name),
      );
    await using job = await start([counted("one"), counted("two")]);
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(job.metrics.snapshot().hops!["views.by-user.repartition"].read, 3);
    assertEquals([log.read("one").length, log.read("two").length, job.metrics.snapshot().records_in], [3, 3, 3]);
  });

  it("a dead letter of what stands behind it has the position of the input record, the new key, and the value as JSON", async () => {
    const log = views(1);
    log.append("views", ["ada", "bob", "eve"].map((user, at) => ({ key: `${at}`, value: { user, at } })));
    log.end("views");
    const behind = log.source<View>("views", { tombstones: "refuse" }).pipe(byUser);
    const strict = behind.pipe(
      map((view) => {
        if (view.user === "bob") throw new TypeError("no bob");
        return view;
      }),
      log.sink("out"),
    );
    const called = behind.pipe(
      asyncMap((view: View) => view.user === "eve" ? Promise.reject(new Error("no eve")) : Promise.resolve(view), {
        name: "calls",
        retry: 0,
        onFailure: "deadLetter",
      }),
      log.sink("called"),
    );
    await using job = await start([strict, called], { onError: deadLetter(log.sink("dead")) });
    assertEquals(await job.finished, { reason: "finished" });
    const text = (bytes: Uint8Array | null | undefined) => new TextDecoder().decode(bytes!);
    const letters = log.records("dead").map(({ key, value, headers }) => {
      const source = headers?.find(([name]) => name === "tidemark.source")?.[1];
      return [text(key), JSON.parse(text(value)), text(source)];
    });
    assertEquals(letters, [
      ["bob", { user: "bob", at: 1 }, "views/0@1"],
      ["eve", { user: "eve", at: 2 }, "views/0@2"],
    ]);
  });
});
