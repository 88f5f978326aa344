/** The ten questions of docs/troubleshooting.md: the API, the page and the command line answer in the same words. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { map } from "rxjs";
import {
  asyncMap,
  count,
  days,
  eventTime,
  type EventTimeOptions,
  hours,
  type Job,
  keyedReduce,
  memory,
  minutes,
  run,
  type RunOptions,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { type Browser, findBrowser, startBrowser } from "./support/browser.ts";
import { scratch } from "./support/jobs.ts";
import { command, makeVisits, startVisits } from "./support/terminal.ts";
import { ThreeWays } from "./support/three_ways.ts";

const found = findBrowser();
const ignore = !found.ok;
console.log(found.ok ? `Pages are shown by ${found.path}.` : `The ten questions are ignored: ${found.reason}.`);

let browser: Browser;
Deno.test.beforeAll(async () => {
  if (!ignore) browser = await startBrowser();
});
Deno.test.afterAll(async () => {
  if (!ignore) await browser.close();
});

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore, fn });
}

interface Visit {
  readonly user: string;
  readonly at: number;
}

type Log = ReturnType<typeof memory>;

const noon = Date.UTC(2026, 0, 5, 12);
const options: RunOptions = { name: "shop", state: ":memory:", worker: "harbour-1", log: () => {} };

/** A log whose topics have so many partitions. */
function logOf(partitions: number): Log {
  const log = memory();
  for (const topic of ["visits", "out"]) log.create(topic, { partitions });
  return log;
}

/** Counts visits by user and minute. */
function windows(log: Log, time: EventTimeOptions = {}) {
  return log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at, time),
    watermark({ name: "visits", maxOutOfOrderness: seconds(10) }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
    log.sink("out"),
  );
}

/** Counts visits by user. */
function totals(log: Log) {
  return log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    keyedReduce({ name: "totals", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("out"),
  );
}

/** A visit at a time, whose record has the same timestamp. */
function visit(user: string, at: number, partition = 0) {
  return { key: user, partition, value: { user, at }, timestamp: at };
}

function asked(job: Job): Promise<ThreeWays> {
  return ThreeWays.to(job, browser);
}

test("question 1, whether it keeps up: how far it is behind, in records and in time, and how fast it reads", async () => {
  const log = logOf(1);
  const answer = Promise.withResolvers<void>();
  const slow = asyncMap(async (visit: Visit) => {
    await answer.promise;
    return visit;
  }, { name: "rating", concurrency: 1 });
  // Half an hour more, so that the words stay the same for as long.
  const old = Date.now() - days(2) - hours(1) - minutes(30);
  log.append("visits", Array.from({ length: 2_000 }, () => visit("ada", old)));
  await using job = await run(
    log.source<Visit>("visits", { tombstones: "refuse" }).pipe(slow, log.sink("out")),
    options,
  );
  try {
    await using three = await asked(job);
    const { sentences: { pace } } = await three.when("reading to stand still", (details) => {
      return details.state === "catching up" && details.records_per_second === 0;
    });
    assertMatch(pace, /^Catching up: 1,9\d\d records, or 2 d 1 h, behind\. It reads 0 a second\.$/);
    await three.bothSay(pace, { view: "now", command: ["inspect"] });
    three.assertContent();
  } finally {
    answer.resolve();
  }
});

test("question 2, why a window has not fired: the partition that holds it, and the cure", async () => {
  const log = logOf(4);
  await using job = await run(windows(log), { ...options, tasks: "single" });
  await using three = await asked(job);
  const visits = [0, 1, 2].flatMap((partition) => [0, 3].map((at) => visit("ada", noon + minutes(at), partition)));
  log.append("visits", visits);
  await three.when("the visits to be read", ({ records_in, lag }) => records_in === 6 && lag === 0);
  const [{ sentence, cure, holder }] = await job.explain("activity");
  assertEquals(holder, { topic: "visits", partition: 3, lastEvent: undefined, raisedBy: undefined });
  assertMatch(sentence, /waits: visits\/3 has no record at all; no idleAfter is set, so it holds time for ever$/);
  await three.bothSay(sentence, { view: "now", command: ["why", "activity"] });
  await three.bothSay(sentence.slice("activity: ".length), { view: "time", command: ["why", "activity"] });
  await three.bothSay(cure!, { view: "time", command: ["why", "activity"] });
  three.assertContent();
});

test("question 3, what holds event time back and whose clock is wrong: the partition, and the record that moved time", async () => {
  const log = logOf(1);
  const now = Date.now();
  // Half an hour more, so that the words stay the same for as long.
  const ahead = now + days(94) + minutes(30);
  await using job = await run(windows(log, { maxAhead: days(200) }), options);
  await using three = await asked(job);
  log.append("visits", [visit("ada", now), { ...visit("bob", ahead), timestamp: now }, visit("ada", now)]);
  const { watermarks: [{ sentence: held }] } = await three.when("the late visit", ({ late }) => late === 1);
  const [{ sentence, cure, reason }] = await job.explain("activity");
  assertEquals(reason, "too far ahead");
  assertMatch(
    sentence,
    /^activity: visits\/0@1 said [\d-]+ [\d:.]+ and moved time on by 94 d; since then 1 value is late$/,
  );
  assertMatch(
    held,
    /^visits: visits\/0 holds event time at [\d-]+ [\d:.]+, to which its record at offset 1 has brought it$/,
  );
  await three.bothSay(sentence, { view: "now", command: ["why"] });
  await three.bothSay(cure!, { view: "time", command: ["why"] });
  await three.bothSay(held, { view: "time", command: ["inspect"] });
  three.assertContent();
});

test("question 4, what was late: by how much, what had closed its window, and the bound that would have kept it", async () => {
  const log = logOf(1);
  await using job = await run(windows(log), options);
  await using three = await asked(job);
  log.append("visits", [visit("ada", noon), visit("bob", noon + minutes(3)), visit("ada", noon + seconds(30))]);
  const { lateRecords: [{ sentence }], stages } = await three.when("the late visit", ({ late }) => late === 1);
  assertMatch(
    sentence,
    /^visits\/0@2 \(.*12:00:30\) was late by .* for \[.*\): visits\/0@1 \(.*12:03:00\) had closed it/,
  );
  const [{ keptBy }] = stages;
  assertMatch(
    keptBy!.sentence,
    /^activity: a bound of .* would have kept 99\.9 % of all records, and one of .* all of them$/,
  );
  for (const words of [sentence, keptBy!.sentence]) {
    await three.bothSay(words, { view: "records", command: ["report"] });
    await three.bothSay(words, { view: "records", command: ["inspect"] });
  }
  three.assertContent();
});

test("question 5, what limits it: its own code, with the share of the time", async () => {
  const log = logOf(1);
  const busy = map((visit: Visit) => {
    const until = performance.now() + 0.1;
    while (performance.now() < until);
    return visit;
  });
  log.append("visits", Array.from({ length: 150_000 }, () => visit("ada", noon)));
  const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(busy, log.sink("out"));
  await using job = await run(pipeline, options);
  await using three = await asked(job);
  const limited = /It is limited by its own code \(\d+ %\)\./;
  await three.when("the limit", ({ sentences: { limit } }) => limit !== undefined && limited.test(limit));
  await three.bothSay(limited, { view: "epochs", command: ["inspect"] });
  three.assertContent();
});

test("question 6, whether a task or a key is hot: its share, and the fair one", async () => {
  const log = logOf(4);
  const visits = Array.from({ length: 8_000 }, (_none, n) => {
    return n % 40 > 2 ? visit("ada", noon) : visit(`user-${n}`, noon, 1 + n % 40);
  });
  log.append("visits", visits);
  await using job = await run(totals(log), options);
  await using three = await asked(job);
  const { sentences: { skew }, hotKeys } = await three.when("all visits", ({ records_in }) => records_in === 8_000);
  assertEquals(skew, "Task 0 is hot: it has had 93 % of all records; a fair share is 25 %.");
  assertEquals(hotKeys[0].sentence, "visits/0: at least 100 % of its records have the key ada");
  for (const words of [skew!, hotKeys[0].sentence]) {
    await three.bothSay(words, { view: "tasks", command: ["inspect"] });
  }
  three.assertContent();
});

test("question 7, what the state holds: how much of it there is, and the value of a key", async () => {
  const log = logOf(1);
  await using job = await run(totals(log), options);
  await using three = await asked(job);
  log.append("visits", ["ada", "bob", "ada", "eve"].map((user) => visit(user, noon)));
  const { sentences: { state } } = await three.when("the commit", ({ records_in, stages, tasks: [{ epoch }] }) => {
    return records_in === 4 && epoch > 0 && stages[0].keys === 3;
  });
  assertMatch(state!, /^The stages keep 3 values of about \d+ B in the tasks of this worker\.$/);
  await three.bothSay(state!, { view: "state", command: ["inspect"] });
  const value = String(job.state("totals").get("ada"));
  assertEquals(value, "2");
  await three.page.getByRole("textbox", { name: "Key" }).fill("ada");
  await three.page.getByRole("button", { name: "Look up" }).click();
  await three.page.getByText("totals, ada").waitFor();
  assertEquals(await three.page.locator(".value-text").innerText(), value);
  assertEquals(await three.prints("state", "totals", "ada"), `${value}\n`);
  three.assertContent();
});

test("question 8, what failed: the failure that has stopped a job", async () => {
  const log = logOf(1);
  const refusing = map((visit: Visit) => {
    if (visit.user === "eve") throw new Error('the user "eve" has no rights');
    return visit;
  });
  const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(refusing, log.sink("out"));
  await using job = await run(pipeline, options);
  job.finished.catch(() => {}); // It is told by the details.
  await using three = await asked(job);
  log.append("visits", [visit("ada", noon), visit("eve", noon)]);
  const { failure, sentences: { pace } } = await three.when("the end", ({ failure }) => failure !== undefined);
  assertStringIncludes(failure!, "visits/0@1");
  for (const words of [pace, failure!]) await three.bothSay(words, { view: "now", command: ["inspect"] });
  three.assertContent();
});

test("question 8, what failed: the record that went to the dead letters, and its reason", async () => {
  await using folder = await scratch();
  const state = folder.path("state.db");
  await makeVisits(state);
  await using started = await startVisits(state);
  await using three = await asked(started.job);
  const { deadLetters: [{ reason, topic, partition, offset }] } = await three.when("the dead letter", (details) => {
    return details.records_in === 6 && details.deadLetters.length === 1 && details.waiting.epochs === 0;
  });
  assertEquals(reason, "user is no text");
  await three.shows("records", reason);
  await three.shows("records", `${topic}/${partition}@${offset}`);
  const { code, out } = await command(["dead-letters", "shop", "--state", state]);
  assertEquals(code, 0);
  for (const words of [reason, `${topic}/${partition}@${offset}`]) assertStringIncludes(out, words);
  three.assertContent();
});

test("question 9, what is visible: before a stop, and after it", async () => {
  const log = logOf(1);
  await using job = await run(totals(log), options);
  await using three = await asked(job);
  log.append("visits", [visit("ada", noon)]);
  const running = await three.when("the commit", ({ tasks: [{ epoch, visible }] }) => epoch === 1 && visible === 1);
  assertStringIncludes(running.sentences.visible, "Everything that is committed is visible. Stopping loses nothing");
  await three.bothSay(running.sentences.visible, { view: "epochs", command: ["inspect"] });
  await job.stop();
  const stopped = await job.details();
  assertEquals(stopped.sentences.pace, "Stopped. Everything is committed and visible; nothing waits.");
  await three.bothSay(stopped.sentences.pace, { view: "now", command: ["inspect"] });
  await three.bothSay(stopped.sentences.visible, { view: "epochs", command: ["inspect"] });
  three.assertContent();
});

test("question 10, what happened and who has which task: events with their times, and the workers", async () => {
  const log = logOf(2);
  await using job = await run(totals(log), options);
  await using three = await asked(job);
  const { tasks } = await three.when("both tasks", ({ tasks }) => tasks.every(({ source }) => source === "live"));
  assertEquals(tasks.map(({ worker }) => worker), ["harbour-1", "harbour-1"]);
  await three.bothSay("harbour-1", { view: "tasks", command: ["inspect"] });
  const events = job.events.list();
  assert(events.some(({ kind }) => kind === "taken"), JSON.stringify(events));
  for (const { at, kind, text } of events) {
    await three.shows("events", text);
    assertStringIncludes(await three.prints("report"), `${new Date(at).toISOString()} info, ${kind}: ${text}`);
  }
  three.assertContent();
});
