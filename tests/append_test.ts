/** What a program appends by itself to a log in this process: its timestamps, its headers, and what is refused. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { embeddedLog, hours, memory } from "@tidemark/streams";
import type { AppendRecord } from "../connectors/local/append.ts";

const NOW = Date.UTC(2026, 0, 1);
const YEAR_9999 = Date.UTC(9999, 0, 1);

interface Options {
  readonly now: () => number;
  readonly maxTimestampAhead?: number;
}

/** A log as these tests use it. */
interface Log {
  append(records: readonly AppendRecord[]): Promise<void>;
  timestamps(): Promise<number[]>;
}

const LOGS: Record<string, (options: Options) => Promise<Log & Disposable>> = {
  memory: (options) => {
    const log = memory(options);
    return Promise.resolve({
      append: (records) => Promise.try(() => log.append("t", records)),
      timestamps: () => Promise.resolve(log.records("t").map(({ timestamp }) => timestamp)),
      [Symbol.dispose]: () => {},
    });
  },
  embeddedLog: async (options) => {
    const kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv, options);
    await log.create("t", { partitions: 1 });
    return {
      append: async (records) => void await log.append("t", records),
      timestamps: async () => (await Array.fromAsync(log.read("t"))).map(({ timestamp }) => timestamp),
      [Symbol.dispose]: () => kv.close(),
    };
  },
};

for (const [name, make] of Object.entries(LOGS)) {
  describe(`append() of ${name}`, () => {
    it("takes what is dated up to an hour ahead of its clock, and anything of the past", async () => {
      using log = await make({ now: () => NOW });
      const times = [NOW + hours(1), NOW, 0, -5, Number.MIN_SAFE_INTEGER];
      await log.append(times.map((timestamp) => ({ value: 1, timestamp })));
      await log.append([{ value: 1 }]);
      assertEquals(await log.timestamps(), [...times, NOW]);
    });

    for (const timestamp of [NOW + hours(1) + 1, YEAR_9999, Number.MAX_SAFE_INTEGER]) {
      it(`refuses what is dated ${timestamp - NOW} ms ahead of it, and with it the whole append`, async () => {
        using log = await make({ now: () => NOW });
        await assertRejects(
          () => log.append([{ value: 1 }, { value: 2, timestamp }]),
          RangeError,
          `Cannot append to the topic "t": the timestamp ${timestamp} lies ${
            timestamp - NOW
          } ms ahead of the clock, maxTimestampAhead is 3600000`,
        );
        assertEquals(await log.timestamps(), []);
      });
    }

    it("goes by the clock at the time of each append", async () => {
      let now = NOW;
      using log = await make({ now: () => now });
      await assertRejects(() => log.append([{ value: 1, timestamp: NOW + hours(2) }]), RangeError);
      now += hours(1);
      await log.append([{ value: 1, timestamp: NOW + hours(2) }]);
      assertEquals(await log.timestamps(), [NOW + hours(2)]);
    });

    it("takes what maxTimestampAhead allows", async () => {
      using far = await make({ now: () => NOW, maxTimestampAhead: Infinity });
      await far.append([{ value: 1, timestamp: YEAR_9999 }, { value: 1, timestamp: Number.MAX_SAFE_INTEGER }]);
      assertEquals(await far.timestamps(), [YEAR_9999, Number.MAX_SAFE_INTEGER]);
      using near = await make({ now: () => NOW, maxTimestampAhead: 0 });
      await near.append([{ value: 1 }]);
      await assertRejects(() => near.append([{ value: 1, timestamp: NOW + 1 }]), RangeError);
    });
  });
}

describe("maxTimestampAhead", () => {
  it("is refused where it is no limit", () => {
    for (const maxTimestampAhead of [-1, NaN]) {
      assertThrows(
        () => memory({ maxTimestampAhead }),
        RangeError,
        `Cannot create a log: maxTimestampAhead must be >= 0, current value is ${maxTimestampAhead}`,
      );
    }
  });
});
