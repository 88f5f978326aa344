/** What the page makes of snapshots: words, rates, trends, sentences, and the scene of event time. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { count, minutes, seconds } from "@tidemark/streams";
import { eventTime, memory, tumblingWindow, watermark } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import * as format from "../dashboard/page/format.js";
import { History, slopeOf } from "../dashboard/page/history.js";
import { attention, headline, limitOf } from "../dashboard/page/sentences.js";
import { holderOf, tideScene } from "../dashboard/page/tide_scene.js";
import { layoutOf } from "../dashboard/layout.ts";
import { shownDuration, shownSize } from "../runtime/details_words.ts";
import type { JobDetails } from "../runtime/details.ts";
import { sentencesOf } from "../runtime/details_sentences.ts";

const noon = Date.UTC(2026, 0, 5, 12);

/** Snapshots of a real pipeline, and the same with other figures. */
async function snapshot(): Promise<JobDetails> {
  const broker = memory();
  const pipeline = broker.source<{ at: number }>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(10) }),
    tumblingWindow({ name: "activity", key: () => "all", size: minutes(1), aggregate: count() }),
    broker.sink("out"),
  );
  await using test = await testPipeline(pipeline, { start: noon });
  await test.push("visits", [{ value: { at: noon }, timestamp: noon }]);
  return await test.details();
}

function at(details: JobDetails, second: number, changed: Partial<JobDetails>): JobDetails {
  return { ...details, at: noon + seconds(second), ...changed };
}

/** The same with other figures, and the sentences that go with them. */
function retold(details: JobDetails, changed: Partial<JobDetails>): JobDetails {
  const told = { ...details, ...changed };
  return { ...told, sentences: sentencesOf(told, { task: 0, records: told.records_in }) };
}

describe("the page's words", () => {
  it("show durations in their two largest units, and what is not known as a dash", () => {
    const shown = [0, 0.25, 340, 999, 1_000, 9_900, 48_000, 140_000, 8_132_400_000, undefined, NaN, -2_000];
    assertEquals(shown.map(format.duration), [
      ...["0 ms", "0.3 ms", "340 ms", "999 ms", "1 s", "9.9 s", "48 s", "2 min 20 s", "94 d 3 h"],
      ...["–", "–", "−2 s"],
    ]);
  });

  it("are those of the sentences that the engine makes", () => {
    for (const ms of [0, 0.25, 6_100, 9_949, 140_000]) assertEquals(shownDuration(ms), format.duration(ms));
    for (const bytes of [812, 4_200, 14_500]) assertEquals(shownSize(bytes), format.size(bytes));
    // What should have come already comes now.
    assertEquals(shownDuration(-1), "0 ms");
  });

  it("show counts, rates, sizes and shares", () => {
    assertEquals([format.count(81_204), format.count(undefined), format.counted(1, "record")], [
      "81,204",
      "–",
      "1 record",
    ]);
    assertEquals([0, 0.42, 12.4, 2_004.2, undefined].map(format.rate), ["0", "0.4", "12", "2,004", "–"]);
    assertEquals([812, 4_200, 1_340_000, 12e9].map(format.size), ["812 B", "4.2 KB", "1.3 MB", "12 GB"]);
    assertEquals([0.614, 1 / 256, 0, undefined].map(format.percent), ["61 %", "0.39 %", "0 %", "–"]);
  });

  it("show times in UTC with a Z, with their date on another day, and no calendar's time as a number", () => {
    const options = { now: noon };
    assertEquals(format.time(noon + 250, options), "12:00:00Z");
    assertEquals(format.time(noon + 250, { ...options, millis: true }), "12:00:00.250Z");
    assertEquals(format.time(noon - 86_400_000, options), "2026-01-04 12:00:00Z");
    assertEquals(format.time(9e15, options), "9000000000000000");
    assertEquals(format.time(undefined, options), "–");
    assertEquals([format.ago(noon - 3_000, noon), format.ago(noon, noon), format.ago(noon + 61_000, noon)], [
      ...["3 s ago", "now", "in 1 min 1 s"],
    ]);
  });

  it("choose ticks that people read, and never more than asked for", () => {
    assertEquals(format.timeTicks(noon, noon + minutes(5), 6).map((tick) => (tick - noon) / 1000), [
      0,
      60,
      120,
      180,
      240,
      300,
    ]);
    assert(format.timeTicks(0, 9e15, 6).length <= 7);
    assertEquals(format.ticks(47, 4), [0, 20, 40]);
  });
});

describe("the page's history", () => {
  it("makes rates of the server's clock over five seconds, and leaves out what a restart took back", async () => {
    const details = await snapshot();
    const history = new History();
    for (let second = 0; second <= 10; second++) history.add(at(details, second, { records_in: 100 * second ** 2 }));
    assertEquals(history.rate(({ records }) => records), (100 * 100 - 100 * 25) / 5);
    history.add(at(details, 11, { records_in: 5 }));
    assertEquals(history.rate(({ records }) => records), undefined);
  });

  it("keeps five minutes and no more, however long the page is open", async () => {
    const details = await snapshot();
    const history = new History();
    for (let second = 0; second < 1_000; second++) history.add(at(details, second, {}));
    assert(history.samples.length <= 310, `${history.samples.length} samples`);
    assertEquals(history.samples.at(-1)!.at, noon + seconds(999));
  });

  it("tells a lag that grows from one that shrinks, and when that one is at 0", async () => {
    const details = await snapshot();
    const trendOf = (lag: (second: number) => number) => {
      const history = new History();
      for (let second = 0; second < 60; second++) history.add(at(details, second, { lag: lag(second) }));
      return history.trend(1_000);
    };
    assertEquals(trendOf(() => 500)?.word, "steady");
    assertEquals(trendOf((second) => 50 * second)?.word, "growing");
    const shrinking = trendOf((second) => 10_000 - 100 * second)!;
    assertEquals(shrinking.word, "shrinking");
    assertAlmostEquals(shrinking.left!, 41_000, 1);
    assertAlmostEquals(slopeOf([[0, 1], [1, 3], [2, 5]]), 2);
  });

  it("remembers when a stage fired: its next moment has moved on", async () => {
    const details = await snapshot();
    const next = (moment: number | undefined) => ({ stages: [{ ...details.stages[0], next: moment }] });
    const history = new History();
    history.add(at(details, 0, next(noon + 60_000)));
    history.add(at(details, 1, next(noon + 60_000)));
    history.add(at(details, 2, next(noon + 120_000)));
    assertEquals(history.firings, [{ at: noon + 2_000, stage: "activity", time: noon + 60_000 }]);
  });
});

describe("the page's sentences", () => {
  it("say how a job is in one sentence for each state", async () => {
    const details = await snapshot();
    const history = new History();
    history.add(details);
    const say = (changed: Partial<JobDetails>) => headline(retold(details, changed), history);
    assertEquals(say({ failure: "x" }), "It has stopped, because of an error.");
    assertMatch(say({ state: "stopped" }), /^Stopped\. Everything is committed/);
    assertEquals(
      say({ state: "finished", records_in: 20_000, outputs: { a: 1, b: 2 } }),
      "Finished: 20,000 records in, 3 results out.",
    );
    assertEquals(say({ state: "waiting", trouble: "x" }), "It waits, and goes on by itself when it can.");
    assertEquals(
      say({ state: "catching up", lag: 81_204, lagTime: 124_000, records_per_second: 9_100 }),
      "Catching up: 81,204 records, or 2 min 4 s, behind. It reads 9,100 a second.",
    );
    assertMatch(say({ state: "running", records_per_second: 2_004 }), /^Keeping up with 2,004 records a second\./);
    assertEquals(
      say({ state: "running", records_per_second: 0, records_in: 0, lag: 0 }),
      "It waits for its first record.",
    );
  });

  it("add what the page has seen: whether it falls behind, and when it is there", async () => {
    const details = await snapshot();
    const said = (lag: (second: number) => number) => {
      const history = new History();
      for (let second = 0; second < 60; second++) history.add(at(details, second, { lag: lag(second) }));
      return headline(retold(details, { state: "catching up", lag: 5_000, records_per_second: 10 }), history);
    };
    const pace = "Catching up: 5,000 records, or 0 ms, behind. It reads 10 a second.";
    assertEquals(said(() => 5_000), pace);
    assertEquals(said((second) => 50 * second), `${pace} It falls behind: each second 50 more come than it reads.`);
    assertEquals(said((second) => 10_900 - 100 * second), `${pace} It is there in 50 s.`);
  });

  it("put the worst first in what needs attention, and nothing where nothing does", async () => {
    const details = await snapshot();
    const history = new History();
    history.add(details);
    assertEquals(attention(details, history, []), []);
    const all = attention(
      { ...details, trouble: "the broker is away", late: 3, missing: 1, dead_letters: 2 },
      history,
      [],
    );
    assertEquals(all.map(({ what }) => what.slice(0, 18)), [
      ...["The broker is away", "1 record was gone ", "2 records went to ", "3 records came too"],
    ]);
  });

  it("name what limits a job, and nothing where it waits for input", async () => {
    const details = await snapshot();
    const limited = (time: JobDetails["time"]) => retold(details, { time });
    const busy = limited({ push: 20, commit: 10, publish: 61, input: 4, other: 5 });
    assertEquals(busy.sentences.limit, "It is limited by publishing (61 %).");
    assertEquals(limitOf(busy), "publishing (61 %)");
    const idle = limited({ push: 20, commit: 0, publish: 0, input: 80, other: 0 });
    assertEquals([idle.sentences.limit, limitOf(idle)], ["Nothing limits it: it waits for input.", undefined]);
    assertEquals(limitOf(limited(undefined)), undefined);
  });

  it("tell what is visible, and whether one task is hot", async () => {
    const details = await snapshot();
    const visible = (changed: Partial<JobDetails>) => retold(details, changed).sentences.visible;
    assertEquals(visible({ state: "stopped" }), "Everything that is committed is visible.");
    assertEquals(
      visible({ waiting: { epochs: 2, bytes: 4_200 } }),
      "2 epochs (4.2 KB) are committed and not visible yet. Stopping loses nothing: what is not read yet is read at " +
        "the next start.",
    );
    const skew = (records: number, taskCount: number) =>
      sentencesOf({ ...details, records_in: 100, taskCount }, { task: 2, records }).skew;
    assertEquals(skew(75, 4), "Task 2 is hot: it has had 75 % of all records; a fair share is 25 %.");
    assertEquals(
      skew(30, 4),
      "No task is hot: the busiest, task 2, has had 30 % of all records; a fair share is 25 %.",
    );
    assertEquals(skew(100, 1), undefined);
  });
});

describe("the scene of event time", () => {
  it("goes from the lowest watermark to now, and names the partition that holds it", async () => {
    const details = await snapshot();
    const history = new History();
    for (let second = 0; second < 30; second++) history.add(at(details, second, {}));
    const now = at(details, 30, {});
    const [{ name }] = details.watermarks;
    const { low, high, watermark, bound, sentence } = tideScene(history, now, { name, local: false, narrow: false });
    assert(low < noon - seconds(10) && high > noon + seconds(30));
    assertEquals(watermark.length, 30);
    assertEquals(bound, seconds(10));
    assertMatch(sentence, /^The watermark is .+ behind the clock: 10 s by design, .+ besides\.$/);
    assertEquals(holderOf(details, name)?.partition, 0);
  });

  it("takes a partition without a record for the holder, and leaves out one that is idle", async () => {
    const details = await snapshot();
    const [first] = details.partitions;
    const [mark] = first.marks;
    const second = { ...first, partition: 1, marks: [{ ...mark, mark: undefined, holds: true }] };
    assertEquals(holderOf({ partitions: [first, second] }, mark.watermark)?.partition, 1);
    const idle = { ...second, marks: [{ ...mark, mark: undefined, idle: true, holds: false }] };
    assertEquals(holderOf({ partitions: [first, idle] }, mark.watermark)?.partition, 0);
  });
});

describe("the layout of a pipeline", () => {
  it("goes from left to right, with no part upon another", async () => {
    const node = (id: string) => ({
      id,
      kind: "stage" as const,
      operator: "map",
      name: id,
      connector: undefined,
      state: false,
    });
    const edge = (from: string, to: string) => ({ from, to, kind: "values" as const, side: undefined, operators: 0 });
    const graph = {
      nodes: ["a", "b", "c", "d"].map(node),
      edges: [edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")],
    };
    const { nodes: [a, b, c, d], width, height, edges } = await layoutOf(graph);
    assert(a.x + a.width < b.x && b.x + b.width < d.x && Math.abs(b.y - c.y) >= b.height);
    assert(d.x + d.width <= width && Math.max(b.y, c.y) + b.height <= height);
    assertEquals(edges.map(({ from, to }) => from + to), ["ab", "ac", "bd", "cd"]);
  });
});
