/**
 * The summary of the job, as a table for people and as JSON for programs.
 */
import type { JobEnd, MetricsSnapshot, Percentiles } from "@tidemark/streams";
import type { Topics } from "./pipeline.ts";
import { type Recommended, TRENDING } from "./recommended.ts";

/** How many of a user's recommendations the table shows. */
const SHOWN = 3;

/** The state of the job when this program ends. */
export interface Summary {
  readonly metrics: MetricsSnapshot;
  readonly ended: JobEnd["reason"];
  readonly topics: Topics;
  /** What is recommended to some user; `undefined` where nothing is. */
  readonly user: Recommended | undefined;
}

/**
 * The summary as one JSON line. Counts are totals since the job's first start; times and rates are since this program's
 * start.
 */
export function summaryJson({ metrics, ended, topics, user }: Summary): string {
  const { job, records_in, outputs, late, dead_letters, missing, epochs, keys, elapsed_ms, records_per_second } =
    metrics;
  const { commit_ms, latency_ms } = metrics;
  return JSON.stringify({
    job,
    ended,
    records_in,
    // A topic without outputs is listed with 0.
    outputs: { [topics.output]: 0, [topics.activity]: 0, [topics.late]: 0, ...outputs },
    late,
    dead_letters,
    missing,
    epochs,
    keys,
    elapsed_ms,
    records_per_second,
    commit_ms,
    latency_ms,
    // One user as an example.
    user: user ?? null,
  });
}

/** The summary as a table. */
export function summaryTable({ metrics, ended, topics, user }: Summary): string {
  const { outputs } = metrics;
  const written = [topics.output, topics.activity, topics.late].map((
    topic,
  ) => [`to ${topic}`, count(outputs[topic] ?? 0)]);
  const rows = [
    ["records in", count(metrics.records_in)],
    ...written,
    ["late", count(metrics.late)],
    [`dead letters, to ${topics.deadLetter}`, count(metrics.dead_letters)],
    ["epochs", count(metrics.epochs)],
    ["time", `${(metrics.elapsed_ms / 1000).toFixed(1)} s, ${count(metrics.records_per_second)} records/s`],
    ["commit", percentiles(metrics.commit_ms)],
    ["latency", percentiles(metrics.latency_ms)],
    ...(user === undefined ? [] : forUser(user)),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`Job ${metrics.job}: ${ended}`, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join(
    "\n",
  );
}

/** What is recommended to a user, and why. */
function forUser({ user_id, event_count, recommendations }: Recommended): string[][] {
  return recommendations.slice(0, SHOWN).map(({ product_id, because }, index) => {
    const why = because === TRENDING ? "which trends" : `because of ${because}`;
    return [index === 0 ? `for ${user_id}, after ${count(event_count)} events` : "", `${product_id}, ${why}`];
  });
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function percentiles({ p50, p95, p99 }: Percentiles): string {
  return `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`;
}
