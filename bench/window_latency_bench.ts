/**
 * Measures the time from sending the event that closes a window until a `read_committed` consumer sees the window's
 * result. Windows of a second, for each user; each event is within its partition's order. A missing or wrong result is a
 * failure.
 */
import type { MetricsSnapshot } from "../mod.ts";
import { type BenchBroker, makeTopics } from "./support/bench_broker.ts";
import { partitionOfUser, USERS } from "./support/events.ts";
import { durationOf, play, showCosts, type Told, WARM_UP } from "./support/played.ts";
import { judge, percentile, type Row, table } from "./support/report.ts";
import { WINDOW_FIELDS } from "./support/window_probe_main.ts";

/** The rate, in events a second, and the goal for the 95th percentile in milliseconds: the limit that the project began with. */
const WINDOWS = { rate: 2_000, goal: 75, kind: "seconds" } as const;
const SIZE = 1_000;

/** Measures it, and prints two tables. Returns whether every result was there. */
export async function benchWindowLatency(
  broker: BenchBroker,
  { seconds, flags = [] }: { readonly seconds: number; readonly flags?: readonly string[] },
): Promise<boolean> {
  const run = { ...WINDOWS, flags };
  const topic = `latency-seconds-${Date.now()}`, output = `${topic}-results`;
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  await makeTopics(broker, topic, output);
  const told = await play(broker, run, { topic, output, folder, events: run.rate * (WARM_UP + seconds) });
  const [sent, seen] = await Promise.all(["sent", "arrived"].map(async (name) => {
    return new Float64Array((await Deno.readFile(`${folder}/${name}`)).buffer);
  }));
  await Deno.remove(folder, { recursive: true });
  const { latencies, wrong } = latenciesOf(sent, seen, run.rate * WARM_UP);
  table(`Latency of windows of a second, from the event that closes them, ${seconds} s after ${WARM_UP} s, in ms`, [
    showTimes(told, latencies, wrong),
  ]);
  table("What it took meanwhile, in cores", [showCosts(run, told)]);
  console.error(`  windows: p95 ${percentile(latencies, 0.95).toFixed(1)} ms`);
  return wrong === 0;
}

function showTimes(told: Told, latencies: Float64Array, wrong: number): Row {
  const { epochs, commit_ms } = told.finished.metrics as MetricsSnapshot;
  const p95 = percentile(latencies, 0.95);
  return {
    "events/s": WINDOWS.rate,
    "p50": percentile(latencies, 0.5),
    "p95": p95,
    "goal": judge(`p95 < ${WINDOWS.goal}`, p95 < WINDOWS.goal && wrong === 0),
    "p99": percentile(latencies, 0.99),
    "max": latencies.at(-1) ?? NaN,
    "results": latencies.length,
    "missing or wrong": wrong,
    "epochs/s of 4 tasks": epochs / durationOf(told),
    "commit p50": commit_ms.p50,
    "commit p95": commit_ms.p95,
  };
}

/** When each event came, by the millisecond of its own timestamp, and which windows there must be. */
class Truth {
  /** The times of sending of each partition's events, in their order. */
  readonly #sent = new Map<number, number[]>();
  readonly #counts = new Map<string, number>();

  constructor(sent: Float64Array) {
    sent.forEach((at, index) => {
      const user = index % USERS, partition = partitionOfUser(user);
      const all = this.#sent.get(partition) ?? [];
      this.#sent.set(partition, all);
      all.push(at);
      const window = `${user}/${(Math.floor(Math.floor(at) / SIZE) + 1) * SIZE}`;
      this.#counts.set(window, (this.#counts.get(window) ?? 0) + 1);
    });
  }

  /** When the first event was sent whose timestamp closes a window of the user that ends there; `undefined`: none. */
  closed(user: number, end: number): number | undefined {
    const all = this.#sent.get(partitionOfUser(user))!;
    let low = 0, high = all.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (Math.floor(all[middle]) >= end) high = middle;
      else low = middle + 1;
    }
    return all[low];
  }

  /** Whether a result is right. Each is taken once. */
  take(user: number, end: number, count: number): boolean {
    const window = `${user}/${end}`;
    const right = this.#counts.get(window) === count;
    this.#counts.delete(window);
    return right;
  }

  /** How many windows have closed without a result that was taken. */
  get missing(): number {
    let missing = 0;
    for (const window of this.#counts.keys()) {
      const [user, end] = window.split("/").map(Number);
      if (this.closed(user, end) !== undefined) missing++;
    }
    return missing;
  }
}

/** The latencies of the windows that were closed from an event on, ascending, and how many results were wrong or missing. */
function latenciesOf(sent: Float64Array, seen: Float64Array, from: number): { latencies: Float64Array; wrong: number } {
  const truth = new Truth(sent);
  const latencies: number[] = [];
  let wrong = 0;
  for (let at = 0; at < seen.length; at += WINDOW_FIELDS) {
    const [user, end, count, arrived] = seen.subarray(at, at + WINDOW_FIELDS);
    const closed = truth.closed(user, end);
    if (closed === undefined || !truth.take(user, end, count)) wrong++;
    else if (closed >= sent[from]) latencies.push(arrived - closed);
  }
  return { latencies: new Float64Array(latencies).sort(), wrong: wrong + truth.missing };
}
