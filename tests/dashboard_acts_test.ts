/** What a person can do on the page: look up a key, inspect a record, send a dead letter again, stop the job. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { filter, map } from "rxjs";
import {
  bytes,
  count,
  deadLetter,
  embeddedLog,
  eventTime,
  type Job,
  keyedReduce,
  run,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { type Dashboard, dashboard, type DashboardOptions } from "@tidemark/streams/dashboard";
import { post, said } from "./support/dashboard/asking.ts";
import { first, until } from "./support/jobs.ts";

interface Place extends AsyncDisposable {
  readonly log: ReturnType<typeof embeddedLog>;
  readonly job: Job;
  readonly page: Dashboard;
  /** Asks a path below `/api/`. */
  ask(path: string): Promise<[number, Any]>;
  act(path: string, body: unknown): Promise<[number, Any]>;
}

// deno-lint-ignore no-explicit-any -- answers as programs read them
type Any = any;

interface Visit {
  readonly user: string;
  readonly at: number;
  readonly n: number;
}

/** A job that counts visits by user and window, and refuses those with a negative number until the cure. */
async function place(options: DashboardOptions = {}, cure = { done: false }): Promise<Place> {
  const kv = await Deno.openKv(":memory:");
  const log = embeddedLog(kv);
  for (const topic of ["visits", "counts", "dead"]) await log.create(topic, { partitions: 1 });
  const visits = log.source<Visit>("visits").pipe(
    filter((visit) => visit !== null),
    map((visit) => {
      if (visit.n < 0 && !cure.done) throw new RangeError("n is negative");
      return visit;
    }),
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
  );
  const letters = deadLetter(log.sink("dead"));
  const job = await run([
    visits.pipe(
      keyedReduce({
        name: "sums",
        version: 3,
        key: ({ user }) => user,
        initial: { n: 0 },
        reduce: (sum, { n }) => ({ n: sum.n + n }),
      }),
      log.sink("counts"),
    ),
    visits.pipe(
      tumblingWindow({ name: "windows", key: ({ user }) => user, size: 100, aggregate: count() }),
      log.sink("counts"),
    ),
  ], { name: "visits", state: kv, onBadRecord: letters, onError: letters, log: () => {} });
  const page = await dashboard(job, { port: 0, log: () => {}, ...options });
  return {
    ...{ log, job, page },
    ask: (path) => said(fetch(`${page.url}api/${path}`)),
    act: (path, body) => said(post(page, `api/${path}`, body)),
    async [Symbol.asyncDispose]() {
      await page[Symbol.asyncDispose]();
      await job.stop();
      kv.close();
    },
  };
}

const visit = (user: string, at: number, n: number) => ({ key: user, value: { user, at, n }, timestamp: at });

async function sumIs(job: Job, user: string, n: number): Promise<void> {
  await until("the sum", () => (job.state("sums").get(user) as { n: number } | undefined)?.n === n, job);
}

const show = (value: unknown) => ({ as: "json", text: JSON.stringify(value, null, 2), cut: false });

Deno.test("a key is looked up in a state, and in a window", async () => {
  await using here = await place();
  const hostile = `<img src=x onerror="alert(1)">`;
  await here.log.append("visits", [visit("ada", 5, 3), visit("ada", 105, 4), visit(hostile, 106, 1)]);
  await sumIs(here.job, hostile, 1);
  const note = "As it stands in the memory of this worker. It may be ahead of the last commit";
  assertEquals(await here.ask("state/sums"), [200, { state: "sums", cells: 2, note }]);
  const [, ada] = await here.ask("state/sums?key=ada");
  assertEquals(ada, {
    ...{ state: "sums", key: "ada", type: "string", found: true, note },
    value: { ...show({ n: 7 }), bytes: 12 },
  });
  const [, other] = await here.ask(`state/sums?key=${encodeURIComponent(hostile)}`);
  assertEquals([other.key, other.value.text], [hostile, JSON.stringify({ n: 1 }, null, 2)]);
  assertEquals((await here.ask("state/sums?key=bob"))[1].found, false);
  const [, window] = await here.ask("state/windows?key=ada&window=100");
  assertEquals([window.found, window.window, JSON.parse(window.value.text)], [true, "100", [1, 0]]);
  assertEquals((await here.ask("state/windows?key=ada&window=300"))[1].found, false);
});

Deno.test("a key that is none of its type, and a state that is not there, are refused with a sentence", async () => {
  await using here = await place();
  const refused: [string, number, RegExp][] = [
    ["state/nothing?key=a", 404, /^Job visits has no state "nothing"; it has "sums"/],
    ["state/%E0?key=a", 400, /path/],
    ["state/sums?key=a&type=number", 400, /^The key "a" is no number$/],
    ["state/sums?key=1.5&type=bigint", 400, /^The key "1.5" is no bigint$/],
    ["state/sums?key=yes&type=boolean", 400, /^The key "yes" is no boolean$/],
    ["state/sums?key=a&type=date", 400, /^type must be string, number, bigint or boolean, current value is "date"$/],
    ["state/windows?key=a&window=now", 400, /^window must be an integer, current value is "now"$/],
  ];
  for (const [path, status, words] of refused) {
    const [code, { error }] = await here.ask(path);
    assertEquals([path, code], [path, status]);
    assertMatch(error, words);
  }
  for (const typed of ["key=7&type=number", "key=7&type=bigint", "key=true&type=boolean"]) {
    assertEquals((await here.ask(`state/sums?${typed}`))[1].found, false);
  }
});

Deno.test("a record is shown as JSON, as text, or in hexadecimal, at most 64 KB of it", async () => {
  await using here = await place();
  const utf8 = (text: string) => new TextEncoder().encode(text);
  await here.log.append("visits", [
    { ...visit("ada", 5, 3), headers: { trace: "<b>", raw: new Uint8Array([0, 255]) } },
    { value: utf8("no JSON"), key: null, timestamp: 7 },
    { value: new Uint8Array([0x7b, 0, 0xff]), timestamp: 8 },
    { value: utf8(JSON.stringify("é".repeat(40_000))), timestamp: 9 },
    { value: null, key: "gone", timestamp: 10 },
  ]);
  const record = async (offset: number) => (await here.ask(`record?topic=visits&partition=0&offset=${offset}`))[1];
  assertEquals(await record(0), {
    ...{ topic: "visits", partition: 0, offset: 0, timestamp: 5 },
    key: { as: "text", text: "ada", bytes: 3, cut: false },
    value: { as: "json", text: '{"user":"ada","at":5,"n":3}', bytes: 27, cut: false },
    headers: [
      { name: "trace", value: { as: "text", text: "<b>", bytes: 3, cut: false } },
      { name: "raw", value: { as: "hex", text: "00ff", bytes: 2, cut: false } },
    ],
  });
  assertEquals((await record(1)).value, { as: "text", text: "no JSON", bytes: 7, cut: false });
  assertEquals((await record(2)).value, { as: "hex", text: "7b00ff", bytes: 3, cut: false });
  const large = (await record(3)).value;
  assertEquals([large.as, large.bytes, large.cut, new TextEncoder().encode(large.text).length], [
    "json",
    80_002,
    true,
    65_535,
  ]);
  const gone = await record(4);
  assertEquals([gone.value, gone.key.text], [null, "gone"]);
  const refused: [string, number, string][] = [
    ["topic=visits&partition=0&offset=99", 404, "There is no record at visits/0@99"],
    ["topic=visits&partition=1&offset=0", 404, 'There is no partition 1 of the topic "visits": it has 1 partitions.'],
    ["topic=secrets&partition=0&offset=0", 404, 'Job visits has no topic "secrets"; it has "counts", "dead", "visits"'],
    ["topic=visits&partition=0", 400, "offset must be an integer, current value is missing"],
    ["topic=visits&partition=x&offset=0", 400, 'partition must be an integer, current value is "x"'],
    ["partition=0&offset=0", 400, "The request must name a topic"],
  ];
  for (const [query, status, error] of refused) assertEquals(await here.ask(`record?${query}`), [status, { error }]);
});

Deno.test("values are hidden where the page hides them, and what is shown of them can be chosen", async () => {
  {
    await using here = await place({ values: "hide" });
    await here.log.append("visits", [{ ...visit("ada", 5, 3), headers: { trace: "secret" } }, visit("bob", 6, -1)]);
    await first(here.log.source("dead", { codec: bytes() }), 1);
    await sumIs(here.job, "ada", 3);
    const hidden = (length: number) => ({ as: "hidden", text: "", bytes: length, cut: false });
    const [, record] = await here.ask("record?topic=visits&partition=0&offset=0");
    assertEquals([record.key, record.value, record.headers[0].value], [hidden(3), hidden(27), hidden(6)]);
    assertEquals((await here.ask("state/sums?key=ada"))[1].value, hidden(12));
    const [, letter] = await here.ask("record?topic=dead&partition=0&offset=0");
    assertStringIncludes(
      letter.headers.find(({ name }: Any) => name === "tidemark.reason").value.text,
      "n is negative",
    );
    assertEquals((await here.ask("about"))[1].values, "hide");
  }
  const redact = (value: unknown, of: string) => {
    return typeof value === "object" && value !== null
      ? { ...value, user: `of ${of}` }
      : value === null
      ? "none"
      : value;
  };
  await using here = await place({ redact });
  await here.log.append("visits", [visit("ada", 5, 3), { value: null, timestamp: 6 }]);
  await sumIs(here.job, "ada", 3);
  const [, record] = await here.ask("record?topic=visits&partition=0&offset=0");
  assertEquals(JSON.parse(record.value.text), { user: "of visits", at: 5, n: 3 });
  assertEquals(JSON.parse((await here.ask("record?topic=visits&partition=0&offset=1"))[1].value.text), "none");
  assertEquals(JSON.parse((await here.ask("state/sums?key=ada"))[1].value.text), { n: 3, user: "of sums" });
});

Deno.test("dead letters are counted by reason, and one is replayed once", async () => {
  const cure = { done: false };
  await using here = await place({}, cure);
  await here.log.append("visits", [visit("ada", 5, -3), visit("bob", 6, -1), { value: "no visit", timestamp: 7 }]);
  await first(here.log.source("dead", { codec: bytes() }), 3);
  const [, listed] = await here.ask("dead-letters");
  assertEquals([listed.topic, listed.scanned, listed.complete], ["dead", 3, true]);
  assertEquals(listed.reasons.map(({ count, replayed }: Any) => [count, replayed]), [[2, 0], [1, 0]]);
  assertStringIncludes(listed.reasons[0].reason, "n is negative");
  const only = `reason=${encodeURIComponent(listed.reasons[0].reason)}`;
  const [, two] = await here.ask(`dead-letters?topic=dead&${only}`);
  assertEquals(two.letters.map(({ offset, source }: Any) => [offset, source]), [[1, "visits/0@1"], [0, "visits/0@0"]]);
  assertEquals((await here.ask("dead-letters?limit=1"))[1].letters.length, 1);

  cure.done = true;
  const letter = { topic: "dead", partition: 0, offset: 0 };
  const [status, answer] = await here.act("replay", letter);
  assertEquals([status, answer.replayed, answer.to, answer.once], [200, 1, "visits/0", "always"]);
  await sumIs(here.job, "ada", -3);
  const [again, { error }] = await here.act("replay", letter);
  assertEquals(again, 409);
  assertMatch(error, /^Cannot replay dead\/0@0: it was sent again at \d{4}-.+Z to visits\/0$/);
  const [, shown] = await here.ask("record?topic=dead&partition=0&offset=0");
  assertEquals([shown.replayed.state, shown.replayed.to], ["done", "visits/0"]);

  const [, step] = await here.act("replay", { topic: "dead", reason: listed.reasons[0].reason });
  assertEquals([step.replayed, step.skipped, step.next, step.diedAgain], [1, 1, undefined, undefined]);
  await sumIs(here.job, "bob", -1);
  assertEquals((await here.log.bounds("visits"))[0].latest, 5);
});

Deno.test("a replay that makes no sense is refused", async () => {
  await using here = await place();
  const refused: [unknown, number, string][] = [
    [{}, 400, "The request must name a topic"],
    [{ topic: "dead", partition: 0 }, 400, "offset must be an integer, current value is missing"],
    [{ topic: "dead", partition: 0, offset: 9 }, 404, "There is no record at dead/0@9"],
    [
      { topic: "elsewhere", partition: 0, offset: 9 },
      404,
      'Job visits has no topic "elsewhere"; it has "counts", "dead", "visits"',
    ],
    [
      { topic: "dead", reason: 7 },
      400,
      "A replay of many needs a topic and a reason, and next as the last step has given it",
    ],
    [{ topic: "dead", reason: "x", next: "{" }, 404, "Cannot replay on: next is not what the last step has given"],
  ];
  for (const [body, status, error] of refused) assertEquals(await here.act("replay", body), [status, { error }]);
  assertEquals((await here.log.bounds("visits"))[0].latest, 0);
});

Deno.test("the job is stopped from the page, which then says so and stays", async () => {
  await using here = await place();
  await here.log.append("visits", [visit("ada", 5, 3)]);
  await sumIs(here.job, "ada", 3);
  assertEquals(await here.act("stop", {}), [200, {
    stopped: true,
    sentence: "Job visits has stopped, and nothing waits",
  }]);
  assertEquals(await here.job.finished, { reason: "stopped" });
  assertEquals((await here.ask("details"))[1].state, "stopped");
  assertEquals((await said(fetch(`${here.page.url}api/stop`)))[0], 405);
});

Deno.test("the page says what it is the page of", async () => {
  await using here = await place();
  const [, about] = await here.ask("about");
  assertMatch(about.version, /^\d+\.\d+\.\d+/);
  assert(about.deno.length > 0);
  assertEquals([about.job, about.values, about.topics.read, about.topics.deadLetters], ["visits", "show", ["visits"], [
    "dead",
  ]]);
  assertEquals(about.topics.written, ["counts", "dead"]);
  assertEquals(about.states.find(({ name }: { name: string }) => name === "sums"), { name: "sums", version: 3 });
});
