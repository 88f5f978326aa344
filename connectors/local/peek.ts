/**
 * Reads a topic of this process without a job.
 *
 * @module
 */

import type { PeekHandle, PeekObserver, ReaderHandler } from "../connector.ts";
import { type LocalLog, startLocalReader } from "./reader.ts";

/**
 * Reads a topic from its beginning, each partition in the order of its offsets. Goes on with new records until the
 * topic has ended.
 *
 * @param log the log that has the topic
 * @param look the topic to read, and the observer of its records
 *
 * @throws {Error} when the topic does not exist
 */
export function peekLocally(log: LocalLog, { topic, observer }: { topic: string; observer: PeekObserver }): PeekHandle {
  const partitions = Array.from({ length: log.partitions(topic) ?? 0 }, (_, partition) => partition);
  const open = new Set(partitions);
  let stopped = false;
  const handler: ReaderHandler = {
    assigned() {
      observer.partitions(partitions.length);
      const starts = partitions.map((partition) => ({
        topic,
        partition,
        offset: log.bounds(topic, partition).earliest,
      }));
      return Promise.resolve(starts);
    },
    revoking: () => Promise.resolve(),
    batch({ partition, records, position, end }) {
      for (const record of records) {
        if (stopped) return;
        observer.record(record);
      }
      if (position !== end || !log.ended(topic) || !open.delete(partition) || open.size > 0 || stopped) return;
      observer.ended();
    },
    missing: (_topic, _partition, _wanted, bounds) => Promise.resolve(bounds.earliest),
    trouble: () => {},
    failed: (error) => observer.failed(error),
  };
  const tasks = Array.from({ length: log.partitions(topic) ?? 0 }, (_none, partition) => partition);
  const options = { topics: [topic], layout: { tasks } };
  const reader = startLocalReader(log, { options, handler });
  return {
    stop(): void {
      stopped = true;
      void reader.stop();
    },
  };
}
