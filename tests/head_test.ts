/** The head: its bytes, its size at the most of everything, and the decisions about it. */
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  admitted,
  advanced,
  changed,
  claimed,
  extended,
  resolvePublication,
  trimmed,
  verdict,
  verdictAhead,
} from "../state/decide.ts";
import { type Head, NEW_HEAD } from "../state/head.ts";
import { decodeHead, encodeHead } from "../state/head_codec.ts";
import { assertHeadFits, largestHead } from "../state/head_size.ts";
import { assertSuccessor } from "../state/successor.ts";
import { EXTENSIONS_BYTES, HEAD_BYTES, OUTBOX_EPOCHS, PINS, PUBLISHERS } from "../state/limits.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const THOUSAND = {
  inputs: { user_events: numbers(1000) },
  clocks: { "user_events 300000": { user_events: numbers(1000) } },
  counters: ["records_in", "late", "dead_letters", "outputs.user_recommendations", "outputs.user_activity"],
  states: ["event-count", "activity", "sessions", "joined-left", "joined-right"],
  publisher: "recommendations.0123456789abcdef",
};

Deno.test("the largest head stays below 16 KiB, and is the same when it comes back", () => {
  const head = largestHead(THOUSAND);
  const bytes = encodeHead(head);
  assertLess(bytes.length, HEAD_BYTES);
  assertEquals(assertHeadFits(THOUSAND), bytes.length);
  assertEquals(head.outbox.length, OUTBOX_EPOCHS);
  assertEquals(head.publishers.length, PUBLISHERS);
  assertEquals(decodeHead(bytes), head);
});

Deno.test("a job whose head would be too large is refused at its start, with the numbers", () => {
  const clocks = { ...THOUSAND.clocks, second: { user_events: numbers(1000) }, third: { user_events: numbers(1000) } };
  const error = assertThrows(() => assertHeadFits({ ...THOUSAND, clocks }), RangeError);
  assert(/1000 partitions with 3 clocks.*may have 16384/.test(error.message), error.message);
});

Deno.test("a typical head is a few hundred bytes", () => {
  const head: Head = {
    ...NEW_HEAD,
    ...{ fence: "0123456789abcdef", attempt: 123_456, epoch: 123_400 },
    offsets: { user_events: { 3: 12_345_678 } },
    clocks: { main: { partitions: [["user_events", 3, 1_700_000_000_123, false]], watermark: 1_699_999_700_122 } },
    counters: { records_in: 12_345_678, late: 12 },
    publishers: ["recommendations.0123456789abcdef"],
    ranges: [{ fence: "0123456789abcdef", first: 1, last: 99, chunks: 99, bytes: 123_456, checksum: 7 }],
    states: [{
      id: 0,
      name: "event-count",
      version: 1,
      kind: "value",
      namespaced: false,
      layout: 2,
      seed: 0x12345678,
      buckets: 3,
      bases: 3,
      baseBytes: 9,
      checksum: 1,
    }],
  };
  assertLess(encodeHead(head).length, 250);
});

const name = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("__proto__", "constructor", "\ufeff", "toString"));
const count = fc.nat({ max: 2 ** 40 });
const word = fc.nat({ max: 0xffffffff });
const fence = fc.constantFrom("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "c");
const plain = { noNullPrototype: true } as const;
const offsets = fc.dictionary(name, fc.dictionary(fc.nat({ max: 2000 }).map(String), fc.maxSafeNat(), plain), plain);
const clock = fc.record({
  watermark: fc.maxSafeInteger(),
  partitions: fc.uniqueArray(
    fc.tuple(fc.constantFrom("", "a", "b"), fc.integer({ min: -1, max: 50 }), fc.maxSafeInteger(), fc.boolean()),
    {
      selector: ([topic, partition]) => `${topic} ${partition}`,
    },
  ).map((slots) => slots.sort((x, y) => x[0] < y[0] ? -1 : x[0] > y[0] ? 1 : x[1] - y[1])),
}, plain);
const sum = { chunks: count, bytes: count, checksum: word };
const entry = fc.record({ fence, epoch: count, attempt: count, records: count, ...sum }, plain);
const anyHead: fc.Arbitrary<Head> = fc.record({
  topics: fc.dictionary(name, fc.stringMatching(/^[0-9a-f]{32}$/), plain),
  ...{ fence, attempt: count, epoch: count, nextState: count, era: count, finished: fc.boolean(), offsets },
  clocks: fc.dictionary(name, clock, plain),
  counters: fc.dictionary(name, fc.oneof(fc.maxSafeInteger(), fc.double()), plain),
  ranges: fc.array(
    fc.record({ fence, first: count, length: count, ...sum }, plain)
      .map(({ length, ...range }) => ({ ...range, last: range.first + length })),
  ),
  outbox: fc.array(entry),
  unwritten: fc.option(entry, { nil: undefined }),
  publishers: fc.array(name),
  states: fc.array(fc.record({
    ...{ id: count, name, version: count, namespaced: fc.boolean(), buckets: count, bases: count },
    ...{ baseBytes: count, checksum: word, seed: word, layout: fc.constantFrom(1, 2) },
    kind: fc.constantFrom("value", "map", "list"),
  }, plain)),
  pins: fc.array(
    fc.record({ name, fence, first: count, length: count }, plain)
      .map(({ length, ...pin }) => ({ ...pin, last: pin.first + length })),
  ),
  extensions: fc.dictionary(name, fc.oneof(fc.integer(), fc.string(), fc.array(fc.boolean())), plain),
  told: fc.option(
    fc.record(
      {
        worker: name,
        since: fc.maxSafeInteger(),
        at: fc.maxSafeInteger(),
        raisedBy: fc.dictionary(name, offsets, plain),
      },
      plain,
    ),
    { nil: undefined },
  ),
  unsafe: fc.option(fc.record({ since: offsets, reason: fc.string() }, plain), { nil: undefined }),
}, plain);

Deno.test("any head comes back as it was", () => {
  fc.assert(fc.property(anyHead, (head) => assertEquals(decodeHead(encodeHead(head)), head)), { numRuns: 500 });
});

Deno.test("a head with one wrong bit, cut short or of another format is refused", () => {
  const bytes = encodeHead(largestHead({ ...THOUSAND, inputs: { a: [0] }, clocks: {} }));
  for (let at = 0; at < bytes.length; at += 7) {
    const broken = bytes.slice();
    broken[at] ^= 1 << (at % 8);
    assertThrows(() => decodeHead(broken), RangeError);
  }
  assertThrows(() => decodeHead(bytes.subarray(0, 3)), RangeError);
  assertThrows(() => decodeHead(new Uint8Array([99, ...bytes.subarray(1)])), RangeError, "format 99");
});

const MINE = { fence: "mine", attempt: 7 };
const found = (fence: string, attempt: number, versionstamp: string) => ({
  head: { ...NEW_HEAD, fence, attempt },
  versionstamp,
});

Deno.test("the head decides what became of a write", () => {
  assertEquals(verdict(MINE, "v1", found("mine", 7, "v2")), "done");
  assertEquals(verdict(MINE, "v1", found("mine", 6, "v1")), "again");
  assertEquals(verdict(MINE, "v1", found("other", 1, "v2")), "fenced");
  assertEquals(verdict(MINE, "v1", found("mine", 8, "v2")), "impossible");
  assertEquals(verdict(MINE, "v1", undefined), "impossible");
  assertEquals(verdict(MINE, null, undefined), "again");
  assertEquals(verdict(MINE, "v1", found("other", 3, "v1")), "again");
  assertEquals(verdictAhead(MINE, "v1", found("mine", 6, "v1")), "again");
  assertEquals(verdictAhead(MINE, "v1", found("other", 6, "v2")), "fenced");
  assertEquals(verdictAhead(MINE, "v1", found("mine", 7, "v2")), "impossible");
  assertEquals(verdictAhead(MINE, "v1", undefined), "impossible");
});

Deno.test("a claim adds its publisher last, once, and keeps all others", () => {
  const claim = (head: Head | undefined, publisher: string, fenced: string[] = []) => {
    return claimed(head, { fence: "f", publisher, fenced }) as Head;
  };
  const first = claim(undefined, "a");
  assertEquals([first.epoch, first.attempt, first.fence, first.publishers], [0, 0, "f", ["a"]]);
  const third = claim(claim(first, "b"), "c");
  assertEquals(third.publishers, ["a", "b", "c"]);
  assertEquals(claim(third, "a").publishers, ["b", "c", "a"]);
  assertEquals(claimed(third, { fence: "f", publisher: undefined, fenced: [] }), { ...third, fence: "f", attempt: 0 });
});

Deno.test("a claim leaves out what was fenced, but never the present owner's publisher", () => {
  const publishers = Array.from({ length: PUBLISHERS }, (_, i) => `p${i}`);
  const head = { ...NEW_HEAD, publishers };
  assertEquals(claimed(head, { fence: "f", publisher: "new", fenced: [] }), "full");
  const owner = publishers.at(-1)!;
  const claim = claimed(head, { fence: "f", publisher: "new", fenced: publishers }) as Head;
  assertEquals(claim.publishers, [owner, "new"]);
});

Deno.test("an epoch comes after the one before it, and its results have to find room", () => {
  const facts = {
    ...{ extensions: {}, told: undefined },
    ...{
      epoch: 6,
      offsets: {},
      clocks: {},
      counters: {},
      finished: false,
      waiting: [],
      outbox: undefined,
      delta: undefined,
    },
    ...{ states: [], nextState: 0, era: 0, covered: [] },
  };
  assertEquals(advanced({ ...NEW_HEAD, epoch: 5 }, facts).epoch, 6);
  assertThrows(() => advanced({ ...NEW_HEAD, epoch: 6 }, facts), Error, "Epoch 6 cannot come after epoch 6");
  assertThrows(() => advanced({ ...NEW_HEAD, epoch: 4 }, facts), Error, "Epoch 6 cannot come after epoch 4");
  const outbox = numbers(OUTBOX_EPOCHS).map((i) => ({
    epoch: i + 1,
    fence: "",
    attempt: i,
    chunks: 1,
    bytes: 1,
    records: 1,
    checksum: 1,
  }));
  const request = { offsets: {}, clocks: {}, published: 0, results: true };
  assertThrows(() => admitted({ ...NEW_HEAD, outbox }, request), Error, "wait to be published already");
  assertEquals(admitted({ ...NEW_HEAD, outbox }, { ...request, results: false }).waiting.length, OUTBOX_EPOCHS);
  assertEquals(admitted({ ...NEW_HEAD, outbox }, { ...request, published: 1 }).waiting.length, OUTBOX_EPOCHS - 1);
});

Deno.test("a delta joins its owner's range, and the oldest ones leave theirs", () => {
  const delta = (fence: string, attempt: number, checksum = 0xffffffff) => ({
    fence,
    attempt,
    chunks: 1,
    bytes: 10,
    checksum,
  });
  let ranges = extended([], delta("a", 1));
  ranges = extended(ranges, delta("a", 4));
  assertEquals(ranges, [{ fence: "a", first: 1, last: 4, chunks: 2, bytes: 20, checksum: 0xfffffffe }]);
  ranges = extended(extended(ranges, delta("a", 5, 7)), delta("b", 1));
  assertEquals(ranges.map(({ fence, last }) => [fence, last]), [["a", 5], ["b", 1]]);
  ranges = trimmed(ranges, [delta("a", 1), delta("a", 4)]);
  assertEquals(ranges[0], { fence: "a", first: 5, last: 5, chunks: 1, bytes: 10, checksum: 7 });
  assertEquals(trimmed(ranges, [delta("a", 5, 7), delta("b", 1)]), []);
  assertThrows(() => trimmed(ranges, [delta("b", 1)]), Error, "is not the oldest one");
});

Deno.test("a reset forgets everything but whose the task is, and never gives a number twice", () => {
  const head = { ...largestHead(THOUSAND), attempt: 9, epoch: 40, era: 3, nextState: 8 };
  const { publishers, fence, pins } = head;
  const told = { ...head.told!, raisedBy: {} };
  const after = changed(head, { reset: { epoch: 0 }, offsets: { user_events: { 0: 5 } } });
  const expected = { ...NEW_HEAD, fence, publishers, pins, told, attempt: 10, epoch: 40, era: 4, nextState: 8 };
  assertEquals(after, { ...expected, offsets: { user_events: { 0: 5 } } });
  assertEquals(changed(head, { reset: { epoch: 77 } }).epoch, 77);
});

Deno.test("an extension is kept by whoever does not know it, set and removed by whoever does, and bounded", () => {
  const before: Head = { ...NEW_HEAD, extensions: { later: { version: 9 }, run: "a" } };
  const rewritten = decodeHead(encodeHead(changed(decodeHead(encodeHead(before)), { published: 3 })));
  assertEquals(rewritten.extensions, { later: { version: 9 }, run: "a" });
  const set = changed(rewritten, { extensions: { run: undefined, __proto__: null, hops: [1] } });
  assertEquals(set.extensions, { later: { version: 9 }, hops: [1] });
  assertThrows(() => changed(before, { extensions: { large: "x".repeat(EXTENSIONS_BYTES) } }), RangeError, "may have");
});

Deno.test("a head pins few savepoints, of short names", () => {
  const pin = { name: "before-migration", fence: "mine", first: 3, last: 5 };
  assertEquals(decodeHead(encodeHead(changed(NEW_HEAD, { pins: [pin] }))).pins, [pin]);
  assertThrows(() => changed(NEW_HEAD, { pins: Array(PINS + 1).fill(pin) }), RangeError, "savepoints at most");
  assertThrows(() => changed(NEW_HEAD, { pins: [{ ...pin, name: "n".repeat(99) }] }), RangeError, "characters");
});

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "\ufeffname", ""];

Deno.test("topics, clocks and counters may have any name, and one that is not there is not found", () => {
  const offsets = Object.fromEntries(NAMES.map((name) => [name, { 0: 7 }]));
  const clocks = Object.fromEntries(NAMES.map((name) => [name, { partitions: [], watermark: 5 }]));
  const counters = Object.fromEntries(NAMES.map((name, i) => [name, i]));
  const after = decodeHead(encodeHead(changed(NEW_HEAD, { offsets, clocks, counters })));
  assertEquals([Object.keys(after.offsets), Object.keys(after.clocks)], [NAMES, NAMES]);
  assertEquals(NAMES.map((name) => after.counters[name]), [0, 1, 2, 3, 4, 5]);
  assertEquals(changed(after, { offsets: Object.fromEntries([["__proto__", { 1: 8 }]]) }).offsets["__proto__"], {
    0: 7,
    1: 8,
  });
  for (const empty of [NEW_HEAD, decodeHead(encodeHead(NEW_HEAD))]) {
    for (const name of NAMES) {
      const { offsets, clocks, counters, topics, extensions } = empty;
      const found = [offsets, clocks, counters, topics, extensions].filter((record) => record[name] !== undefined);
      assertEquals(found, []);
    }
  }
});

Deno.test("offsets and watermarks never go back, whoever asks", () => {
  const before: Head = {
    ...NEW_HEAD,
    offsets: { in: { 0: 10, 1: 5 } },
    clocks: { main: { partitions: [], watermark: 100 } },
  };
  const request = { clocks: {}, published: 0, results: false };
  const admit = (offsets: Head["offsets"], clocks: Head["clocks"] = {}) =>
    admitted(before, { ...request, offsets, clocks }).offsets;
  assertEquals(admit({ in: { 1: 6 } }), { in: { 0: 10, 1: 6 } });
  assertEquals(admit({ other: { 0: 1 } }), { in: { 0: 10, 1: 5 }, other: { 0: 1 } });
  assertThrows(() => admit({ in: { 0: 9 } }), Error, "The offset of in/0 cannot go back from 10 to 9");
  assertThrows(() => changed(before, { offsets: { in: { 0: 9 } } }), Error, "cannot go back");
  assertThrows(() => admit({ in: { 0: 10.5 } }), RangeError, "is not a whole number");
  assertThrows(() => admit({ in: { 0: -1 } }), RangeError, "is not a whole number");
  const clocked = (watermark: number) => admit({}, { main: { partitions: [], watermark } });
  clocked(100);
  assertThrows(() => clocked(99), Error, 'The watermark of clock "main" cannot go back from 100 to 99');
  assertThrows(() => changed(before, { clocks: { main: { partitions: [], watermark: 1 } } }), Error, "cannot go back");
  assertThrows(() => clocked(Number.MAX_SAFE_INTEGER), RangeError, "cannot be stored");
  assertThrows(() => clocked(NaN), RangeError, "cannot be stored");
});

const waiting = (epoch: number, attempt = epoch, from = "mine") => {
  return { fence: from, epoch, attempt, chunks: 1, bytes: 10, records: 1, checksum: epoch };
};

interface Said {
  readonly epoch: number;
  readonly outbox: ReturnType<typeof waiting>[];
  readonly rows?: number;
}

Deno.test("a marker inside of an epoch says how many of its rows are visible", () => {
  const outbox = [waiting(5), waiting(7)];
  const found = (epoch: number, rows: number) => resolvePublication({ epoch: 7, outbox }, { epoch, rows });
  assertEquals(found(4, 3), { kind: "known", published: 4, rows: 3, waiting: outbox });
  assertEquals(found(6, 9), { kind: "known", published: 6, rows: 9, waiting: [outbox[1]] });
  assertEquals(found(7, 0), { kind: "known", published: 7, rows: 0, waiting: [] });
  assertEquals(found(7, 1), { kind: "ahead", epoch: 7, marker: 8 });
});

Deno.test("head and marker together say what is published, and nothing is guessed", () => {
  const head = { epoch: 9, outbox: [waiting(5), waiting(7), waiting(8)] };
  const says = (marker: number | undefined, { epoch, outbox, rows = 0 }: Said = head) => {
    const found = resolvePublication({ epoch, outbox }, marker === undefined ? undefined : { epoch: marker, rows });
    return found.kind === "known" ? [found.published, ...found.waiting.map((entry) => entry.epoch)] : found;
  };
  assertEquals(says(4), [4, 5, 7, 8]);
  assertEquals(says(0), [4, 5, 7, 8]);
  assertEquals(says(5), [6, 7, 8]);
  assertEquals(says(6), [6, 7, 8]);
  assertEquals(says(7), [7, 8]);
  assertEquals(says(8), [9]);
  assertEquals(says(9), [9]);
  assertEquals(says(10), { kind: "ahead", epoch: 9, marker: 10 });
  assertEquals(says(undefined), { kind: "forgotten", epoch: 9 });
  assertEquals(says(undefined, { epoch: 9, outbox: [] }), { kind: "unmarked", epoch: 9 });
  assertEquals(says(3, { epoch: 9, outbox: [] }), [9]);
  assertEquals(says(0, { epoch: 0, outbox: [] }), [0]);
});

Deno.test("a head that breaks an invariant cannot follow another, whoever writes it", () => {
  const before: Head = {
    ...NEW_HEAD,
    ...{ fence: "mine", attempt: 4, epoch: 3, era: 1, nextState: 2 },
    offsets: { in: { 0: 10, 1: 20 } },
    clocks: { main: { watermark: 100, partitions: [] } },
    outbox: [waiting(2), waiting(3)],
    publishers: ["job.before", "job.mine"],
  };
  const next: Head = { ...before, attempt: 5, epoch: 4, outbox: [waiting(3), waiting(4, 5)] };
  const claim: Head = { ...before, fence: "other", attempt: 0, publishers: ["job.mine", "job.other"] };
  for (const fine of [next, claim, { ...next, outbox: [] }, { ...before, attempt: 5 }]) assertSuccessor(before, fine);
  assertSuccessor(undefined, { ...NEW_HEAD, fence: "mine" });
  const reset = { ...NEW_HEAD, fence: "mine", attempt: 5, epoch: 8, era: 2, nextState: 2 };
  assertSuccessor(before, reset, true);

  const broken: [sentence: string, head: Head, reset?: boolean][] = [
    ["attempt 4 came after attempt 4", { ...next, attempt: 4 }],
    ["attempt 6 came after attempt 4", { ...next, attempt: 6 }],
    ["epoch 5 came after epoch 3", { ...next, epoch: 5 }],
    ["epoch 2 came after epoch 3", { ...next, epoch: 2 }],
    ["epoch 2 came after epoch 3", { ...reset, epoch: 2 }, true],
    ["a number would be given twice", { ...next, era: 0 }],
    ["a number would be given twice", { ...next, nextState: 1 }],
    ["the offset of in/1 went from 20 to 19", { ...next, offsets: { in: { 0: 10, 1: 19 } } }],
    ["the offset of in/1 went from 20 to undefined", { ...next, offsets: { in: { 0: 10 } } }],
    ["the offset of in/0 went from 10 to undefined", { ...next, offsets: {} }],
    ['the watermark of clock "main" went from 100 to 99', {
      ...next,
      clocks: { main: { watermark: 99, partitions: [] } },
    }],
    ["the end of time", { ...next, clocks: { other: { watermark: Number.MAX_SAFE_INTEGER, partitions: [] } } }],
    ["results left the outbox out of their order", { ...next, outbox: [waiting(2), waiting(4, 5)] }],
    ["results left the outbox out of their order", { ...next, outbox: [waiting(3), waiting(2)] }],
    ["that are not those of epoch 4", { ...next, outbox: [waiting(4, 3)] }],
    ["that are not those of epoch 4", { ...next, outbox: [waiting(4, 5), waiting(5, 5)] }],
    ["a new owner began with attempt 5", { ...claim, attempt: 5 }],
    ["a new owner made epoch 4", { ...claim, epoch: 4 }],
    ["publisher job.mine was forgotten", { ...claim, publishers: ["job.other"] }],
    ["a new owner changed the outbox", { ...claim, outbox: [waiting(3)] }],
  ];
  for (const [sentence, head, resets = false] of broken) {
    assertThrows(() => assertSuccessor(before, head, resets), Error, sentence);
  }
  assertThrows(() => assertSuccessor(undefined, before), Error, "a new task begins with epoch 0");
});
