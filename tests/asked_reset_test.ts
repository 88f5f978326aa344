/** A reset that is asked for while the job is stopped, and that its next start carries out. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { embeddedLog, type Job, keyedReduce, repartition, run } from "@tidemark/streams";
import { systemClock } from "../base/clock.ts";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import { askedOf, askedReset, askReset, endAsked } from "../runtime/asked_reset.ts";
import { RUN } from "../runtime/hop_reset.ts";
import { readStoredJob } from "../runtime/stored_job.ts";
import { layOut } from "../runtime/task_layout.ts";
import { DurableStates, KvStore, MemoryStore, openJob, readJob, type ResetFrom, TaskCheckpoint } from "../state/mod.ts";
import { mortal } from "./support/jobs.ts";

const silent = { log: () => {} };
const clock = systemClock;

/** Two partitions with five clicks each, a second apart. */
async function clicksOn(kv: Deno.Kv): Promise<EmbeddedLog> {
  const log = embeddedLog(kv);
  for (const topic of ["clicks", "counts"]) await log.create(topic, { partitions: 2 });
  const click = (at: number, partition: number) => {
    const user = ["ada", "bob"][partition];
    return { key: user, value: user, timestamp: at * 1000, partition };
  };
  await log.append("clicks", [0, 1, 2, 3, 4].flatMap((at) => [click(at, 0), click(at, 1)]));
  return log;
}

function counting(log: EmbeddedLog, hop = false) {
  const clicks = log.source<string>("clicks");
  return (hop ? clicks.pipe(repartition({ name: "by-user", key: (user) => user ?? "" })) : clicks).pipe(
    keyedReduce({ name: "counts", key: (user) => user ?? "", initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts", { key: ({ key }) => key }),
  );
}

/** Runs the job to the end of its input. Returns the counts that it has added, by user. */
async function runToEnd(kv: Deno.Kv, log: EmbeddedLog, hop = false): Promise<Record<string, number[]>> {
  const before = await countsOf(log);
  const job: Job = await run(counting(log, hop), { name: "count", state: kv, until: "end", ...silent });
  await job.finished;
  const after = await countsOf(log);
  return Object.fromEntries(
    Object.entries(after).map(([user, counts]) => [user, counts.slice(before[user]?.length ?? 0)]),
  );
}

async function countsOf(log: EmbeddedLog): Promise<Record<string, number[]>> {
  const counts: Record<string, number[]> = {};
  for await (const { value } of log.read("counts")) {
    const { key, value: count } = JSON.parse(new TextDecoder().decode(value!));
    (counts[key] ??= []).push(count);
  }
  return counts;
}

function storeOf(kv: Deno.Kv): KvStore {
  return new KvStore(kv, "the KV of a test", clock);
}

const ask = (kv: Deno.Kv, from: ResetFrom) => askReset(storeOf(kv), { job: "count", from, clock });
const resetting = async (kv: Deno.Kv) => (await readStoredJob(storeOf(kv), "count", clock))?.resetting;

describe("a reset that is asked for", () => {
  const wanted: readonly (readonly [name: string, from: ResetFrom, counts: Record<string, number[]>])[] = [
    ["the beginning", "earliest", { ada: [1, 2, 3, 4, 5], bob: [1, 2, 3, 4, 5] }],
    ["the end", "latest", { ada: [], bob: [] }],
    ["a time", 3000, { ada: [1, 2], bob: [1, 2] }],
    ["offsets", { clicks: { 0: 1, 1: 4 } }, { ada: [1, 2, 3, 4], bob: [1] }],
    ["the offset of one partition, and the beginning of the others", { clicks: { 1: 4 } }, {
      ...{ ada: [1, 2, 3, 4, 5], bob: [1] },
    }],
  ];
  for (const [name, from, counts] of wanted) {
    it(`lets the next start forget its state and read from ${name}, and the one after that go on`, async () => {
      using kv = await Deno.openKv(":memory:");
      const log = await clicksOn(kv);
      assertEquals(await runToEnd(kv, log), { ada: [1, 2, 3, 4, 5], bob: [1, 2, 3, 4, 5] });
      await ask(kv, from);
      assertEquals(await resetting(kv), from);
      assertEquals(await runToEnd(kv, log), counts);
      assertEquals(await resetting(kv), undefined);
      assertEquals(await runToEnd(kv, log), { ada: [], bob: [] });
    });
  }

  it("resets a job with hops as a whole, to the same offsets", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = await clicksOn(kv);
    assertEquals(await runToEnd(kv, log, true), { ada: [1, 2, 3, 4, 5], bob: [1, 2, 3, 4, 5] });
    await ask(kv, { clicks: { 0: 3, 1: 1 } });
    assertEquals(await runToEnd(kv, log, true), { ada: [1, 2], bob: [1, 2, 3, 4] });
    assertEquals(await resetting(kv), undefined);
  });

  it("is carried out once, wherever the process dies meanwhile", async () => {
    for (let after = 0;; after++) {
      using kv = await Deno.openKv(":memory:");
      await runToEnd(kv, await clicksOn(kv));
      await ask(kv, { clicks: { 0: 2, 1: 3 } });
      const dying = mortal(kv);
      dying.die({ after, takesEffect: after % 2 === 0 });
      const first = embeddedLog(dying.kv);
      const before = await countsOf(first);
      const options = { name: "count", state: dying.kv, until: "end", ...silent } as const;
      await run(counting(first), options).then((job) => job.finished).catch(() => {});
      if (!dying.dead) {
        // It had more commits than there are before it ends.
        assertEquals(after > 6, true);
        return;
      }
      // A process of its own, which knows of the topics what the KV says.
      const next = mortal(kv).kv;
      const log = embeddedLog(next);
      await runToEnd(next, log);
      const counts = await countsOf(log);
      const added = Object.fromEntries(
        Object.entries(counts).map(([user, all]) => [user, all.slice(before[user].length)]),
      );
      assertEquals(added, { ada: [1, 2, 3], bob: [1, 2] }, `died after ${after} commits`);
      assertEquals(await resetting(kv), undefined);
    }
  });

  it("is over when the last task carries its run, whoever has taken the others over", async () => {
    const store = new MemoryStore();
    await openJob(store, { name: "count", tasks: "perPartition", inputs: { clicks: 2 } }, { clock });
    const claim = async (task: number) => {
      const found = await TaskCheckpoint.claim(store, { job: "count", task, states: new DurableStates(), clock });
      assert(!found.full);
      return found.checkpoint;
    };
    const checkpoints = [await claim(0), await claim(1)];
    await askReset(store, { job: "count", from: "latest", clock });
    const open = { hops: undefined, layout: layOut("perPartition", new Map([["clicks", 2]]), new Set()) };
    const parts = { open, settings: { name: "count" }, store, patience: { clock } };
    const asked = await askedReset(parts);
    for (const [task, checkpoint] of checkpoints.entries()) {
      assertEquals(askedOf(asked, checkpoint.head), "latest");
      await checkpoint.rewrite({ reset: { epoch: 0 }, extensions: { [RUN]: asked!.run } });
      assertEquals(askedOf(asked, checkpoint.head), undefined);
      await endAsked(parts, asked);
      assertEquals((await readJob(store, "count", { clock }))?.resetting, task === 0 ? "latest" : undefined);
    }
    assertEquals(await askedReset(parts), undefined);
  });

  it("gives way to run() with a reset of its own, which ends it too", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = await clicksOn(kv);
    await runToEnd(kv, log);
    await ask(kv, "latest");
    const job = await run(counting(log), { name: "count", state: kv, until: "end", reset: 4000, ...silent });
    await job.finished;
    assertEquals(await resetting(kv), undefined);
    assertEquals((await countsOf(log)).ada, [1, 2, 3, 4, 5, 1]);
  });

  it("is refused for a job that was never started, and for what is no offset", async () => {
    using kv = await Deno.openKv(":memory:");
    await assertRejects(() => ask(kv, "earliest"), Error, "Cannot reset job count: it was never started on this state");
    await runToEnd(kv, await clicksOn(kv));
    for (const offset of [-1, 0.5, NaN]) {
      await assertRejects(() => ask(kv, { clicks: { 0: offset } }), RangeError, `current value is ${offset}`);
    }
    assertEquals(await resetting(kv), undefined);
  });
});
