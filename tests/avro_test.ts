/** Avro: what Java wrote is read, what is written can be read, schemas are resolved, and damaged bytes are refused. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import avsc from "avsc";
import fc from "fast-check";
import { avro, type AvroSchema } from "@tidemark/streams/avro";
import { readerOf } from "../formats/_avro_read.ts";
import { parseSchema } from "../formats/_avro_types.ts";
import { bodyOf, readSchemaId } from "../formats/_frame.ts";
import { bytesOf, java } from "./support/java_bytes.ts";

const ORDER = java.avro.schemas["orders-value"];

/** Reads with a schema what another one wrote. */
function resolve(
  writer: AvroSchema,
  reader: AvroSchema,
  value: unknown,
  int64: "bigint" | "number" = "bigint",
): unknown {
  return readerOf(parseSchema(writer), parseSchema(reader), int64)(avro(writer).encode(value));
}

const record = (name: string, ...fields: unknown[]) => ({ type: "record", name, fields });
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });

describe("Avro that Java wrote", () => {
  const orders = avro<Record<string, unknown>>(ORDER);
  const read = (name: string) => orders.decode(bodyOf(bytesOf(java.avro.records, name)));

  it("is read as plain data", () => {
    const plain = {
      ...{ id: 7n, user: "ada", note: null, amount: { int: 3 }, state: "OPEN" },
      ...{
        hash: new Uint8Array([1, 2, 254, 255]),
        raw: new Uint8Array([0, 127, 128]),
        items: [],
        labels: {},
        after: null,
      },
    };
    assertEquals(read("plain"), plain);
    assertEquals(read("full"), {
      ...{ ...plain, id: -(2n ** 63n), user: "grüße 🍵", note: "to the door", amount: { double: 2.5 }, state: "PAID" },
      items: [
        { product: "tea 0", pieces: -(2 ** 31), weight: 0 },
        { product: "tea 1", pieces: 1000, weight: 0.25 },
        { product: "tea 2", pieces: 2000, weight: 0.5 },
      ],
      labels: { gift: true, constructor: false },
      after: { ...plain, id: 2n ** 63n - 1n, user: "", amount: { int: -1 } },
    });
    const { raw, items } = read("full") as { raw: unknown; items: object[] };
    assertEquals(Object.getPrototypeOf(raw), Uint8Array.prototype);
    assertEquals(Object.getPrototypeOf(items[0]), Object.prototype);
  });

  it("has every long, and is written again byte for byte", () => {
    for (const { name, subject, bytes } of java.avro.records) {
      const value = Uint8Array.fromBase64(bytes);
      const codec = avro<{ id: bigint }>(java.avro.schemas[subject]);
      const decoded = codec.decode(bodyOf(value));
      if (name.startsWith("id ")) assertEquals(decoded.id, BigInt(name.slice(3)));
      assertEquals(codec.encode(decoded), bodyOf(value).slice(), name);
    }
    assertEquals(avro("long").decode(bodyOf(bytesOf(java.avro.records, "key"))), 4711n);
  });

  it("names its schema in the four bytes behind the first", () => {
    assertEquals(java.avro.records.map(({ bytes }) => readSchemaId(Uint8Array.fromBase64(bytes))), [
      ...java.avro.records.slice(1).map(() => 1),
      2,
    ]);
  });
});

describe("Avro", () => {
  it("keeps every value of every type", () => {
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const text = fc.string({ unit: "grapheme" });
    const value = fc.record({
      long,
      int: fc.integer(),
      double: fc.double(),
      float: fc.float(),
      text,
      bytes: fc.uint8Array({ maxLength: 300 }),
      flag: fc.boolean(),
      maybe: fc.option(long),
      many: fc.array(fc.record({ x: long })),
      map: fc.dictionary(text, fc.integer()),
      wrapped: fc.oneof(fc.record({ int: fc.integer() }), fc.record({ long }), fc.constant(null)),
    });
    const codec = avro(record(
      "All",
      ...[field("long", "long"), field("int", "int"), field("double", "double"), field("float", "float")],
      ...[field("text", "string"), field("bytes", "bytes"), field("flag", "boolean"), field("maybe", ["null", "long"])],
      field("many", { type: "array", items: record("Item", field("x", "long")) }),
      field("map", { type: "map", values: "int" }),
      field("wrapped", ["null", "int", "long"]),
    ));
    fc.assert(fc.property(value, (given) => {
      const expected = { ...given, map: { ...given.map } };
      assertEquals(codec.decode(codec.encode(given)), expected);
    }));
  });

  it("is written as the library that parses its schemas writes it", () => {
    const schema = record(
      "R",
      ...[field("a", "int"), field("b", "string"), field("c", { type: "array", items: "double" }), field("d", "long")],
      field("e", { type: "map", values: ["null", "string"] }),
    );
    const theirs = avsc.Type.forSchema(schema as Parameters<typeof avsc.Type.forSchema>[0]);
    // Beyond 2^52 avsc 5.7.9 rounds a long; Java's bytes tell that ours are right.
    const long = fc.integer({ min: -(2 ** 51), max: 2 ** 51 });
    const value = fc.record({
      a: fc.integer(),
      b: fc.string({ unit: "grapheme" }),
      c: fc.array(fc.double()),
      d: long,
      e: fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"), fc.option(fc.string())),
    });
    fc.assert(fc.property(value, (given) => {
      const plain = { ...given, e: { ...given.e } };
      assertEquals(avro(schema).encode(plain), Uint8Array.from(theirs.toBuffer(plain)));
    }));
  });

  it("reads a long as a number on demand, and refuses one that would be rounded", () => {
    const numbers = avro<number>("long", { int64: "number" });
    assertEquals(numbers.decode(avro("long").encode(2n ** 53n - 1n)), 2 ** 53 - 1);
    assertThrows(
      () => numbers.decode(avro("long").encode(2n ** 53n)),
      RangeError,
      'it has the long 9007199254740992, which a number would round: read it with int64: "bigint"',
    );
    assertThrows(() => avro("long", { int64: "text" as never }), TypeError, 'int64 must be "bigint" or "number"');
  });

  it("keeps names that are names of JavaScript's own", () => {
    const maps = avro<Record<string, number>>({ type: "map", values: "int" });
    const value = JSON.parse('{"__proto__": 1, "constructor": 2}');
    assertEquals(Object.entries(maps.decode(maps.encode(value))), [["__proto__", 1], ["constructor", 2]]);
    const records = avro(record("P", field("__proto__", "int"), field("toString", ["null", "int"], { default: null })));
    assertEquals(Object.entries(records.decode(records.encode(JSON.parse('{"__proto__": 1}'))) as object), [
      ["__proto__", 1],
      ["toString", null],
    ]);
  });

  it("refuses a schema that is none", () => {
    assertThrows(() => avro("no such type"), TypeError, "Cannot create an Avro codec: it is no schema of Avro: ");
    assertThrows(() => avro({ type: "record" }), TypeError, "it is no schema of Avro: ");
    assertThrows(() => avro("{"), TypeError, "it is no schema of Avro: ");
  });

  const sample = record(
    "Sample",
    field("id", "long"),
    field("items", { type: "array", items: record("Line", field("n", "int"), field("s", "string")) }),
    field("u", ["null", "string"], { default: null }),
    field("w", ["int", "double"], { default: 0 }),
    field("e", { type: "enum", name: "E", symbols: ["A", "B"] }, { default: "A" }),
    field("f", { type: "fixed", name: "F", size: 2 }, { default: "\u0000\u0001" }),
    field("m", { type: "map", values: "boolean" }, { default: {} }),
  );
  const wrong: readonly (readonly [unknown, string])[] = [
    [null, "$ is null, and the schema has the record Sample there"],
    [
      { items: [] },
      "$.id is undefined, and the schema has a long, which is a bigint of 64 bits or a safe integer, there",
    ],
    [{ id: 2n ** 63n, items: [] }, "$.id is 9223372036854775808n, and the schema has a long"],
    [{ id: 0.5, items: [] }, "$.id is 0.5, and the schema has a long"],
    [
      { id: 1, items: [{ n: 1, s: "x" }, { n: 2 ** 31, s: "x" }] },
      "$.items[1].n is 2147483648, and the schema has an int",
    ],
    [{ id: 1, items: [{ n: 1, s: "\ud800" }] }, '$.items[0].s is "\\ud800", and the schema has UTF-8'],
    [{ id: 1, items: {} }, "$.items is an object, and the schema has an array there"],
    [{ id: 1, items: [], u: 7 }, "$.u is 7, and the schema has one of null, string there"],
    [{ id: 1, items: [], w: 7 }, "$.w is 7, and the schema has null or an object with one of the branches int, double"],
    [{ id: 1, items: [], w: { int: "x" } }, '$.w.int is "x", and the schema has an int'],
    [{ id: 1, items: [], e: "C" }, '$.e is "C", and the schema has one of A, B there'],
    [
      { id: 1, items: [], f: new Uint8Array(3) },
      "$.f is a Uint8Array of 3 bytes, and the schema has a Uint8Array of 2",
    ],
    [{ id: 1, items: [], m: { yes: 1 } }, "$.m.yes is 1, and the schema has a boolean there"],
    [{ id: 1, items: [], more: 1 }, "$.more is 1, and the schema has no such field there"],
  ];
  for (const [value, message] of wrong) {
    it(`refuses to write what the schema does not have: ${message}`, () => {
      assertThrows(() => avro(sample).encode(value), TypeError, message);
    });
  }

  it("writes the defaults of fields that are left out, and goes on after a value that it refuses", () => {
    const codec = avro(sample);
    assertThrows(() => codec.encode({ id: 1, items: [{ n: 1 }] }));
    assertEquals(codec.decode(codec.encode({ id: 1, items: [], more: undefined })), {
      ...{ id: 1n, items: [], u: null, w: { int: 0 }, e: "A", f: new Uint8Array([0, 1]), m: {} },
    });
  });
});

describe("Schemas of Avro that differ", () => {
  it("promote numbers, and text to bytes and back", () => {
    assertEquals(resolve("int", "long", 7), 7n);
    assertEquals(resolve("int", "long", 7, "number"), 7);
    assertEquals(resolve("int", "float", 7), 7);
    assertEquals(resolve("int", "double", -7), -7);
    assertEquals(resolve("long", "double", 2n ** 40n), 2 ** 40);
    assertEquals(resolve("float", "double", 0.5), 0.5);
    assertEquals(resolve("string", "bytes", "é"), new Uint8Array([0xc3, 0xa9]));
    assertEquals(resolve("bytes", "string", new Uint8Array([0xc3, 0xa9])), "é");
    assertThrows(() => resolve("long", "int", 7n), TypeError, "long is written, and int is to be read");
    assertThrows(() => resolve("double", "long", 7), TypeError, "double is written, and long is to be read");
  });

  it("fill in fields, leave fields out, and follow aliases, whatever the order", () => {
    const writer = record(
      "Old",
      field("gone", { type: "array", items: "string" }),
      field("a", "int"),
      field("former", "string"),
    );
    const reader = {
      ...record(
        "shop.New",
        field("name", "string", { aliases: ["former"] }),
        field("list", { type: "array", items: "int" }, { default: [1, 2] }),
        field("a", "long"),
        field("raw", "bytes", { default: "\u00ff" }),
      ),
      aliases: ["Old"],
    };
    const read = readerOf(parseSchema(writer), parseSchema(reader), "bigint");
    const bytes = avro(writer).encode({ gone: ["x", "y"], a: 7, former: "ada" });
    const one = read(bytes) as { list: number[] };
    assertEquals(one, { name: "ada", list: [1, 2], a: 7n, raw: new Uint8Array([255]) } as typeof one);
    one.list.push(3);
    assertEquals((read(bytes) as typeof one).list, [1, 2], "a default is made anew for each record");
  });

  it("say what is missing", () => {
    assertThrows(
      () => resolve(record("R", field("a", "int")), record("R", field("b", "int")), { a: 1 }),
      TypeError,
      'the field "b" has no default, and R is written without it',
    );
    assertThrows(() => resolve(record("R"), record("S"), {}), TypeError, "R is written, and S is to be read");
  });

  it("resolve unions branch by branch, and refuse only the values of a branch that does not fit", () => {
    assertEquals(resolve("int", ["null", "long"], 7), 7n);
    assertEquals(resolve("int", ["string", "long", "int"], 7), { int: 7 });
    assertEquals(resolve(["null", "int"], ["null", "long"], 7), 7n);
    assertEquals(resolve(["null", "int"], "long", 7), 7n);
    assertThrows(() => resolve(["null", "int"], "long", null), TypeError, "null is written, and long is to be read");
    assertThrows(
      () => resolve("string", ["null", "int"], "x"),
      TypeError,
      "string is written, and a union of null, int",
    );
  });

  it("resolve enums, and use the default of one for a symbol that it does not have", () => {
    const writer = { type: "enum", name: "E", symbols: ["A", "B", "C"] };
    assertEquals(resolve(writer, { type: "enum", name: "E", symbols: ["C", "X"], default: "X" }, "C"), "C");
    assertEquals(resolve(writer, { type: "enum", name: "E", symbols: ["C", "X"], default: "X" }, "A"), "X");
    assertThrows(
      () => resolve(writer, { type: "enum", name: "E", symbols: ["C"] }, "A"),
      RangeError,
      "it has the symbol A, which the enum E does not have",
    );
  });

  it("resolve records that hold themselves", () => {
    const list = record("List", field("n", "int"), field("next", ["null", "List"], { default: null }));
    const longer = record("List", field("n", "long"), field("next", ["null", "List"], { default: null }));
    assertEquals(resolve(list, longer, { n: 1, next: { n: 2, next: null } }), { n: 1n, next: { n: 2n, next: null } });
  });
});

describe("Bytes that are not of the schema", () => {
  it("are refused with the reason", () => {
    const refused = (schema: AvroSchema, bytes: number[], message: string) =>
      assertThrows(() => avro(schema).decode(Uint8Array.from(bytes)), RangeError, message);
    refused("int", [], "the bytes end too early");
    refused("int", [0x80], "the bytes end too early");
    refused("int", [0xff, 0xff, 0xff, 0xff, 0x7f], "an int has more than 32 bits");
    refused("long", [...Array(10).fill(0xff), 1], "an integer has more than 64 bits");
    refused("long", [0, 0], "1 bytes are left over after its value");
    refused("boolean", [2], "a boolean is 0 or 1, and it has 2");
    refused("string", [20, 65], "the bytes end too early");
    refused("string", [1], "the bytes end too early");
    refused("double", [1, 2, 3], "the bytes end too early");
    refused(["null", "int"], [4], "it has branch 2 of a union of 2");
    refused({ type: "enum", name: "E", symbols: ["A"] }, [2], "it has symbol 1 of the enum E, which has 1");
    refused({ type: "array", items: "int" }, [200, 1, 2], "it claims 100 items, and 1 bytes are left");
    refused({ type: "array", items: "null" }, [0x80, 0x80, 0x80, 0x80, 0x80, 1], "items, and 0 bytes are left");
    assertThrows(() => avro("string").decode(Uint8Array.of(2, 0xff)), TypeError);
  });

  it("never take long, nor more memory than they have", () => {
    const orders = avro(ORDER);
    const sound = ["plain", "full"].map((name) => bodyOf(bytesOf(java.avro.records, name)));
    const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat({ max: 255 })));
    const damaged = fc.tuple(fc.constantFrom(...sound), fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat());
    fc.assert(
      fc.property(damaged, ([original, changes, cut]) => {
        const bytes = original.slice(0, cut % 4 === 0 ? cut % original.length : original.length);
        for (const [at, byte] of changes) bytes[at % Math.max(1, bytes.length)] = byte;
        try {
          orders.decode(bytes);
        } catch (error) {
          assert(error instanceof RangeError || error instanceof TypeError, String(error));
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("that nest without end are refused too", () => {
    const list = avro(record("List", field("next", ["null", "List"], { default: null })));
    let thrown: unknown;
    try {
      list.decode(new Uint8Array(1_000_000).fill(2));
    } catch (error) {
      thrown = error;
    }
    assertInstanceOf(thrown, RangeError);
  });
});
