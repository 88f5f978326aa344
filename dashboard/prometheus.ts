/**
 * `/metrics`: the measurements of a worker as Prometheus reads them (text format 0.0.4).
 *
 * @module
 */
import { VERSION } from "../base/version.ts";
import type { DurationCounts, Measurements } from "../runtime/measurements.ts";
import { type Instrument, INSTRUMENTS, type Labels, prometheusName } from "../telemetry/instruments.ts";

/** The type of the text. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Measurements as text. */
export function metricsText(measurements: Measurements): string {
  const job = { tidemark_job: measurements.job };
  const families = INSTRUMENTS.map((instrument) => family(instrument, measurements, job));
  const build = { ...job, version: VERSION };
  return [
    ...families,
    ...head("tidemark_build_info", "gauge", "The version of the package; its value is always 1."),
    line("tidemark_build_info", build, 1),
  ].flat().join("");
}

/** A metric with all of its samples; nothing where it has none. */
function family(instrument: Instrument, measurements: Measurements, job: Labels): string[] {
  const name = prometheusName(instrument);
  const lines = instrument.kind === "histogram"
    ? histogram(name, job, instrument.read(measurements))
    : instrument.read(measurements).map(({ labels, value }) => line(name, { ...job, ...labels }, value));
  return lines.length === 0 ? [] : [...head(name, instrument.kind, instrument.help), ...lines];
}

function head(name: string, kind: Instrument["kind"], help: string): string[] {
  return [`# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n`, `# TYPE ${name} ${kind}\n`];
}

/** The buckets of Prometheus count all that are not longer, and are in seconds. */
function histogram(name: string, labels: Labels, { bounds, counts, count, sum }: DurationCounts): string[] {
  let below = 0;
  const buckets = bounds.map((bound, bucket) => {
    below += counts[bucket];
    return line(`${name}_bucket`, { ...labels, le: String(bound / 1000) }, below);
  });
  return [
    ...buckets,
    line(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
    line(`${name}_sum`, labels, sum / 1000),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escaped)}"`);
  return `${name}{${pairs.join(",")}} ${value}\n`;
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}
