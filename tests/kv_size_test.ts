/** The size of a value in Deno KV is known before it is written, exactly where it comes near to the limit. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { serialize, Serializer } from "node:v8";
import fc from "fast-check";
import { KV_VALUE_BYTES } from "../base/kv.ts";
import { kvBytes } from "../connectors/_kv_size.ts";
import { copyOf } from "../operators/_own.ts";

function serialized(value: unknown): number {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer().length;
}

/** Values that are as large as Deno KV takes, and a little larger, by what pads them. */
const LARGEST: Record<string, (padding: number) => unknown> = {
  "Latin-1 text": (n) => "\u00e9".repeat(n),
  "other text": (n) => ["\u4e00".repeat(n >> 1), "x".repeat(n & 1)],
  bytes: (n) => new Uint8Array(n),
  "an object with everything": (n) => ({
    ...{ numbers: [1, -1, 0.5, -0, NaN, 2 ** 40], big: -(2n ** 70n), none: null, missing: undefined, yes: true },
    ...{ since: new Date(5), seen: new Set(["a", 1n]), by: new Map([[1, { deep: ["\u4e00"] }]]) },
    ...{ bytes: Array.from({ length: 50 }, () => new Uint8Array(9)), "": "", padding: "x".repeat(n) },
  }),
};

describe("the size of a value in Deno KV", () => {
  for (const [what, make] of Object.entries(LARGEST)) {
    it(`is the limit for the largest ${what} that it takes`, async () => {
      using kv = await Deno.openKv(":memory:");
      let padding = KV_VALUE_BYTES;
      while (kvBytes(make(padding)) > KV_VALUE_BYTES) padding--;
      assertEquals(kvBytes(make(padding)), KV_VALUE_BYTES);
      await kv.set(["largest"], make(padding));
      await assertRejects(
        () => kv.set(["larger"], make(padding + (what === "other text" ? 2 : 1))),
        TypeError,
        "Value too large",
      );
    });
  }

  it("is never less than what is stored, and what is stored where it is large", () => {
    const leaf = [
      fc.string({ unit: "binary" }),
      fc.bigInt(),
      fc.uint8Array(),
      fc.date(),
      fc.double(),
      fc.maxSafeInteger(),
    ];
    const large = fc.nat({ max: 30_000 }).map((n) => "x".repeat(n));
    const values = fc.anything({
      ...{ maxDepth: 4, withMap: true, withSet: true, withNullPrototype: true },
      values: [...leaf, large, fc.boolean(), fc.constantFrom(null, undefined)],
    });
    fc.assert(fc.property(values, (value) => {
      const copy = copyOf(value);
      if (copy instanceof Uint8Array) return kvBytes(copy) === copy.length;
      const [most, exact] = [kvBytes(copy), serialized(copy)];
      assert(most >= exact, `${most} bytes at most are less than ${exact}`);
      return exact < 16_384 || most === exact;
    }));
  });

  it("is that of bytes alone, where they were part of a larger buffer", () => {
    const part = new Uint8Array(60_000).subarray(10, 20);
    assert(kvBytes(copyOf({ part })) < 100);
    assertEquals([kvBytes(copyOf(part)), serialize(part).length > 10], [10, true]);
  });
});
