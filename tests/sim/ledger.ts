/**
 * The input as it was written, whatever retention or a person has taken away since: what must come out is computed from it.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import { INPUT } from "./traffic.ts";

export class Ledger {
  /** By place, in the order of each partition. */
  readonly #records = new Map<string, InputRecord>();
  /** How many offsets the job had to pass over, because what stood there was gone. */
  missing = 0;
  #closed = false;

  constructor(readonly kafka: KafkaWorld) {}

  /** Takes down what a reader sees now: to be done before anything of it is taken away. */
  note(): void {
    if (this.#closed) return;
    for (const record of this.kafka.committedRecords(INPUT)) {
      this.#records.set(`${record.partition}@${record.offset}`, record);
    }
  }

  /** These were taken away before the job had read them. */
  strike(partition: number, from: number, to: number): void {
    this.missing += to - from;
    for (let offset = from; offset < to; offset++) this.#records.delete(`${partition}@${offset}`);
  }

  /** The topic is no more: another one of its name is none of it. */
  close(): void {
    this.note();
    this.#closed = true;
  }

  /** All that the job was to read. */
  get records(): InputRecord[] {
    this.note();
    return [...this.#records.values()];
  }
}
