/** JSON as the codec of records: what it would bend is refused with its path, in both directions. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { json } from "@tidemark/streams/connectors";

const codec = json<unknown>();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (encoded: Uint8Array) => new TextDecoder().decode(encoded);
const refused = (value: unknown) => assertThrows(() => codec.encode(value), TypeError).message;
const unread = (source: string, options?: Parameters<typeof json>[0]) =>
  assertThrows(() => json(options).decode(bytes(source)), RangeError).message;

class Row {
  constructor(readonly user: string, readonly total: number) {}
}
class Hidden {
  #total = 7;
  get total() {
    return this.#total;
  }
}

describe("json() writes", () => {
  it("what JSON carries, and reads it as it was", () => {
    fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value);
      // Integers beyond 2^53 - 1 are not read as numbers.
      fc.pre(!/(?<![\d.])\d{16}/.test(text));
      const carried = JSON.parse(text);
      assertEquals(codec.decode(codec.encode(value)), carried);
    }));
    for (const value of [0, -1.5, 5e-324, "", "\ufeffmark", "\ud800", true, null, [], {}, [[[{ a: [null] }]]]]) {
      assertEquals(codec.decode(codec.encode(value)), value);
    }
  });

  const forms: readonly [what: string, value: unknown, written: string][] = [
    ["leaves out a field that is undefined", { a: undefined, b: 1 }, '{"b":1}'],
    ["a date as its text", { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ["what has a toJSON() as what that gives", { user: { toJSON: () => ({ id: 7 }) } }, '{"user":{"id":7}}'],
    ["an instance of a class as its fields", new Row("ada", 3), '{"user":"ada","total":3}'],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ["a field of the name __proto__", JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    ["a field of the name constructor", { constructor: "x" }, '{"constructor":"x"}'],
    ["-0 as 0", [-0], "[0]"],
    [
      "one object in two places",
      Array(2).fill(new Row("ada", 1)),
      '[{"user":"ada","total":1},{"user":"ada","total":1}]',
    ],
  ];
  for (const [what, value, written] of forms) it(what, () => assertEquals(text(codec.encode(value)), written));
});

describe("json() refuses to write, with the path,", () => {
  const cases: readonly [what: string, value: unknown, message: string][] = [
    ["NaN", { items: [{}, {}, {}, { price: NaN }] }, "$.items[3].price is NaN, and JSON would make null of it"],
    ["an infinity", { a: { b: -Infinity } }, "$.a.b is -Infinity, and JSON would make null of it"],
    ["NaN itself", NaN, "$ is NaN, and JSON would make null of it"],
    ["undefined in an array", { a: [1, undefined] }, "$.a[1] is undefined, which has no JSON form"],
    ["a hole in an array", [[1, , 3]], "$[0][1] is undefined, which has no JSON form"],
    ["nothing at all", undefined, "$ is undefined, which has no JSON form"],
    [
      "a Map",
      { "seen by": new Map([["a", 1]]) },
      '$["seen by"] is an instance of Map, and JSON does not see what it holds',
    ],
    ["an empty Map", { seen: new Map() }, "$.seen is an instance of Map, and JSON does not see what it holds"],
    ["a Set", { deep: [[new Set([1])]] }, "$.deep[0][0] is an instance of Set, and JSON does not see what it holds"],
    ["bytes", { raw: new Uint8Array([1]) }, "$.raw is an instance of Uint8Array, and JSON does not see what it holds"],
    ["floats", new Float64Array(1), "$ is an instance of Float64Array, and JSON does not see what it holds"],
    ["a buffer", [new ArrayBuffer(1)], "$[0] is an instance of ArrayBuffer, and JSON does not see what it holds"],
    ["an error", { why: new Error("x") }, "$.why is an instance of Error, and JSON does not see what it holds"],
    [
      "a promise",
      { later: Promise.resolve(1) },
      "$.later is an instance of Promise, and JSON does not see what it holds",
    ],
    ["a regular expression", [/a/], "$[0] is an instance of RegExp, and JSON does not see what it holds"],
    [
      "an instance with nothing but private fields",
      { cart: new Hidden() },
      "$.cart is an instance of Hidden, and JSON does not see what it holds",
    ],
    [
      "a bigint",
      { ids: [1n] },
      '$.ids[0] is the BigInt 1, which has no JSON form: write a string, or use json({ integers: "bigint" })',
    ],
    ["a function", { run: () => 1 }, "$.run is a function, which has no JSON form"],
    ["a symbol", [Symbol("s")], "$[0] is a symbol, which has no JSON form"],
    ["an invalid date", { at: new Date(NaN) }, "$.at is an invalid Date, and JSON would make null of it"],
    ["what toJSON() gives", { a: { toJSON: () => [NaN] } }, "$.a[0] is NaN, and JSON would make null of it"],
    ["a field of an instance", { row: new Row("ada", NaN) }, "$.row.total is NaN, and JSON would make null of it"],
    [
      "a field without a prototype around it",
      Object.assign(Object.create(null), { a: NaN }),
      "$.a is NaN, and JSON would make null of it",
    ],
  ];
  for (const [what, value, message] of cases) it(what, () => assertEquals(refused(value), message));

  it("a cycle, and what is nested deeper than anybody reads", () => {
    const cycle: Record<string, unknown> = { a: { b: [] } };
    (cycle.a as { b: unknown[] }).b.push(cycle);
    assertEquals(refused(cycle), "$.a.b[0] is a cycle, which has no JSON form");
    const nested = (depth: number) => Array.from({ length: depth }).reduce((inner) => [inner], 1 as unknown);
    assertEquals(codec.decode(codec.encode(nested(900))), nested(900));
    assertEquals(refused(nested(1001)).endsWith(" is nested more than 1000 deep, which nobody could read"), true);
    assertEquals(refused(nested(100_000)).length < 300, true);
  });
});

describe("json() refuses to read, with the path,", () => {
  const why =
    'an integer beyond 2^53 - 1, which a number would round: read it with json({ integers: "bigint" }) or "string"';
  const cases: readonly [source: string, message: string][] = [
    ["9007199254740992", `$ is 9007199254740992, ${why}`],
    ["-9007199254740993", `$ is -9007199254740993, ${why}`],
    ['{"user":{"id":9007199254740993}}', `$.user.id is 9007199254740993, ${why}`],
    ['{"a":[1,{"id":12345678901234567890}],"b":9007199254740995}', `$.a[1].id is 12345678901234567890, ${why}`],
    ['{"__proto__":{"id":9007199254740993}}', `$.__proto__.id is 9007199254740993, ${why}`],
    ["[1e400]", "$[0] is 1e400, which is beyond the largest number"],
    ['{"x":-1E+400}', "$.x is -1E+400, which is beyond the largest number"],
    ['{"x":1.5e309}', "$.x is 1.5e309, which is beyond the largest number"],
    [`[${"9".repeat(400)}]`, `$[0] is ${"9".repeat(20)}... of 400 characters, ${why}`],
  ];
  for (const [source, message] of cases) it(source.slice(0, 60), () => assertEquals(unread(source), message));

  it("no number that is read exactly, whatever it looks like", () => {
    for (
      const source of [
        "9007199254740991",
        "-9007199254740991",
        "1e300",
        "0.1234567890123456789",
        '"9007199254740993"',
        "1e5",
      ]
    ) {
      assertEquals(codec.decode(bytes(source)), JSON.parse(source));
    }
    const texts = '{"id":"12345678901234567890","e1234":"1e400","t":1700000000000,"f":1.7976931348623157e308}';
    assertEquals(codec.decode(bytes(texts)), JSON.parse(texts));
  });

  it("wherever the number stands in the text", () => {
    for (let before = 0; before < 12; before++) {
      const source = (number: string) => `${" ".repeat(before)}{"${"x".repeat(before)}":${number}}`;
      assertEquals(unread(source("9007199254740993")).includes("9007199254740993"), true);
      assertEquals(unread(source("1e999")).includes("1e999"), true);
    }
  });
});

describe("json({ integers })", () => {
  const source = '{"id":9007199254740993,"n":7,"list":[-9007199254740993],"big":1e300}';

  it('"bigint" reads integers beyond 2^53 - 1 as bigint, and writes bigint as integers', () => {
    const exact = json({ integers: "bigint" });
    const value = { id: 9007199254740993n, n: 7, list: [-9007199254740993n], big: 1e300 };
    assertEquals(exact.decode(bytes(source)), value);
    assertEquals(exact.decode(exact.encode(value)), value);
    assertEquals(text(exact.encode([1n, { a: 10n ** 30n }])), `[1,{"a":1${"0".repeat(30)}}]`);
    assertThrows(() => exact.encode({ a: [1n, NaN] }), TypeError, "$.a[1] is NaN");
  });

  it('"string" reads them as the text of their digits', () => {
    const value = { id: "9007199254740993", n: 7, list: ["-9007199254740993"], big: 1e300 };
    assertEquals(json({ integers: "string" }).decode(bytes(source)), value);
  });

  it('"round" reads them as JSON.parse() does', () => {
    assertEquals(json({ integers: "round" }).decode(bytes(source)), JSON.parse(source));
    assertEquals(unread("[1e400]", { integers: "round" }), "$[0] is 1e400, which is beyond the largest number");
  });

  it("is refused where it is something else", () => {
    assertThrows(
      () => json({ integers: "number" as never }),
      TypeError,
      'Cannot create a JSON codec: integers must be "bigint", "string" or "round", current value is number',
    );
  });
});

describe("json() reads", () => {
  it("__proto__ and constructor as data", () => {
    const value = codec.decode(bytes('{"__proto__":{"admin":true},"constructor":1}')) as Record<string, unknown>;
    assertEquals(Object.getPrototypeOf(value), Object.prototype);
    assertEquals(Object.keys(value), ["__proto__", "constructor"]);
    assertEquals(value.admin, undefined);
    const exact = json({ integers: "bigint" }).decode(bytes('{"__proto__":{"id":9007199254740993}}')) as object;
    assertEquals(Object.entries(exact), [["__proto__", { id: 9007199254740993n }]]);
  });

  it("over a byte order mark before the text, and keeps one inside of it", () => {
    assertEquals(codec.decode(bytes('\ufeff{"a":"\ufeffb"}')), { a: "\ufeffb" });
  });
});
