/** A `read_committed` reader that follows the outputs of a job while they are written, whatever happens to the broker. */
import { headerOf } from "../../connectors/headers.ts";
import type { InputRecord } from "../../connectors/connector.ts";
import { follow } from "../support/crash/committed_records.ts";
import type { KafkaWorld } from "../support/crash/kafka_world.ts";
import { LastRecords } from "../support/crash/read_committed.ts";
import { readRow } from "../support/crash/read_row.ts";
import { OUTPUTS, type Row } from "../support/crash/rows.ts";

export class LiveReader implements AsyncDisposable {
  readonly #world: KafkaWorld;
  readonly #end: LastRecords;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  /** Begins to read; each row is told once, those of a partition in their order. */
  constructor(world: KafkaWorld, see: (row: Row) => void) {
    this.#world = world;
    const outputs = new Map(OUTPUTS.map((output) => [world.base.topics[output], output]));
    const topics = [...outputs.keys()];
    this.#end = new LastRecords(topics, world.partitions);
    const hear = (record: InputRecord) => {
      if (this.#end.pass(record)) return;
      see(readRow(outputs.get(record.topic)!, { ...record, header: (name) => headerOf(record.headers, name) }));
    };
    this.#following = follow({ brokers: world.base.brokers!, topics, signal: this.#stop.signal }, hear);
  }

  /** Rejects when it cannot go on. */
  get failed(): Promise<never> {
    return this.#following.then(() => new Promise<never>(() => {}));
  }

  /** Writes one more record behind everything else, and resolves when the reader has come to it in each partition. */
  async toTheEnd(): Promise<void> {
    await this.#end.write(this.#world.kafka);
    await this.#end.reached;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
