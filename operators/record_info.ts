/**
 * @module
 */
import { type RecordAtHand, runningTask } from "./_task.ts";

/** Topic, partition, offset, key, headers and event time of the record that is being pushed. */
export interface RecordInfo {
  /** The topic it came from. */
  readonly topic: string | undefined;
  /** The partition it came from. */
  readonly partition: number | undefined;
  /** Its offset there. */
  readonly offset: number | undefined;
  /** The record's own key, as bytes. */
  readonly key: Uint8Array | null | undefined;
  /**
   * Its headers by name, in an object without a prototype. Of several headers with one name the last one counts. The
   * value is `null` for a header without one.
   */
  readonly headers: Readonly<Record<string, Uint8Array | null>>;
  /** Event time in milliseconds since 1970: the record's own timestamp until an `eventTime()` has set another. */
  readonly timestamp: number | undefined;
}

const NO_HEADERS: RecordInfo["headers"] = Object.freeze({});

/**
 * Returns information about the current record, inside any stage of a pipeline.
 *
 * A value that a timer caused, such as a window's result, has a timestamp but no topic, partition or offset.
 *
 * @returns the record being pushed
 * @throws {TypeError} when it is called outside a push
 *
 * @example Time of the current record
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from, map } from "rxjs";
 * import { eventTime, keyedReduce, recordInfo } from "@tidemark/streams";
 *
 * const times: unknown[] = [];
 * from([{ user: "ada", at: 5 }]).pipe(
 *   eventTime((click) => click.at),
 *   map((click) => ({ ...click, seen: recordInfo().timestamp })),
 * ).subscribe((click) => times.push(click.seen));
 * assertEquals(times, [5]);
 * ```
 */
export function recordInfo(): RecordInfo {
  const task = runningTask();
  if (task === undefined || !task.active) {
    throw new TypeError(
      "recordInfo() was called outside a push: call it synchronously inside a stage, such as map(() => recordInfo())",
    );
  }
  const { record, timestamp } = task;
  return {
    topic: record?.topic,
    partition: record?.partition,
    offset: record?.offset,
    key: record?.key,
    headers: record?.headers === undefined ? NO_HEADERS : byName(record.headers),
    timestamp: Number.isNaN(timestamp) ? undefined : timestamp,
  };
}

function byName(headers: NonNullable<RecordAtHand["headers"]>): RecordInfo["headers"] {
  const named: Record<string, Uint8Array | null> = Object.create(null);
  for (const [name, value] of headers) named[name] = value;
  return named;
}
