/**
 * Sums up the counts of a worker's tasks.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "../operators/_limits.ts";
import type { Head } from "../state/mod.ts";
import type { InputQueue } from "./input_queue.ts";
import type { Meter, MetricsSnapshot } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";
import { rowsOf, StageRow } from "./stage_rows.ts";
import type { Troubles } from "./troubles.ts";

const placeOf = ({ topic, partition }: InputQueue) => `${topic}/${partition}`;

/** A snapshot over these tasks. `elapsed` is in milliseconds. */
export function summarize(
  job: string,
  tasks: readonly OwnedTask[],
  { meter, troubles, elapsed }: { readonly meter: Meter; readonly troubles: Troubles; readonly elapsed: number },
): MetricsSnapshot {
  const counters = sumOf(tasks.map(({ runner }) => runner.counters));
  let late = 0, epochs = 0;
  for (const { runner, checkpoint } of tasks) {
    late += runner.task.late;
    epochs += checkpoint.head.epoch;
  }
  const totals = totalsOf({ counters, late, epochs }, []);
  let lag = 0, keys = 0, held = 0, read = 0;
  let watermark: number | undefined;
  const crossing: Record<string, number> = Object.create(null);
  // Tasks that share a partition wait for the same records, and the one that is furthest behind counts.
  const shared = new Map<string, number>();
  for (const { runner, states, began } of tasks) {
    held += runner.task.held;
    keys += states.size;
    read += (runner.counters.records_in ?? 0) - (began.counters.records_in ?? 0);
    for (const queue of runner.queues) {
      const behind = Math.max(0, queue.latest - queue.position);
      if (queue.hop) crossing[queue.topic] = (crossing[queue.topic] ?? 0) + behind;
      else if (queue.shared) shared.set(placeOf(queue), Math.max(behind, shared.get(placeOf(queue)) ?? 0));
      else lag += behind;
    }
    for (const clock of runner.task.clocks.values()) {
      const own = clock.snapshot().watermark;
      if (own > BEGIN_OF_TIME) watermark = Math.min(watermark ?? Infinity, own);
    }
  }
  for (const behind of shared.values()) lag += behind;
  return {
    job,
    ...totals,
    ...hopsOf(crossing, counters),
    elapsed_ms: Math.round(elapsed),
    records_per_second: Math.round(read / Math.max(elapsed, 1) * 1000),
    lag,
    watermark,
    keys,
    held,
    stages: rowsOf(tasks, (stage, operator) => new StageRow(stage, operator)).map((row) => ({ ...row })),
    commit_ms: meter.commit.percentiles(),
    latency_ms: meter.latency.percentiles(),
    trouble: troubles.text,
  };
}

/** The sums of the tasks of a worker. */
interface OwnSums {
  readonly counters: Readonly<Record<string, number>>;
  /** Values that were late since the last cut of their task. */
  readonly late: number;
  readonly epochs: number;
}

/** Totals since the job was created, over tasks of this worker and heads of others. */
export function totalsOf(
  own: OwnSums,
  heads: readonly Head[],
): Pick<MetricsSnapshot, "records_in" | "outputs" | "late" | "dead_letters" | "unpublishable" | "missing" | "epochs"> {
  const counters = heads.length === 0 ? own.counters : sumOf([own.counters, ...heads.map((head) => head.counters)]);
  const outputs: Record<string, number> = {};
  for (const name of Object.keys(counters)) if (name.startsWith("out:")) outputs[name.slice(4)] = counters[name];
  return {
    records_in: counters.records_in ?? 0,
    outputs,
    late: (counters.late ?? 0) + own.late,
    dead_letters: counters.dead ?? 0,
    unpublishable: counters.unpublishable ?? 0,
    missing: counters.missing ?? 0,
    epochs: heads.reduce((epochs, head) => epochs + head.epoch, own.epochs),
  };
}

function sumOf(counters: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of counters) {
    for (const name of Object.keys(one)) sum[name] = (sum[name] ?? 0) + one[name];
  }
  return sum;
}

/** What crosses the hops, from how much waits in each. */
function hopsOf(
  crossing: Readonly<Record<string, number>>,
  counters: Readonly<Record<string, number>>,
): Pick<MetricsSnapshot, "hops"> {
  const topics = Object.entries(crossing);
  if (topics.length === 0) return {};
  const hops = topics.map(([topic, lag]) => {
    const [sent, control, read] = ["sent", "told", "read"].map((what) => counters[`${what}:${topic}`] ?? 0);
    return [topic, { sent, control, read, lag }] as const;
  });
  return { hops: Object.fromEntries(hops) };
}
