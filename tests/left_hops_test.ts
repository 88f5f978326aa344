/** Hops that leave the pipeline and come back: what waits in them, what is forgotten, and where time goes on. */
import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable } from "rxjs";
import {
  asyncMap,
  count,
  eventTime,
  memory,
  repartition,
  run,
  type RunOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { MemoryLog } from "../connectors/memory.ts";
import { commitCuts, DurableStates, KvStore, TaskCheckpoint } from "../state/mod.ts";
import { first, Lines, refusal, until } from "./support/jobs.ts";
import { result, taken, testClock } from "./support/state.ts";

interface View {
  readonly product: string;
  readonly at: number;
}

const HOP = "shop.by-product.repartition";
/** A product of the hop's third partition. The topic has two, so the task that reads it sends nothing. */
const PRODUCT = "product-3";

function views(...times: number[]) {
  return [0, 1].flatMap((partition) =>
    times.map((at) => ({ partition, value: { product: PRODUCT, at }, timestamp: 1_700_000_000_000 }))
  );
}

function world(kv: Deno.Kv) {
  const log = memory();
  log.create("views", { partitions: 2 });
  const lines = new Lines();
  return { log, lines, options: { name: "shop", state: kv, log: lines.log } };
}

function byProduct(log: MemoryLog): Observable<View> {
  return log.source<View>("views", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0 }),
    repartition({ name: "by-product", key: ({ product }) => product, partitions: 3 }),
  );
}

/** Calls behind a hop, one at a time, which the test answers. */
function calling(log: MemoryLog, answer: (view: View) => Promise<unknown>): Observable<unknown> {
  return byProduct(log).pipe(asyncMap(answer, { name: "calls", concurrency: 1, timeout: Infinity }), log.sink("out"));
}

function windows(log: MemoryLog): Observable<unknown> {
  return byProduct(log).pipe(
    tumblingWindow({ name: "windows", key: ({ product }) => product, size: 10, aggregate: count() }),
    map(({ window, value }) => [window.start, value]),
    log.sink("out"),
  );
}

function copy(log: MemoryLog): Observable<unknown> {
  return log.source<View>("views", { tombstones: "refuse" }).pipe(log.sink("copies"));
}

/** Runs the pipeline without a hop on two more views, and stops it. */
async function without(log: MemoryLog, options: RunOptions, at: number): Promise<void> {
  const before = log.read("copies").length;
  log.append("views", views(at));
  const job = await run(copy(log), options);
  await first(log.source("copies"), before + 2, job);
  await job.stop();
}

/** Leaves results of a task behind that are committed and not yet visible. */
async function leaveResults(kv: Deno.Kv, task: number): Promise<void> {
  const clock = testClock();
  const store = await KvStore.open(kv, clock);
  const states = new DurableStates({ drop: ["windows"] });
  const { checkpoint } = taken(await TaskCheckpoint.claim(store, { job: "shop", task, states, clock }));
  await checkpoint.restore();
  const { offsets, clocks, counters } = checkpoint.head;
  await commitCuts(store, [checkpoint.cut({ offsets, clocks, counters, outbox: [result("late")] })], { clock });
}

describe("a repartition() that has left the pipeline", () => {
  it("is refused while values wait in it, until it is dropped by name; what is dropped never comes again", async () => {
    using kv = await Deno.openKv(":memory:");
    const { log, lines, options } = world(kv);
    log.append("views", views(1, 2, 3));
    const never = Promise.withResolvers<unknown>();
    const job = await run(calling(log, () => never.promise), options);
    const crossed = () => job.metrics.snapshot().hops![HOP];
    await until("a call, and all values in the hop", () => crossed().sent === 6 && crossed().read === 1, job);
    await job.stop();

    assertEquals(
      await refusal(copy(log), options),
      `Cannot run job shop: repartition "by-product" has left the pipeline, and 5 of its values wait in the topic "${HOP}" ` +
        "without a reader. Give it back until they are read, or name it in dropHops to drop them",
    );
    const dropping = { ...options, dropStates: ["calls", "calls/waiting"] };
    assertMatch(await refusal(copy(log), dropping), /5 of its values wait/);
    await without(log, { ...dropping, dropHops: ["by-product"] }, 4);
    assertMatch(lines.find(/forgotten/)!, new RegExp(`^Job shop: repartition "by-product" has left .*"${HOP}" stays`));
    await without(log, options, 5);

    log.append("views", views(6));
    const again = await run(calling(log, ({ at }) => Promise.resolve(at)), options);
    // The call that was under way is made again. The five values that waited are dropped.
    const out = await first(log.source<number>("out"), 3, again);
    await again.stop();
    assertEquals(out.slice(1), [6, 6]);
    assertEquals(log.read("out").length, 3);
  });

  it("is forgotten when nothing waits in it, and begins with new clocks when it comes back", async () => {
    using kv = await Deno.openKv(":memory:");
    const { log, lines, options } = world(kv);
    log.append("views", views(1, 2, 11));
    const job = await run(windows(log), options);
    await first(log.source("out"), 1, job);
    await until("all values", () => job.metrics.snapshot().hops![HOP].read === 6, job);
    await job.stop();

    await without(log, { ...options, dropStates: ["windows"] }, 21);
    assertMatch(lines.find(/forgotten/)!, /"by-product" has left the pipeline and is forgotten/);

    log.append("views", views(31, 32, 41));
    const again = await run(windows(log), options);
    // The window from 10 on is one of the state behind the hop, in a task that the other pipeline did not have.
    assertEquals(await first(log.source("out"), 3, again), [[0, 4], [10, 2], [30, 4]]);
    await again.stop();
  });

  it("is refused while results of a task that only it had are not visible yet", async () => {
    using kv = await Deno.openKv(":memory:");
    const { log, options } = world(kv);
    log.append("views", views(1));
    const job = await run(windows(log), options);
    await until("all values", () => job.metrics.snapshot().hops![HOP].read === 2, job);
    await job.stop();
    await leaveResults(kv, 2);
    assertMatch(
      await refusal(copy(log), options),
      /^Cannot run job shop: repartition "by-product" has left .* results of tasks that only it had are not visible yet\. Give it back/,
    );
  });
});
