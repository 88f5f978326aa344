/** Copies and frozen values of plain data, beside the codec of the checkpoint. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { copyOf, freeze, NotPlainError } from "../operators/_own.ts";
import { ValueReader } from "../state/value_reader.ts";
import { ValueWriter } from "../state/value_writer.ts";

describe("copyOf()", () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.bigInt(),
        fc.constantFrom(null, undefined, -0, NaN),
      ),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "1")), tie("value"), {
        maxKeys: 4,
      }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 3, noNullPrototype: true }),
      fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(tie("value"), { maxLength: 3 }).map((values) => new Set(values)),
      fc.date(),
      fc.uint8Array({ maxLength: 5 }),
    ),
  })).value;

  it("gives what a checkpoint gives back", () => {
    fc.assert(fc.property(plain, (value) => {
      const writer = new ValueWriter();
      writer.value(value);
      const stored = new ValueReader(writer.take()).value();
      assertEquals(copyOf(value), stored);
      assertEquals(prototypes(copyOf(value)), prototypes(stored));
    }));
  });

  it("refuses what cannot be stored", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const hidden = Object.defineProperty({}, "x", { value: 1 });
    const refused = [new (class Cart {})(), () => 1, Symbol("s"), /x/, cycle, hidden, { [Symbol("s")]: 1 }, [1, , 2], [
      new Error("e"),
    ], new Float64Array(1)];
    for (const value of refused) {
      assertThrows(() => copyOf(value), NotPlainError);
      assertThrows(() => new ValueWriter().value(value), TypeError);
    }
  });
});

describe("freeze()", () => {
  it("freezes deeply, also below what somebody else froze, and passes over what it has frozen", () => {
    const inner = { list: [1] };
    const value = Object.freeze({ inner });
    assertStrictEquals(freeze(value), value);
    assertEquals([Object.isFrozen(inner), Object.isFrozen(inner.list)], [true, true]);
    let read = 0;
    const watched = new Proxy([0], { ownKeys: (target) => (read++, Reflect.ownKeys(target)) });
    const parts = { watched };
    freeze(parts);
    const before = read;
    freeze({ parts });
    assertEquals(read, before);
  });

  it("refuses what cannot be frozen", () => {
    for (const value of [new Map(), new Set(), new Date(), new Uint8Array(1)]) {
      assertThrows(() => freeze({ value }), NotPlainError, "cannot be frozen");
    }
  });
});

/** The prototype of each part of a value, in order. */
function prototypes(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  return [Object.getPrototypeOf(value), ...parts.flatMap(prototypes)];
}
