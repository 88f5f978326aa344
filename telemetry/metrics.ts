/**
 * Metrics of a job in OpenTelemetry.
 *
 * Counters and gauges are read when they are collected, once for all of them. Durations are recorded when something has
 * ended: OpenTelemetry has no histogram that is read.
 *
 * @module
 */
import type { BatchObservableResult, Histogram, Meter, Observable } from "@opentelemetry/api";
import type { Job } from "../runtime/job.ts";
import type { Measurements } from "../runtime/measurements.ts";
import type { WorkStep } from "../runtime/work_steps.ts";
import { ATTRIBUTES, MESSAGING, MESSAGING_BOUNDS, MESSAGING_METRICS, NAMES } from "./_names.ts";
import { type DurationInstrument, INSTRUMENTS, type NumberInstrument } from "./instruments.ts";

type Read = (measurements: Measurements, result: BatchObservableResult) => void;

/** Sends the metrics of a job. Returns what ends it. */
export function observe(meter: Meter, job: Job): () => void {
  const { reads, observables } = [ofOurs(meter, job), ofMessaging(meter, job)].reduce((all, one) => ({
    reads: [...all.reads, ...one.reads],
    observables: [...all.observables, ...one.observables],
  }));
  const collect = (result: BatchObservableResult) => {
    const measurements = job.metrics.measure();
    for (const read of reads) read(measurements, result);
  };
  meter.addBatchObservableCallback(collect, observables);
  const steps = job.metrics.steps.subscribe(recording(meter, job));
  return () => {
    steps.unsubscribe();
    meter.removeBatchObservableCallback(collect, observables);
  };
}

interface Observed {
  readonly reads: readonly Read[];
  readonly observables: Observable[];
}

/** The counters and gauges of our table. */
function ofOurs(meter: Meter, { name }: Job): Observed {
  const observed = INSTRUMENTS.filter((one): one is NumberInstrument => one.kind !== "histogram").map((instrument) => {
    const { kind, name: called, unit, help: description, read } = instrument;
    const observable = kind === "counter"
      ? meter.createObservableCounter(called, { unit, description })
      : meter.createObservableGauge(called, { unit, description });
    const readIt: Read = (measurements, result) => {
      for (const { labels, value } of read(measurements)) {
        result.observe(observable, value, { [ATTRIBUTES.job]: name, ...labels });
      }
    };
    return [readIt, observable] as const;
  });
  return { reads: observed.map(([read]) => read), observables: observed.map(([, observable]) => observable) };
}

/** The counters of the conventions for messaging. Rows of tables are no messages. */
function ofMessaging(meter: Meter, { name, topology }: Job): Observed {
  const consumed = meter.createObservableCounter(MESSAGING_METRICS.consumed, { unit: "{message}" });
  const sent = meter.createObservableCounter(MESSAGING_METRICS.sent, { unit: "{message}" });
  const sinks = topology.nodes.filter(({ kind }) => kind === "sink" || kind === "deadLetters");
  const sends = new Map(sinks.map((node) => [node.name!, systemOf(node.connector)]));
  const reads = new Map(topology.sources.map(({ topic, connector }) => [topic, systemOf(connector)]));
  const read: Read = ({ counts: { source, sink, deadLetter } }, result) => {
    for (const [topic, system] of reads) {
      result.observe(consumed, source[topic] ?? 0, {
        [MESSAGING.system]: system,
        [MESSAGING.destination]: topic,
        [MESSAGING.group]: name,
        [MESSAGING.operation]: "poll",
      });
    }
    for (const [topic, system] of sends) {
      result.observe(sent, (sink[topic] ?? 0) + (deadLetter[topic] ?? 0), {
        [MESSAGING.system]: system,
        [MESSAGING.destination]: topic,
        [MESSAGING.operation]: "send",
      });
    }
  };
  return { reads: [read], observables: [consumed, sent] };
}

/** The system of a connector, as the conventions name it. */
function systemOf(connector = ""): string {
  return /^(kafka|memory|embedded log)/.exec(connector)?.[0].replace(" ", "_") ?? "other";
}

/** Records durations. */
function recording(meter: Meter, { name, topology }: Job): (step: WorkStep) => void {
  const durations = INSTRUMENTS.filter((one): one is DurationInstrument => one.kind === "histogram");
  const histogram = (called: string, bounds: readonly number[], description?: string): Histogram => {
    const advice = { explicitBucketBoundaries: [...bounds] };
    return meter.createHistogram(called, { unit: "s", description, advice });
  };
  const ours = new Map(durations.map(({ name: called, bounds, help }) => [
    called,
    histogram(called, bounds.map((ms) => ms / 1000), help),
  ]));
  const operation = histogram(MESSAGING_METRICS.operation, MESSAGING_BOUNDS);
  const processing = histogram(MESSAGING_METRICS.process, MESSAGING_BOUNDS);
  const job = { [ATTRIBUTES.job]: name };
  const system = { [MESSAGING.system]: systemOf(topology.sources[0]?.connector), [MESSAGING.group]: name };
  const record = (called: string, ms: number) => ours.get(called)!.record(ms / 1000, job);
  return (step) => {
    if (step.kind === "visible") return step.latencies.forEach((latency) => record(NAMES.recordLatency, latency));
    const failed = step.error === undefined ? {} : { [MESSAGING.errorType]: step.error.name };
    if (step.kind === "commit") {
      if (step.error === undefined) record(NAMES.commitDuration, step.took);
      processing.record(step.pushed / 1000, { ...system, [MESSAGING.operation]: "process" });
      return;
    }
    record(NAMES.publishDuration, step.took);
    const [topic] = step.topics;
    operation.record(step.took / 1000, {
      ...{ [MESSAGING.system]: "kafka", [MESSAGING.operation]: "send", [MESSAGING.operationType]: "send" },
      ...step.topics.length === 1 ? { [MESSAGING.destination]: topic } : {},
      ...failed,
    });
  };
}
