/**
 * Results: turns a value that reached a sink into a complete record, and checks it against everything that a broker
 * could refuse for good. This happens before the commit, so that nothing can fail after it.
 *
 * @module
 */
import { textBytes } from "../base/text.ts";
import { messageOf } from "../base/thrown.ts";
import type { OutputRecord, RecordHeader, RecordHeaders, SinkSpec, TopicInfo } from "../connectors/connector.ts";
import { recordBytes } from "../connectors/headers.ts";
import type { RecordAtHand, Task } from "../operators/_task.ts";
import { TIMESTAMP_MARGIN } from "./limits.ts";

/** The header with a result's event time, in decimal milliseconds. */
export const TIME_HEADER = "tidemark.time";
/** The header that says why a record was refused. */
export const REASON_HEADER = "tidemark.reason";
/** The header with the position of a refused record: `topic/partition@offset`. */
export const SOURCE_HEADER = "tidemark.source";

/** The header that names the stage that refused a record, if a stage did. */
export const STAGE_HEADER = "tidemark.stage";

/** Why something goes to a dead-letter sink. */
export interface Refusal {
  /** The stage that refused it: `keyedReduce "counts"`; "": none. */
  readonly stage: string;
  readonly reason: string;
}

/** What is known of a sink's topic and of the task that writes to it. */
export interface SinkContext {
  readonly spec: SinkSpec;
  readonly info: TopicInfo;
  /** The task's number: where records without a key go. */
  readonly taskNumber: number;
  readonly now: () => number;
}

/** The position of a record, as messages write it. */
export function positionOf(record: RecordAtHand): string {
  return `${record.topic}/${record.partition}@${record.offset}`;
}

/**
 * Makes the record of a value.
 *
 * @throws {TypeError} when the sink's functions throw, or return something that is no key, value or header
 * @throws {RangeError} when the partition does not exist, or the record is larger or older than its topic allows
 */
export function encodeResult(context: SinkContext, task: Task, value: unknown): OutputRecord {
  const { spec } = context;
  const bytes = spec.value(value);
  let key = spec.key(value);
  if (key === undefined) key = task.refusal === undefined ? null : task.record?.key ?? null;
  const { timestamp } = task;
  const time = Number.isNaN(timestamp) ? task.record?.timestamp ?? context.now() : timestamp;
  const refusal = task.refusal === undefined ? undefined : { stage: "", reason: task.refusal };
  if (refusal === undefined) checkAge(context, time);
  const headers = headersOf(spec.headers(value), time, refusal, task.record);
  return complete(context, { key, value: bytes, headers }, time, spec.partition(value, context.info.partitions));
}

/** Makes the dead letter of a refused record: its original bytes, with the reason and its source position. */
export function encodeRefused(
  context: SinkContext,
  record: RecordAtHand & { value: Uint8Array | null },
  refusal: Refusal,
): OutputRecord {
  // The bytes are copied: views would keep their whole fetch in memory until the dead letter is published.
  const [key, value] = [copied(record.key), copied(record.value)];
  const own = record.headers?.map(([name, bytes]) => [name, copied(bytes)] as const);
  const headers = headersOf(own, record.timestamp, refusal, record);
  return complete(context, { key, value, headers }, record.timestamp, undefined);
}

/** A window's result, or a timer, that could not be delivered. */
export interface Undelivered {
  readonly window?: string;
  readonly timer?: string;
  readonly key: unknown;
  readonly window_start_ms?: number;
  readonly time_ms?: number;
  readonly index?: number;
  readonly accumulator?: unknown;
  /** Why the accumulator is left out, when it is. */
  readonly accumulator_left_out?: string;
}

/**
 * Makes the dead letter of a window's result that could not be delivered. The accumulator is left out when it does not
 * fit.
 */
export function encodeUndelivered(
  context: SinkContext,
  pane: Undelivered,
  time: number,
  refusal: Refusal,
): OutputRecord {
  const headers = headersOf(undefined, time, refusal, undefined);
  const encode = (text: string) => complete(context, { key: null, value: textBytes(text), headers }, time, undefined);
  const { accumulator, ...place } = pane;
  const leftOut = (why: string) => encode(legible({ ...place, accumulator_left_out: why }));
  let text: string;
  try {
    text = legible({ ...place, accumulator });
  } catch (error) {
    return leftOut(`it has no JSON form: ${messageOf(error).slice(0, 200)}`);
  }
  try {
    return encode(text);
  } catch {
    return leftOut(`its ${text.length} characters are more than the topic takes`);
  }
}

/** JSON that also shows values which JSON has no form for. */
function legible(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (part instanceof Map || part instanceof Set) return [...part];
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    return typeof part === "bigint" || typeof part === "symbol" || typeof part === "function" ? String(part) : part;
  });
}

/** Makes the dead letter of a committed result that the broker refuses for good: its own content, with the reason. */
export function encodeUnpublishable(context: SinkContext, row: OutputRecord, reason: string): OutputRecord {
  const { topic, partition, key, value, timestamp } = row;
  const why: RecordHeaders = [[REASON_HEADER, textBytes(reason)], [SOURCE_HEADER, textBytes(`${topic}/${partition}`)]];
  return complete(context, { key, value, headers: [...row.headers ?? [], ...why] }, timestamp, undefined);
}

function complete(
  { spec, info, taskNumber, now }: SinkContext,
  record: Pick<OutputRecord, "key" | "value" | "headers">,
  time: number,
  chosen: number | undefined,
): OutputRecord {
  const { key, value, headers } = record;
  const partition = chosen ?? (key === null ? taskNumber % info.partitions : info.partitionOf(key));
  if (!(Number.isInteger(partition) && partition >= 0 && partition < info.partitions)) {
    throw new RangeError(
      `topic ${spec.topic} has ${info.partitions} partitions, the sink's partition is ${String(partition)}`,
    );
  }
  if (key === null && info.compacted === true) {
    throw new TypeError(
      `topic ${spec.topic} is compacted and takes no record without a key: the sink's key must give one`,
    );
  }
  const size = recordBytes(key, value, headers);
  if (size > info.maxRecordBytes) {
    throw new RangeError(
      `a record of ${size} bytes is larger than topic ${spec.topic} takes, which is ${info.maxRecordBytes} bytes`,
    );
  }
  return { topic: spec.topic, partition, timestamp: inBounds(time, info, now), key, value, headers };
}

/**
 * Moves a timestamp into the limits of the topic: a broker refuses records whose timestamps lie too far from its clock,
 * and will always refuse them. The event time is in a header.
 */
function inBounds(
  time: number,
  { maxTimestampAhead, maxTimestampBehind = Infinity }: TopicInfo,
  now: () => number,
): number {
  if (maxTimestampAhead === Infinity && maxTimestampBehind === Infinity) return time;
  const present = now();
  return Math.max(present - within(maxTimestampBehind), Math.min(time, present + within(maxTimestampAhead)));
}

/** A broker's limit for timestamps, less a safety margin. */
function within(limit: number): number {
  return limit === Infinity
    ? Infinity
    : limit - Math.min(Math.floor(TIMESTAMP_MARGIN.part * limit), TIMESTAMP_MARGIN.most);
}

/** Refuses a result that its topic would refuse because it is too old. */
function checkAge({ spec, info, now }: SinkContext, time: number): void {
  const { maxTimestampBehind = Infinity } = info;
  if (maxTimestampBehind === Infinity || time >= now() - within(maxTimestampBehind)) return;
  throw new RangeError(
    `its time ${time} lies ${
      now() - time
    } ms in the past, and topic ${spec.topic} takes records of the last ${maxTimestampBehind} ms ` +
      "(message.timestamp.before.max.ms)",
  );
}

let lastTime = NaN;
let lastTimeBytes: Uint8Array = new Uint8Array();

/** The event time as header bytes. The results of one push mostly share it, so the last one is kept. */
function timeBytes(time: number): Uint8Array {
  if (time !== lastTime) {
    lastTime = time;
    lastTimeBytes = textBytes(String(time));
  }
  return lastTimeBytes;
}

function copied(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : bytes.slice();
}

/** A record's own headers, followed by those of the dead letter. */
function headersOf(
  own: RecordHeaders | undefined,
  time: number,
  refusal: Refusal | undefined,
  record: RecordAtHand | undefined,
): RecordHeaders {
  const headers: RecordHeader[] = own === undefined ? [] : own.slice();
  headers.push([TIME_HEADER, timeBytes(time)]);
  if (refusal === undefined) return headers;
  headers.push([REASON_HEADER, textBytes(refusal.reason)]);
  if (refusal.stage !== "") headers.push([STAGE_HEADER, textBytes(refusal.stage)]);
  if (record !== undefined) headers.push([SOURCE_HEADER, textBytes(positionOf(record))]);
  return headers;
}
