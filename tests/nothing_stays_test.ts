/** Whatever an operator keeps goes when its time is over: after ten times the events as much is kept as after one time. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { eventTime, memory, minutes, watermark } from "@tidemark/streams";
import { systemClock } from "../base/clock.ts";
import { runWith } from "../runtime/run.ts";
import { COMPACTION_BEGIN_BYTES, ENTRY_OVERHEAD_BYTES } from "../state/limits.ts";
import { until } from "./support/jobs.ts";
import { statefulOperators } from "./support/operator_names.ts";
import { PASSING, type Passing, passingEvents } from "./support/passing.ts";

const EVENTS = 600;
/** How many events come at once: an odd number, so that users are there at the end of an epoch. */
const PIECE = 51;
/** What may be kept: some values of the keys that are there for ever, and of the last event. */
const CELLS = 30;
/** How many bytes of memory an event may leave behind. An entry of a map has more, and the heap is never quite the same. */
const BYTES_AN_EVENT = 16;

/** What is kept when the job has read its input. */
interface Kept {
  /** Values of keyed state in memory, and in the KV. */
  readonly cells: number;
  readonly stored: number;
  /** Bytes of the KV's values, and of its entries themselves. */
  readonly bytes: number;
}

/** Runs a pipeline over so many events, and stops it. */
async function keptAfter(events: number, name: string): Promise<Kept> {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  // A pipeline that reads all events in each task has them from a topic of their own.
  const topics = PASSING[name].length === 1 ? ["events"] : ["whole", "events"];
  for (const topic of topics) log.create(topic);
  const timed = log.source<Passing>("events", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: minutes(2) }),
  );
  const whole = log.source<Passing>("whole", { tombstones: "refuse", broadcast: true });
  const pipeline = PASSING[name](timed, whole).pipe(log.sink("out"));
  const start = () => runWith(pipeline, { name: "job", state: kv, tasks: "single", log: () => {} }, systemClock);
  const job = await start();
  const input = passingEvents(events);
  for (let at = 0; at < input.length;) {
    const piece = input.slice(at, at += PIECE).map((value) => ({ value, key: null, timestamp: value.at }));
    for (const topic of topics) log.append(topic, piece);
    const read = Math.min(at, input.length) * topics.length;
    const isRead = () => job.metrics.snapshot().records_in === read && job.metrics.snapshot().held === 0;
    await until(`${read} events`, isRead, job);
  }
  await job.stop();
  const { keys: cells } = job.metrics.snapshot();
  assert(log.records("out").length > 0, "it has no results");
  let bytes = 0;
  for await (const { value } of kv.list({ prefix: [] })) {
    bytes += ENTRY_OVERHEAD_BYTES + (value instanceof Uint8Array ? value.length : 0);
  }
  const again = await start();
  const { keys: stored } = again.metrics.snapshot();
  await again.stop();
  return { cells, stored, bytes };
}

describe("nothing stays", () => {
  it("every stateful operator has a pipeline, so that none is forgotten", () => {
    const covered = new Set(Object.keys(PASSING).map((name) => name.split(" ", 1)[0]));
    assertEquals(statefulOperators().filter((name) => !covered.has(name)), []);
  });

  for (const name of Object.keys(PASSING)) {
    it(`of ${name}, in memory and in the KV, after ten times the events`, async () => {
      const once = await keptAfter(EVENTS, name), tenTimes = await keptAfter(10 * EVENTS, name);
      const shown = JSON.stringify({ once, tenTimes });
      assertEquals([once.stored, tenTimes.stored], [once.cells, tenTimes.cells], "what a restart finds");
      assert(once.cells <= CELLS && tenTimes.cells <= CELLS, shown);
      // Below this, deltas are not folded into bases.
      assert(tenTimes.bytes <= COMPACTION_BEGIN_BYTES + once.bytes, shown);
    });
  }

  it("of anything, in the memory of the process, after ten times the events", async () => {
    const main = new URL("support/passing_main.ts", import.meta.url).pathname;
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--v8-flags=--expose-gc", main],
    }).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    const lines = decoder.decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.length, Object.keys(PASSING).length);
    assertEquals(lines.filter(({ bytesAnEvent }) => bytesAnEvent > BYTES_AN_EVENT), []);
  });
});
