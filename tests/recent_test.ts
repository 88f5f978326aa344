/** Figures of the last minute, and the newest commits. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Histogram } from "../runtime/histogram.ts";
import { RecentEpochs, RecentHistogram } from "../runtime/recent.ts";

describe("the percentiles of the last minute", () => {
  it("forget what is two minutes old, and not what is of this minute or the one before", () => {
    const recent = new RecentHistogram();
    recent.record(1000, 5);
    assertEquals(recent.percentiles(59_000).max, 1000);
    recent.record(10, 70_000);
    assertEquals(recent.percentiles(80_000).max, 1000);
    recent.record(20, 140_000);
    assertEquals(recent.percentiles(141_000).max, 20);
    // Nothing has come for long.
    assertEquals(recent.percentiles(500_000), { p50: 0, p95: 0, p99: 0, max: 0 });
  });
});

describe("percentiles", () => {
  it("are in their order, and never above the longest duration", () => {
    const recent = new RecentHistogram();
    for (const ms of [327, 326.9, 326.8, 0.005]) recent.record(ms, 1);
    const { p50, p95, p99, max } = recent.percentiles(2);
    assertEquals([p50, p95, p99, max], [327, 327, 327, 327]);
    const metrics = new Histogram();
    metrics.record(0.005);
    assertEquals(metrics.percentiles(), { p50: 0.01, p95: 0.01, p99: 0.01 });
  });
});

describe("the newest commits", () => {
  it("are at most so many, the newest first", () => {
    const recent = new RecentEpochs();
    assertEquals(recent.newest(3), []);
    for (let at = 0; at < 300; at++) recent.add({ at, tasks: 1, records: 1, results: 1, bytes: 1, commit_ms: 1 });
    assertEquals(recent.newest(3).map(({ at }) => at), [299, 298, 297]);
    assertEquals(recent.newest(1000).length, 256);
    assertEquals(recent.newest(1000).at(-1)!.at, 44);
  });

  it("are those after a commit, and tell the transaction that has made their results visible", () => {
    const recent = new RecentEpochs();
    for (let at = 0; at < 300; at++) recent.add({ at, tasks: 1, records: 1, results: 1, bytes: 1, commit_ms: 1 });
    const publish = { at: 400, took: 5, epochs: 3 };
    // The first one is forgotten already.
    recent.published([1, 298, 299], publish);
    assertEquals(recent.after(297).map((one) => [one.commit, one.publish]), [
      [298, publish],
      [299, publish],
      [300, undefined],
    ]);
    assertEquals(recent.after(0).map(({ commit }) => commit).slice(0, 2), [45, 46]);
    assertEquals([recent.after(0).length, recent.after(300), recent.last], [256, [], 300]);
  });
});
