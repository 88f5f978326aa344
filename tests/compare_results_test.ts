import { assertEquals } from "@std/assert";
import type { InputRecord } from "../connectors/connector.ts";
import { differenceIn, lastDifferenceIn } from "../testing/_compare.ts";

const encoder = new TextEncoder();

/** Results from words such as `ada:1@5`: key, value, event time. */
function results(text: string): Map<string, InputRecord[]> {
  const records = text.split(" ").filter(Boolean).map((word, offset) => {
    const [, key, value, timestamp] = /^(\w*):(\w+)@(\d+)$/.exec(word)!;
    return {
      topic: "t",
      partition: 0,
      offset,
      timestamp: Number(timestamp),
      key: key === "" ? null : encoder.encode(key),
      value: encoder.encode(value),
      headers: undefined,
    };
  });
  return new Map([["t", records]]);
}

function difference(expected: string, actual: string, ordered = true) {
  const found = differenceIn("t", { expected: results(expected), actual: results(actual), ordered });
  return found && [found.index, found.expected?.value, found.actual?.value];
}

Deno.test("results are the same in any order of keys, and differ in another order of one key", () => {
  assertEquals(difference("ada:1@1 bob:2@2 ada:3@3", "bob:2@2 ada:1@1 ada:3@3"), undefined);
  assertEquals(difference("ada:1@1 bob:2@2 ada:3@3", "ada:3@3 bob:2@2 ada:1@1"), [0, 1, 3]);
});

Deno.test("no order is promised within one firing, of results without a key, and between several tasks", () => {
  assertEquals(difference("ada:1@9 ada:2@9 ada:3@12", "ada:2@9 ada:1@9 ada:3@12"), undefined);
  assertEquals(difference(":1@1 :2@2", ":2@2 :1@1"), undefined);
  assertEquals(difference("ada:1@1 ada:2@2", "ada:2@2 ada:1@1", false), undefined);
});

Deno.test("a result that is missing, too many, or another is found at its place", () => {
  assertEquals(difference("ada:1@1 bob:2@2 ada:3@3", "ada:1@1 ada:3@3"), [1, 2, undefined]);
  assertEquals(difference("ada:1@1", "ada:1@1 ada:1@1"), [1, undefined, 1]);
  assertEquals(difference("ada:1@1 bob:2@2", "ada:1@1 bob:7@2"), [1, 2, 7]);
  assertEquals(difference("ada:1@1", "ada:1@2"), [0, 1, 1]);
});

Deno.test("of an upsert stream the last value of each key counts", () => {
  const last = (expected: string, actual: string) => {
    const found = lastDifferenceIn("t", results(expected), results(actual));
    return found && [found.index, found.expected?.value, found.actual?.value];
  };
  assertEquals(last("ada:3@3 bob:1@1", "ada:1@1 ada:2@2 bob:1@1 ada:3@3"), undefined);
  assertEquals(last("ada:3@3 bob:1@1", "ada:3@3 ada:2@2 bob:1@1"), [0, 3, 2]);
  assertEquals(last("ada:3@3", "ada:3@3 eve:1@1"), [1, undefined, 1]);
});
