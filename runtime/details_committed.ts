/**
 * The part of a job's details that its heads tell: the tasks that this worker does not own.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "../operators/_limits.ts";
import type { StartOffset } from "../connectors/connector.ts";
import type { Head } from "../state/mod.ts";
import type { MarkDetails, PartitionDetails, TaskDetails } from "./details.ts";
import { lowestOf } from "./details_live.ts";
import { original } from "./details_told.ts";
import { listOffsets } from "./offsets.ts";

/** A `watermark()` as a head has it. */
export interface CommittedClock {
  readonly name: string;
  readonly watermark: number;
  readonly marks: readonly (MarkDetails & { readonly topic: string; readonly partition: number })[];
}

/** The clocks of a head that are a `watermark()`'s: those of stages and hops track no topic of the input. */
export function clocksOfHead({ clocks, told }: Head, inputs: ReadonlySet<string>): CommittedClock[] {
  return Object.entries(clocks).flatMap(([name, { watermark, partitions }]) => {
    // Another subscription of the same watermark() has the same marks.
    if (original(name) !== name && original(name) in clocks) return [];
    const read = partitions.filter(([topic]) => inputs.has(topic));
    if (read.length === 0) return [];
    const lowest = Math.min(...read.filter(([, , , idle]) => !idle).map(([, , mark]) => mark));
    const marks = read.map(([topic, partition, mark, idle]) => ({
      ...{ topic, partition, watermark: name, idle },
      disorder: undefined,
      raisedBy: told?.raisedBy[name]?.[topic]?.[partition],
      mark: mark === BEGIN_OF_TIME ? undefined : mark,
      holds: !idle && mark === lowest,
    }));
    return [{ name, watermark, marks }];
  });
}

/** A task as its head tells. Without a head no worker has ever had it. */
export function committedTask(
  task: number,
  head: Head | undefined,
  clocks: readonly CommittedClock[],
): TaskDetails {
  return {
    ...{ task, source: head === undefined ? "none" : "committed", worker: head?.told?.worker || undefined },
    ...{ since: head?.told?.since, at: head?.told?.at },
    epoch: head?.epoch ?? 0,
    visible: head === undefined ? 0 : head.outbox.length > 0 ? head.outbox[0].epoch - 1 : head.epoch,
    records_in: head?.counters.records_in ?? 0,
    lag: undefined,
    watermark: lowestOf(clocks.map(({ watermark }) => watermark)),
    finished: head?.finished ?? false,
  };
}

/** The input partitions of a task, with the offsets at which its next epoch begins. */
export function committedPlaces({ offsets }: Head, inputs: ReadonlySet<string>): StartOffset[] {
  return listOffsets(offsets).filter(({ topic }) => inputs.has(topic));
}

/** An input partition of a task as its head tells. Where it ends is known only to who reads it. */
export function committedPartition(
  task: number,
  { topic, partition, offset }: StartOffset,
  clocks: readonly CommittedClock[],
): PartitionDetails {
  return {
    ...{ task, topic, partition, position: offset, paused: false, lastTimestamp: undefined },
    ...{ end: undefined, endAge: undefined, quietFor: undefined, lagTime: undefined },
    marks: clocks.flatMap(({ marks }) =>
      marks.filter((mark) => mark.topic === topic && mark.partition === partition)
        .map(({ watermark, mark, raisedBy, disorder, idle, holds }) => ({
          ...{ watermark, mark, raisedBy, disorder, idle, holds },
        }))
    ),
  };
}
