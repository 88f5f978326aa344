/**
 * A hop's partition as one task reads it: what was fetched from its topic, and what senders of the same process have
 * handed over before the broker shows it.
 *
 * A sender hands over what it has committed. So each of its records may come twice, from the sender and from the topic,
 * and the task takes the one that comes first. The sequences of a sender's records rise, and the checkpoint holds the
 * last one that the task has had.
 *
 * Invariants:
 * - a sender's records are taken in their order, and none is left out: what was handed over waits for what the sender
 *   has sent before it;
 * - only fetched records move the position. A record is passed there once the task has had it.
 *
 * @module
 */
import type { InputRecord, InputRecords } from "../connectors/connector.ts";
import { type HopRecord, hopRecords } from "./hop_records.ts";
import { InputQueue } from "./input_queue.ts";
import { QUEUE_BYTES, RECORD_OBJECTS } from "./limits.ts";

/** What a sender has sent to one partition with one epoch, in order. */
export interface Handed {
  readonly sender: number;
  /** The sequence of the sender's record before them in this partition. */
  readonly after: number;
  readonly records: readonly HopRecord[];
}

/** What waits of it. */
interface Waiting extends Handed {
  /** Index of the next record. */
  next: number;
  readonly bytes: number;
}

export class HopQueue extends InputQueue {
  override readonly hop = true;
  /** The sequence of a sender's record that the task has had last. Set when the hop is bound. */
  reached: (sender: number) => number = () => 0;
  readonly #handed: Waiting[] = [];
  #handedBytes = 0;

  /**
   * Takes what a sender has committed. While much waits it is left out: it then comes from the topic, and what the
   * sender hands over later waits for that. Returns whether it was taken in.
   */
  handOver(handed: Handed): boolean {
    this.#findHanded();
    if (this.done || this.#handedBytes >= QUEUE_BYTES) return false;
    let bytes = 0;
    for (const record of handed.records) bytes += RECORD_OBJECTS + record.bytes;
    this.#handedBytes += bytes;
    this.#handed.push({ ...handed, next: 0, bytes });
    return true;
  }

  /** Whether something waits that was handed over and may be taken. */
  get hasHanded(): boolean {
    return this.#findHanded() !== undefined;
  }

  override get empty(): boolean {
    return super.empty && this.#findHanded() === undefined;
  }

  override get nextTimestamp(): number {
    const handed = this.#findHanded()?.timestamp ?? NaN;
    if (super.empty) return handed;
    const fetched = super.nextTimestamp;
    return handed < fetched ? handed : fetched;
  }

  override take(): InputRecord | undefined {
    const handed = this.#findHanded();
    if (handed === undefined || (!super.empty && super.nextTimestamp <= handed.timestamp)) return super.take();
    this.#handed[0].next++;
    this.taken++;
    this.lastTimestamp = handed.timestamp;
    return handed;
  }

  protected override read(records: InputRecords): InputRecords {
    return hopRecords(records);
  }

  /**
   * The next record that was handed over and may be taken; `undefined` when there is none. What it belongs to comes to
   * the front, and what the task has had from the topic meanwhile is dropped.
   */
  #findHanded(): HopRecord | undefined {
    const handed = this.#handed;
    for (let at = 0; at < handed.length; at++) {
      const waiting = handed[at], { records } = waiting;
      const reached = this.reached(waiting.sender);
      while (waiting.next < records.length && records[waiting.next].sequence <= reached) waiting.next++;
      if (waiting.next === records.length) {
        handed.splice(at--, 1);
        this.#handedBytes -= waiting.bytes;
      } else if (reached >= waiting.after) {
        if (at > 0) handed.unshift(...handed.splice(at, 1));
        return records[waiting.next];
      }
    }
    return undefined;
  }
}
