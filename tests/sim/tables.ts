/**
 * The topics that families read as tables: their records, and whether a task has read them.
 *
 * @module
 */
import { seeded } from "../../base/random.ts";
import type { OutputRecord } from "../../connectors/connector.ts";
import type { Head } from "../../state/mod.ts";
import { tablesOf } from "./families/all.ts";
import type { SimCluster } from "./kafka/cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";

/** What tables need. */
export interface TablesParts {
  readonly scenario: Scenario;
  readonly kafka: SimCluster;
  readonly scheduler: Scheduler;
}

/** How many records the tables of a run have. Each is input once, however many tasks read it. */
export function tableRecords(scenario: Scenario): number {
  return tablesOf(scenario).reduce((sum, table) => {
    const { first, later } = table.records(scenario);
    return sum + first.length + later.length;
  }, 0);
}

export class Tables {
  readonly #left: OutputRecord[] = [];

  /** Creates the topics with the records that are there before the job begins, and begins to write the others. */
  constructor(readonly parts: TablesParts) {
    const { scenario, kafka } = parts;
    for (const table of tablesOf(scenario)) {
      const { first, later } = table.records(scenario);
      kafka.createTopic(table.topic, table.partitions(scenario));
      kafka.append([...first]);
      this.#left.push(...later);
    }
    this.#write(seeded(scenario.seed ^ 0x7ab1e));
  }

  /** Whether all records are written. */
  get fed(): boolean {
    return this.#left.length === 0;
  }

  /** Whether a task has read all partitions that it has to. */
  isRead({ offsets }: Head): boolean {
    return tablesOf(this.parts.scenario).every(({ topic, broadcast }) => {
      const own = offsets[topic] ?? {};
      const bounds = this.parts.kafka.bounds(topic);
      if (broadcast && Object.keys(own).length < bounds.length) return false;
      return Object.entries(own).every(([partition, offset]) => offset >= bounds[Number(partition)].latest);
    });
  }

  /** Writes a few records at a time, over about as long as the events are written. */
  #write(random: () => number): void {
    const { scenario: { inputMs }, kafka, scheduler } = this.parts;
    if (this.fed) return;
    kafka.append(this.#left.splice(0, inputMs === 0 ? Infinity : 1 + Math.floor(random() * 4)));
    scheduler.after(random() * inputMs / 8, () => this.#write(random));
  }
}
