/** The job with a hop under test, in a process of its own: a topic keyed by product, counted by user. */
import { map } from "rxjs";
import {
  count,
  eventTime,
  keyedReduce,
  lateSideOutput,
  minutes,
  repartition,
  run,
  seconds,
  tumblingWindow,
  watermark,
} from "../../mod.ts";
import { kafka } from "../../connectors/kafka/mod.ts";

/** A user has looked at a product. */
export interface View {
  readonly user: string;
  readonly product: string;
  /** Event time, in milliseconds. */
  readonly at: number;
}

/** The task of the process. */
export interface HopTask {
  readonly brokers: readonly string[];
  readonly input: string;
  readonly counts: string;
  readonly windows: string;
  readonly late: string;
  readonly state: string;
}

/** How far event times are out of order at most, in milliseconds. */
export const DISORDER: number = seconds(5);
/** The size of a window, in milliseconds. */
export const SIZE: number = minutes(1);
/** How many partitions the hop has. */
export const HOP_PARTITIONS = 6;

async function main({ brokers, input, counts, windows, late, state }: HopTask): Promise<void> {
  const broker = kafka({ brokers });
  const byUser = broker.source<View>(input, { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: DISORDER }),
    repartition({ name: "by-user", key: ({ user }) => user, partitions: HOP_PARTITIONS }),
  );
  const totals = byUser.pipe(
    keyedReduce({ name: "totals", key: ({ user }) => user, initial: 0, reduce: (n) => n + 1 }),
    map(({ key, value }) => ({ user: key, n: value })),
    broker.sink(counts, { key: ({ user }) => user }),
  );
  const activity = byUser.pipe(
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: SIZE, aggregate: count() }),
    lateSideOutput((views) => views.pipe(broker.sink(late))),
    map(({ key, window, value }) => ({ user: key, start: window.start, n: value })),
    broker.sink(windows, { key: ({ user }) => user }),
  );
  const job = await run([totals, activity], {
    name: counts,
    state,
    until: "end",
    log: (line) => console.error(`  ${line}`),
  });
  const end = await job.finished;
  console.log(JSON.stringify({ ...end, hops: job.metrics.snapshot().hops }));
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
