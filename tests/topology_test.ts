/** The graph of a job's pipelines, and the values that enter its nodes. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { connect, filter, map, merge } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  intervalJoin,
  keyedReduce,
  kvTable,
  lateSideOutput,
  memory,
  minutes,
  repartition,
  run,
  seconds,
  type Topology,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";

interface Visit {
  readonly user: string;
  readonly at: number;
}

const noon = Date.UTC(2026, 0, 5, 12);
const counted = (name: string) =>
  keyedReduce({ name, key: ({ user }: Visit) => user, initial: 0, reduce: (total: number) => total + 1 });
const perMinute = tumblingWindow({
  ...{ name: "activity", key: ({ user }: Visit) => user, size: minutes(1) },
  aggregate: count<Visit>(),
});

/** The edges in words: `source:visits -> eventTime`. */
function edgesOf({ edges }: Topology): string[] {
  return edges.map(({ from, to, kind, side, operators }) => {
    const words = [kind === "late" ? "late" : "", side ?? "", operators > 0 ? `+${operators}` : ""];
    return [from, "->", to, ...words.filter((word) => word !== "")].join(" ");
  }).sort();
}

function visits(broker: ReturnType<typeof memory>, topic = "visits") {
  return broker.source<Visit>(topic, { tombstones: "refuse" });
}

describe("job.topology", () => {
  it("has an Observable that two pipelines share once, and tells how many operators of RxJS are between", async () => {
    const broker = memory();
    const timed = visits(broker).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: seconds(10) }));
    await using test = await testPipeline([
      timed.pipe(perMinute, map((row) => row), filter(() => true), broker.sink("activity")),
      timed.pipe(counted("visits"), broker.sink("counts")),
    ], { start: noon });
    assertEquals(test.topology.nodes.map(({ id, kind, name, state }) => [id, kind, name, state]), [
      ["source:visits", "source", "visits", false],
      ["eventTime", "eventTime", undefined, false],
      ["watermark", "watermark", "visits:10000", false],
      ["tumblingWindow:activity", "stage", "activity", true],
      ["sink:activity", "sink", "activity", false],
      ["keyedReduce:visits", "stage", "visits", true],
      ["sink:counts", "sink", "counts", false],
    ]);
    assertEquals(edgesOf(test.topology), [
      "eventTime -> watermark",
      "keyedReduce:visits -> sink:counts",
      "source:visits -> eventTime",
      "tumblingWindow:activity -> sink:activity +2",
      "watermark -> keyedReduce:visits",
      "watermark -> tumblingWindow:activity",
    ]);
    assertEquals(test.topology, structuredClone(test.topology));
  });

  it("has hops, late records, tables, both sides of a join and the sinks of policies", async () => {
    const broker = memory();
    const timed = (topic: string) =>
      visits(broker, topic).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: 0 }));
    const joined = timed("visits").pipe(
      intervalJoin(timed("calls"), {
        ...{ name: "both", key: ({ user }: Visit) => user, rightKey: ({ user }: Visit) => user, lower: 0, upper: 10 },
        join: (visit: Visit) => visit,
      }),
      repartition({ name: "by-user", key: ({ user }) => user }),
      perMinute,
      lateSideOutput((late) => late.pipe(map((one) => one), broker.sink("late"))),
      kvTable(["activity"], { key: ({ key }) => key }),
    );
    for (const topic of ["visits", "calls", "late", "dead"]) broker.create(topic, { partitions: 2 });
    await using job = await run(joined, {
      ...{ name: "shop", state: ":memory:", log: () => {} },
      onBadRecord: deadLetter(broker.sink("dead")),
    });
    const { nodes } = job.topology;
    assertEquals(nodes.map(({ id, kind }) => `${id} ${kind}`), [
      "source:visits source",
      "eventTime eventTime",
      "watermark watermark",
      "source:calls source",
      "eventTime#2 eventTime",
      "watermark#2 watermark",
      "intervalJoin:both stage",
      "repartition:by-user hop",
      "tumblingWindow:activity stage",
      "lateSideOutput late",
      "sink:kv:activity table",
      "sink:late sink",
      "deadLetter:dead deadLetters",
    ]);
    assertEquals(nodes.at(-1)!.connector, broker.id);
    assertEquals(edgesOf(job.topology).filter((edge) => !/-> (eventTime|watermark)/.test(edge)), [
      "intervalJoin:both -> repartition:by-user",
      "lateSideOutput -> sink:kv:activity",
      "lateSideOutput -> sink:late late +1",
      "repartition:by-user -> tumblingWindow:activity",
      "tumblingWindow:activity -> lateSideOutput",
      "watermark -> intervalJoin:both left",
      "watermark#2 -> intervalJoin:both right",
    ]);
  });

  it("follows values through the Subject of a connect()", async () => {
    const broker = memory();
    const pipeline = visits(broker).pipe(
      filter(({ user }) => user !== "eve"),
      connect((shared) =>
        merge(
          shared.pipe(filter(({ user }) => user < "c"), eventTime(({ at }) => at)),
          shared.pipe(eventTime(({ at }) => at), map((one) => one)),
        )
      ),
      broker.sink("all"),
    );
    await using test = await testPipeline(pipeline, { start: noon });
    assertEquals(edgesOf(test.topology), [
      "eventTime -> sink:all +1",
      "eventTime#2 -> sink:all +2",
      "source:visits -> eventTime",
      "source:visits -> eventTime#2",
    ]);
  });
});

describe("details().entered", () => {
  it("counts the values that enter each node once, over all tasks, of shared stages and of those without state too", async () => {
    const broker = memory();
    const timed = visits(broker).pipe(eventTime(({ at }) => at), filter(({ user }) => user !== "eve"));
    await using test = await testPipeline([
      timed.pipe(counted("visits"), broker.sink("counts")),
      timed.pipe(broker.sink("all")),
    ], { start: noon, partitions: 2 });
    const one = (user: string, partition: number) => ({ key: user, value: { user, at: noon }, partition });
    await test.push("visits", [one("ada", 0), one("eve", 0), one("bob", 1)]);
    assertEquals((await test.details()).entered, {
      ...{ "source:visits": 3, "eventTime": 3, "keyedReduce:visits": 2, "sink:counts": 2, "sink:all": 2 },
    });
  });
});
