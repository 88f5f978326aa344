/**
 * Samples of the input records of an epoch: the timestamps from which the latency of its results is known, and the
 * traces that its records belong to.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import { headerOf } from "../connectors/headers.ts";
import { SAMPLES_AN_EPOCH, TRACES_AN_EPOCH } from "./limits.ts";

const decoder = new TextDecoder();

export class Samples {
  /** Their own timestamps. */
  timestamps: number[] = [];
  /** The `traceparent` headers of the first records. */
  traceparents: string[] = [];

  /** Whether the epoch has room for another sample. */
  get open(): boolean {
    return this.timestamps.length < SAMPLES_AN_EPOCH;
  }

  /** Takes a record as a sample. Only the first records are looked at for a trace: looking at all would cost too much. */
  add({ timestamp, headers }: InputRecord): void {
    this.timestamps.push(timestamp);
    if (headers === undefined || this.timestamps.length > TRACES_AN_EPOCH) return;
    const trace = headerOf(headers, "traceparent");
    if (trace) this.traceparents.push(decoder.decode(trace));
  }

  /** Begins the next epoch. What was sampled stays with those who have it. */
  clear(): void {
    this.timestamps = [];
    if (this.traceparents.length > 0) this.traceparents = [];
  }
}
