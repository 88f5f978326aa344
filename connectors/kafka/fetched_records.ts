/**
 * The records of one partition's fetch. A record object is created when it is requested. Until then it is only bytes:
 * waiting records cost their bytes and no objects, and the objects are short-lived.
 *
 * Keys, values and headers are views of the fetch's bytes. A view that is kept keeps the whole fetch in memory.
 *
 * @module
 */

import { bytesName } from "../../base/text.ts";
import type { InputRecord, InputRecords, RecordHeader, RecordHeaders } from "../connector.ts";
import { ByteReader } from "./wire.ts";

/** A record batch that was checked: all of its records can be decoded. */
export interface CheckedBatch {
  /** The bytes of the records only. */
  readonly bytes: Uint8Array;
  /** Where the first wanted record begins. */
  readonly from: number;
  /** How many records are wanted. */
  readonly count: number;
  readonly baseOffset: number;
  readonly baseTime: number;
  /** The timestamp of all records when the broker sets it, else `undefined`. */
  readonly appendTime: number | undefined;
}

/** Checked records, and bytes that cannot be parsed, in the order of their offsets. */
export class FetchedRecords implements InputRecords {
  length = 0;
  /** The memory that this holds, in bytes. */
  bytes = 0;
  readonly #topic: string;
  readonly #partition: number;
  readonly #parts: (CheckedBatch | InputRecord)[] = [];
  #next = 0;
  #part = 0;
  /** How many records of the current batch are left. */
  #left = 0;
  #reader: ByteReader | undefined;
  #batch: CheckedBatch | undefined;

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  add(batch: CheckedBatch): void {
    this.#parts.push(batch);
    this.length += batch.count;
    this.bytes += batch.bytes.length;
  }

  addUnreadable(record: InputRecord): void {
    this.#parts.push(record);
    this.length++;
    this.bytes += record.value!.length;
  }

  at(index: number): InputRecord | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    if (index < this.#next) this.#rewind();
    while (this.#next < index) this.#read();
    return this.#read();
  }

  *[Symbol.iterator](): Iterator<InputRecord> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!;
  }

  #rewind(): void {
    this.#next = this.#part = this.#left = 0;
    this.#reader = this.#batch = undefined;
  }

  #read(): InputRecord {
    this.#next++;
    if (this.#left === 0) {
      const part = this.#parts[this.#part++];
      if ("unreadable" in part) return part;
      const batch = part as CheckedBatch;
      this.#batch = batch;
      this.#reader = new ByteReader(batch.bytes);
      this.#reader.position = batch.from;
      this.#left = batch.count;
    }
    this.#left--;
    return this.#readRecord(this.#reader!, this.#batch!);
  }

  #readRecord(reader: ByteReader, { baseOffset, baseTime, appendTime }: CheckedBatch): InputRecord {
    reader.varint();
    reader.position++;
    const later = reader.varlong();
    const offset = baseOffset + reader.varint();
    return {
      topic: this.#topic,
      partition: this.#partition,
      offset,
      timestamp: appendTime ?? baseTime + later,
      key: readBlock(reader),
      value: readBlock(reader),
      headers: readHeaders(reader),
    };
  }
}

function readBlock(reader: ByteReader): Uint8Array | null {
  const length = reader.varint();
  return length < 0 ? null : reader.take(length);
}

function readHeaders(reader: ByteReader): RecordHeaders | undefined {
  const count = reader.varint();
  if (count === 0) return undefined;
  const headers: RecordHeader[] = [];
  for (let left = count; left > 0; left--) {
    const name = bytesName(reader.take(reader.varint()));
    headers.push([name, readBlock(reader)]);
  }
  return headers;
}
