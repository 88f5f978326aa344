/**
 * The job under test: its pipelines, on a connector that uses the driver of a simulated process.
 *
 * @module
 */
import { map, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  keyedReduce,
  kvTable,
  lateSideOutput,
  type RunOptions,
  type SinkOptions,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { Connector } from "../../connectors/connector.ts";
import { KafkaConnection } from "../../connectors/kafka/connection.ts";
import type { Driver } from "../../connectors/kafka/driver.ts";
import { tableVerb } from "../../connectors/_tables.ts";
import { sinkVerb, sourceVerb } from "../../connectors/verbs.ts";
import { FAMILIES, familiesOf } from "./families/all.ts";
import type { KeptRow, OpenTable, Row } from "./families/family.ts";
import type { SimClock } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import { DISORDER, type Event, INPUT, LATENESS, WINDOW } from "./traffic.ts";

export const JOB = "job";
export const COUNTS = "counts";
export const ACTIVITY = "activity";
export const LATE = "late";
export const DEAD = "dead";
/** The outputs that changes may affect. */
export const OUTPUTS: readonly string[] = [COUNTS, ACTIVITY, LATE, DEAD];
export const ALL_OUTPUTS: readonly string[] = [
  ...OUTPUTS,
  ...FAMILIES.filter(({ kept }) => kept !== true).map(({ name }) => name),
];

/** The arguments of `runWith`. */
export interface Program {
  readonly pipelines: Observable<unknown>[];
  readonly options: Omit<RunOptions, "state">;
}

/** The value of a count, padded when epochs are to be large. */
export interface Count {
  readonly n: number;
  readonly pad: string;
}

/** The padding of a count. It depends on the count, so that one cannot be taken for another. */
export function padOf(n: number, padding: number): string {
  return padding === 0 ? "" : String.fromCharCode(97 + n % 26).repeat(padding + n);
}

/** The job of a scenario, for one process. */
export function programOf(scenario: Scenario, { driver, clock, worker }: {
  readonly driver: Driver;
  readonly clock: SimClock;
  readonly worker: string;
}): Program {
  const connector: Connector = {
    id: "kafka simulated",
    open: ({ log }) => KafkaConnection.open(driver, clock, { log }),
  };
  const sink = <T>(topic: string, options?: SinkOptions<T>) => sinkVerb<T>(connector, topic, options);
  const bare = sourceVerb<Event>(connector, INPUT).pipe(eventTime((event) => event.time));
  const events = bare.pipe(watermark({ maxOutOfOrderness: DISORDER }));
  const pipelines: Observable<unknown>[] = [];
  if (scenario.counts !== undefined) pipelines.push(countsOf(events, scenario, sink));
  if (scenario.windows) pipelines.push(windowsOf(events, sink));
  const open: OpenTable = ({ topic, broadcast }) => tableVerb(connector, topic, { broadcast });
  const refusing = familiesOf(scenario).find(({ isLetter }) => isLetter !== undefined);
  const run = { after: clock.after, partitions: scenario.partitions, open, bare };
  for (const { name, pipeline, kept } of familiesOf(scenario)) {
    const rows = pipeline(events, run);
    pipelines.push(kept ? rows.pipe(keptAs(name)) : rows.pipe(sink(name, { key: ({ user }) => user })));
  }
  return {
    pipelines,
    options: {
      name: JOB,
      worker: scenario.named ? worker : undefined,
      tasks: scenario.tasks,
      until: scenario.untilEnd ? "end" : undefined,
      onBadRecord: deadLetter(sink(DEAD)),
      onError: refusing && deadLetter(sink(refusing.name)),
      onMissing: scenario.onMissing,
    },
  };
}

function keptAs(name: string): MonoTypeOperatorFunction<Row> {
  return kvTable<Row>([name], { key: ({ user }) => user, value: (row) => (row as KeptRow).gone ? null : row });
}

type Sink = <T>(topic: string, options?: SinkOptions<T>) => MonoTypeOperatorFunction<T>;

function countsOf(events: Observable<Event>, { counts, padding, keyless }: Scenario, sink: Sink): Observable<unknown> {
  return events.pipe(
    keyedReduce({
      name: COUNTS,
      key: (event) => event.user,
      initial: { n: 0, pad: "" } as Count,
      reduce: ({ n }) => ({ n: n + 1, pad: padOf(n + 1, padding) }),
      emit: counts,
    }),
    map(({ key, value }) => ({ user: key, ...value })),
    keyless === true ? sink(COUNTS) : sink(COUNTS, { key: (row) => row.user }),
  );
}

function windowsOf(events: Observable<Event>, sink: Sink): Observable<unknown> {
  return events.pipe(
    tumblingWindow({
      name: ACTIVITY,
      key: (event) => event.user,
      size: WINDOW,
      allowedLateness: LATENESS,
      aggregate: count(),
    }),
    lateSideOutput((late) => late.pipe(sink(LATE))),
    map(({ key, window, value, pane, index }) => ({ user: key, start: window.start, count: value, pane, index })),
    sink(ACTIVITY, { key: (row) => row.user }),
  );
}
