import { assert, assertEquals, assertRejects } from "@std/assert";
import { bufferCount, concatMap, distinctUntilChanged, filter, from, map, merge, pairwise, scan, tap } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  keyedReduce,
  lateSideOutput,
  memory,
  seconds,
  sum,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { type CrashDifference, crashTest, CrashTestError, type CrashTestOptions } from "@tidemark/streams/testing";
import { assertSentence } from "./support/jobs.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const broker = memory();
const clicks = ["ada", "bob", "ada", "ada", "eve", "bob", "ada"].map((user) => ({ value: user, key: user }));

/** Out of order, within the lateness and beyond it. */
const visits = [1, 4, 2, 11, 3, 14, 12, 25, 8, 2, 31, 27, 44, 40].map((at, index) => {
  const user = ["ada", "bob", "eve"][index % 3];
  return { value: { user, at: seconds(at) }, key: user };
});

function totals(source = broker) {
  return source.source<string>("clicks").pipe(
    keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    source.sink("totals", { key: ({ key }) => key }),
  );
}

function activity() {
  return broker.source<Visit>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(2) }),
    tumblingWindow({
      name: "activity",
      key: ({ user }) => user,
      size: seconds(10),
      allowedLateness: seconds(10),
      aggregate: count(),
    }),
    lateSideOutput((late) => late.pipe(broker.sink("late"))),
    broker.sink("activity", { key: ({ key }) => key }),
  );
}

type Tested = Parameters<typeof crashTest>;

/** What a crash test finds, and in which words. */
async function found(pipelines: Tested[0], input: Tested[1], options?: CrashTestOptions): Promise<CrashTestError> {
  const error = await assertRejects(() => crashTest(pipelines, input, options), CrashTestError);
  assertSentence(error.message);
  return error;
}

function placeOf({ found, topic, index, epochs, crash }: CrashDifference) {
  return { found, topic, index, epochs, crash };
}

Deno.test("crashTest() passes a count, and says how much it has tried", async () => {
  const report = await crashTest(totals(), clicks);
  assertEquals(report.results, 7);
  // Epochs of 1, 2, 3, random lengths and all in one, each with its end: two crashes at each boundary, and all at once.
  const boundaries = [8, 5, 4, 2];
  assert(report.crashes > 4 * boundaries.reduce((total, one) => total + one), JSON.stringify(report));
  assert(report.runs > 50, JSON.stringify(report));
});

Deno.test("crashTest() processes the records of an epoch again whose commit a crash came before", async () => {
  const seen: string[] = [];
  const watched = broker.source<string>("clicks", { tombstones: "refuse" }).pipe(
    tap((user) => seen.push(user)),
    broker.sink("out"),
  );
  const { runs } = await crashTest(watched, ["a", "b", "c"].map((value) => ({ value })), { epochs: [1] });
  // Four epochs with the end of the input: each of the three others is processed twice in one run, and all of them in one more.
  const counted = (user: string) => seen.filter((one) => one === user).length;
  assert(counted("b") > runs, `${counted("b")} in ${runs} runs`);
  assertEquals(seen.slice(0, 6).join(""), "abcabc");
  assert(seen.join("").includes("aabbcc"), "no run crashed before every commit");
});

Deno.test("crashTest() passes windows with allowed lateness and a late side output", async () => {
  const { results } = await crashTest(activity(), visits);
  assert(results > 8);
});

Deno.test("crashTest() passes tasks of several partitions, and one task over all of them", async () => {
  await crashTest(totals(), clicks, { partitions: 4 });
  await crashTest(activity(), visits, { partitions: 3 });
  await crashTest(activity(), visits, { partitions: 3, tasks: "single" });
});

Deno.test('crashTest() passes emit: "latest", whose values on the way depend on the cut', async () => {
  const latest = broker.source<string>("clicks").pipe(
    keyedReduce({ name: "latest", key: (user) => user, initial: 0, reduce: (total) => total + 1, emit: "latest" }),
    broker.sink("latest", { key: ({ key }) => key }),
  );
  await crashTest(latest, clicks);
  await crashTest(latest, clicks, { partitions: 3 });
});

Deno.test("crashTest() passes stateless stages, several pipelines on one source, and a merge of two topics", async () => {
  const doubled = broker.source<string>("clicks", { tombstones: "refuse" }).pipe(
    filter((user) => user !== "eve"),
    concatMap((user) => [user, user.toUpperCase()]),
    broker.sink("names"),
  );
  await crashTest([totals(), doubled], clicks);

  const timed = (topic: string) =>
    broker.source<Visit>(topic).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: seconds(2), name: topic }),
    );
  const both = merge(timed("visits"), timed("calls")).pipe(
    tumblingWindow({ name: "both", key: ({ user }) => user, size: seconds(10), aggregate: sum(() => 1) }),
    broker.sink("both", { key: ({ key }) => key }),
  );
  const input = visits.map((visit, index) => ({ ...visit, topic: index % 4 === 1 ? "calls" : "visits" }));
  await crashTest(both, input, { tasks: "single", partitions: 2 });
});

Deno.test("crashTest() passes a Kafka pipeline with dead letters, and one that is made for each process", async () => {
  const cluster = kafka({ brokers: ["localhost:1"] });
  const dead = deadLetter(cluster.sink("dead"));
  const checked = cluster.source<string>("clicks").pipe(
    map((user) => {
      if (user === "eve") throw new RangeError("no eve");
      return user;
    }),
    keyedReduce({ name: "totals", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    cluster.sink("totals", { key: ({ key }) => key }),
  );
  const { results } = await crashTest(checked, clicks, { onError: dead });
  assertEquals(results, 7);
  await crashTest(() => totals(memory()), clicks);
});

Deno.test("crashTest() leaves open windows open where the input does not end", async () => {
  const whole = await crashTest(activity(), visits);
  const open = await crashTest(activity(), visits, { ends: false });
  assert(open.results < whole.results);
});

Deno.test("crashTest() finds a scan between two stages", async () => {
  const numbered = broker.source<string>("clicks", { tombstones: "refuse" }).pipe(
    scan((seen, user) => ({ user, number: seen.number + 1 }), { user: "", number: 0 }),
    broker.sink("numbered", { key: ({ user }) => user }),
  );
  const error = await found(numbered, clicks);
  assertEquals(placeOf(error.difference), {
    found: "crash",
    topic: "numbered",
    index: 1,
    epochs: "epochs of 1 record",
    crash: "after the commit of epoch 1",
  });
  assertEquals(
    error.message,
    'Result 1 of topic "numbered" (key "bob") differs: expected {"user":"bob","number":2}, got {"user":"bob","number":1}, after a crash ' +
      "after the commit of epoch 1, with epochs of 1 record. Something remembers that is in no checkpoint: an RxJS operator such as scan, " +
      "bufferCount, pairwise or distinctUntilChanged, or a variable in a closure, such as a Map. Keep it in keyedReduce() or a window; the " +
      "deno lint plugin of @tidemark/streams/testing/lint names such operators",
  );
});

Deno.test("crashTest() finds a bufferCount, whatever the epochs that it fits into", async () => {
  const paired = broker.source<string>("clicks").pipe(bufferCount(2), broker.sink("pairs"));
  const error = await found(paired, clicks.slice(0, 6));
  assertEquals(error.difference.expected?.value, ["ada", "bob"]);
  assertEquals(error.difference.actual?.value, ["bob", "ada"]);
  assertEquals(error.difference.crash, "after the commit of epoch 1");
  // Epochs of two records are those of the buffer: random lengths are not.
  const misfit = await found(paired, clicks.slice(0, 6), { epochs: [2] });
  assertEquals(misfit.difference.epochs, "epochs of random lengths (seed 1)");
});

Deno.test("crashTest() finds pairwise and distinctUntilChanged", async () => {
  const pairs = broker.source<string>("clicks").pipe(pairwise(), broker.sink("pairs"));
  const missing = await found(pairs, clicks);
  assertEquals([missing.difference.expected?.value, missing.difference.actual], [["ada", "bob"], undefined]);
  const changes = broker.source<string>("clicks").pipe(distinctUntilChanged(), broker.sink("changes"));
  const doubled = await found(changes, clicks);
  assertEquals(doubled.difference.expected, undefined);
  assertEquals(doubled.difference.actual?.value, "ada");
  assert(doubled.message.includes('expected nothing, got "ada"'), doubled.message);
});

Deno.test("crashTest() finds a Map in a closure, by the second run", async () => {
  const totals = new Map<string, number>();
  const counted = broker.source<string>("clicks", { tombstones: "refuse" }).pipe(
    map((user) => {
      const total = (totals.get(user) ?? 0) + 1;
      totals.set(user, total);
      return { user, total };
    }),
    broker.sink("counted", { key: ({ user }) => user }),
  );
  const error = await found(counted, clicks);
  assertEquals(placeOf(error.difference), {
    found: "again",
    topic: "counted",
    index: 0,
    epochs: "the whole input in one epoch",
    crash: undefined,
  });
  assert(
    error.message.startsWith(
      'Result 0 of topic "counted" (key "ada") differs: expected {"user":"ada","total":1}, got {"user":"ada","total":5}, after one more ' +
        "run without a crash, with the whole input in one epoch. Two runs without any crash already differ",
    ),
    error.message,
  );
  assert(error.message.includes("a Map in a closure"), error.message);
});

Deno.test("crashTest() finds a Map in a closure that each process makes anew, by what a crash loses", async () => {
  const counted = () => {
    const seen = new Map<string, number>();
    return broker.source<string>("clicks", { tombstones: "refuse" }).pipe(
      map((user) => seen.set(user, (seen.get(user) ?? 0) + 1).get(user)),
      broker.sink("counted"),
    );
  };
  const error = await found(counted, clicks);
  assertEquals(error.difference.found, "crash");
  assertEquals(error.difference.crash, "after the commit of epoch 1");
});

Deno.test("crashTest() finds Math.random(), and says that no crash was needed", async () => {
  const drawn = broker.source<string>("clicks").pipe(map((user) => [user, Math.random()]), broker.sink("drawn"));
  const error = await found(drawn, clicks);
  assertEquals(error.difference.found, "again");
  assertEquals(error.difference.crash, undefined);
  assert(error.message.includes("Two runs without any crash already differ"), error.message);
  assert(error.message.includes("Math.random()"), error.message);
});

Deno.test('crashTest() finds a count of what emit: "latest" has shown, which depends on the cut', async () => {
  const latest = broker.source<string>("clicks").pipe(
    keyedReduce({ name: "latest", key: (user) => user, initial: 0, reduce: (total) => total + 1, emit: "latest" }),
    keyedReduce({ name: "shown", key: ({ key }) => key, initial: 0, reduce: (total) => total + 1 }),
    broker.sink("shown", { key: ({ key }) => key }),
  );
  const error = await found(latest, clicks);
  assertEquals(error.difference.found, "cut");
  assert(error.message.includes("the results depend on where epochs are cut"), error.message);
});

Deno.test("crashTest() tells a job that stops after a crash alone", async () => {
  const forgetful = () => {
    const known = new Set<string>();
    return broker.source<string>("clicks", { tombstones: "refuse" }).pipe(
      map((user, index) => {
        if (index === 0 && user !== "ada") throw new RangeError("ada comes first");
        known.add(user);
        return user;
      }),
      broker.sink("users"),
    );
  };
  await assertRejects(
    () => crashTest(forgetful, clicks),
    Error,
    "The job stopped after a crash after the commit of epoch 1, with epochs of 1 record, and did not stop without:",
  );
});

Deno.test("crashTest() passes on why a pipeline fails or is refused without any crash", async () => {
  const failing = broker.source("clicks").pipe(map(() => JSON.parse("{")), broker.sink("out"));
  await assertRejects(() => crashTest(failing, clicks), Error, "clicks/0@0");
  const bare = from(["ada"]).pipe(broker.sink("out"));
  await assertRejects(
    () => crashTest(bare, clicks),
    TypeError,
    "while the pipeline was being subscribed: of(), from()",
  );
});

Deno.test("crashTest() refuses an input whose topic is not clear, and epochs of no record", async () => {
  await assertRejects(
    () => crashTest(totals(), [{ value: "ada", topic: "klicks" }]),
    RangeError,
    'record 0 of the input is for the topic "klicks", and the pipeline reads "clicks"',
  );
  const both = merge(broker.source("clicks"), broker.source("calls")).pipe(broker.sink("both"));
  await assertRejects(() => crashTest(both, clicks), RangeError, "record 0 of the input names no topic");
  await assertRejects(
    () => crashTest(totals(), clicks, { epochs: [0] }),
    RangeError,
    "epochs must be integers above 0",
  );
});
