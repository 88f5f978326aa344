/**
 * Names of metrics and attributes. Those of the semantic conventions stand here as text: the ones of messaging are not
 * stable and have been renamed twice, so a package of them would rename ours with its next version.
 *
 * @module
 */

/** The name of our meter and tracer. */
export const SCOPE = "@tidemark/streams";

/** Names of our metrics. */
export const NAMES = {
  sourceRecords: "tidemark.source.records",
  sinkRecords: "tidemark.sink.records",
  lateRecords: "tidemark.late.records",
  deadLetterRecords: "tidemark.dead_letter.records",
  missingRecords: "tidemark.missing.records",
  sourceLag: "tidemark.source.lag",
  sourceLagTime: "tidemark.source.lag.time",
  watermarkLag: "tidemark.watermark.lag",
  watermarkSpread: "tidemark.watermark.spread",
  watermarkBound: "tidemark.watermark.bound",
  epochs: "tidemark.epochs",
  commitDuration: "tidemark.epoch.commit.duration",
  publishDuration: "tidemark.epoch.publish.duration",
  recordLatency: "tidemark.record.latency",
  stateCells: "tidemark.state.cells",
  stateSize: "tidemark.state.size",
  outboxSize: "tidemark.outbox.size",
  workerTime: "tidemark.worker.time",
  tasks: "tidemark.tasks",
} as const;

/** Names of our attributes. */
export const ATTRIBUTES = {
  job: "tidemark.job",
  worker: "tidemark.worker",
  epoch: "tidemark.epoch",
  tasks: "tidemark.tasks",
  epochs: "tidemark.epochs",
  records: "tidemark.records",
  results: "tidemark.results",
  bytes: "tidemark.bytes",
} as const;

/** Names of the semantic conventions 1.45: metrics. */
export const MESSAGING_METRICS = {
  consumed: "messaging.client.consumed.messages",
  sent: "messaging.client.sent.messages",
  operation: "messaging.client.operation.duration",
  process: "messaging.process.duration",
} as const;

/** Names of the semantic conventions 1.45: attributes. */
export const MESSAGING = {
  system: "messaging.system.name",
  destination: "messaging.destination.name",
  group: "messaging.consumer.group.name",
  operation: "messaging.operation.name",
  operationType: "messaging.operation.type",
  batch: "messaging.batch.message_count",
  errorType: "error.type",
} as const;

/** The buckets that the conventions want for durations of messaging, in seconds. */
export const MESSAGING_BOUNDS: readonly number[] = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
];
