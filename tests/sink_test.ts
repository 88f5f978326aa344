/** What a sink's own functions give: what is no key, no bytes and no partition is its record's fault, and nothing is bent to fit. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deadLetter, memory, run, type SinkOptions } from "@tidemark/streams";
import type { RecordCodec } from "@tidemark/streams/connectors";
import { header } from "./support/jobs.ts";

/** Writes three records, of which the second one is refused; the reason. */
async function reasonOf(options: (bad: boolean) => SinkOptions<number>): Promise<string> {
  const log = memory();
  log.append("in", [1, 2, 3].map((value) => ({ value, key: `${value}` })));
  log.end("in");
  const good = options(false);
  const bad = options(true);
  const of = (value: number) => value === 2 ? bad : good;
  const sink = log.sink<number>("out", {
    key: good.key && ((value) => of(value).key!(value)),
    value: good.value && ((value) => of(value).value!(value)),
    headers: good.headers && ((value) => of(value).headers!(value)),
    partition: good.partition && ((value, partitions) => of(value).partition!(value, partitions)),
    codec: good.codec,
  });
  const onError = deadLetter(log.sink("dead"));
  const job = await run(log.source<number>("in", { tombstones: "refuse" }).pipe(sink), {
    name: "job",
    state: ":memory:",
    onError,
    log: () => {},
  });
  assertEquals(await job.finished, { reason: "finished" });
  assertEquals(log.records("out").length, 2);
  const [dead, ...more] = log.records("dead");
  assertEquals([more.length, header(dead, "tidemark.source")], [0, "in/0@1"]);
  return header(dead, "tidemark.reason").replace('sink "out": ', "");
}

describe("a sink's key", () => {
  const keys = "a record's key must be text, a number, a bigint, a boolean, bytes or null, current value is";
  const cases: readonly [what: string, key: unknown, reason: string][] = [
    ["a field that is missing", undefined, `${keys} undefined`],
    ["an object", { id: 1 }, `${keys} of type object`],
    ["a function", () => 1, `${keys} of type function`],
    ["text with a lone surrogate", "a\ud800", 'a record\'s key is UTF-8, and "a\\ud800" has a lone surrogate'],
  ];
  for (const [what, key, reason] of cases) {
    it(`is never made of ${what}`, async () => {
      assertEquals(await reasonOf((bad) => ({ key: () => bad ? key as string : "good" })), reason);
    });
  }

  it("is text, decimal text, bytes or nothing", () => {
    const log = memory();
    const keys = ["a", 7, -0, 7n, true, new Uint8Array([1]), null] as const;
    log.append("out", keys.map((key) => ({ key, value: 1 })));
    const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
    assertEquals(log.records("out").map(({ key }) => text(key)), ["a", "7", "0", "7", "true", "\u0001", null]);
  });
});

describe("a sink's other functions", () => {
  it("blame the record whose headers are none", async () => {
    assertEquals(
      await reasonOf((bad) => ({ headers: () => bad ? { a: 1 as never } : { a: "1" } })),
      'the header "a" must be text, bytes or null, current value is of type number',
    );
  });

  it("blame the record whose partition does not exist", async () => {
    for (const partition of [1, -1, 0.5, NaN, "0"]) {
      assertEquals(
        await reasonOf((bad) => ({ partition: () => bad ? partition as number : 0 })),
        `topic out has 1 partitions, the sink's partition is ${partition}`,
      );
    }
  });

  it("blame the record of which a codec makes no bytes", async () => {
    const codec = { encode: (value: unknown) => value === 2 ? "two" : new Uint8Array(1), decode: () => 0 };
    assertEquals(
      await reasonOf(() => ({ codec: codec as RecordCodec<unknown> })),
      "the codec of the sink must give a Uint8Array, current value is of type string",
    );
  });

  it("blame the record whose value JSON would bend, with the path", async () => {
    assertEquals(
      await reasonOf((bad) => ({ value: () => ({ items: [{ price: bad ? NaN : 1 }] }) })),
      "$.items[0].price is NaN, and JSON would make null of it",
    );
  });
});
