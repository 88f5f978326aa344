/** Dead letters are looked at, and their records are sent again. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { map } from "rxjs";
import { bytes, deadLetter, embeddedLog, memory, ReplayError, run } from "@tidemark/streams";
import { first } from "./support/jobs.ts";

/** Whether the pipeline takes numbers that it refused before. */
interface Cure {
  done: boolean;
}

type Log = ReturnType<typeof memory> | ReturnType<typeof embeddedLog>;

/** Numbers to their tenfold. Those below zero are refused until the cure. */
function tens(log: Log, cure: Cure) {
  return (log as ReturnType<typeof memory>).source<number>("numbers").pipe(
    map((value) => {
      if (value! < 0 && !cure.done) throw new RangeError("below zero");
      return value! * 10;
    }),
    log.sink("tens"),
  );
}

async function embedded(kv: Deno.Kv, { path }: { readonly path?: string } = {}) {
  const log = embeddedLog(kv, { path });
  for (const topic of ["numbers", "tens", "dead"]) await log.create(topic, { partitions: 2 });
  return log;
}

const options = (log: Log, state: Deno.Kv) => {
  const letters = deadLetter(log.sink("dead"));
  return { name: "tens", state, onBadRecord: letters, onError: letters, log: () => {} };
};

/** Resolves when a topic has this many records. */
async function filled(log: Log, topic: string, count: number): Promise<void> {
  await first((log as ReturnType<typeof memory>).source(topic, { codec: bytes() }), count);
}

const utf8 = (bytes: Uint8Array | null | undefined) => bytes && new TextDecoder().decode(bytes);

Deno.test("a dead letter says why, where its record was, and what it holds", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  await using job = await run(tens(log, { done: false }), options(log, kv));
  await log.append("numbers", [{ value: -1, partition: 1, key: "k", headers: { from: "test" }, timestamp: 7 }]);
  await filled(log, "dead", 1);
  assertEquals(job.records.letterTopics, ["dead"]);
  const { letters: [letter], complete, scanned } = await job.records.letters("dead");
  assertEquals([letter.topic, letter.timestamp, letter.source, letter.stage, letter.replayed, letter.replayOf], [
    ...["dead", 7, "numbers/1@0"],
    ...['sink "tens"', undefined, undefined],
  ]);
  assertEquals([complete, scanned], [true, 1]);
  assertStringIncludes(letter.reason, "below zero");
  const record = (await job.records.read(letter))!;
  assertEquals([utf8(record.value), utf8(record.key), record.timestamp], ["-1", "k", 7]);
  assertEquals(record.headers.map(([name]) => name), [
    "from",
    "tidemark.time",
    "tidemark.reason",
    "tidemark.stage",
    "tidemark.source",
  ]);
  assertEquals(await job.records.read({ topic: "dead", partition: 0, offset: 99 }), undefined);
});

Deno.test("only topics and partitions of the job can be looked at", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  await log.create("other");
  await using job = await run(tens(log, { done: false }), options(log, kv));
  const read = (topic: string, partition = 0) => job.records.read({ topic, partition, offset: 0 });
  await assertRejects(
    () => read("other"),
    RangeError,
    'Job tens has no topic "other"; it has "tens", "dead", "numbers"',
  );
  await assertRejects(() => job.records.letters("other"), RangeError, 'no topic "other"');
  await assertRejects(() => read("numbers", 2), RangeError, "it has 2 partitions");
});

Deno.test("a dead letter that is replayed twice on the embedded log is there once, also after a restart", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  const cure = { done: false };
  const start = () => run(tens(log, cure), options(log, kv));
  const place = { topic: "dead", partition: 0, offset: 0 };
  {
    await using job = await start();
    await log.append("numbers", [{ value: -4, partition: 1, key: "k", headers: { from: "test" }, timestamp: 7 }]);
    await filled(log, "dead", 1);
    const { letters: [letter] } = await job.records.letters("dead");
    Object.assign(place, { partition: letter.partition, offset: letter.offset });
    cure.done = true;
    const answers = await Promise.allSettled([job.records.replay(place), job.records.replay(place)]);
    assertEquals(answers.map(({ status }) => status), ["fulfilled", "rejected"]);
    const one = (answers[0] as PromiseFulfilledResult<Awaited<ReturnType<typeof job.records.replay>>>).value;
    assertEquals([one.to, one.once], ["numbers/1", "always"]);
    assertStringIncludes(one.sentence, "was sent to numbers/1 again. It is there once");
    await filled(log, "tens", 1);
  }
  await using job = await start();
  const error = await assertRejects(() => job.records.replay(place), ReplayError);
  assertStringIncludes(error.message, `Cannot replay dead/${place.partition}@0: it was sent again at 20`);
  await assertRejects(() => job.records.replay(place, { again: true }), ReplayError, "it was sent again");
  const records = await Array.fromAsync(log.read("numbers", { partition: 1 }));
  assertEquals(records.map(({ value, key, timestamp }) => [utf8(value), utf8(key), timestamp]), [
    ["-4", "k", 7],
    ["-4", "k", 7],
  ]);
  assertEquals(records[1].headers!.map(([name, value]) => [name, utf8(value)]), [
    ["from", "test"],
    ["tidemark.replayed", `dead/${place.partition}@0`],
  ]);
  const [{ state, to }] = (await job.records.letters("dead")).letters.map(({ replayed }) => replayed!);
  assertEquals([state, to], ["done", "numbers/1"]);
  assertEquals((await Array.fromAsync(log.read("tens"))).map(({ value }) => utf8(value)), ["-40"]);
});

Deno.test("a replay is marked before it is sent where both cannot be written in one atomic", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  await using job = await run(tens(log, { done: false }), options(log, kv));
  log.append("numbers", [{ value: -4 }]);
  await filled(log, "dead", 1);
  const place = { topic: "dead", partition: 0, offset: 0 };
  // As a process leaves it that dies between the mark and the record.
  const key = ["job", "tens", "replayed", "dead", "", 0, 0];
  await kv.set(key, { at: 1_700_000_000_000, to: "numbers/0", state: "begun" });
  const refused = await assertRejects(() => job.records.replay(place), ReplayError);
  assertStringIncludes(
    refused.message,
    "it was about to be sent at 2023-11-14T22:13:20.000Z to numbers/0 when the process died",
  );
  const sent = await job.records.replay(place, { again: true });
  assertEquals([sent.to, sent.once], ["numbers/0", "unless the process dies in between"]);
  assertEquals((await job.records.replayed(place))?.state, "done");
  await assertRejects(() => job.records.replay(place, { again: true }), ReplayError, "it was sent again");
});

Deno.test("a replay that the topic refuses leaves no mark", async () => {
  using kv = await Deno.openKv(":memory:");
  using other = await Deno.openKv(":memory:");
  for (const [log, state] of [[await embedded(kv), kv], [memory(), other]] as const) {
    await using job = await run(tens(log, { done: false }), options(log, state));
    const headers = { "tidemark.reason": "the broker refuses it", "tidemark.source": "tens/0" };
    await log.append("dead", [{ value: 50, partition: 0, headers }]);
    await log.end("tens");
    const place = { topic: "dead", partition: 0, offset: 0 };
    await assertRejects(() => job.records.replay(place), Error, "it was ended");
    assertEquals(await job.records.replayed(place), undefined);
  }
});

Deno.test("what is no dead letter with a record of the job cannot be replayed", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  await using job = await run(tens(log, { done: false }), options(log, kv));
  await log.append("dead", [
    { value: 1, partition: 0 },
    { value: 1, partition: 0, headers: { "tidemark.reason": "a window", "tidemark.time": "7" } },
    { value: 1, partition: 0, headers: { "tidemark.reason": "bad", "tidemark.source": "elsewhere/0@3" } },
    { value: 1, partition: 0, headers: { "tidemark.reason": "bad", "tidemark.source": "numbers" } },
  ]);
  const replay = (offset: number) => job.records.replay({ topic: "dead", partition: 0, offset });
  await assertRejects(() => replay(0), ReplayError, "it is no dead letter with a record");
  await assertRejects(() => replay(1), ReplayError, "it is no dead letter with a record");
  await assertRejects(() => replay(2), ReplayError, "it came from elsewhere/0@3, and the job has no such topic");
  await assertRejects(() => replay(3), ReplayError, "it came from numbers, and the job has no such topic");
  await assertRejects(() => replay(4), RangeError, "There is no record at dead/0@4");
});

Deno.test("a result that was never published is sent as it was, with its own time", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  await using job = await run(tens(log, { done: false }), options(log, kv));
  const headers = { "tidemark.time": "7", "tidemark.reason": "the broker refuses it", "tidemark.source": "tens/1" };
  await log.append("dead", [{ value: 50, partition: 0, headers }]);
  assertEquals((await job.records.replay({ topic: "dead", partition: 0, offset: 0 })).to, "tens/1");
  const [sent] = await Array.fromAsync(log.read("tens", { partition: 1 }));
  assertEquals([utf8(sent.value), sent.headers!.map(([name]) => name)], ["50", ["tidemark.time", "tidemark.replayed"]]);
});

Deno.test("all with one reason are sent in steps of 100, and each once", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  const cure = { done: false };
  await using job = await run(tens(log, cure), options(log, kv));
  await log.append("numbers", Array.from({ length: 230 }, (_, n) => ({ value: -1 - n, partition: n % 2 })));
  await log.append("numbers", [{ value: new TextEncoder().encode("{broken"), partition: 0 }]);
  await filled(log, "dead", 231);
  cure.done = true;
  const { letters } = await job.records.letters("dead");
  const [reason] = letters.map((letter) => letter.reason).filter((reason) => reason.includes("below zero"));
  await job.records.replay(letters.find((letter) => letter.reason === reason)!);
  const steps: [number, number][] = [];
  for (let next: string | undefined = "first"; next !== undefined;) {
    const step = await job.records.replayAll({ topic: "dead", reason, next: next === "first" ? undefined : next });
    steps.push([step.replayed, step.skipped]);
    assertEquals(step.diedAgain, undefined);
    next = step.next;
  }
  assertEquals(steps.map(([replayed]) => replayed).reduce((sum, n) => sum + n), 229);
  assertEquals(steps.map(([, skipped]) => skipped).reduce((sum, n) => sum + n), 1);
  assert(steps.every(([replayed]) => replayed <= 100));
  await filled(log, "tens", 230);
  const values = (await Array.fromAsync(log.read("tens"))).map(({ value }) => Number(utf8(value))).sort((a, b) =>
    b - a
  );
  assertEquals(values, Array.from({ length: 230 }, (_, n) => -10 - 10 * n));
});

Deno.test("nothing more is sent after one that has died again", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = await embedded(kv);
  await using job = await run(tens(log, { done: false }), options(log, kv));
  await log.append("numbers", Array.from({ length: 130 }, () => ({ value: -1, partition: 0 })));
  await filled(log, "dead", 130);
  const [{ reason }] = (await job.records.letters("dead")).letters;
  const step = await job.records.replayAll({ topic: "dead", reason });
  assertEquals([step.replayed, step.next], [100, undefined]);
  assertEquals(step.diedAgain?.replayOf, "dead/0@0");
  assertStringIncludes(step.sentence, "100 were sent again. One of them has died again, so nothing more is sent: ");
  const other = await assertRejects(() => job.records.replayAll({ topic: "dead", reason, next: "[1]" }), RangeError);
  assertEquals(other.message, "Cannot replay on: next is not what the last step has given");
});
