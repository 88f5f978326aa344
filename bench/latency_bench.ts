/**
 * Measures the time from sending an event until a `read_committed` consumer sees its result. Sender, job, broker and
 * consumer are separate processes on one machine. Every event has its own result; a missing or duplicate result is a
 * failure.
 */
import type { MetricsSnapshot } from "../mod.ts";
import { hopInterval } from "../runtime/hops.ts";
import { type BenchBroker, countVisible, makeTopics } from "./support/bench_broker.ts";
import { SHOP } from "./support/events.ts";
import { durationOf, play, type Played, showCosts, type Told, WARM_UP } from "./support/played.ts";
import { judge, percentile, type Row, table } from "./support/report.ts";

/** Rates in events a second, and the goal for the 95th percentile in milliseconds. */
const RATES = [{ rate: 2_000, goal: 25 }, { rate: 10_000, goal: 40 }];
/** Options of {@linkcode benchLatency}. */
export interface LatencyOptions {
  readonly seconds: number;
  /** Only these rates. @default all */
  readonly rates?: readonly number[];
  /** More flags for the job's process, to profile it. */
  readonly flags?: readonly string[];
}

/** Measures and prints two tables. Returns whether every result was there. */
export async function benchLatency(
  broker: BenchBroker,
  { seconds, rates, flags = [] }: LatencyOptions,
): Promise<boolean> {
  const times: Row[] = [], costs: Row[] = [];
  let right = true;
  for (const { rate, goal } of RATES) {
    if (rates !== undefined && !rates.includes(rate)) continue;
    const measured = await measure(broker, { rate, goal, seconds, flags });
    times.push(measured.times);
    costs.push(measured.costs);
    const { p50, p95 } = measured.times;
    console.error(`  at ${rate} events/s: p50 ${Number(p50).toFixed(1)} ms, p95 ${Number(p95).toFixed(1)} ms`);
    right &&= measured.complete;
  }
  table(
    `Latency from send to a read_committed consumer, ${seconds} s after ${WARM_UP} s of warm-up, 4 partitions, in ms`,
    times,
  );
  table("What it took meanwhile, in cores", costs);
  return right;
}

/** The rate at which hops are measured, in events a second, and how often the p95 without a hop it may be, by hops. */
const HOPS = { rate: 2_000, goal: 25, times: [1, 2, 3] };
/** How many partitions the topics have. As many tasks send into a hop. */
const PARTITIONS = 4;
/** How many control records a second all senders of a hop may send together. */
const CONTROL = PARTITIONS * PARTITIONS / hopInterval(PARTITIONS, PARTITIONS) * 1000;

/** Measures the latency without a hop, with one and with two, in one run. Returns whether every result was there. */
export async function benchHops(
  broker: BenchBroker,
  { seconds, flags = [] }: Omit<LatencyOptions, "rates">,
): Promise<boolean> {
  const rows: Row[] = [];
  let right = true, without = NaN;
  for (const [hops, most] of HOPS.times.entries()) {
    const { times, complete, control } = await measure(broker, {
      rate: HOPS.rate,
      goal: HOPS.goal,
      seconds,
      flags,
      hops,
    });
    const p95 = Number(times.p95);
    if (hops === 0) without = p95;
    const ratio = p95 / without;
    const goal = judge(`<= ${most}`, ratio <= most && complete);
    rows.push({
      ...{ hops, "p50": times.p50, "p95": p95, "times that without": ratio, goal, "missing": times.missing },
      ...{
        "control records/s a hop": control,
        "their goal": hops === 0 ? "" : judge(`<= ${CONTROL}`, control <= CONTROL),
      },
    });
    console.error(`  with ${hops} hops: p95 ${p95.toFixed(1)} ms`);
    right &&= complete;
  }
  table(`Latency with hops at ${HOPS.rate} events/s, ${seconds} s after ${WARM_UP} s of warm-up, in ms`, rows);
  return right;
}

/** The rate at which recommendations are measured, in events a second, and the goal. */
const RECOMMENDATIONS = { rate: 2_000, goal: 75, kind: "recommendations" } as const;

/**
 * Measures the latency of recommendations: from sending an event to its row, with what is recommended. Returns whether
 * every row was there.
 */
export async function benchRecommendations(
  broker: BenchBroker,
  { seconds, flags = [] }: Omit<LatencyOptions, "rates">,
): Promise<boolean> {
  const { times, costs, complete } = await measure(broker, { ...RECOMMENDATIONS, seconds, flags });
  const { users, products } = SHOP;
  const what = `${users.toLocaleString("en-US")} users and ${products.toLocaleString("en-US")} products`;
  table(`Latency of recommendations, ${what}, ${seconds} s after ${WARM_UP} s of warm-up, 4 partitions, in ms`, [
    times,
  ]);
  table("What it took meanwhile, in cores", [costs]);
  return complete;
}

/** One run: its rate, duration and goal. */
interface Run extends Played {
  readonly goal: number;
  readonly seconds: number;
}

interface Measured {
  readonly times: Row;
  readonly costs: Row;
  readonly complete: boolean;
  /** How many control records a second were sent into the hop that got most of them. */
  readonly control: number;
}

async function measure(broker: BenchBroker, run: Run): Promise<Measured> {
  const { rate, seconds, kind = "counts", hops = 0 } = run;
  const topic = `latency-${kind}-${rate}-${hops}-${Date.now()}`, output = `${topic}-counts`;
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  await makeTopics(broker, topic, output);
  const events = rate * (WARM_UP + seconds);
  const told = await play(broker, run, { topic, output, folder, events });
  const missing = events - await countVisible(broker, output);
  const latencies = await latenciesOf(folder, rate * WARM_UP);
  await Deno.remove(folder, { recursive: true });
  const complete = told.seen.wrong === 0 && missing === 0 && latencies.length === rate * seconds;
  const times = showTimes(run, { told, latencies, missing, complete });
  return { complete, times, costs: showCosts(run, told), control: controlOf(told) };
}

function controlOf(told: Told): number {
  const { hops = {} } = told.finished.metrics as MetricsSnapshot;
  return Math.max(0, ...Object.values(hops).map(({ control }) => control)) / durationOf(told);
}

function showTimes(
  { rate, goal }: Run,
  { told, latencies, missing, complete }: { told: Told; latencies: Float64Array; missing: number; complete: boolean },
): Row {
  const { epochs, commit_ms } = told.finished.metrics as MetricsSnapshot;
  const sorted = latencies.toSorted();
  const p95 = percentile(sorted, 0.95);
  return {
    "events/s": rate,
    "p50": percentile(sorted, 0.5),
    "p95": p95,
    "goal": judge(`p95 < ${goal}`, p95 < goal && complete),
    "p99": percentile(sorted, 0.99),
    "max": sorted.at(-1) ?? NaN,
    "p95 of the best 10 s": bestTenSeconds(latencies, rate),
    "missing": missing,
    "all in order": told.seen.wrong === 0 ? "yes" : "NO",
    "epochs/s of 4 tasks": epochs / durationOf(told),
    "commit p50": commit_ms.p50,
    "commit p95": commit_ms.p95,
    "sender late, at most": Number(told.sent.behind),
  };
}

/** The lowest 95th percentile of any ten seconds, an estimate for a machine without other load. */
function bestTenSeconds(latencies: Float64Array, rate: number): number {
  let best = Infinity;
  for (let from = 0; from + 10 * rate <= latencies.length; from += 10 * rate) {
    best = Math.min(best, percentile(latencies.slice(from, from + 10 * rate).sort(), 0.95));
  }
  return best === Infinity ? NaN : best;
}

/**
 * Latencies of the events from index `from` on, in milliseconds, in the order of sending. Events without a result are
 * left out.
 */
async function latenciesOf(folder: string, from: number): Promise<Float64Array> {
  const [sent, arrived] = await Promise.all(["sent", "arrived"].map(async (name) => {
    return new Float64Array((await Deno.readFile(`${folder}/${name}`)).buffer);
  }));
  const latencies = arrived.map((at, index) => at === 0 ? NaN : at - sent[index]).subarray(from);
  return latencies.filter((latency) => !Number.isNaN(latency));
}
