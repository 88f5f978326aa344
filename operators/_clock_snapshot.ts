/**
 * What a `watermark()` must know again after a restart: a word that stages, tasks and checkpoints share.
 *
 * @module
 */

/** How far a partition has come, and whether it was idle. */
export type PartitionMark = readonly [topic: string, partition: number, highest: number, idle: boolean];

/** What a `watermark()` must know again after a restart. */
export interface ClockSnapshot {
  /** The highest timestamp seen, for each partition that has been read. Partition -1 of topic "": what came from none. */
  readonly partitions: readonly PartitionMark[];
  /** How far event time had come, in milliseconds since 1970. */
  readonly watermark: number;
}
