/** The ground floor: bytes, pauses. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { Backoff, pause, pauseAfter } from "../base/backoff.ts";
import { GrowingBytes, varintSize, zigzag, zigzagBack } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import { decimalBytes } from "../base/text.ts";
import { ByteReader } from "../connectors/kafka/wire.ts";

describe("GrowingBytes", () => {
  it("writes integers of variable length that are as long as varintSize() says", () => {
    fc.assert(fc.property(fc.array(fc.maxSafeNat()), (values) => {
      const bytes = new GrowingBytes(1);
      for (const value of values) {
        const before = bytes.length;
        bytes.varint(value);
        assertEquals(bytes.length - before, varintSize(value));
      }
      const small = values.filter((value) => value < 2 ** 32);
      const reader = new ByteReader(small.reduce((all, value) => all.varint(value), new GrowingBytes()).written);
      assertEquals(small.map(() => reader.unsignedVarint()), small);
    }));
  });

  it("keeps what was written when it grows", () => {
    const bytes = new GrowingBytes(2).byte(1).raw(new Uint8Array([2, 3, 4])).byte(0x1ff);
    assertEquals([...bytes.written], [1, 2, 3, 4, 255]);
  });
});

describe("decimalBytes()", () => {
  it("writes every number as its text", () => {
    const decoder = new TextDecoder();
    const powers = Array.from({ length: 17 }, (_, at) => 10 ** at).flatMap((power) => [power - 1, power, power + 1]);
    for (const value of [...powers, -5, 1.5, NaN, Infinity]) {
      assertEquals(decoder.decode(decimalBytes(value)), String(value));
    }
    fc.assert(fc.property(fc.maxSafeNat(), (value) => decoder.decode(decimalBytes(value)) === String(value)));
  });
});

describe("zigzag()", () => {
  it("makes small integers of either sign small ones without sign, and back", () => {
    assertEquals([0, -1, 1, -2, 2].map(zigzag), [0, 1, 2, 3, 4]);
    for (const value of [0, 7, -7, 2 ** 40, -(2 ** 40), 2 ** 51]) assertEquals(zigzagBack(zigzag(value)), value);
  });
});

describe("Backoff", () => {
  const limits = { first: 10, longest: 100 };

  it("waits twice as long from try to try up to the longest pause, give or take a quarter", () => {
    assertEquals([0, 1, 2, 3, 4, 5, 1000].map((failures) => pauseAfter(failures, limits, 0.5)), [
      ...[10, 20, 40, 80, 100, 100, 100],
    ]);
    assertEquals(pauseAfter(0, limits, 0), 7.5);
    assert(pauseAfter(0, limits, 0.999_999) < 12.5);
  });

  it("waits shortly again once it has worked", async () => {
    const waited: number[] = [];
    const clock = {
      random: () => 0.5,
      after: (ms: number, run: () => void) => {
        waited.push(ms);
        queueMicrotask(run);
        return () => {};
      },
    };
    const backoff = new Backoff(limits, clock);
    await backoff.wait();
    await backoff.wait();
    backoff.reset();
    await backoff.wait();
    assertEquals(waited, [10, 20, 10]);
  });
});

describe("pause()", () => {
  it("ends with its time, or with the signal, and leaves no timer behind", async () => {
    using time = new FakeTime();
    const ended: string[] = [];
    const aborting = new AbortController();
    const long = pause(systemClock, 1000, aborting.signal).then(() => ended.push("by the signal"));
    const short = pause(systemClock, 10).then(() => ended.push("by time"));
    await time.tickAsync(10);
    await short;
    aborting.abort();
    await long;
    await pause(systemClock, 1000, aborting.signal);
    assertEquals(ended, ["by time", "by the signal"]);
  });
});
