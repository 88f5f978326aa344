/** Codecs that fetch what they need: their partition waits, the others go on, and what is away is told. */
import { assert, assertEquals, assertMatch, assertRejects, fail } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { toArray } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  int64,
  lateSideOutput,
  memory,
  type RunOptions,
  tumblingWindow,
  UnavailableError,
  watermark,
} from "@tidemark/streams";
import type { RecordCodec } from "@tidemark/streams/connectors";
import type { Batch, InputRecord } from "../connectors/connector.ts";
import { textBytes } from "../base/text.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { InputQueue } from "../runtime/input_queue.ts";
import { runWith } from "../runtime/run.ts";
import { first, header, Lines, ManualClock, until } from "./support/jobs.ts";

const decoder = new TextDecoder();

/** A dictionary elsewhere: a record is `language:word`, and a codec has to fetch each language before it decodes. */
class Elsewhere {
  /** Languages that were asked for, in order. */
  readonly asked: string[] = [];
  /** What the next requests are answered with, instead of the language. */
  error: Error | undefined;
  /** Requests wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly #known = new Set<string>();
  readonly #asking = new Map<string, Promise<void>>();

  readonly codec: RecordCodec<string> = {
    encode: textBytes,
    decode: (bytes) => {
      const [language, word] = decoder.decode(bytes).split(":");
      assert(this.#known.has(language), `it was not prepared for ${language}`);
      if (language === "no such") throw new RangeError(`there is no language "${language}"`);
      return word;
    },
    prepare: (bytes) => {
      const [language] = decoder.decode(bytes).split(":");
      if (language === "thrown") throw new Error("prepare threw");
      if (this.#known.has(language)) return undefined;
      let asking = this.#asking.get(language);
      if (asking === undefined) this.#asking.set(language, asking = this.#ask(language));
      return asking;
    },
  };

  async #ask(language: string): Promise<void> {
    this.asked.push(language);
    const { error } = this;
    try {
      await this.gate;
      if (error !== undefined) throw error;
      this.#known.add(language);
    } finally {
      this.#asking.delete(language);
    }
  }
}

function world(options: Partial<RunOptions> = {}) {
  const log = memory({ now: () => 0 });
  log.create("words", { partitions: 2 });
  log.create("seen", { partitions: 2 });
  const elsewhere = new Elsewhere();
  const clock = new ManualClock();
  const lines = new Lines();
  const pipeline = log.source<string>("words", { codec: elsewhere.codec }).pipe(log.sink("seen"));
  const start = () => runWith(pipeline, { name: "words", state: ":memory:", log: lines.log, ...options }, clock);
  return { log, elsewhere, clock, lines, start };
}

function append(log: MemoryLog, partition: number, ...words: string[]): void {
  log.append("words", words.map((word) => ({ value: textBytes(word), partition })));
}

describe("A codec with prepare", () => {
  it("is asked before a record is pushed, and once for many records that need the same", async () => {
    const { log, elsewhere, start } = world();
    append(log, 0, "en:one", "en:two", "de:drei");
    append(log, 1, "fr:quatre");
    log.end("words");
    await using job = await start();
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(log.read("seen").toSorted(), ["drei", "one", "quatre", "two"]);
    assertEquals(elsewhere.asked.toSorted(), ["de", "en", "fr"]);
  });

  it("makes its partition wait, in order, while the others go on", async () => {
    const { log, elsewhere, start } = world();
    const job = await start();
    append(log, 0, "en:one");
    await until("one", () => log.read("seen").length === 1, job);
    const gate = Promise.withResolvers<void>();
    elsewhere.gate = gate.promise;
    append(log, 0, "de:zwei");
    await until("the question", () => elsewhere.asked.includes("de"), job);
    append(log, 0, "en:three");
    append(log, 1, "en:four");
    await until("four", () => log.read("seen").length === 2, job);
    assertEquals(log.read("seen"), ["one", "four"]);
    gate.resolve();
    await until("all", () => log.read("seen").length === 4, job);
    assertEquals(log.read("seen"), ["one", "four", "zwei", "three"]);
    await job.stop();
  });

  it("keeps its partition from counting as idle, so that no record is late because it had to wait", async () => {
    const { log, elsewhere, clock } = world();
    const pipeline = log.source<string>("words", { codec: elsewhere.codec, tombstones: "refuse" }).pipe(
      eventTime((time) => Number(time)),
      watermark({ maxOutOfOrderness: 0, idleAfter: 1000 }),
      tumblingWindow({ name: "tens", key: () => "all", size: 10, aggregate: count() }),
      lateSideOutput((late) => late.pipe(log.sink("late"))),
      log.sink("seen", { value: ({ value }) => value }),
    );
    await using job = await runWith(
      pipeline,
      { name: "words", state: ":memory:", tasks: "single", log: () => {} },
      clock,
    );
    append(log, 0, "en:5");
    append(log, 1, "en:5");
    await until("both", () => elsewhere.asked.length === 1, job);
    await clock.advance(500);
    const gate = Promise.withResolvers<void>();
    elsewhere.gate = gate.promise;
    append(log, 0, "de:7");
    await until("the question", () => elsewhere.asked.includes("de"), job);
    append(log, 1, "en:100");
    await clock.advance(10_000);
    assertEquals(log.read("seen"), [], "the window is still open");
    gate.resolve();
    append(log, 0, "en:100");
    for (let turns = 0; log.read("seen").length === 0 && turns < 100; turns++) await clock.advance(100);
    assertEquals([log.read("seen"), log.read("late")], [[3], []]);
  });

  it("that finds something away is asked again, and the job says for what it waits", async () => {
    const { log, elsewhere, clock, lines, start } = world();
    elsewhere.error = new UnavailableError("the dictionary at home does not answer");
    const job = await start();
    append(log, 0, "en:one");
    append(log, 1, "de:zwei");
    await lines.line(/waiting/);
    assertEquals(job.metrics.snapshot().trouble, "the dictionary at home does not answer");
    const before = elsewhere.asked.length;
    for (let tries = 0; elsewhere.asked.length < before + 4; tries++) await clock.advance(1000);
    assertEquals(log.read("seen"), []);
    elsewhere.error = undefined;
    for (let tries = 0; log.read("seen").length < 2; tries++) await clock.advance(1000);
    assertEquals(log.read("seen").toSorted(), ["one", "zwei"]);
    assertEquals(lines.all.filter((line) => /waiting|again/.test(line)), [
      "Job words: waiting, because the dictionary at home does not answer",
      "Job words: records can be read and written again; all is well again",
    ]);
    await job.stop();
  });

  it("that finds something away for longer than giveUpAfter ends the job with that sentence", async () => {
    const { log, elsewhere, clock, start } = world({ giveUpAfter: 5000 });
    elsewhere.error = new UnavailableError("the dictionary at home does not answer");
    const job = await start();
    const ended = assertRejects(() => job.finished, UnavailableError, "the dictionary at home does not answer");
    append(log, 0, "en:one");
    let over = false;
    void ended.then(() => over = true);
    while (!over) await clock.advance(1000);
    await ended;
  });

  it("that is refused for good ends the job with the reason", async () => {
    const { log, elsewhere, start } = world();
    elsewhere.error = new TypeError("the dictionary wants another password");
    const job = await start();
    const ended = assertRejects(() => job.finished, TypeError, "the dictionary wants another password");
    append(log, 0, "en:one");
    await ended;
  });

  it("does not keep a job from stopping, and the next start reads what was not pushed", async () => {
    using kv = await Deno.openKv(":memory:");
    const { log, elsewhere, lines, start } = world({ state: kv });
    elsewhere.error = new UnavailableError("the dictionary at home does not answer");
    const job = await start();
    append(log, 0, "en:one");
    await lines.line(/waiting/);
    await job.stop();
    assertEquals(log.read("seen"), []);
    elsewhere.error = undefined;
    const next = await start();
    await until("one", () => log.read("seen").length === 1, next);
    await next.stop();
  });

  it("decides in decode what is bad, with the record's place", async () => {
    const log = memory({ now: () => 0 });
    const elsewhere = new Elsewhere();
    append(log, 0, "en:one", "no such:two", "thrown:three", "en:four");
    log.end("words");
    const pipeline = log.source<string>("words", { codec: elsewhere.codec }).pipe(log.sink("seen"));
    const letters = log.sink<unknown>("letters");
    await using job = await runWith(
      pipeline,
      { name: "words", state: ":memory:", log: () => {}, onBadRecord: deadLetter(letters) },
      new ManualClock(),
    );
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(log.read("seen"), ["one", "four"]);
    const told = log.records("letters").map((one) => [header(one, "tidemark.source"), header(one, "tidemark.reason")]);
    assertEquals(told[0], ["words/0@1", 'there is no language "no such"']);
    assertMatch(told[1].join(" "), /^words\/0@2 .*not prepared for thrown/);
  });

  it("is asked for keys too", async () => {
    const log = memory({ now: () => 0 });
    const asked: bigint[] = [];
    const key = { ...int64(), prepare: (bytes: Uint8Array) => (asked.push(int64().decode(bytes)), undefined) };
    log.append("words", [{ key: int64().encode(7n), value: "a" }, { value: "b" }, {
      key: int64().encode(8n),
      value: null,
    }]);
    log.end("words");
    const pipeline = log.source<string>("words", { key, tombstones: "keep" }).pipe(log.sink("seen"));
    await using job = await runWith(pipeline, { name: "w", state: ":memory:", log: () => {} }, new ManualClock());
    await job.finished;
    assertEquals(asked, [7n, 8n]);
  });

  it("is waited for without a job too, and what is away is an error there", async () => {
    const log = memory({ now: () => 0 });
    const elsewhere = new Elsewhere();
    append(log, 0, "en:one", "de:zwei", "en:three");
    const source = log.source<string>("words", { codec: elsewhere.codec, tombstones: "refuse" });
    assertEquals(await first(source, 3), ["one", "zwei", "three"]);
    log.end("words");
    const all = Promise.withResolvers<string[]>();
    source.pipe(toArray()).subscribe({ next: all.resolve, error: all.reject });
    assertEquals(await all.promise, ["one", "zwei", "three"]);

    const failing = new Elsewhere();
    failing.error = new UnavailableError("the dictionary at home does not answer");
    const failed = Promise.withResolvers<string>();
    log.source<string>("words", { codec: failing.codec }).subscribe({
      error: ({ message }) => failed.resolve(message),
    });
    assertEquals(await failed.promise, 'Cannot read "words": the dictionary at home does not answer');
  });
});

describe("A codec with prepareToWrite", () => {
  it("is asked at the start, for its topic, before anything is read", async () => {
    const log = memory({ now: () => 0 });
    const clock = new ManualClock();
    const lines = new Lines();
    const asked: string[] = [];
    let away = true;
    const codec: RecordCodec<unknown> = {
      encode: () => fail("it is not asked"),
      decode: () => fail("it is not asked"),
      forTopic: (topic) => ({
        ...codec,
        encode: (value) => textBytes(JSON.stringify(`${topic}: ${value}`)),
        prepareToWrite: () => {
          asked.push(topic);
          return away ? Promise.reject(new UnavailableError("the dictionary is away")) : Promise.resolve();
        },
      }),
    };
    log.append("words", [{ value: "one" }]);
    log.end("words");
    const pipeline = log.source<string>("words").pipe(log.sink("seen", { codec }));
    const starting = runWith(pipeline, { name: "words", state: ":memory:", log: lines.log }, clock);
    await lines.line(/waiting, because the dictionary is away/);
    assertEquals(log.read("seen"), []);
    away = false;
    let job: Awaited<typeof starting> | undefined;
    void starting.then((started) => job = started);
    while (job === undefined) await clock.advance(1000);
    assertEquals(await job.finished, { reason: "finished" });
    assertEquals(log.read("seen"), ["seen: one"]);
    assertEquals(new Set(asked), new Set(["seen"]));
    await job.stop();
  });

  it("that is refused keeps the job from starting", async () => {
    const log = memory({ now: () => 0 });
    const codec: RecordCodec<unknown> = {
      encode: () => fail("it is not asked"),
      decode: () => fail("it is not asked"),
      prepareToWrite: () => Promise.reject(new TypeError("the schema does not fit")),
    };
    const pipeline = log.source<string>("words").pipe(log.sink("seen", { codec }));
    await assertRejects(
      () => runWith(pipeline, { name: "words", state: ":memory:", log: () => {} }, new ManualClock()),
      TypeError,
      "the schema does not fit",
    );
  });
});

describe("A queue with a fetch that is held", () => {
  const batch = (start: number, count: number): Batch => ({
    ...{ topic: "words", partition: 0, start, position: start + count, end: 100 },
    records: Array.from({ length: count }, (_, at): InputRecord => ({
      ...{ topic: "words", partition: 0, offset: start + at, timestamp: 0, key: null, value: null, headers: undefined },
    })),
  });

  /** Takes everything: offsets, and where the queue stands then. */
  function taken(queue: InputQueue): number[] {
    const offsets: number[] = [];
    for (let record = queue.take(); record !== undefined; record = queue.take()) offsets.push(record.offset);
    return [...offsets, queue.position];
  }

  it("keeps everything behind it, whatever is released first", () => {
    const queue = new InputQueue(0, "words", 0, 0);
    const [first, second] = [batch(2, 2), batch(4, 1)];
    queue.add(batch(0, 2));
    queue.add(first, true);
    queue.add(second, true);
    queue.add(batch(5, 0));
    queue.add(batch(5, 1));
    assertEquals([...taken(queue), queue.empty, queue.expected], [0, 1, 2, true, 6]);
    queue.release(second);
    assertEquals([...taken(queue), queue.empty], [2, true]);
    queue.release(first);
    assertEquals(taken(queue), [2, 3, 4, 5, 6]);
    queue.add(batch(6, 1));
    assertEquals(taken(queue), [6, 7]);
    assertEquals(queue.bytes, 0);
  });

  it("does not move over it where the position alone moves on", () => {
    const queue = new InputQueue(0, "words", 0, 0);
    const held = batch(0, 2);
    queue.add(held, true);
    queue.add({ ...batch(2, 0), position: 7 });
    queue.skip(9);
    assertEquals([queue.position, queue.missing, queue.empty], [0, 0, true]);
    queue.release(held);
    assertEquals(taken(queue), [0, 1, 9]);
    assertEquals(queue.missing, 2);
  });
});
