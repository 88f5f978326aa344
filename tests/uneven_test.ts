/** What is uneven in the input of a job: events out of order, and keys that come often. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { count, eventTime, memory, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import { textBytes } from "../base/text.ts";
import { Spans } from "../operators/_spans.ts";
import { HotKeys } from "../runtime/hot_keys.ts";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const noon = Date.UTC(2026, 0, 5, 12);
/** More than 1000 samples of one in sixteen. */
const VISITS = 17_000;

function activity(maxOutOfOrderness: number) {
  const broker = memory();
  return broker.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
    broker.sink("activity"),
  );
}

/** Visits a second apart, of which every fifth is 40 seconds behind, and every other one is ada's. */
function visits() {
  return Array.from({ length: VISITS }, (_none, n) => {
    const at = noon + seconds(n) - (n % 5 === 4 ? seconds(40) : 0);
    const user = n % 2 === 0 ? "ada" : `user-${n}`;
    return { key: user, value: { user, at }, timestamp: at };
  });
}

describe("details().watermarks", () => {
  it("tell how far events are out of order, and which bound would keep them", async () => {
    await using test = await testPipeline(activity(seconds(10)), { start: noon });
    await test.push("visits", visits());
    const { watermarks: [{ disorder }], partitions: [{ marks: [mark], lastTimestamp }] } = await test.details();
    assert(disorder !== undefined);
    assert(Math.abs(disorder.samples - VISITS / 16) < 50, `${disorder.samples} samples`);
    assertEquals([disorder.half, disorder.all], [0, seconds(39)]);
    assertEquals(disorder.most, seconds(39));
    assert(Math.abs(disorder.beyond! - 0.2) < 0.05, `${disorder.beyond} are beyond the bound`);
    assertEquals(
      disorder.advice,
      "maxOutOfOrderness is 10 s; a bound of 39 s would keep 99.9 % of the values in time",
    );
    assertEquals([mark.disorder, lastTimestamp], [seconds(39), noon + seconds(VISITS - 1) - seconds(40)]);
  });

  it("advise a smaller bound where results wait for nothing", async () => {
    await using test = await testPipeline(activity(minutes(5)), { start: noon });
    await test.push("visits", visits());
    const { watermarks: [{ disorder }], late } = await test.details();
    assertEquals([late, disorder!.beyond], [0, 0]);
    assertEquals(
      disorder!.advice,
      "99.9 % of the values are behind by no more than 39 s; with twice that as maxOutOfOrderness results would come " +
        "3 min 42 s sooner",
    );
  });

  it("advise nothing before they have seen enough", async () => {
    await using test = await testPipeline(activity(seconds(10)), { start: noon });
    await test.push("visits", visits().slice(0, 1_000));
    const { watermarks: [{ disorder }] } = await test.details();
    assert(disorder!.samples > 30 && disorder!.samples < 1_000, `${disorder!.samples} samples`);
    assertEquals(disorder!.advice, undefined);
  });
});

describe("details().hotKeys", () => {
  it("are keys that have more than one record in 32 of their partition", async () => {
    await using test = await testPipeline(activity(minutes(5)), { start: noon, partitions: 2 });
    await test.push("visits", visits().map((visit) => ({ ...visit, partition: 1 })));
    const { hotKeys } = await test.details();
    assertEquals(hotKeys.map(({ key, task, topic, partition }) => [key, task, topic, partition]), [
      ["ada", 1, "visits", 1],
    ]);
    assert(Math.abs(hotKeys[0].share - 0.5) < 0.1, `${hotKeys[0].share} of the records are hers`);
  });
});

describe("HotKeys", () => {
  it("never say more of a key than it has, and name each that has twice what is certain", () => {
    const keys = new HotKeys();
    const counts = new Map<string, number>();
    let seed = 1;
    const total = 10_000;
    for (let n = 0; n < total; n++) {
      seed = seed * 48_271 % 2_147_483_647;
      const part = seed / 2_147_483_647;
      const key = part < 0.3 ? "hot" : part < 0.4 ? "warm" : `key-${Math.floor(part * 5_000)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      keys.add(textBytes(key));
    }
    const hot = keys.hot();
    assertEquals(hot.map(({ key }) => key), ["hot", "warm"]);
    for (const { key, share } of hot) assert(share <= counts.get(key)! / total, `${key}: ${share}`);
  });

  it("forget what has been hot", () => {
    const keys = new HotKeys();
    for (let n = 0; n < 10_000; n++) keys.add(textBytes("ada"));
    for (let n = 0; n < 80_000; n++) keys.add(textBytes("bob"));
    assertEquals(keys.hot().map(({ key }) => key), ["bob"]);
  });

  it("show a key that is no text in hexadecimal digits, and say nothing of few records", () => {
    const keys = new HotKeys();
    for (let n = 0; n < 63; n++) keys.add(Uint8Array.of(0xff, 0x01));
    assertEquals(keys.hot(), []);
    keys.add(null);
    assertEquals(keys.hot(), [{ key: "ff01", share: 63 / 64 }]);
  });
});

describe("Spans", () => {
  it("tell the time that so many do not exceed, rounded up by at most a tenth", () => {
    const spans = new Spans();
    for (let ms = 0; ms < 1_000; ms++) spans.add(ms);
    for (const most of [1, 10, 100, 500, 900]) {
      const found = spans.exceededBy(most), exact = 999 - most;
      assert(found >= exact, `${most}: ${found}`);
      assertLess(found, exact * 1.1 + 2);
    }
    assertEquals([spans.exceededBy(0), spans.exceededBy(1_000), spans.count], [999, 0, 1_000]);
    const both = new Spans();
    both.include(spans);
    both.include(spans);
    assertEquals([both.count, both.worst, both.exceededBy(20)], [2_000, 999, spans.exceededBy(10)]);
    assertEquals(both.longerThan(5_000), 0);
  });
});
