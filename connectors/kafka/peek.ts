/**
 * Reads a topic without a job, outside of any consumer group, so it leaves nothing behind in the cluster.
 *
 * @module
 */

import type { PeekHandle, PeekObserver } from "../connector.ts";
import { systemClock } from "../../base/clock.ts";
import type { Driver, Line } from "./driver.ts";
import { explain } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { CONNECT_LIMIT } from "./limits.ts";
import { leadersOf } from "./steps.ts";
import { askUntil } from "./retry.ts";
import { Trouble } from "./trouble.ts";

const EARLIEST = -2;

/** A `peek` that is running. `closed` resolves when its connections are closed. */
export interface TopicPeek extends PeekHandle {
  readonly closed: Promise<void>;
}

/** Reads all partitions of a topic from their beginning until it is stopped. */
export function peekTopic(driver: Driver, topic: string, observer: PeekObserver): TopicPeek {
  const line = driver.line();
  const stopped = new AbortController();
  const closed = Promise.withResolvers<void>();
  let fetcher: Fetcher | undefined;

  function fail(error: Error): void {
    if (stopped.signal.aborted) return;
    stop();
    observer.failed(error);
  }

  function stop(): void {
    if (stopped.signal.aborted) return;
    stopped.abort();
    closed.resolve(close());
  }

  async function close(): Promise<void> {
    await fetcher?.halt();
    await line.close();
  }

  async function start(): Promise<void> {
    const starts = await startOffsets(line, topic, stopped.signal);
    if (stopped.signal.aborted) return;
    observer.partitions(starts.length);
    fetcher = new Fetcher(line, {
      brokers: driver.name,
      clock: systemClock,
      trouble: new Trouble(() => {}),
      observer: {
        batch({ records }) {
          for (const record of records) {
            if (stopped.signal.aborted) return;
            if (record.unreadable !== undefined) {
              const { reason } = record.unreadable;
              return fail(new Error(`Cannot read on in "${topic}" partition ${record.partition}: ${reason}`));
            }
            observer.record(record);
          }
        },
        // Retention has deleted the next records. Reading goes on at the first one that is left.
        missing: (_topic, _partition, _wanted, { earliest }) => Promise.resolve(earliest),
        failed: fail,
      },
    });
    starts.forEach((offset, partition) => fetcher!.add(topic, partition, offset));
    fetcher.run();
  }

  start().catch((error) => fail(explain(error, `read the topic "${topic}"`, driver.name)));
  return { stop, closed: closed.promise };
}

async function startOffsets(line: Line, topic: string, signal: AbortSignal): Promise<readonly number[]> {
  const ask = async () => {
    const places = await line.places(topic);
    if (places === undefined) throw new Error(`There is no topic "${topic}" in Kafka: check its name, or create it`);
    leadersOf(topic, places);
    return await line.listOffsets(topic, places, EARLIEST);
  };
  return await askUntil(line, ask, { clock: systemClock, limit: CONNECT_LIMIT, signal });
}
