/**
 * Measures how many events a second a job processes from a full topic until its results are visible, with kafkajs, on
 * the same cores as the broker. The time runs from when the job begins to read until a `read_committed` consumer can
 * read its last result. The number of results must be exactly the expected one.
 */
import type { MetricsSnapshot } from "../mod.ts";
import { type BenchBroker, countVisible, EndWatch, makeTopics, preload } from "./support/bench_broker.ts";
import { Child, clock, cpuOf } from "./support/child.ts";
import { countWindows, stepOf, USERS } from "./support/events.ts";
import type { JobTask } from "./support/job_main.ts";
import { judge, type Row, table } from "./support/report.ts";

const HOUR = 3_600_000;
const decoder = new TextDecoder();

interface Load {
  readonly topic: string;
  readonly events: number;
  readonly users: number;
  /** The event time of the first event. */
  readonly first: number;
}

interface Kind {
  readonly kind: JobTask["kind"];
  readonly title: string;
  /** Events a second. */
  readonly goal: number;
  /** Whether the number of results is right, and the sum `total` of each user's last count. */
  readonly isRight: (results: number, total: number, load: Load) => boolean;
}

const KINDS: readonly Kind[] = [
  {
    kind: "counts",
    title: "counts, a result for every event",
    goal: 35_000,
    isRight: (results, total, { events }) => results === events && total === events,
  },
  {
    kind: "latest",
    title: `counts, emit: "latest"`,
    goal: 100_000,
    isRight: (results, total, { events }) => results <= events && total === events,
  },
  {
    kind: "windows",
    title: "windows, four results for ten events",
    goal: 80_000,
    isRight: (results, _total, { events, first, users }) => results === countWindows(events, first, users),
  },
];

/** Options of {@linkcode benchThroughput}. */
export interface ThroughputOptions {
  readonly events: number;
  /** How many users the events are of. @default 10,000 */
  readonly users?: number;
  /** Only these kinds of jobs. @default all */
  readonly kinds?: readonly string[];
  /** More flags for the job's process, to profile it. */
  readonly flags?: readonly string[];
}

/** Measures and prints a table. Returns whether every result was there. */
export async function benchThroughput(
  broker: BenchBroker,
  { events, users = USERS, kinds, flags = [] }: ThroughputOptions,
): Promise<boolean> {
  const topic = `load-${Date.now()}`;
  // The last event is an hour old, because Kafka refuses records from the future.
  const first = Math.floor(Date.now() / 60_000) * 60_000 - HOUR - Math.ceil(events * stepOf(users));
  const load = { topic, events, users, first };
  await makeTopics(broker, topic);
  await preload(broker, topic, { count: events, first, users });
  const rows: Row[] = [];
  let right = true;
  for (const kind of KINDS) {
    if (kinds !== undefined && !kinds.includes(kind.kind)) continue;
    const { row, complete } = await measure(broker, load, { kind, flags });
    rows.push(row);
    right &&= complete;
  }
  const [some, of] = [events, users].map((count) => count.toLocaleString("en-US"));
  table(`Throughput, ${some} events of ${of} users in 4 partitions, kafkajs`, rows);
  return right;
}

async function measure(
  broker: BenchBroker,
  load: Load,
  { kind, flags }: { kind: Kind; flags: readonly string[] },
): Promise<{ row: Row; complete: boolean }> {
  const output = `${load.topic}-${kind.kind}`;
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  await makeTopics(broker, output);
  const task: JobTask = {
    brokers: [broker.address],
    kind: kind.kind,
    input: load.topic,
    output,
    state: `${folder}/state.db`,
    ends: true,
  };
  await using job = new Child("job", task, { flags });
  const reading = await job.hears("reading");
  const brokerBefore = cpuOf(broker.pid);
  const watch = new EndWatch(broker, output, { clock });
  const finished = await job.hears("finished");
  await watch.stop();
  const brokerCpu = cpuOf(broker.pid) - brokerBefore;
  const seconds = (watch.moved - Number(reading.at)) / 1000;
  const last = new Map<string, number>();
  const results = await countVisible(broker, output, (value) => {
    const { user_id, event_count } = JSON.parse(decoder.decode(value));
    last.set(user_id, event_count);
  });
  const complete = kind.isRight(results, last.values().reduce((sum, count) => sum + count, 0), load);
  const rate = Math.round(load.events / seconds);
  const { epochs, commit_ms } = finished.metrics as MetricsSnapshot;
  await Deno.remove(folder, { recursive: true });
  const row = {
    "job": kind.title,
    "events/s": rate,
    "goal": judge(`>= ${kind.goal.toLocaleString("en-US")}`, rate >= kind.goal && complete),
    "seconds": seconds,
    "results": results,
    "all there": complete ? "yes" : "NO",
    "epochs": epochs,
    "commit p50 ms": commit_ms.p50,
    "commit p95 ms": commit_ms.p95,
    "peak MiB": Math.round(Number(finished.peak) / 2 ** 20),
    "job us/event": (Number(finished.cpu) - Number(reading.cpu)) * 1e6 / load.events,
    "job cores": (Number(finished.cpu) - Number(reading.cpu)) / seconds,
    "broker cores": brokerCpu / seconds,
  };
  return { row, complete };
}
