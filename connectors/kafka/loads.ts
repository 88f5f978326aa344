/**
 * Loads: the rows of a piece by partition, while they are put into record batches, and the rows that the broker refuses
 * for good.
 *
 * A refused batch has no effect, so its rows are sent again without the refused row. Kafka names that row, or smaller
 * batches find it.
 *
 * @module
 */

import type { OutputRecord } from "../connector.ts";
import { recordBytes } from "../headers.ts";
import type { ProduceFailure, ProducePartition, ProducerIdentity } from "./driver.ts";
import { CODE } from "./errors.ts";
import { ROW_OVERHEAD } from "./limits.ts";
import type { RefusedRow } from "./refusals.ts";
import { encodeBatch, nextSequence } from "./record_batch_encode.ts";

/** A batch that was sent. */
export interface SentBatch extends ProducePartition {
  readonly load: Load;
  readonly sequence: number;
  readonly count: number;
  /** How many bytes it has without compression. */
  readonly plainBytes: number;
}

/** What a producer knows of a topic. */
export interface ProducerTopic {
  readonly leaders: readonly string[];
  /** The largest batch that the topic accepts, in bytes. Lowered when a smaller batch proves to be the limit. */
  batchBytes: number;
}

/** The rows of one topic partition in a piece, and how far they are sent. */
export class Load {
  readonly #rows: OutputRecord[] = [];
  /** The index of each row among the transaction's rows. */
  readonly #numbers: number[] = [];
  #sent = 0;
  #limit: number;
  #most = Infinity;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly of: ProducerTopic,
    readonly codec: number,
  ) {
    this.#limit = of.batchBytes;
  }

  add(row: OutputRecord, number: number): void {
    this.#rows.push(row);
    this.#numbers.push(number);
  }

  /** Whether all rows are sent. */
  get done(): boolean {
    return this.#sent === this.#rows.length;
  }

  /** The next batch to send. */
  next(identity: ProducerIdentity, sequences: Map<string, number>): SentBatch {
    const { topic, partition, codec } = this;
    const key = `${topic}/${partition}`;
    const sequence = sequences.get(key) ?? 0;
    const rows = this.#most === Infinity ? this.#rows : this.#rows.slice(0, this.#sent + this.#most);
    const options = { start: this.#sent, limit: this.#limit, identity, sequence, codec };
    const { bytes, count, plainBytes } = encodeBatch(rows, options);
    this.#sent += count;
    sequences.set(key, nextSequence(sequence, count));
    return { topic, partition, batch: bytes, load: this, sequence, count, plainBytes };
  }

  /** The batch was written. */
  wrote(): void {
    if (this.#limit < this.of.batchBytes) this.of.batchBytes = this.#limit;
  }

  /** The batch was refused. Returns the rows that caused it, once they are known; they are left out. */
  refuse(
    { plainBytes, sequence, count }: SentBatch,
    failure: ProduceFailure,
    sequences: Map<string, number>,
  ): RefusedRow[] {
    const start = this.#sent -= count;
    sequences.set(`${this.topic}/${this.partition}`, sequence);
    const bad = this.#toBlame(start, count, failure);
    if (bad.length === 0) {
      if (failure.error === CODE.messageTooLarge) this.#limit = Math.max(1, plainBytes >> 1);
      else this.#most = Math.ceil(count / 2);
      return [];
    }
    this.#limit = this.of.batchBytes;
    this.#most = Infinity;
    const said = new Map(failure.records.map(({ index, said }) => [index, said]));
    const refused = bad.map((at) => ({
      row: this.#numbers[at],
      code: failure.error,
      said: said.get(at - start) ?? failure.said,
    }));
    const left = new Set(bad);
    const kept = this.#rows.map((_, at) => at).filter((at) => !left.has(at));
    this.#rows.splice(0, Infinity, ...kept.map((at) => this.#rows[at]));
    this.#numbers.splice(0, Infinity, ...kept.map((at) => this.#numbers[at]));
    return refused;
  }

  #toBlame(start: number, count: number, { error, records }: ProduceFailure): number[] {
    if (records.length > 0) return records.map(({ index }) => start + index).filter((at) => at < start + count);
    const all = Array.from({ length: this.#rows.length - start }, (_, at) => start + at);
    if (error === CODE.topicAuthorizationFailed || error === CODE.unknownTopicOrPartition) return all;
    return count === 1 ? [start] : [];
  }
}

/** The loads of one piece, by topic and partition. */
export class Loads {
  readonly all: Load[] = [];
  readonly #byTopic = new Map<string, (Load | undefined)[]>();

  /** @param codec the number of the compression of the batches */
  constructor(readonly topic: (topic: string) => ProducerTopic, readonly codec: number) {}

  /** The load of a partition; `undefined` when there is no such partition. */
  of(topic: string, partition: number): Load | undefined {
    let ofTopic = this.#byTopic.get(topic);
    if (ofTopic === undefined) this.#byTopic.set(topic, ofTopic = []);
    let load = ofTopic[partition];
    if (load === undefined) {
      const known = this.topic(topic);
      if (known.leaders[partition] === undefined) return undefined;
      ofTopic[partition] = load = new Load(topic, partition, known, this.codec);
      this.all.push(load);
    }
    return load;
  }
}

/** Some of the rows of a transaction, one after the other. */
export interface Stretch {
  readonly from: number;
  /** The index behind the last one. */
  readonly to: number;
  /** About how many bytes they have. */
  readonly bytes: number;
}

/** The rows from `from` on, at most up to `end`, that have this many bytes together; at least one row. */
export function stretchOf(rows: readonly OutputRecord[], from: number, end: number, most: number): Stretch {
  let to = from, bytes = 0;
  for (; to < end; to++) {
    const more = rowBytes(rows[to]);
    if (bytes + more > most && to > from) break;
    bytes += more;
  }
  return { from, to, bytes };
}

function rowBytes({ key, value, headers }: OutputRecord): number {
  return ROW_OVERHEAD + recordBytes(key, value, headers);
}
