/** The codec: what goes in comes out, or is refused by name. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decode, encode } from "../state/mod.ts";
import { ValueReader } from "../state/value_reader.ts";
import { ValueWriter } from "../state/value_writer.ts";

const leaf = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 50, maxLength: 300 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, NaN, Infinity),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
);

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("a", "b", "__proto__", "0")), tie("value"), { maxKeys: 4 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((values) => new Set(values)),
  ),
}));

/** Equal in content, type, order and sign of zero. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  const [left, right] = [a, b].map((one) =>
    one instanceof Map || one instanceof Set
      ? [...one]
      : Reflect.ownKeys(one).map((key) => [key, Reflect.get(one, key)])
  );
  return left.length === right.length && left.every((part, i) => {
    const other = right[i];
    if (!Array.isArray(part) || a instanceof Set) return same(part, other);
    return part.every((one, at) => same(one, (other as unknown[])[at]));
  });
}

Deno.test("the codec carries any value that it takes exactly", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const back = decode(encode(value));
      assert(same(back, value), `${Deno.inspect(value)} came back as ${Deno.inspect(back)}`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("one writer carries many values in one stream, shapes of objects included", () => {
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 20 }), (values) => {
      const writer = new ValueWriter();
      writer.value({ stale: true });
      writer.reset();
      for (const value of values) writer.value(value);
      const reader = new ValueReader(writer.take());
      for (const value of values) assert(same(reader.value(), value));
      assertEquals(reader.left, 0);
    }),
    { numRuns: 500 },
  );
});

Deno.test("objects of one shape name their properties once", () => {
  const writer = new ValueWriter();
  writer.value({ quite_long_name: 1, another_long_name: 2 });
  const first = writer.length;
  writer.value({ quite_long_name: 3, another_long_name: 4 });
  assertEquals(writer.length - first, 4);
});

Deno.test("more shapes than a stream numbers still come back", () => {
  const values = Array.from({ length: 400 }, (_, i) => ({ [`name ${i}`]: i, [`other ${i % 7}`]: -i }));
  assertEquals(decode(encode([...values, ...values])), [...values, ...values]);
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key ${i}`, i]));
  assertEquals(decode(encode([wide, wide])), [wide, wide]);
});

Deno.test("names with the separator of shapes in them are told apart", () => {
  const values = [{ "a\0b": 1 }, { a: 1, b: 2 }, { "a\0b": 3 }, { a: 4, b: 5 }];
  assertEquals(decode(encode(values)), values);
});

Deno.test("a property named __proto__ stays a property", () => {
  const value = JSON.parse('{"__proto__":{"polluted":true},"a":1}');
  const back = decode(encode(value)) as object;
  assertEquals(Object.getOwnPropertyDescriptor(back, "__proto__")?.value, { polluted: true });
  assertEquals("polluted" in back, false);
});

Deno.test("an object without a prototype comes back without one", () => {
  const back = decode(encode(Object.assign(Object.create(null), { a: 1 }))) as Record<string, unknown>;
  assertStrictEquals(Object.getPrototypeOf(back), null);
  assertEquals(back.a, 1);
});

Deno.test("an object that stands in two places comes back as two", () => {
  const shared = { n: 1 };
  const [a, b] = decode(encode([shared, shared])) as { n: number }[];
  assertEquals([a, b], [shared, shared]);
  assert(a !== b);
});

class Money {
  constructor(readonly cents: number) {}
}
class Names extends Array<string> {}

Deno.test("the codec refuses by name, with the path, what it cannot carry exactly", () => {
  const cycle: Record<string, unknown> = { list: [] };
  (cycle.list as unknown[]).push(cycle);
  let deep: unknown = 0;
  for (let i = 0; i < 300; i++) deep = [deep];
  const sparse = [1, 2, 3];
  delete sparse[1];
  const refused: [unknown, string][] = [
    [() => 1, "the value itself is a function"],
    [{ a: [1, { run() {} }] }, ".a[1].run is a function"],
    [{ price: new Money(3) }, ".price is an instance of Money"],
    [[Symbol("s")], "[0] is a symbol"],
    [{ [Symbol("s")]: 1 }, "an object with a hidden, a symbol's or an extra property"],
    [Object.defineProperty({}, "hidden", { value: 1 }), "an object with a hidden, a symbol's or an extra property"],
    [{
      get total() {
        return 1;
      },
    }, "an accessor (total)"],
    [cycle, ".list[0] is a cycle"],
    [deep, "nested more than 200 deep"],
    [{ rows: sparse }, ".rows is an array with holes"],
    ["one two".match(/one/), "an array with properties of its own"],
    [Names.from(["a"]), "an instance of Names"],
    [new Map([["key", new Map([[{ x: 1 }, /r/]])]]), "is an instance of RegExp"],
    [new Set([new Error("no")]), "is an instance of Error"],
    [new Float32Array(2), "an instance of Float32Array"],
    [new Promise(() => {}), "an instance of Promise"],
    [Object.assign(new Date(0), { zone: "UTC" }), "an object with a hidden, a symbol's or an extra property"],
    [{ "a key": { "b-c": new WeakMap() } }, '["a key"]["b-c"] is an instance of WeakMap'],
  ];
  for (const [value, message] of refused) {
    const error = assertThrows(() => encode(value), TypeError);
    assert(error.message.includes(message), `${error.message} does not say: ${message}`);
  }
});

Deno.test("a writer is as good as new after it has refused a value", () => {
  const writer = new ValueWriter();
  assertThrows(() => writer.value({ a: { b: [() => 1] } }), TypeError);
  writer.reset();
  writer.value({ a: 1 });
  assertEquals(new ValueReader(writer.take()).value(), { a: 1 });
});

Deno.test("bytes that end too early or are of another version are refused", () => {
  const bytes = encode({ list: [1, 2, 3], name: "Tidemark" });
  for (let length = 0; length < bytes.length; length++) {
    assertInstanceOf(assertThrows(() => decode(bytes.subarray(0, length))), RangeError);
  }
  assertThrows(() => decode(new Uint8Array([9, ...bytes.subarray(1)])), RangeError, "codec version 9");
  assertThrows(() => decode(new Uint8Array([...bytes, 0])), RangeError, "1 bytes are left over");
  assertThrows(() => decode(new Uint8Array([1, 0x3f])), RangeError, "No value begins with byte 63");
});

Deno.test("what comes out shares no memory with what went in", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const stored = encode(bytes);
  const back = decode(stored) as Uint8Array;
  back[0] = 9;
  assertEquals(decode(stored), bytes);
});
