/**
 * Tidemark: a reactive stream toolkit for Deno. A pipeline is an RxJS Observable, and its stages are RxJS operators.
 * Keyed state, event-time clocks and input offsets are committed together, atomically, in Deno KV. Results are exactly
 * once.
 *
 * This module exports the operators, `run`, and the connectors that need no service. The Kafka connector is in
 * `@tidemark/streams/kafka`.
 *
 * @example Windows over an array, with no service at all
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, seconds, tumblingWindow, watermark } from "@tidemark/streams";
 *
 * const counts: unknown[] = [];
 * from([{ user: "ada", at: 100 }, { user: "ada", at: 900 }, { user: "ada", at: 1_500 }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   tumblingWindow({ key: (event) => event.user, size: seconds(1), aggregate: count() }),
 * ).subscribe(({ window, value }) => counts.push([window.start, value]));
 * assertEquals(counts, [[0, 2], [1_000, 1]]);
 * ```
 *
 * @module
 */
export * from "./operators/mod.ts";
export { type EmbeddedLog, embeddedLog, type EmbeddedLogOptions, kvTable, memory } from "./connectors/mod.ts";
export { bytes, int32, int64, json, type JsonOptions, text } from "./connectors/mod.ts";
export type {
  CheckTombstones,
  Connector,
  From,
  HeadersOption,
  KeepTombstones,
  KeyReader,
  KvTableKeyPart,
  KvTableOptions,
  RecordKey,
  SinkOptions,
  SourceOptions,
  TableOptions,
} from "./connectors/mod.ts";
export { run } from "./runtime/run.ts";
export { type DeadLetter, deadLetter, type RunOptions } from "./runtime/options.ts";
export type { Job, JobEnd, StateView, StopOptions } from "./runtime/job.ts";
export type {
  ClosedBy,
  DeadLetterSample,
  DisorderDetails,
  EpochDetails,
  Explanation,
  HolderDetails,
  HotKeyDetails,
  JobDetails,
  JobSentences,
  JobState,
  KeptBy,
  LateRecord,
  MarkDetails,
  PartitionDetails,
  PublishDetails,
  Reason,
  RecentPercentiles,
  StageDetails,
  TaskDetails,
  TaskSource,
  WatermarkDetails,
  WorkerDetails,
  WorkShares,
} from "./runtime/details.ts";
export type { EventFacts, EventLevel, JobEvent, JobEvents } from "./runtime/events.ts";
export type { JobRows } from "./runtime/details_rows.ts";
export { readDetails, type ReadDetailsOptions, type StoredDetails } from "./runtime/details_read.ts";
export type { HopMetrics, Metrics, MetricsSnapshot, StageMetrics } from "./runtime/metrics.ts";
export type {
  Activity,
  DurationCounts,
  Measurements,
  PartitionMeasurement,
  ProcessTotals,
  StateMeasurement,
  TroubleKind,
  WaitMeasurement,
  WatermarkMeasurement,
} from "./runtime/measurements.ts";
export {
  type DeadLetterRecord,
  type DeadLetters,
  type JobRecords,
  type RecordPlace,
  type Replayed,
  type ReplayedOne,
  type ReplayedReason,
  type ReplayedStep,
  ReplayError,
  type StoredRecord,
} from "./runtime/records.ts";
export type { CommitStep, EndedStep, SendStep, VisibleStep, WorkStep } from "./runtime/work_steps.ts";
export type { Percentiles } from "./runtime/histogram.ts";
export type { Topology, TopologyEdge, TopologyNode } from "./runtime/topology.ts";
export { CorruptError, FencedError, UnavailableError } from "./state/errors.ts";
