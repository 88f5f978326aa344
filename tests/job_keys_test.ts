/** Keys and partitions: a stage must see all records of a key. */
import { assertEquals, assertMatch } from "@std/assert";
import { merge } from "rxjs";
import { count, deadLetter, memory, run, tumblingWindow } from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { assertCounted, refusal } from "./support/jobs.ts";
import { clocked, type Count, counts, perTen, silent, type Visit, visited } from "./support/visited.ts";

/** Topics with more than one partition, keyed by something else than the stage. */
function keyedBy(key: (visit: Visit) => string | null): MemoryLog {
  const log = memory();
  log.create("visits", { partitions: 2 });
  const visits = Array.from({ length: 8 }, (_, at) => ({ user: ["ada", "bob"][at % 2], at }));
  for (const visit of visits) {
    log.append("visits", [{ key: key(visit), value: visit, partition: visit.at % 3 === 0 ? 1 : 0 }]);
  }
  log.end("visits");
  return log;
}

for (
  const [what, key, shown] of [
    ["by something else", ({ at }: Visit) => `visit ${at}`, '"visit \\d"'],
    ["by nothing", () => null, "null"],
  ] as const
) {
  Deno.test(`a topic keyed ${what} than its stage is refused with both cures, and tasks: "single" is one of them`, async () => {
    const log = keyedBy(key);
    const pipeline = log.source<Visit>("visits").pipe(counts("counts"), log.sink("counts"));
    const sentence = new RegExp(
      `^Job visits stopped at visits/\\d@\\d in keyedReduce "counts": keyedReduce "counts" is keyed by "(ada|bob)", but the record ` +
        `visits/\\d@\\d has the key ${shown}: records of one key would be spread over several tasks\\. ` +
        `Key the topic visits by it, or run the job with tasks: "single", or put repartition\\({ name, key }\\) above the stage\\.$`,
    );
    assertMatch(await refusal(pipeline, { name: "visits", state: ":memory:" }), sentence);
    const onError = deadLetter(log.sink("failed"));
    assertMatch(await refusal(pipeline, { name: "visits", state: ":memory:", onError }), sentence);
    assertEquals(log.read("failed"), []);

    const single = await run(pipeline, { name: "visits", state: ":memory:", tasks: "single", ...silent });
    assertEquals(await single.finished, { reason: "finished" });
    assertEquals(log.read<Count>("counts").filter((row) => row!.key === "ada").at(-1), { key: "ada", value: 4 });
  });
}

Deno.test("a topic of one partition need not be keyed", async () => {
  const log = memory();
  log.append("visits", [{ value: { user: "ada", at: 1 } }]);
  log.end("visits");
  const pipeline = log.source<Visit>("visits").pipe(counts("counts"), log.sink("counts"));
  await (await run(pipeline, { name: "visits", state: ":memory:", ...silent })).finished;
  assertEquals(log.read("counts").length, 1);
});

Deno.test('a window keyed by something else than the window above it is refused, and tasks: "single" is the cure', async () => {
  const log = visited({ partitions: 2 });
  const pipeline = clocked(log).pipe(
    perTen("by user"),
    tumblingWindow({ name: "all", key: () => "all", size: 100, aggregate: count() }),
    log.sink("all"),
  );
  const why = await refusal(pipeline, { name: "visits", state: ":memory:" });
  assertMatch(why, /tumblingWindow "all" is keyed by "all", the window above it by "(ada|bob)"/);
  assertMatch(why, /Run the job with tasks: "single"/);
  const single = await run(pipeline, { name: "visits", state: ":memory:", tasks: "single", ...silent });
  await single.finished;
  assertEquals(log.read<{ value: number }>("all").map((row) => row!.value), [2]);
});

Deno.test("topics with different numbers of partitions are refused with the cures", async () => {
  const log = visited({ partitions: 2 });
  log.create("orders", { partitions: 3 });
  log.append("orders", [{ key: "ada", value: { user: "ada", at: 9 } }]);
  log.end("orders");
  const pipeline = merge(log.source<Visit>("visits"), log.source<Visit>("orders")).pipe(
    counts("counts"),
    log.sink("counts"),
  );
  assertEquals(
    await refusal(pipeline, { name: "both", state: ":memory:" }),
    "Cannot run the job: with a task for each partition its topics must have the same number of partitions, and visits has 2, orders has 3. " +
      "Give them the same number, bring one of them through repartition({ name, key, partitions }), read a small table with broadcast: " +
      'true, or run the job with tasks: "single"',
  );
  await (await run(pipeline, { name: "both", state: ":memory:", tasks: "single", ...silent })).finished;
  assertCounted(log.read<Count>("counts"), ["ada", "bob", "ada", "bob", "ada"]);
});
