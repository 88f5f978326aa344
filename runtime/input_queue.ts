/**
 * One input partition of a task: the fetched records that were not pushed yet, and the offset to read next.
 *
 * Invariant: `position` is the next offset to process. It never goes back. It passes control records and aborted
 * records as the fetch did.
 *
 * @module
 */
import type { Batch, InputRecord, InputRecords } from "../connectors/connector.ts";
import type { InputSlot } from "../operators/_scope.ts";
import { gapOf, nextSeed } from "../base/sampling.ts";
import { recordBytes } from "../connectors/headers.ts";
import { HotKeys } from "./hot_keys.ts";
import { RECORD_OBJECTS } from "./limits.ts";

/** One record in so many is looked at. */
const SEEN_IN = 64;

/** What waits: a fetch, or a move of the position past offsets that are gone. */
interface Waiting extends Pick<Batch, "records" | "position"> {
  /** How many offsets are gone. */
  readonly missing?: number;
  /** The memory that this holds, in bytes. */
  readonly held?: number;
}

/** A fetch that is held, or something that came after one and waits for it. */
interface Held {
  readonly waiting: Waiting;
  /** The fetch, until it is released. */
  fetch: Batch | undefined;
}

/** Fetched records of one partition, in order. */
export class InputQueue implements InputSlot {
  /** The next offset to process. */
  position: number;
  /** The next offset that a fetch must begin with. */
  expected: number;
  /** The end of the partition as of the last fetch. */
  end = NaN;
  /**
   * The next offset that the partition would give, as of the last fetch. Records that open transactions hold back lie
   * before it.
   */
  latest = NaN;
  /** When the last fetch came, in milliseconds of a monotonic clock; NaN before the first. */
  fetchedAt = NaN;
  /** Whether the input has ended and all of it is processed. */
  done = false;
  /** Fetching is paused because of this queue. */
  paused = false;
  /** The bytes that wait in this queue. */
  bytes = 0;
  /** How many offsets below `position` were gone before they could be read, since the last cut. */
  missing = 0;
  /** How many records were taken since the last cut. */
  taken = 0;
  /** The own timestamp of the record that was taken last; NaN before the first. */
  lastTimestamp = NaN;
  /** The keys of one record in 64; `undefined` before the first. */
  keys: HotKeys | undefined = undefined;
  /** How many records are taken until one is looked at. */
  #unseen = 1;
  #seed = 1;
  #batches: Waiting[] = [];
  /** Fetches that are held, and everything that came after the first of them. */
  readonly #held: Held[] = [];
  /** Index of the current batch. The list is shortened only from time to time. */
  #first = 0;
  #next = 0;
  /** The next record, once something has looked at it without taking it. A fetch gives each record only once. */
  #ahead: InputRecord | undefined;
  /** Whether every task reads the partition, and those of one worker share its fetches. */
  readonly shared: boolean;
  /** Whether its records count as input of the job. Of a partition that every task reads, one task counts them. */
  readonly counts: boolean;

  /** Whether its topic belongs to a hop, so that its records are values and control records of other tasks. */
  readonly hop: boolean = false;

  constructor(
    readonly slot: number,
    readonly topic: string,
    readonly partition: number,
    start: number,
    { shared = false, counts = true }: Partial<Pick<InputQueue, "shared" | "counts">> = {},
  ) {
    this.position = start;
    this.expected = start;
    this.shared = shared;
    this.counts = counts;
  }

  /** Whether there is nothing to take. Fetches that are held may still be there. */
  get empty(): boolean {
    return this.#first === this.#batches.length;
  }

  /** The timestamp of the next record; -Infinity when only the position moves on, NaN when the queue is empty. */
  get nextTimestamp(): number {
    if (this.empty) return NaN;
    if (this.#ahead !== undefined) return this.#ahead.timestamp;
    let next = this.#next;
    // A move of the position is passed together with the record behind it.
    for (let at = this.#first; at < this.#batches.length; at++, next = 0) {
      const { records } = this.#batches[at];
      if (next < records.length) return (this.#ahead = records.at(next)!).timestamp;
    }
    return -Infinity;
  }

  /** Whether a fetch begins where the last one ended. Another task may need a shared fetch from an earlier offset on. */
  follows({ start }: Batch): boolean {
    return this.shared ? this.done || start <= this.expected : start === this.expected;
  }

  /**
   * Adds a fetch. Drops a fetch that does not begin where the last one ended, and returns `false` for it. Of a shared
   * fetch it drops the records that it has had.
   *
   * @param held whether nothing of the fetch may be taken before it is released
   */
  add(fetch: Batch, held = false): boolean {
    // An input that has ended is not read on. What waits here would also hold back the other tasks of a shared partition.
    if (this.done) return true;
    if (!this.follows(fetch)) return false;
    this.end = fetch.end;
    this.latest = fetch.latest ?? fetch.end;
    if (fetch.position < this.expected) return true;
    const batch = fetch.start === this.expected ? fetch : this.#rest(fetch);
    this.expected = batch.position;
    if (batch.records.length === 0) {
      if (this.empty && this.#held.length === 0) this.position = batch.position;
      else this.#push(batch);
      return true;
    }
    const bytes = bytesOf(batch);
    this.bytes += bytes;
    this.#push({ records: this.read(batch.records), position: batch.position, held: bytes }, held ? fetch : undefined);
    return true;
  }

  /** The records of a fetch, as the task gets them. */
  protected read(records: InputRecords): InputRecords {
    return records;
  }

  /** The part of a shared fetch that this queue has not had. */
  #rest(fetch: Batch): Batch {
    const records = [...fetch.records].filter(({ offset }) => offset >= this.expected);
    return { ...fetch, records, bytes: undefined, start: this.expected };
  }

  /** Lets the records of a held fetch be taken, once every fetch before it is released too. */
  release(batch: Batch): void {
    for (const one of this.#held) if (one.fetch === batch) one.fetch = undefined;
    while (this.#held.length > 0 && this.#held[0].fetch === undefined) this.#batches.push(this.#held.shift()!.waiting);
  }

  #push(waiting: Waiting, fetch?: Batch): void {
    if (fetch === undefined && this.#held.length === 0) this.#batches.push(waiting);
    else this.#held.push({ waiting, fetch });
  }

  /**
   * The expected offset is gone: reading goes on at `next`. The position follows once everything that waits is
   * processed.
   */
  skip(next: number): void {
    const missing = Math.abs(next - this.expected);
    this.expected = next;
    this.#push({ records: [], position: next, missing });
  }

  /** Begins to count anew, after a cut. */
  startEpoch(): void {
    this.missing = 0;
    this.taken = 0;
  }

  /** The next record, or `undefined`; `position` moves with it. */
  take(): InputRecord | undefined {
    while (this.#first < this.#batches.length) {
      const { records, position, missing = 0 } = this.#batches[this.#first];
      if (this.#next < records.length) {
        const record = this.#ahead ?? records.at(this.#next)!;
        this.#ahead = undefined;
        this.#next++;
        this.taken++;
        this.lastTimestamp = record.timestamp;
        if (--this.#unseen === 0) this.#see(record);
        this.position = this.#next === records.length ? position : behind(record);
        if (this.#next === records.length) this.#dropBatch();
        return record;
      }
      this.position = position;
      this.missing += missing;
      this.#dropBatch();
    }
    return undefined;
  }

  #see({ key }: InputRecord): void {
    this.#unseen = gapOf(this.#seed = nextSeed(this.#seed), SEEN_IN);
    if (!this.hop) (this.keys ??= new HotKeys()).add(key);
  }

  #dropBatch(): void {
    this.bytes -= this.#batches[this.#first].held ?? 0;
    this.#first++;
    this.#next = 0;
    if (this.#first > 32 || this.#first === this.#batches.length) {
      this.#batches = this.#batches.slice(this.#first);
      this.#first = 0;
    }
  }
}

/** The next offset to process after a record. */
function behind({ offset, unreadable }: InputRecord): number {
  return unreadable === undefined ? offset + 1 : unreadable.next;
}

/**
 * The memory that a fetch holds until its last record is taken. While its records are not decoded, it holds their bytes
 * only.
 */
function bytesOf({ records, bytes }: Batch): number {
  if (bytes !== undefined) return bytes;
  let sum = 0;
  for (const { key, value, headers } of records) sum += RECORD_OBJECTS + recordBytes(key, value, headers);
  return sum;
}
