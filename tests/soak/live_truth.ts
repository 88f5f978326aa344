/** The traffic of a soak, with the truth about each event told just before it is sent. */
import type { KafkaWorld } from "../support/crash/kafka_world.ts";
import { PartitionTruth } from "../support/crash/oracle.ts";
import type { Row } from "../support/crash/rows.ts";

/** Between two sends, in milliseconds. */
const INTERVAL = 20;

export class LiveTruth {
  events = 0;
  readonly #world: KafkaWorld;
  readonly #partitions: readonly PartitionTruth[];

  constructor(world: KafkaWorld, expect: (row: Row) => void) {
    this.#world = world;
    this.#partitions = Array.from(
      { length: world.partitions },
      (_, partition) => new PartitionTruth({ seed: world.seed, partition }, expect),
    );
  }

  /** Sends so many events a second until it is told to stop. */
  async flow(rate: number, stop: AbortSignal): Promise<void> {
    const each = Math.max(1, Math.round(rate * INTERVAL / 1000 / this.#partitions.length));
    while (!stop.aborted) {
      for (const partition of this.#partitions) for (let count = 0; count < each; count++) partition.next();
      await this.#world.append(each);
      this.events += each * this.#partitions.length;
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  }

  /** Nothing more comes. */
  end(): void {
    for (const partition of this.#partitions) partition.end();
  }
}
