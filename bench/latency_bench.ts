/**
 * How long it takes from an event's sending until its result is seen by a `read_committed` consumer: sender, job, broker and
 * consumer are processes of their own on one machine. Every event has a result of its own, and one that is missing or doubled
 * is a failure.
 */
import type { MetricsSnapshot } from "../mod.ts";
import { type BenchBroker, countVisible, makeTopics } from "./support/bench_broker.ts";
import { Child, cpuOf } from "./support/child.ts";
import type { JobTask } from "./support/job_main.ts";
import type { ProbeTask } from "./support/probe_main.ts";
import { judge, percentile, type Row, table } from "./support/report.ts";
import type { SenderTask } from "./support/sender_main.ts";

/** Rates in events a second, and what is asked of them: the 95th percentile in milliseconds. */
const RATES = [{ rate: 2_000, goal: 25 }, { rate: 10_000, goal: 40 }];
/** How long events are sent before those that count, in seconds: programs on virtual machines begin slowly. */
const WARM_UP = 5;
/** How long the probe waits for a result that does not come, in milliseconds. */
const PATIENCE = 10_000;

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
    right &&= measured.complete;
  }
  table(
    `Latency from send to a read_committed consumer, ${seconds} s after ${WARM_UP} s of warm-up, 4 partitions, in ms`,
    times,
  );
  table("What it took meanwhile, in cores", costs);
  return right;
}

interface Measured {
  readonly times: Row;
  readonly costs: Row;
  readonly complete: boolean;
}

async function measure(
  broker: BenchBroker,
  { rate, goal, seconds, flags }: { rate: number; goal: number; seconds: number; flags: readonly string[] },
): Promise<Measured> {
  const topic = `latency-${rate}-${Date.now()}`, output = `${topic}-counts`;
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  await makeTopics(broker, topic, output);
  const events = rate * (WARM_UP + seconds);
  const jobTask: JobTask = {
    brokers: [broker.address],
    kind: "counts",
    input: topic,
    output,
    state: `${folder}/state.db`,
    ends: false,
  };
  const probeTask: ProbeTask = {
    broker: broker.address,
    topic: output,
    events,
    patience: PATIENCE,
    times: `${folder}/arrived`,
  };
  const senderTask: SenderTask = { broker: broker.address, topic, rate, events, times: `${folder}/sent` };
  await using job = new Child("job", jobTask, { flags });
  const reading = await job.hears("reading");
  await using probe = new Child("probe", probeTask);
  await probe.hears("ready");
  const brokerBefore = cpuOf(broker.pid);
  await using sender = new Child("sender", senderTask);
  const sent = await sender.hears("sent");
  const brokerCpu = cpuOf(broker.pid) - brokerBefore;
  const seen = await probe.hears("seen");
  await job.stop();
  const finished = await job.hears("finished");
  const visible = await countVisible(broker, output);
  const latencies = await latenciesOf(folder, rate * WARM_UP);
  const complete = seen.wrong === 0 && visible === events && latencies.length === rate * seconds;
  await Deno.remove(folder, { recursive: true });

  const took = (Number(sent.at) - Number(sent.began)) / 1000;
  const { epochs, commit_ms } = finished.metrics as MetricsSnapshot;
  const p95 = percentile(latencies, 0.95);
  return {
    complete,
    times: {
      "events/s": rate,
      "p50": percentile(latencies, 0.5),
      "p95": p95,
      "goal": judge(`p95 < ${goal}`, p95 < goal && complete),
      "p99": percentile(latencies, 0.99),
      "max": latencies.at(-1) ?? NaN,
      "missing": events - visible,
      "all in order": seen.wrong === 0 ? "yes" : "NO",
      "epochs/s": epochs / took,
      "commit p50": commit_ms.p50,
      "commit p95": commit_ms.p95,
      "sender late, at most": Number(sent.behind),
    },
    costs: {
      "events/s": rate,
      "broker": brokerCpu / took,
      "job": (Number(finished.cpu) - Number(reading.cpu)) / took,
      "sender": Number(sent.cpu) / took,
      "probe": Number(seen.cpu) / took,
      "probe fetches/s": Number(seen.fetches) / took,
    },
  };
}

/** Sorted latencies of the events from there on, in milliseconds; those that did not arrive are left out. */
async function latenciesOf(folder: string, from: number): Promise<Float64Array> {
  const [sent, arrived] = await Promise.all(["sent", "arrived"].map(async (name) => {
    return new Float64Array((await Deno.readFile(`${folder}/${name}`)).buffer);
  }));
  const latencies = arrived.map((at, index) => at === 0 ? NaN : at - sent[index]).subarray(from);
  return latencies.filter((latency) => !Number.isNaN(latency)).sort();
}
