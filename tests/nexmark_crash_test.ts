/** The queries of Nexmark that keep state come through crashes. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { crashTest } from "@tidemark/streams/testing";
import type { NexmarkEvent } from "../examples/nexmark/events.ts";
import { nexmark } from "../examples/nexmark/generator.ts";
import { QUERIES, type Query } from "../examples/nexmark/queries/all.ts";
import { Life } from "../testing/_life.ts";
import { World } from "../testing/_world.ts";
import { inJob, queryOf, records, sorted } from "./support/nexmark_jobs.ts";
import { arrivalCounts } from "./support/nexmark_truth.ts";

/** Some 150 events over a minute, or over two days. Auctions are short, so that they end in time. */
function crashInput({ number }: Query): NexmarkEvent[] {
  const disordered = { disorder: 4_000, openAuctions: 2 };
  // A query of persons and auctions alone gets more of them, and no bids.
  if (number === 3 || number === 8) {
    return [...nexmark(2_000, { ...disordered, perSecond: 30 })].filter(({ kind }) => kind !== "bid");
  }
  return [...nexmark(150, number === 15 ? { perSecond: 0.001, disorder: 0 } : { ...disordered, perSecond: 3 })];
}

describe("the queries of Nexmark", () => {
  it("come through crashes: query 12, with a crash before and after each commit", async () => {
    // The clock of crashTest() does not move, so this does the same with a clock that does.
    const query = queryOf(12);
    const events = [...nexmark(400)];
    let now = 0;
    const world = new World(1, () => now);
    const begin = () => Life.begin(world, inJob(query), { tasks: "single" }, now);
    let life = await begin();
    for (let first = 0; first < events.length; first += 10) {
      world.append("nexmark", records(events.slice(first, first + 10)));
      await life.process();
      life = await begin();
      await life.commit();
      life = await begin();
      now += 1_000;
      await life.clock.advance(1_000);
    }
    await life.clock.advance(10_000);
    await life.commit();
    await life.job.stop();
    const rows = world.records("rows").map(({ value }) => JSON.parse(new TextDecoder().decode(value!)));
    assertEquals(sorted(rows), sorted(arrivalCounts(events, 10)));
  });

  for (const query of QUERIES.filter(({ number }) => ![0, 1, 2, 12].includes(number))) {
    it(`come through crashes: query ${query.number}, ${query.name}`, async () => {
      const input = records(crashInput(query));
      const options = { partitions: 3, tasks: "single", epochs: [10], start: Date.UTC(2026, 0, 1) } as const;
      const report = await crashTest(() => inJob(query), input, options);
      assert(report.crashes > 50 && report.results > 1, `${report.crashes} crashes, ${report.results} results`);
    });
  }
});
