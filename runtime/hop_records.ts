/**
 * The records of a hop's topic: values on their way to another task, and control records with a sender's watermark.
 *
 * A record's value is the value in the state's codec, its key the text of the new key. A header holds the rest, with
 * integers and floats in network order:
 *
 * - 1 byte: the format, 2;
 * - 1 byte: the kind. 0: a value; 1, 2 and 3: a control record of a sender that is active, is idle, has ended;
 * - 4 bytes: the sender, which is the number of its task;
 * - 8 bytes: the run of the job, which a reset changes;
 * - 8 bytes: the value's event time, or the sender's watermark, as a float;
 * - 8 bytes: the sequence: which of the sender's records in this run it is, from 1 on, as a float. A value for every task
 *   is one record, and so is what is told to every partition;
 * - 8, 4 and 8 bytes: timestamp, partition and offset of the input record, as float, integer and float; offset -1: none;
 * - the rest: the topic of the input record.
 *
 * A control record has no origin. In format 1 there was no sequence.
 *
 * @module
 */
import type { InputRecord, InputRecords, ResultAt } from "../connectors/connector.ts";
import type { HopStatus, RecordAtHand } from "../operators/_task.ts";
import { textBytes } from "../base/text.ts";
import { decode } from "../state/codec.ts";

/** The header of every record of a hop. */
export const HOP_HEADER = "tidemark.hop";

const FORMAT = 2;
/** How long the header of a control record was before it had a sequence. */
const CONTROL_BYTES_1 = 22;
const CONTROL_BYTES = 30;
/** How long the fixed part of an origin is. */
const ORIGIN_BYTES = 20;
const STATUS: readonly HopStatus[] = ["active", "idle", "ended"];
const decoder = new TextDecoder();

/** A row of a hop, before its connector makes a record of it. */
export interface Carried {
  readonly value: Uint8Array | null;
  readonly key: Uint8Array | null;
  readonly header: Uint8Array;
  /** `undefined`: that of the key. */
  readonly partition: number | undefined;
}

/** Who sends, and in which run of the job. A reset begins a new run. */
export interface Sender {
  readonly task: number;
  /** 8 bytes. */
  readonly run: Uint8Array;
}

/** The header of a value. */
export function valueHeader(
  sender: Sender,
  sequence: number,
  { timestamp, record }: ResultAt,
  now: number,
): Uint8Array {
  const origin = (record as RecordAtHand | undefined)?.origin ?? record;
  const topic = topicBytes(origin?.topic ?? "");
  const header = new Uint8Array(CONTROL_BYTES + ORIGIN_BYTES + topic.length);
  const view = begin(header, 0, sender, timestamp, sequence);
  view.setFloat64(CONTROL_BYTES, record?.timestamp ?? now);
  view.setInt32(CONTROL_BYTES + 8, origin?.partition ?? -1);
  view.setFloat64(CONTROL_BYTES + 12, origin?.offset ?? -1);
  header.set(topic, CONTROL_BYTES + ORIGIN_BYTES);
  return header;
}

/** The header of a control record. */
export function controlHeader(sender: Sender, sequence: number, watermark: number, status: HopStatus): Uint8Array {
  const header = new Uint8Array(CONTROL_BYTES);
  begin(header, 1 + STATUS.indexOf(status), sender, watermark, sequence);
  return header;
}

function begin(header: Uint8Array, kind: number, { task, run }: Sender, time: number, sequence: number): DataView {
  const view = new DataView(header.buffer);
  header[0] = FORMAT;
  header[1] = kind;
  view.setInt32(2, task);
  header.set(run, 6);
  view.setFloat64(14, time);
  view.setFloat64(22, sequence);
  return view;
}

let lastTopic = "";
let lastTopicBytes: Uint8Array = new Uint8Array();

/** Records mostly come from one topic after another, so the last name is kept. */
function topicBytes(topic: string): Uint8Array {
  if (topic !== lastTopic) {
    lastTopicBytes = textBytes(topic);
    lastTopic = topic;
  }
  return lastTopicBytes;
}

/**
 * A record that was read from a hop. Its timestamp is that of the input record behind it, so that a task that reads
 * both pushes them in the order in which they were written.
 */
export class HopRecord implements InputRecord, RecordAtHand {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly headers = undefined;
  /** 0: a value; otherwise a control record. */
  readonly kind: number;
  readonly sender: number;
  /** The value's event time, or the sender's watermark. */
  readonly time: number;
  /** Which of its sender's records it is; 0 in format 1. Those of one partition come in ascending order. */
  readonly sequence: number;
  readonly #header: Uint8Array;
  /** Where the origin begins in the header. */
  readonly #origin: number;
  readonly #value: Uint8Array | null;

  /** @throws {RangeError} when the record is none of a hop, or of a format that this program does not know */
  constructor(record: InputRecord) {
    const header = record.headers?.find(([name]) => name === HOP_HEADER)?.[1];
    const fixed = header?.[0] === FORMAT ? CONTROL_BYTES : header?.[0] === 1 ? CONTROL_BYTES_1 : Infinity;
    if (header === undefined || header === null || header.length < fixed) {
      throw new RangeError(
        `${record.topic}/${record.partition}@${record.offset} is no record of a hop that this program knows: only the job may write to this topic`,
      );
    }
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.key = record.key;
    this.kind = header[1];
    this.sender = view.getInt32(2);
    this.time = view.getFloat64(14);
    this.sequence = fixed === CONTROL_BYTES ? view.getFloat64(22) : 0;
    // A control record comes at once: it costs little, and others wait for it.
    this.timestamp = this.kind === 0 ? view.getFloat64(fixed) : -Infinity;
    this.#header = header;
    this.#origin = fixed;
    this.#value = record.value;
  }

  /** Whether it was sent in this run. */
  isOf(run: Uint8Array): boolean {
    for (let at = 0; at < 8; at++) if (this.#header[6 + at] !== run[at]) return false;
    return true;
  }

  get status(): HopStatus {
    return STATUS[this.kind - 1];
  }

  /** The memory that it holds besides its objects, in bytes. */
  get bytes(): number {
    return this.#header.length + (this.key?.length ?? 0) + (this.#value?.length ?? 0);
  }

  /** The value that was sent. */
  carried(): unknown {
    return decode(this.#value!);
  }

  /** The value as JSON, for a dead letter: its stored bytes are of no use to anybody. */
  get value(): Uint8Array | null {
    if (this.#value === null) return null;
    try {
      return textBytes(JSON.stringify(this.carried()) ?? "null");
    } catch {
      return null;
    }
  }

  /** Where the input record behind it is; `undefined` when none is. */
  get origin(): RecordAtHand["origin"] {
    const view = new DataView(this.#header.buffer, this.#header.byteOffset, this.#header.byteLength);
    const at = this.#origin, offset = view.getFloat64(at + 12);
    if (offset < 0) return undefined;
    const topic = decoder.decode(this.#header.subarray(at + ORIGIN_BYTES));
    return { topic, partition: view.getInt32(at + 8), offset };
  }
}

/** A fetch of a hop's topic. Its records are decoded when they are requested. */
export function hopRecords(records: InputRecords): InputRecords {
  return {
    length: records.length,
    at: (index) => {
      const record = records.at(index);
      return record === undefined ? undefined : new HopRecord(record);
    },
    *[Symbol.iterator]() {
      for (const record of records) yield new HopRecord(record);
    },
  };
}

/**
 * The record that a dead letter shows: for a value that came through a hop that is the position of the input record behind it,
 * with the value as JSON.
 */
export function letterRecord(record: InputRecord & Pick<RecordAtHand, "origin">): InputRecord {
  const { topic, partition, offset, timestamp, key, value, headers, origin } = record;
  return origin === undefined ? record : { ...{ topic, partition, offset, timestamp, key, value, headers }, ...origin };
}
