/** How a record's key reads, and what people are told where a stage is keyed by something else. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory, run, type SourceOptions } from "@tidemark/streams";
import { bytes, int32, int64, json, type RecordKey, text } from "@tidemark/streams/connectors";
import { keyedReduce } from "@tidemark/streams/operators";
import { refusal } from "./support/jobs.ts";

const utf8 = (value: string) => new TextEncoder().encode(value);
const silent = { state: ":memory:", log: () => {} };

interface Case {
  /** The record's key, and that of the stage. */
  readonly record: RecordKey;
  readonly stage: string | number | bigint | boolean;
  readonly key?: SourceOptions<unknown>["key"];
}

function pipelineOf({ record, stage, key }: Case) {
  const log = memory();
  log.create("visits", { partitions: 2 });
  log.append("visits", [{ key: record, value: { at: 1 }, partition: 0 }]);
  log.end("visits");
  return {
    log,
    pipeline: log.source<unknown>("visits", { key }).pipe(
      keyedReduce({ name: "counts", key: () => stage, initial: 0, reduce: (total) => total + 1 }),
      log.sink("counts", { codec: json({ integers: "bigint" }) }),
    ),
  };
}

/** The values of the job's results: it ran. */
async function counted(one: Case): Promise<number> {
  const { log, pipeline } = pipelineOf(one);
  await (await run(pipeline, { name: "job", ...silent })).finished;
  return log.records("counts").length;
}

/** What is said of a stage whose key is another one than its record's. */
async function told(one: Case): Promise<string> {
  const why = await refusal(pipelineOf(one).pipeline, { name: "job", ...silent });
  const head = 'Job job stopped at visits/0@0 in keyedReduce "counts": ';
  assertEquals(why.slice(0, head.length), head);
  return why.slice(head.length).replace('keyedReduce "counts" is keyed by ', "");
}

const long = (value: bigint) => int64().encode(value);
const SPREAD =
  'records of one key would be spread over several tasks. Key the topic visits by it, or run the job with tasks: "single", or put repartition({ name, key }) above the stage.';

describe("source(topic, { key })", () => {
  const same: Record<string, Case> = {
    "text by default": { record: "ada", stage: "ada" },
    "text that begins with a byte order mark": { record: "\ufeffada", stage: "\ufeffada" },
    "a number as sinks write it, by default": { record: 7, stage: 7 },
    "a boolean as sinks write it, by default": { record: true, stage: true },
    "a bigint as sinks write it, by default": { record: 7n, stage: 7n },
    "-0, which is 0": { record: 0, stage: -0 },
    "text()": { record: "ada", stage: "ada", key: text() },
    "int64() against a bigint": { record: long(2n ** 62n), stage: 2n ** 62n, key: int64() },
    "int64() against a number": { record: long(-42n), stage: -42, key: int64() },
    "int32()": { record: int32().encode(-1), stage: -1, key: int32() },
    "a text in JSON": { record: '"ada"', stage: "ada", key: json() },
    "a number in JSON": { record: "7", stage: 7, key: json() },
    "a large number in JSON": {
      record: "9007199254740993",
      stage: 9007199254740993n,
      key: json({ integers: "bigint" }),
    },
    "a codec of one's own": { record: "urn:ada", stage: "ada", key: { decode: (key) => text().decode(key).slice(4) } },
    "bytes(), which are not compared": { record: new Uint8Array([0xff, 1]), stage: "ff01", key: bytes() },
    "an object, which is not compared": { record: '{"id":7}', stage: 7, key: json() },
  };
  for (const [what, one] of Object.entries(same)) {
    it(`takes it as it reads: ${what}`, async () => assertEquals(await counted(one), 1));
  }

  it("is refused at once where it is no codec", () => {
    const log = memory();
    for (const key of [int64, "int64", null]) {
      assertThrows(
        () => log.source("visits", { key: key as never }),
        TypeError,
        "Cannot create a source: key must be a codec such as int64(), current value is of type ",
      );
    }
  });

  it("names the record whose key it cannot read", async () => {
    const why = await told({ record: "ada", stage: "ada", key: int64() });
    assertEquals(why.startsWith("its key cannot be read: int64() reads 8 bytes, and there are 3"), true, why);
  });
});

describe("a key that a stage does not share with its topic", () => {
  const cases: Record<string, readonly [Case, string]> = {
    "another text": [{ record: "bob", stage: "ada" }, `"ada", but the record visits/0@0 has the key "bob": ${SPREAD}`],
    "no key": [{ record: null, stage: "ada" }, `"ada", but the record visits/0@0 has the key null: ${SPREAD}`],
    "a mark that nobody sees": [
      { record: "\ufeffada", stage: "ada" },
      `"ada", but the record visits/0@0 has the key "\\ufeffada" (they differ in a byte order mark): ${SPREAD}`,
    ],
    "a space at the end": [
      { record: "ada ", stage: "ada" },
      `"ada", but the record visits/0@0 has the key "ada " (they differ in spaces at an end): ${SPREAD}`,
    ],
    "a space that does not break": [
      { record: "ada\u00a0x", stage: "ada x" },
      `"ada x", but the record visits/0@0 has the key "ada\\u00a0x": ${SPREAD}`,
    ],
    "a zero-width space": [
      { record: "ad\u200ba", stage: "ada" },
      `"ada", but the record visits/0@0 has the key "ad\\u200ba": ${SPREAD}`,
    ],
    "case": [
      { record: "Ada", stage: "ada" },
      `"ada", but the record visits/0@0 has the key "Ada" (they differ in case): ${SPREAD}`,
    ],
    "composed characters": [
      { record: "u\u0308", stage: "\u00fc" },
      `"\\u00fc", but the record visits/0@0 has the key "u\\u0308" (they differ in how Unicode composes characters): ${SPREAD}`,
    ],
    "a number and the text of its digits": [
      { record: '"1"', stage: 1, key: json() },
      `1, but the record visits/0@0 has the key "1" (one is a number, the other a string): ${SPREAD}`,
    ],
    "another number": [
      { record: long(43n), stage: 42, key: int64() },
      `42, but the record visits/0@0 has the key 43n: ${SPREAD}`,
    ],
    "the end of long keys": [
      { record: "x".repeat(300) + "1", stage: "x".repeat(300) + "2" },
      `..."${"x".repeat(50)}2", but the record visits/0@0 has the key ..."${"x".repeat(50)}1": ${SPREAD}`,
    ],
  };
  for (const [what, [one, message]] of Object.entries(cases)) {
    it(`is shown on both sides: ${what}`, async () => assertEquals(await told(one), message));
  }

  const read = (key: string, codec: string) =>
    `has the key ${key} as text. As ${codec} it is the same: say how the topic's keys read with source("visits", { key: ${codec} }).`;
  const untrue: Record<string, readonly [Case, string]> = {
    "LongSerializer": [
      { record: long(42n), stage: 42 },
      `42, but the record visits/0@0 ${read(`"${"\\u0000".repeat(7)}*"`, "int64()")}`,
    ],
    "IntegerSerializer": [
      { record: int32().encode(42), stage: 42 },
      `42, but the record visits/0@0 ${read(`"${"\\u0000".repeat(3)}*"`, "int32()")}`,
    ],
    "JSON with quotes": [
      { record: '"ada"', stage: "ada" },
      `"ada", but the record visits/0@0 ${read('"\\"ada\\""', "json()")}`,
    ],
  };
  for (const [what, [one, message]] of Object.entries(untrue)) {
    it(`is no accusation where it is the same key in another form: ${what}`, async () => {
      assertEquals(await told(one), message);
    });
  }

  it("is told to be no text where it is none, with all cures", async () => {
    const why = await told({ record: new Uint8Array([0, 0, 0, 0, 9, 0xfe]), stage: "ada" });
    assertEquals(
      why,
      `"ada", but the record visits/0@0 has the key "\\u0000\\u0000\\u0000\\u0000\\t\ufffd", which is no text. Say how the topic's keys read ` +
        'with source("visits", { key }). If it is keyed by something else, records of one key would be spread over several tasks: ' +
        'key the topic visits by it, or run the job with tasks: "single", or put repartition({ name, key }) above the stage.',
    );
  });
});

describe("plain codecs", () => {
  it("carry what they are for, and refuse everything else", () => {
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      assertEquals(int64().decode(int64().encode(value)), value);
    }
    for (const value of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) assertEquals(int32().decode(int32().encode(value)), value);
    for (const value of ["", "\ufeffa", "grüß 🐠"]) assertEquals(text().decode(text().encode(value)), value);
    assertThrows(() => int64().encode(2n ** 63n), TypeError, "int64() writes a bigint of 64 bits");
    assertThrows(() => int64().encode(1 as never), TypeError, "int64() writes a bigint of 64 bits");
    assertThrows(() => int32().encode(2 ** 31), TypeError, "int32() writes an integer of 32 bits");
    assertThrows(() => int32().encode(1.5), TypeError, "int32() writes an integer of 32 bits");
    assertThrows(() => int64().decode(utf8("1234567")), RangeError, "int64() reads 8 bytes, and there are 7");
    assertThrows(() => text().encode("\ud800"), TypeError, "lone surrogate");
    assertThrows(() => text().encode(7 as never), TypeError, "text() writes text, current value is of type number");
    assertThrows(() => text().decode(new Uint8Array([0xff])), TypeError);
    assertThrows(() => bytes().encode("a" as never), TypeError, "bytes() writes a Uint8Array");
  });
});
