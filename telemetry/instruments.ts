/**
 * Every metric of ours, once: its name in OpenTelemetry, its unit, its labels, and how it is read from the measurements
 * of a worker. `/metrics` and OpenTelemetry both come from this table, so they cannot differ.
 *
 * Invariants:
 * - counters are counts of this process, so they never fall: totals over the tasks of a worker would when a task moves;
 * - what is not known has no sample. No sample is NaN or Infinity;
 * - no key is ever a label.
 *
 * @module
 */
import { LATENCY_BOUNDS, STEP_BOUNDS } from "../base/durations.ts";
import type { DurationCounts, Measurements } from "../runtime/measurements.ts";
import { NAMES } from "./_names.ts";

/** What a metric is of, by the names of its labels. */
export type Labels = Readonly<Record<string, string>>;

/** One figure. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Named {
  /** As OpenTelemetry has it: `tidemark.source.records`. */
  readonly name: string;
  /** By UCUM: `s`, `By`, or what is counted, `{record}`. */
  readonly unit: string;
  /** What it is, in a sentence. */
  readonly help: string;
  /** The names of its labels, besides the one with the job's name. */
  readonly labels: readonly string[];
}

/** A metric whose figures are single numbers. */
export interface NumberInstrument extends Named {
  readonly kind: "counter" | "gauge";
  readonly read: (measurements: Measurements) => Sample[];
}

/** A metric of durations. */
export interface DurationInstrument extends Named {
  readonly kind: "histogram";
  /** The upper bounds of its buckets, in milliseconds. */
  readonly bounds: readonly number[];
  readonly read: (measurements: Measurements) => DurationCounts;
}

/** A metric. */
export type Instrument = NumberInstrument | DurationInstrument;

const SECOND = 1000;

/** A sample, where its value is known. */
function sample(labels: Labels, value: number | undefined): Sample[] {
  return value === undefined || !Number.isFinite(value) ? [] : [{ labels, value }];
}

/** Samples of figures that have one label. */
function samples(label: string, figures: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(figures).flatMap(([of, value]) => sample({ [label]: of }, value));
}

function counter(
  { name, unit, help, label }: Omit<Named, "labels"> & { readonly label?: string },
  figures: (measurements: Measurements) => Readonly<Record<string, number>> | number,
): NumberInstrument {
  return {
    ...{ kind: "counter", name, unit, help, labels: label === undefined ? [] : [label] },
    read: (measurements) => {
      const found = figures(measurements);
      return typeof found === "number" ? sample({}, found) : samples(label!, found);
    },
  };
}

function gauge(named: Named, read: (measurements: Measurements) => Sample[]): NumberInstrument {
  return { kind: "gauge", ...named, read };
}

/** A gauge of every input partition. */
function ofPartitions(
  named: Omit<Named, "labels">,
  figure: (partition: Measurements["partitions"][number]) => number | undefined,
): NumberInstrument {
  return gauge(
    { ...named, labels: ["topic", "partition"] },
    ({ partitions }) =>
      partitions.flatMap((one) => sample({ topic: one.topic, partition: String(one.partition) }, figure(one))),
  );
}

/** A gauge of every watermark of every task. */
function ofWatermarks(
  named: Omit<Named, "labels">,
  figure: (watermark: Measurements["watermarks"][number]) => number | undefined,
): NumberInstrument {
  return gauge({ ...named, labels: ["watermark", "task"] }, ({ watermarks }) =>
    watermarks.flatMap((one) => {
      const value = figure(one);
      const labels = { watermark: one.watermark, task: String(one.task) };
      return sample(labels, value === undefined ? undefined : value / SECOND);
    }));
}

/** A gauge of every state. */
function ofStates(
  named: Omit<Named, "labels">,
  figure: (state: Measurements["states"][number]) => number,
): NumberInstrument {
  return gauge(
    { ...named, labels: ["state"] },
    ({ states }) => states.flatMap((one) => sample({ state: one.state }, figure(one))),
  );
}

function durations(
  named: Omit<Named, "labels" | "unit"> & { readonly bounds?: readonly number[] },
  read: (measurements: Measurements) => DurationCounts,
): DurationInstrument {
  return { kind: "histogram", unit: "s", labels: [], bounds: STEP_BOUNDS, ...named, read };
}

/** All metrics, in the order of `/metrics`. */
export const INSTRUMENTS: readonly Instrument[] = [
  counter({
    ...{ name: NAMES.sourceRecords, unit: "{record}", label: "topic" },
    help: "Input records whose epoch this process has committed.",
  }, ({ counts }) => counts.source),
  counter({
    ...{ name: NAMES.sinkRecords, unit: "{record}", label: "topic" },
    help: "Results, and rows of tables, that this process has committed.",
  }, ({ counts }) => counts.sink),
  counter({
    ...{ name: NAMES.lateRecords, unit: "{record}", label: "stage" },
    help: "Values that came too late for their window.",
  }, ({ counts }) => counts.late),
  counter({
    ...{ name: NAMES.deadLetterRecords, unit: "{record}", label: "topic" },
    help: "Dead letters, by the topic that they were written to.",
  }, ({ counts }) => counts.deadLetter),
  counter({
    ...{ name: NAMES.missingRecords, unit: "{record}", label: "topic" },
    help: "Input records that were gone before they could be read.",
  }, ({ counts }) => counts.missing),
  ofPartitions({ name: NAMES.sourceLag, unit: "{record}", help: "Records that wait to be read." }, ({ lag }) => lag),
  ofPartitions({
    ...{ name: NAMES.sourceLagTime, unit: "s" },
    help: "How long the record at the head of the queue has waited since its own timestamp.",
  }, ({ lagTime }) => lagTime === undefined ? undefined : lagTime / SECOND),
  ofWatermarks({
    ...{ name: NAMES.watermarkLag, unit: "s", help: "How far the wall clock is ahead of the watermark." },
  }, ({ lag }) => lag),
  ofWatermarks({
    ...{ name: NAMES.watermarkSpread, unit: "s" },
    help: "How far the partitions of the task are apart in event time.",
  }, ({ spread }) => spread),
  ofWatermarks({
    ...{ name: NAMES.watermarkBound, unit: "s", help: "The part of the watermark lag that is by design." },
  }, ({ bound }) => bound),
  counter(
    { name: NAMES.epochs, unit: "{epoch}", help: "Epochs of tasks that this process has committed." },
    ({ epochs }) => epochs,
  ),
  durations({ name: NAMES.commitDuration, help: "How long a commit of this worker takes." }, ({ commit }) => commit),
  durations({
    ...{ name: NAMES.publishDuration, help: "How long a transaction with results takes." },
  }, ({ publish }) => publish),
  durations({
    ...{ name: NAMES.recordLatency, bounds: LATENCY_BOUNDS },
    help: "From the timestamps of some of the records until their results are visible.",
  }, ({ latency }) => latency),
  ofStates({ name: NAMES.stateCells, unit: "{cell}", help: "Values in keyed state." }, ({ cells }) => cells),
  ofStates({ name: NAMES.stateSize, unit: "By", help: "Bytes of values in keyed state." }, ({ bytes }) => bytes),
  gauge({
    ...{ name: NAMES.outboxSize, unit: "By", labels: [] },
    help: "Bytes of committed results that are not visible yet.",
  }, ({ outbox }) => sample({}, outbox)),
  counter(
    { name: NAMES.workerTime, unit: "s", label: "activity", help: "What the time of the worker's loop went to." },
    ({ time }) => Object.fromEntries(Object.entries(time).map(([activity, ms]) => [activity, ms / SECOND])),
  ),
  gauge({
    ...{ name: NAMES.tasks, unit: "{task}", labels: ["state"] },
    help: "Tasks of this worker: those that take records, those that wait, and those that are finished.",
  }, ({ tasks }) => samples("state", tasks)),
];

const SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** The name of a metric in Prometheus, by the rules with which names of OpenTelemetry are translated. */
export function prometheusName({ name, unit, kind }: Pick<Instrument, "name" | "unit" | "kind">): string {
  return name.replaceAll(".", "_") + (SUFFIXES[unit] ?? "") + (kind === "counter" ? "_total" : "");
}
