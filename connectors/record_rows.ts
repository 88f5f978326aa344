/**
 * Record rows: the encoder of sinks that write records to topics. Kafka, the embedded log and the log in memory share
 * it.
 *
 * @module
 */
import { MINUTE } from "../base/limits.ts";
import { decimalBytes, textBytes } from "../base/text.ts";
import { messageOf } from "../base/thrown.ts";
import type { InputRecord, OutputRecord, RecordHeader, RecordHeaders, RecordSink, TopicInfo } from "./connector.ts";
import { recordBytes } from "./headers.ts";
import {
  positionOf,
  type Refusal,
  type ResultAt,
  type RowContext,
  type RowEncoder,
  type UndeliveredPane,
} from "./rows.ts";

/** The header with a result's event time, in decimal milliseconds. */
export const TIME_HEADER = "tidemark.time";
/** The header that says why a record was refused. */
export const REASON_HEADER = "tidemark.reason";
/** The header with the position of a refused record: `topic/partition@offset`. */
export const SOURCE_HEADER = "tidemark.source";

/** The header that names the stage that refused a record, if a stage did. */
export const STAGE_HEADER = "tidemark.stage";

/**
 * How far a record's timestamp keeps from the broker's limit, because clocks differ and a transaction takes time: a
 * part of the limit, and at most this many milliseconds.
 */
const TIMESTAMP_MARGIN = { part: 0.1, most: MINUTE } as const;

/** Makes complete records, and checks them against everything that a broker could refuse for good. */
export class RecordRows implements RowEncoder<OutputRecord> {
  readonly #spec: RecordSink;
  readonly #info: TopicInfo;
  readonly #taskNumber: number;
  readonly #now: () => number;
  /** The time up to which a timestamp lies in the limits for certain, so that the clock need not be read. */
  #surelyWithin = -Infinity;
  /** The last row and its size, which is asked for after the row was checked. */
  #last: OutputRecord | undefined;
  #lastBytes = 0;

  /** @throws {TypeError} when the sink writes no topic */
  constructor({ spec, info, taskNumber, now }: RowContext) {
    if (info === undefined) {
      throw new TypeError(`Sink "${spec.topic}" writes a table, and its connector has topics only`);
    }
    // A connector makes the specs of its own sinks, and those of a connector with topics are of this kind.
    this.#spec = spec as RecordSink;
    this.#info = info;
    this.#taskNumber = taskNumber;
    this.#now = now;
  }

  /**
   * Makes the record of a value.
   *
   * @throws {TypeError} when the sink's functions throw, or return something that is no key, value or header
   * @throws {RangeError} when the partition does not exist, or the record is larger or older than its topic allows
   */
  result(value: unknown, { timestamp, record, refusal: why }: ResultAt): OutputRecord {
    const spec = this.#spec;
    const bytes = spec.value(value);
    let key = spec.key(value);
    if (key === undefined) key = why === undefined ? null : record?.key ?? null;
    const time = Number.isNaN(timestamp) ? record?.timestamp ?? this.#now() : timestamp;
    const refusal = why === undefined ? undefined : { stage: "", reason: why };
    if (refusal === undefined) this.#checkAge(time);
    const headers = headersOf(spec.headers(value), time, refusal, record);
    return this.#complete(key, bytes, headers, time, spec.partition(value, this.#info.partitions));
  }

  /** Makes the dead letter of a refused record: its original bytes, with the reason and its source position. */
  refused(record: InputRecord, refusal: Refusal): OutputRecord {
    // The bytes are copied: views would keep their whole fetch in memory until the dead letter is published.
    const [key, value] = [copied(record.key), copied(record.value)];
    const own = record.headers?.map(([name, bytes]) => [name, copied(bytes)] as const);
    const headers = headersOf(own, record.timestamp, refusal, record);
    return this.#complete(key, value, headers, record.timestamp, undefined);
  }

  /**
   * Makes the dead letter of a window's result, or a timer, that could not be delivered, as JSON. The accumulator is
   * left out when it does not fit.
   */
  undelivered({ state, key, namespace, index, result, timer, call }: UndeliveredPane, refusal: Refusal): OutputRecord {
    const headers = headersOf(undefined, namespace, refusal, undefined);
    const encode = (text: string) => this.#complete(null, textBytes(text), headers, namespace, undefined);
    const shown = typeof key === "bigint" ? String(key) : key;
    const place = call !== undefined
      ? { call: state, key: shown, time_ms: namespace }
      : timer === undefined
      ? { window: state, key: shown, window_start_ms: namespace, index }
      : { timer: state, key: shown, time_ms: namespace };
    const leftOut = (why: string) => encode(legible({ ...place, accumulator_left_out: why }));
    let text: string;
    try {
      text = legible({ ...place, accumulator: result });
    } catch (error) {
      return leftOut(`it has no JSON form: ${messageOf(error).slice(0, 200)}`);
    }
    try {
      return encode(text);
    } catch {
      return leftOut(`its ${text.length} characters are more than the topic takes`);
    }
  }

  /** Makes the dead letter of a committed result that the broker refuses for good: its own content, with the reason. */
  unpublishable({ topic, partition, key, value, timestamp, headers }: OutputRecord, reason: string): OutputRecord {
    const why: RecordHeaders = [[REASON_HEADER, textBytes(reason)], [
      SOURCE_HEADER,
      textBytes(`${topic}/${partition}`),
    ]];
    return this.#complete(key, value, [...headers ?? [], ...why], timestamp, undefined);
  }

  bytes(row: OutputRecord): number {
    return row === this.#last ? this.#lastBytes : recordBytes(row.key, row.value, row.headers);
  }

  #complete(
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: RecordHeaders | undefined,
    time: number,
    chosen: number | undefined,
  ): OutputRecord {
    const info = this.#info;
    const { topic } = this.#spec;
    const partition = chosen ?? (key === null ? this.#taskNumber % info.partitions : info.partitionOf(key));
    if (!(Number.isInteger(partition) && partition >= 0 && partition < info.partitions)) {
      throw new RangeError(
        `topic ${topic} has ${info.partitions} partitions, the sink's partition is ${String(partition)}`,
      );
    }
    if (key === null && info.compacted === true) {
      throw new TypeError(
        `topic ${topic} is compacted and takes no record without a key: the sink's key must give one`,
      );
    }
    const size = recordBytes(key, value, headers);
    if (size > info.maxRecordBytes) {
      throw new RangeError(
        `a record of ${size} bytes is larger than topic ${topic} takes, which is ${info.maxRecordBytes} bytes`,
      );
    }
    this.#lastBytes = size;
    return this.#last = { topic, partition, timestamp: this.#inBounds(time), key, value, headers };
  }

  /**
   * Moves a timestamp into the limits of the topic: a broker refuses records whose timestamps lie too far from its
   * clock, and will always refuse them. The event time is in a header.
   */
  #inBounds(time: number): number {
    const { maxTimestampAhead, maxTimestampBehind = Infinity } = this.#info;
    if (maxTimestampBehind === Infinity && (maxTimestampAhead === Infinity || time <= this.#surelyWithin)) return time;
    const present = this.#now();
    // The limit leaves room for a clock that is set back by less than the limit.
    this.#surelyWithin = present;
    return Math.max(present - within(maxTimestampBehind), Math.min(time, present + within(maxTimestampAhead)));
  }

  /** Refuses a result that its topic would refuse because it is too old. */
  #checkAge(time: number): void {
    const { maxTimestampBehind = Infinity } = this.#info;
    if (maxTimestampBehind === Infinity || time >= this.#now() - within(maxTimestampBehind)) return;
    throw new RangeError(
      `its time ${time} lies ${
        this.#now() - time
      } ms in the past, and topic ${this.#spec.topic} takes records of the ` +
        `last ${maxTimestampBehind} ms (message.timestamp.before.max.ms)`,
    );
  }
}

/** JSON that also shows values which JSON has no form for. */
export function legible(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (part instanceof Map || part instanceof Set) return [...part];
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    return typeof part === "bigint" || typeof part === "symbol" || typeof part === "function" ? String(part) : part;
  });
}

/** A broker's limit for timestamps, less a safety margin. */
function within(limit: number): number {
  return limit === Infinity
    ? Infinity
    : limit - Math.min(Math.floor(TIMESTAMP_MARGIN.part * limit), TIMESTAMP_MARGIN.most);
}

let lastTime = NaN;
let lastTimeHeaders: RecordHeaders = [];

/** The event time as headers. The results of one push mostly share it, so the last ones are kept. */
function timeHeaders(time: number): RecordHeaders {
  if (time !== lastTime) {
    // A literal has just the space for its elements. A list that grows reserves space for many.
    lastTimeHeaders = [[TIME_HEADER, decimalBytes(time)]];
    lastTime = time;
  }
  return lastTimeHeaders;
}

function copied(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : bytes.slice();
}

/** A record's own headers, followed by those of the dead letter. */
function headersOf(
  own: RecordHeaders | undefined,
  time: number,
  refusal: Refusal | undefined,
  record: ResultAt["record"],
): RecordHeaders {
  if (own === undefined && refusal === undefined) return timeHeaders(time);
  const headers: RecordHeader[] = [...own ?? [], ...timeHeaders(time)];
  if (refusal === undefined) return headers;
  headers.push([REASON_HEADER, textBytes(refusal.reason)]);
  if (refusal.stage !== "") headers.push([STAGE_HEADER, textBytes(refusal.stage)]);
  if (record !== undefined) headers.push([SOURCE_HEADER, textBytes(positionOf(record))]);
  return headers;
}
