/** The queries of Nexmark: each against a recomputation from all events, in memory and in a job. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { days } from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";
import type { NexmarkEvent } from "../examples/nexmark/events.ts";
import { nexmark, nexmarkEvent, type NexmarkOptions } from "../examples/nexmark/generator.ts";
import { main } from "../examples/nexmark/main.ts";
import { QUERIES, type Query } from "../examples/nexmark/queries/all.ts";
import { runQuery } from "../examples/nexmark/run_query.ts";
import { inJob, queryOf, records, sorted } from "./support/nexmark_jobs.ts";
import { arrivalCounts, truthOf } from "./support/nexmark_truth.ts";

/** A hundred seconds of ten thousand events; bids come up to three seconds out of order. */
const SECONDS: NexmarkOptions = { perSecond: 100, disorder: 3_000 };
/** Six days of them. */
const DAYS: NexmarkOptions = { perSecond: 0.02, disorder: 0 };
const BEGAN = Date.UTC(2026, 0, 1);

const trafficOf = ({ number }: Query) => number === 15 ? DAYS : SECONDS;

function rowsOf(query: Query, events: readonly NexmarkEvent[], perSecond?: number): unknown[] {
  const rows: unknown[] = [];
  runQuery(query, events, { perSecond, row: (row) => rows.push(row) });
  return rows;
}

describe("the Nexmark generator", () => {
  it("makes a person, three auctions and 46 bids of fifty events", () => {
    const kinds = Map.groupBy(nexmark(5_000), ({ kind }) => kind);
    assertEquals([kinds.get("person")!.length, kinds.get("auction")!.length, kinds.get("bid")!.length], [
      100,
      300,
      4_600,
    ]);
    const ids = [...kinds.get("person")!, ...kinds.get("auction")!].map((event) => "id" in event ? event.id : 0);
    assertEquals(ids.sort((one, other) => one - other).slice(-3), [1297, 1298, 1299]);
  });

  it("makes the same events of the same seed, and others of another", () => {
    assertEquals([...nexmark(500)], [...nexmark(500)]);
    assert(JSON.stringify([...nexmark(500)]) !== JSON.stringify([...nexmark(500, { seed: 2 })]));
  });

  it("lets event time rise with the number, and lets events arrive out of order within the bound", () => {
    const times = Array.from({ length: 1_000 }, (_, number) => nexmarkEvent(number, SECONDS).at);
    assertEquals(times, times.toSorted((one, other) => one - other));
    const arrived = Array.from(nexmark(10_000, SECONDS), ({ at }) => at);
    let highest = -Infinity, furthest = 0;
    for (const at of arrived) {
      furthest = Math.max(furthest, highest - at);
      highest = Math.max(highest, at);
    }
    assert(furthest > 2_000 && furthest < 3_000, `${furthest} ms`);
    assertEquals(arrived.toSorted((one, other) => one - other)[9_999], BEGAN + 99_990);
  });

  it("has hot auctions, bidders and sellers", () => {
    const bids = [...nexmark(50_000)].filter((event) => event.kind === "bid");
    const share = (hot: number) => Math.round(hot / bids.length * 100);
    const inHot = share(bids.filter(({ auction }) => auction % 100 === 0).length);
    const byHot = share(bids.filter(({ bidder }) => bidder % 100 === 1).length);
    assert(inHot >= 49 && inHot <= 53 && byHot >= 74 && byHot <= 78, `${inHot} and ${byHot}`);
  });

  it("refuses a disorder beyond the queries' bound, and a rate of nothing", () => {
    assertThrows(() => [...nexmark(1, { disorder: 4_001 })], RangeError, "between 0 and 4000, current value is 4001");
    assertThrows(() => [...nexmark(1, { perSecond: 0 })], RangeError, "above 0, current value is 0");
  });
});

describe("the queries of Nexmark", () => {
  for (const query of QUERIES) {
    const { number, name } = query;
    it(`give the rows of a recomputation: query ${number}, ${name}`, () => {
      for (const seed of [1, 2]) {
        const events = [...nexmark(10_000, { ...trafficOf(query), seed })];
        const rows = rowsOf(query, events, 1_000);
        const truth = number === 12 ? arrivalCounts(events, 1_000) : truthOf(number, events);
        assert(rows.length > 5, `${rows.length} rows`);
        assertEquals(sorted(rows), sorted(truth));
      }
    });
  }
});

describe("the best of Nexmark's queries 5 and 7", () => {
  it("are all that are equally good", () => {
    // Few bids, in few auctions, at few prices.
    const events = [...nexmark(2_000, { perSecond: 3, disorder: 3_000 })].map((event, nth) =>
      event.kind === "bid" ? { ...event, auction: nth % 7, price: Math.min(event.price, 1_000_000) } : event
    );
    for (const number of [5, 7]) {
      const rows = rowsOf(queryOf(number), events);
      const times = new Set(rows.map((row) => (row as { end?: number }).end ?? 0));
      assert(rows.length > Math.max(times.size, 67) * 1.3, `${rows.length} rows of ${times.size} windows`);
      assertEquals(sorted(rows), sorted(truthOf(number, events)));
    }
  });
});

describe("the queries of Nexmark in a job", () => {
  for (const query of QUERIES.filter(({ byWallClock }) => !byWallClock)) {
    const { number, name } = query;
    it(`give the rows of a recomputation: query ${number}, ${name}`, async () => {
      const events = [...nexmark(3_000, { ...trafficOf(query), openAuctions: 10 })];
      await using test = await testPipeline(inJob(query), { tasks: "single" });
      await test.push("nexmark", records(events));
      await test.end();
      assert(test.results("rows").length > 1);
      assertEquals(sorted(test.results("rows")), sorted(truthOf(number, events)));
    });
  }

  it("give the rows of a recomputation: query 12, by the clock of a test", async () => {
    const query = queryOf(12);
    const events = [...nexmark(3_000)];
    await using test = await testPipeline(inJob(query), { start: 0, tasks: "single" });
    for (let first = 0; first < events.length; first += 100) {
      await test.push("nexmark", events.slice(first, first + 100).map((value) => ({ value })));
      await test.advance(1_000);
    }
    await test.advance(10_000);
    assertEquals(sorted(test.results("rows")), sorted(arrivalCounts(events, 100)));
    assertEquals(test.metrics.keys, 0);
  });

  it("run with a task for each partition where the topic is keyed by the person who acts", async () => {
    const who = (event: NexmarkEvent) =>
      event.kind === "person" ? event.id : event.kind === "auction" ? event.seller : event.bidder;
    const events = [...nexmark(3_000, SECONDS)];
    for (const number of [3, 8, 11]) {
      await using test = await testPipeline(inJob(queryOf(number)), { partitions: 3 });
      await test.push("nexmark", records(events).map((record) => ({ ...record, key: who(record.value) })));
      await test.end();
      assertEquals(sorted(test.results("rows")), sorted(truthOf(number, events)));
    }
  });

  it("are refused with a task for each partition where a second stage has another key", async () => {
    const auctionOf = (event: NexmarkEvent) =>
      event.kind === "person" ? null : event.kind === "auction" ? event.id : event.auction;
    const keyed = records([...nexmark(3_000, SECONDS)]).map((record) => ({ ...record, key: auctionOf(record.value) }));
    for (const number of [4, 5, 6]) {
      const test = await testPipeline(inJob(queryOf(number)), { partitions: 3 });
      await assertRejects(() => test.push("nexmark", keyed), Error, 'tasks: "single"');
      await test[Symbol.asyncDispose]().catch(() => {});
    }
  });

  it("keep nothing of what is over", async () => {
    // What stays: the averages of five categories, and the windows of the last person and the last seller.
    const kept: Record<number, number> = { 4: 5, 5: 0, 7: 0, 8: 2, 11: 0, 15: 0 };
    const events = [...nexmark(3_000, { ...SECONDS, openAuctions: 10 })];
    const [person, auction] = [0, 1].map((number) => ({ ...nexmarkEvent(number, SECONDS), at: BEGAN + days(2) }));
    for (const [number, keys] of Object.entries(kept)) {
      await using test = await testPipeline(inJob(queryOf(Number(number))), { tasks: "single" });
      await test.push("nexmark", records(events));
      assert(test.metrics.keys > keys, `query ${number} keeps ${test.metrics.keys}`);
      await test.push("nexmark", records(number === "8" ? [person, auction] : [person]));
      assertEquals(test.metrics.keys, keys, `query ${number}`);
    }
  });
});

describe("the program of Nexmark", () => {
  const run = (...args: string[]) => {
    const out: string[] = [], error: string[] = [];
    const code = main(args, { out: (line) => out.push(line), error: (line) => error.push(line) });
    return { code, out, error };
  };

  it("prints the last rows and a summary", () => {
    const { code, out, error } = run("--query", "8", "--events", "20000", "--rate", "1000", "--rows", "2");
    assertEquals([code, error, out.length], [0, [], 3]);
    assertMatch(out[0], /^\{"id":\d+,"name":"[^"]+","start":\d+\}$/);
    assertMatch(out[2], /^Query 8, monitor new users: 20,000 events, \d+ rows, \d+\.\d s/);
  });

  it("says in one sentence what is wrong with its flags", () => {
    const cases: [string[], RegExp][] = [
      [[], /^--query says which query to run: 0, 1, .* 15\.$/],
      [["--query", "9"], /^--query must be one of 0, 1, .* current value is "9"\.$/],
      [["--query", "1", "--events", "many"], /^--events must be a whole number .* current value is "many"\.$/],
      [["--query", "1", "--rate", "0"], /^--rate must be a number above 0, current value is "0"\.$/],
      [["--quiet"], /^There is no flag --quiet\.$/],
      [["--query"], /^--query needs a value\.$/],
      [["5"], /^Every word must be a flag or its value, and "5" is neither\.$/],
    ];
    for (const [args, says] of cases) {
      const { code, out, error } = run(...args);
      assertEquals([code, out, error.length], [2, [], 2], args.join(" "));
      assertMatch(error[0], says);
    }
  });
});
