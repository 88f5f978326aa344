/**
 * The type of a `watermark()`'s state in a checkpoint, shared by stages, tasks and checkpoints.
 *
 * @module
 */

/** The highest timestamp of a partition, and whether the partition was idle. */
export type PartitionMark = readonly [topic: string, partition: number, highest: number, idle: boolean];

/** The state that a `watermark()` restores after a restart. */
export interface ClockSnapshot {
  /**
   * The highest timestamp seen, for each partition that has been read. Partition -1 of topic "" stands for values that
   * came from no partition.
   */
  readonly partitions: readonly PartitionMark[];
  /** The watermark, in milliseconds since 1970. */
  readonly watermark: number;
  /** The offset of the record that raised the mark of a partition last, where it is known. Only for a restore. */
  readonly raisedBy?: Readonly<Record<string, Readonly<Record<number, number>>>>;
}
