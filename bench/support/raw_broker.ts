/**
 * A minimal connection to one broker, for load generators and probes. Requests are sent at once and answered in order.
 * It uses less processor time than a client, because it shares the machine with the measured job.
 */
import type { FetchedPartition, FetchPartition } from "../../connectors/kafka/driver.ts";
import { crc32c } from "../../base/hashing.ts";
import { fetch } from "../../connectors/kafka/requests/fetch.ts";
import { Answer } from "../../connectors/kafka/transport.ts";
import { encodeBatch } from "../../connectors/kafka/record_batch_encode.ts";
import { ByteReader, ByteWriter } from "../../connectors/kafka/wire.ts";
import type { OutputRecord } from "../../connectors/connector.ts";

const PRODUCE = 0, LIST_OFFSETS = 2;
const READ_COMMITTED = 1, LATEST = -1, EARLIEST = -2;
const CRC_AT = 17, ATTRIBUTES_AT = 21;
const NOBODY = { transactionalId: "", producer: -1, epoch: -1 };

export class RawBroker {
  readonly #connection: Deno.TcpConn;
  readonly #answers: ((reader: ByteReader) => void)[] = [];
  #correlation = 0;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #reading: Promise<void>;
  #failed: Error | undefined;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#reading = this.#read().catch((error) => {
      this.#failed = error;
    });
  }

  static async connect(address: string): Promise<RawBroker> {
    const [hostname, port] = address.split(":");
    const connection = await Deno.connect({ hostname, port: Number(port) });
    connection.setNoDelay(true);
    return new RawBroker(connection);
  }

  /** The number of requests that wait for an answer. */
  get waiting(): number {
    return this.#answers.length;
  }

  /** Writes records of one topic without a transaction. Resolves when the broker has acknowledged them. */
  async produce(topic: string, records: readonly OutputRecord[]): Promise<void> {
    const byPartition = Map.groupBy(records, ({ partition }) => partition);
    const body = new ByteWriter(64 * 1024).string(null).int16(-1).int32(30_000).int32(1).string(topic).int32(
      byPartition.size,
    );
    for (const [partition, own] of byPartition) body.int32(partition).block(plainBatch(own));
    const answer = await this.#ask(PRODUCE, 7, body.written);
    answer.int32();
    answer.string();
    for (let left = answer.int32(); left > 0; left--) {
      answer.int32();
      const error = answer.int16();
      if (error !== 0) throw new Error(`The broker refused a batch of the load with error code ${error}`);
      answer.take(24);
    }
  }

  /** One fetch as a `read_committed` reader. */
  async fetch(partitions: readonly FetchPartition[], wait: number): Promise<readonly FetchedPartition[]> {
    const request = fetch(partitions, {
      wait,
      bytes: 16 * 1024 * 1024,
      partitionBytes: 4 * 1024 * 1024,
    });
    const body = new ByteWriter();
    request.write(body);
    const answer = await this.#ask(request.api, request.version, body.written);
    return request.read(new Answer(answer.bytes.subarray(answer.position)));
  }

  /** The first offsets of a topic's partitions, or their last stable ones. */
  async offsets(topic: string, partitions: number, which: "first" | "stable"): Promise<number[]> {
    const body = new ByteWriter().int32(-1).int8(READ_COMMITTED).int32(1).string(topic).int32(partitions);
    for (let partition = 0; partition < partitions; partition++) {
      body.int32(partition).int64(which === "stable" ? LATEST : EARLIEST);
    }
    const answer = await this.#ask(LIST_OFFSETS, 3, body.written);
    const offsets: number[] = [];
    answer.int32();
    answer.int32();
    answer.string();
    for (let left = answer.int32(); left > 0; left--) {
      const partition = answer.int32();
      const error = answer.int16();
      if (error !== 0) throw new Error(`The broker refused to list offsets with error code ${error}`);
      answer.int64();
      offsets[partition] = answer.int64();
    }
    return offsets;
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#reading;
  }

  #ask(api: number, version: number, body: Uint8Array): Promise<ByteReader> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const head =
      new ByteWriter(32 + body.length).int32(0).int16(api).int16(version).int32(this.#correlation++).string("bench")
        .raw(body).written;
    new DataView(head.buffer).setInt32(0, head.length - 4);
    this.#writing = this.#writing.then(() => this.#writeAll(head));
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  async #read(): Promise<void> {
    let buffer = new Uint8Array(256 * 1024);
    let filled = 0;
    for (;;) {
      const count = await this.#connection.read(buffer.subarray(filled)).catch(() => null);
      if (count === null) return;
      filled += count;
      let at = 0;
      while (filled - at >= 4) {
        const size = new DataView(buffer.buffer, at).getInt32(0);
        if (filled - at - 4 < size) {
          if (size + 4 > buffer.length) buffer = enlarged(buffer, size + 4);
          break;
        }
        // Answers are views of the buffer, which is reused, so it is copied.
        const reader = new ByteReader(buffer.slice(at + 4, at + 4 + size));
        reader.int32();
        this.#answers.shift()!(reader);
        at += 4 + size;
      }
      buffer.copyWithin(0, at, filled);
      filled -= at;
    }
  }
}

function enlarged(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(size, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

/** A batch of records outside of any transaction. */
function plainBatch(records: readonly OutputRecord[]): Uint8Array {
  const { bytes, count } = encodeBatch(records, { start: 0, limit: 900_000, identity: NOBODY, sequence: -1 });
  if (count < records.length) throw new RangeError(`A batch of ${records.length} records is too large`);
  bytes[ATTRIBUTES_AT + 1] = 0;
  new DataView(bytes.buffer).setUint32(CRC_AT, crc32c(bytes, ATTRIBUTES_AT, bytes.length));
  return bytes;
}
