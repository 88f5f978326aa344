/**
 * The topics that families read as tables: their records, and whether a task has read them.
 *
 * @module
 */
import { seeded } from "../../base/random.ts";
import type { OutputRecord } from "../../connectors/connector.ts";
import type { Head } from "../../state/mod.ts";
import { tablesOf } from "./families/all.ts";
import { holdOpen } from "./input.ts";
import type { SimCluster } from "./kafka/cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** What tables need. */
export interface TablesParts {
  readonly scenario: Scenario;
  readonly kafka: SimCluster;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
}

/** How many records the tables of a run have. Each is input once, however many tasks read it. */
export function tableRecords(scenario: Scenario): number {
  return tablesOf(scenario).reduce((sum, table) => {
    const { first, held = [], later = [] } = table.records(scenario);
    return sum + first.length + held.length + later.length;
  }, 0);
}

/** The longest time for which a transaction stays open after the job has begun, in virtual milliseconds. */
const OPEN_MS = 8000;

export class Tables {
  /** Whether a job may begin: the transactions that are open then have begun. */
  ready = true;
  readonly #left: OutputRecord[] = [];
  #open = 0;

  /** Creates the topics with the records that are there before the job begins, and begins to write the others. */
  constructor(readonly parts: TablesParts) {
    const { scenario, kafka } = parts;
    const random = seeded(scenario.seed ^ 0x7ab1e);
    for (const table of tablesOf(scenario)) {
      const { first, held = [], later = [] } = table.records(scenario);
      kafka.createTopic(table.topic, table.partitions(scenario));
      kafka.append([...first]);
      this.#left.push(...later);
      if (held.length > 0) void this.#hold(held, random);
    }
    this.#write(random);
  }

  /** Whether all records are written. */
  get fed(): boolean {
    return this.#left.length === 0 && this.#open === 0;
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

  /** Writes records in a transaction, which ends some time after the job has begun. */
  async #hold(records: readonly OutputRecord[], random: () => number): Promise<void> {
    this.ready = false;
    this.#open++;
    const { kafka, scheduler, trace } = this.parts;
    const end = await holdOpen({ kafka, scheduler, trace, random }, `table-${records[0].topic}`, {
      records,
      commit: true,
    });
    this.ready = true;
    scheduler.after(random() ** 2 * OPEN_MS, () => void end().then(() => this.#open--));
  }

  /** Writes a few records at a time, over about as long as the events are written. */
  #write(random: () => number): void {
    const { scenario: { inputMs }, kafka, scheduler } = this.parts;
    if (this.#left.length === 0) return;
    kafka.append(this.#left.splice(0, inputMs === 0 ? Infinity : 1 + Math.floor(random() * 4)));
    scheduler.after(random() * inputMs / 8, () => this.#write(random));
  }
}
