/**
 * One partition, as its leader keeps it.
 *
 * Invariants: offsets have no gap between batches. The last stable offset is the first offset of the oldest transaction
 * that is open here, else the end. Of a producer only the highest epoch ever seen may write, in the order of its
 * sequence numbers, and each batch once.
 *
 * @module
 */
import type { FetchedPartition } from "../../../connectors/kafka/driver.ts";
import { decodePartition } from "../../../connectors/kafka/record_batch_decode.ts";
import { nextSequence } from "../../../connectors/kafka/record_batch_encode.ts";
import { controlBatch, parseBatch, placeBatch, type StoredBatch } from "./batches.ts";
import { SERVER } from "./codes.ts";

/** How many batches of a producer a broker remembers, to recognise repeated ones. */
const REMEMBERED_BATCHES = 5;
const SEQUENCES = 0x8000_0000;

interface ProducerState {
  epoch: number;
  lastSequence: number;
  /** The last batches of this epoch, oldest first. */
  remembered: { readonly first: number; readonly count: number }[];
  /** The first offset of the transaction that is open here. */
  openSince: number | undefined;
}

interface AbortedTransaction {
  readonly producer: number;
  readonly firstOffset: number;
  /** The offset of its control record. */
  readonly lastOffset: number;
}

/** The limits in a topic's configuration. */
export interface LogLimits {
  readonly batchBytes: number;
  /** In milliseconds. */
  readonly timestampBehind: number;
  /** In milliseconds. */
  readonly timestampAhead: number;
  /** Records without a key are refused. */
  readonly compacted: boolean;
}

/** The result of reading a log. */
export type LogRead = Omit<FetchedPartition, "topic" | "partition">;

const NOTHING = new Uint8Array(0);

/** The records of one partition, and the state of its producers. */
export class PartitionLog {
  readonly #limits: LogLimits;
  readonly #batches: StoredBatch[] = [];
  readonly #producers = new Map<number, ProducerState>();
  readonly #aborted: AbortedTransaction[] = [];
  #start = 0;
  #end = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** The last stable offset: the outcome of records at it or after it is open. Retention moves it with the start. */
  get stable(): number {
    let stable = this.#end;
    for (const { openSince } of this.#producers.values()) {
      if (openSince !== undefined && openSince < stable) stable = openSince;
    }
    return Math.max(stable, this.#start);
  }

  /** The transactions that are open here, the oldest first. */
  get open(): { readonly producer: number; readonly firstOffset: number }[] {
    return [...this.#producers].flatMap(([producer, { openSince }]) =>
      openSince === undefined ? [] : [{ producer, firstOffset: openSince }]
    ).sort((one, other) => one.firstOffset - other.firstOffset);
  }

  /** Whether a transaction of this life is open here. Then its coordinator is not asked again. */
  hasOpen(producer: number, epoch: number): boolean {
    const state = this.#producers.get(producer);
    return state?.openSince !== undefined && state.epoch === epoch;
  }

  /** Appends a client's batch. Returns Kafka's error code, or 0 when the batch is written, now or before. */
  append(sent: Uint8Array, now: number): number {
    const batch = parseBatch(sent);
    if (batch === undefined || batch.control) return SERVER.corruptMessage;
    if (sent.length > this.#limits.batchBytes) return SERVER.messageTooLarge;
    const refused = this.#refusal(batch, now);
    if (refused !== 0) return refused;
    if (batch.producer >= 0) {
      const state = this.#producers.get(batch.producer);
      if (state !== undefined) {
        if (isRemembered(state, batch)) return 0;
        const error = checkOrder(state, batch);
        if (error !== 0) return error;
      }
      this.#remember(state, batch);
    }
    this.#put(batch);
    return 0;
  }

  /** Checks the records of a batch against the topic's configuration. */
  #refusal({ bytes, latestTime }: Omit<StoredBatch, "base" | "last">, now: number): number {
    const { timestampAhead, timestampBehind, compacted } = this.#limits;
    if (latestTime > now + timestampAhead) return SERVER.invalidTimestamp;
    const earliest = now - timestampBehind;
    if (!compacted && earliest < 0) return 0;
    const whole = { topic: "", partition: 0, error: 0, end: 0, latest: 0, aborted: [], batches: bytes };
    const records = [...decodePartition(whole, 0).records];
    if (records.some(({ timestamp }) => timestamp < earliest)) return SERVER.invalidTimestamp;
    return compacted && records.some(({ key }) => key === null) ? SERVER.invalidRecord : 0;
  }

  /** Ends a transaction here. From now on lower epochs of this producer are refused. */
  finish(transaction: { producer: number; epoch: number; commit: boolean; time: number }): void {
    const { producer, epoch, commit } = transaction;
    const state = this.#producers.get(producer) ??
      { epoch, lastSequence: -1, remembered: [], openSince: undefined };
    this.#producers.set(producer, state);
    if (state.openSince !== undefined && !commit) {
      this.#aborted.push({ producer, firstOffset: state.openSince, lastOffset: this.#end });
    }
    if (epoch > state.epoch) Object.assign(state, { epoch, lastSequence: -1, remembered: [] });
    state.openSince = undefined;
    this.#put(parseBatch(controlBatch(transaction))!);
  }

  /**
   * Reads as a `read_committed` reader: at most this many bytes, but at least one whole batch. The last batch may be
   * cut.
   */
  read(offset: number, limit: number): LogRead {
    if (offset < this.#start || offset > this.#end) {
      return { error: SERVER.offsetOutOfRange, end: -1, latest: -1, aborted: [], batches: NOTHING };
    }
    const end = this.stable;
    const found: Uint8Array[] = [];
    let bytes = 0;
    let next = offset;
    for (let at = this.#indexOf(offset); at < this.#batches.length && bytes < limit; at++) {
      const batch = this.#batches[at];
      if (batch.last >= end) break;
      const cut = found.length > 0 && bytes + batch.bytes.length > limit;
      found.push(cut ? batch.bytes.subarray(0, limit - bytes) : batch.bytes);
      bytes += found[found.length - 1].length;
      next = batch.last + 1;
    }
    const aborted = this.#aborted
      .filter(({ firstOffset, lastOffset }) => lastOffset >= offset && firstOffset < next)
      .map(({ producer, firstOffset }) => ({ producer, firstOffset }));
    return { error: 0, end, latest: this.#end, aborted, batches: concatenate(found, bytes) };
  }

  /** The first offset of a visible record with this timestamp or a later one; -1 when there is none. */
  offsetAt(time: number): number {
    const end = this.stable;
    for (const batch of this.#batches) {
      if (batch.last >= end) break;
      if (batch.latestTime < time || batch.last < this.#start) continue;
      if (batch.control) return batch.base;
      const whole = { topic: "", partition: 0, error: 0, end, latest: end, aborted: [], batches: batch.bytes };
      const { records } = decodePartition(whole, Math.max(batch.base, this.#start));
      const found = [...records].find(({ timestamp }) => timestamp >= time);
      if (found) return found.offset;
    }
    return -1;
  }

  /** Removes the records below this offset, in whole batches as on a disk. */
  deleteBefore(before: number): void {
    this.#start = Math.max(this.#start, Math.min(before, this.#end));
    const gone = this.#indexOf(this.#start);
    this.#batches.splice(0, gone);
  }

  /** The index of the batch that holds an offset, or of the batch after it. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#batches[middle].last < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #put(batch: Omit<StoredBatch, "base" | "last">): void {
    const placed = placeBatch(batch, this.#end);
    this.#batches.push(placed);
    this.#end = placed.last + 1;
  }

  #remember(known: ProducerState | undefined, batch: Omit<StoredBatch, "base" | "last">): void {
    const { producer, epoch, sequence, count, transactional } = batch;
    const state = known ?? { epoch, lastSequence: -1, remembered: [], openSince: undefined };
    this.#producers.set(producer, state);
    if (epoch !== state.epoch) Object.assign(state, { epoch, remembered: [] });
    state.remembered.push({ first: sequence, count });
    if (state.remembered.length > REMEMBERED_BATCHES) state.remembered.shift();
    state.lastSequence = (sequence + count - 1) % SEQUENCES;
    if (transactional) state.openSince ??= this.#end;
  }
}

function isRemembered(
  state: ProducerState,
  { epoch, sequence, count }: { epoch: number; sequence: number; count: number },
): boolean {
  return epoch === state.epoch && state.remembered.some((one) => one.first === sequence && one.count === count);
}

function checkOrder(state: ProducerState, { epoch, sequence }: { epoch: number; sequence: number }): number {
  if (epoch < state.epoch) return SERVER.invalidProducerEpoch;
  if (epoch > state.epoch) return sequence === 0 ? 0 : SERVER.outOfOrderSequence;
  const expected = state.lastSequence < 0 ? 0 : nextSequence(state.lastSequence, 1);
  return sequence === expected ? 0 : SERVER.outOfOrderSequence;
}

function concatenate(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  if (parts.length === 0) return NOTHING;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
