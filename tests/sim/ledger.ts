/**
 * The whole input as it was written, including what retention or a person has removed. The expected results are
 * computed from it.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import { INPUT } from "./traffic.ts";

export class Ledger {
  /** The records by position, in the order of each partition. */
  readonly #records = new Map<string, InputRecord>();
  /** How many offsets the job had to skip because their records were gone. */
  missing = 0;
  #closed = false;

  constructor(readonly kafka: KafkaWorld) {}

  /** Records what a reader sees now. To be called before any of it is removed. */
  note(): void {
    if (this.#closed) return;
    for (const record of this.kafka.committedRecords(INPUT)) {
      this.#records.set(`${record.partition}@${record.offset}`, record);
    }
  }

  /** Removes records that were deleted before the job had read them. */
  strike(partition: number, from: number, to: number): void {
    this.missing += to - from;
    for (let offset = from; offset < to; offset++) this.#records.delete(`${partition}@${offset}`);
  }

  /** Ends the record of this topic: a later topic of the same name has nothing to do with it. */
  close(): void {
    this.note();
    this.#closed = true;
  }

  /** All records that the job had to read. */
  get records(): InputRecord[] {
    this.note();
    return [...this.#records.values()];
  }
}
