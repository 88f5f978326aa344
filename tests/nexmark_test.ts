/** The queries of Nexmark: each against a recomputation from all events, in memory, in a job and through crashes. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory } from "@tidemark/streams";
import { crashTest, testPipeline } from "@tidemark/streams/testing";
import type { NexmarkEvent } from "../examples/nexmark/events.ts";
import { nexmark, nexmarkEvent, type NexmarkOptions } from "../examples/nexmark/generator.ts";
import { main } from "../examples/nexmark/main.ts";
import { QUERIES, type Query } from "../examples/nexmark/queries/all.ts";
import { runQuery } from "../examples/nexmark/run_query.ts";
import { Life } from "../testing/_life.ts";
import { World } from "../testing/_world.ts";
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

/** Rows as texts in one order. */
const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

/** The query in a job: it reads the topic `nexmark` and writes the topic `rows`. */
function inJob({ of }: Query) {
  const broker = memory();
  return of(broker.source<NexmarkEvent>("nexmark", { tombstones: "refuse" })).pipe(broker.sink("rows"));
}

/** Events as records, each with the time of the event. */
const records = (events: readonly NexmarkEvent[]) => events.map((value) => ({ value, timestamp: value.at }));

/** Some 150 events over a minute, or over two days. Auctions are short, so that they end in time. */
function crashInput({ number }: Query): NexmarkEvent[] {
  const disordered = { disorder: 4_000, openAuctions: 2 };
  // A query of persons and auctions alone gets more of them, and no bids.
  if (number === 3 || number === 8) {
    return [...nexmark(2_000, { ...disordered, perSecond: 30 })].filter(({ kind }) => kind !== "bid");
  }
  return [...nexmark(150, number === 15 ? { perSecond: 0.001, disorder: 0 } : { ...disordered, perSecond: 3 })];
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
    const query = QUERIES.find(({ number }) => number === 12)!;
    const events = [...nexmark(3_000)];
    await using test = await testPipeline(inJob(query), { start: 0, tasks: "single" });
    for (let first = 0; first < events.length; first += 100) {
      await test.push("nexmark", events.slice(first, first + 100).map((value) => ({ value })));
      await test.advance(1_000);
    }
    await test.advance(10_000);
    assertEquals(sorted(test.results("rows")), sorted(arrivalCounts(events, 100)));
  });

  it("come through crashes: query 12, with a crash before and after each commit", async () => {
    // The clock of crashTest() does not move, so this does the same with a clock that does.
    const query = QUERIES.find(({ number }) => number === 12)!;
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
      const options = { partitions: 3, tasks: "single", epochs: [10], start: BEGAN } as const;
      const report = await crashTest(() => inJob(query), input, options);
      assert(report.crashes > 50 && report.results > 1, `${report.crashes} crashes, ${report.results} results`);
    });
  }
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
