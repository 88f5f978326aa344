/**
 * What a stage remembers of the records that came too late: some of them, with the record that had closed their window,
 * and how late all of them were. Nothing is kept for a record that is in time.
 *
 * @module
 */
import { Spans } from "./_spans.ts";
import type { TimeWindow } from "./_window_result.ts";

/** The part of a record that is remembered. */
interface Remembered {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record's own timestamp, in milliseconds. */
  readonly timestamp: number;
}

/** The record that raised a stage's watermark. */
export interface Closer extends Remembered {
  readonly eventTime: number;
}

/** A value that came too late. */
export interface LateFacts extends Remembered {
  readonly eventTime: number;
  /** The last of the windows that would have taken it; `undefined` when the stage has none. */
  readonly window: TimeWindow | undefined;
  /** How far the watermark was past the time until which it would have been taken, in milliseconds. */
  readonly lateness: number;
  /** `undefined` when it is not known, or was no record but the wall clock. */
  readonly closedBy: Closer | undefined;
}

/** The late values of a stage. */
export interface LateSummary {
  /** The newest of them, the oldest first. */
  readonly samples: readonly LateFacts[];
  /** The largest lateness, in milliseconds. */
  readonly worst: number;
  /** The lateness that no more than so many late values exceed, in milliseconds, rounded up by at most a tenth. */
  exceededBy(most: number): number;
}

/** The registers that are read. */
interface Registers {
  readonly record: Remembered | undefined;
  readonly timestamp: number;
}

/** How many values are remembered, and how many of them in a second. */
const SAMPLES = 20;
const SAMPLES_A_SECOND = 10;
/** How many of the watermarks that made something due are remembered. */
const CLOSINGS = 32;
/** The numbers of one of them: watermark, offset, event time, timestamp. */
const FIELDS = 4;

/** What one stage remembers. */
export class LateRecords implements LateSummary {
  readonly samples: LateFacts[] = [];
  /** How late they were. */
  readonly #spans = new Spans();
  readonly #closings = new Float64Array(CLOSINGS * FIELDS).fill(NaN);
  readonly #places: (Pick<Remembered, "topic" | "partition"> | undefined)[] = [];
  #next = 0;
  #second = NaN;
  #inSecond = 0;

  /** A watermark makes something due in the stage. Called before it acts. */
  closing(watermark: number, { record, timestamp }: Registers): void {
    const at = this.#next++ % CLOSINGS;
    const closings = this.#closings;
    closings[at * FIELDS] = watermark;
    closings[at * FIELDS + 1] = record === undefined ? NaN : record.offset;
    closings[at * FIELDS + 2] = timestamp;
    closings[at * FIELDS + 3] = record === undefined ? NaN : record.timestamp;
    const place = this.#places[at];
    if (record === undefined) this.#places[at] = undefined;
    else if (place?.topic !== record.topic || place.partition !== record.partition) {
      this.#places[at] = { topic: record.topic, partition: record.partition };
    }
  }

  /**
   * A value came too late.
   *
   * @param until the watermark at which it was given up
   * @param now milliseconds since 1970
   */
  add(
    { record, timestamp }: Registers,
    { until, watermark, window, now }: {
      readonly until: number;
      readonly watermark: number;
      readonly window: TimeWindow | undefined;
      readonly now: number;
    },
  ): void {
    const lateness = watermark - until;
    this.#spans.add(lateness);
    const second = Math.floor(now / 1000);
    if (second !== this.#second) [this.#second, this.#inSecond] = [second, 0];
    if (record === undefined || ++this.#inSecond > SAMPLES_A_SECOND) return;
    if (this.samples.length === SAMPLES) this.samples.shift();
    const { topic, partition, offset } = record;
    this.samples.push({
      ...{ topic, partition, offset, eventTime: timestamp, timestamp: record.timestamp, window, lateness },
      closedBy: this.#closer(until),
    });
  }

  get worst(): number {
    return this.#spans.worst;
  }

  exceededBy(most: number): number {
    return this.#spans.exceededBy(most);
  }

  /** The first record that raised the watermark to this time, of those that made something due. */
  #closer(until: number): Closer | undefined {
    for (let n = Math.max(0, this.#next - CLOSINGS); n < this.#next; n++) {
      const at = n % CLOSINGS;
      const [watermark, offset, eventTime, timestamp] = this.#closings.subarray(at * FIELDS, (at + 1) * FIELDS);
      if (!(watermark >= until)) continue;
      const place = this.#places[at];
      return place && { ...place, offset, eventTime, timestamp };
    }
    return undefined;
  }
}
