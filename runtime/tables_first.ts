/**
 * A task that is new reads its tables to the end that they have then, before it is pushed the first record of the
 * inputs that are joined with them. Otherwise its first records would meet no rows, or rows that are out of date.
 *
 * The ends are in the head from the takeover that finds the table new, until an epoch is committed after they are
 * reached. So a task that dies meanwhile goes on to the same ends, and a task that has read its tables never waits for
 * them again.
 *
 * @module
 */
import type { Bounds, StartOffset } from "../connectors/connector.ts";
import type { Head, Offsets } from "../state/mod.ts";
import type { InputQueue } from "./input_queue.ts";

/** The name of the head's extension with the ends. */
export const TABLE_ENDS = "tables";

/** Which topics are read before which. */
export interface ReadingOrder {
  /** The tables for which each topic waits. */
  readonly waits: ReadonlyMap<string, ReadonlySet<string>>;
  /** All tables for which a topic waits. */
  readonly tables: ReadonlySet<string>;
  /** Tables that nothing reads in another way. A new task reads them from their beginning. */
  readonly whole: ReadonlySet<string>;
}

/** A stage joins values of one topic with a table of another. */
export type Joined = readonly [value: string, table: string];

/**
 * The order in which topics are read. Where tables are joined with each other in a circle, none of them waits.
 *
 * @param joined what stages join
 * @param streams the topics that are read other than as a table
 */
export function readingOrder(joined: readonly Joined[], streams: ReadonlySet<string>): ReadingOrder {
  const all = new Map<string, Set<string>>();
  for (const [value, table] of joined) all.set(value, (all.get(value) ?? new Set()).add(table));
  const waits = new Map<string, Set<string>>();
  for (const [value, table] of joined) {
    if (!leadsTo(all, table, value)) waits.set(value, (waits.get(value) ?? new Set()).add(table));
  }
  const tables = new Set([...waits.values()].flatMap((some) => [...some]));
  return { waits, tables, whole: tables.difference(streams) };
}

/** Whether one topic is another, or waits for it, directly or through others. */
function leadsTo(waits: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const topic of seen) for (const next of waits.get(topic) ?? []) seen.add(next);
  return seen.has(to);
}

/** The ends to which a task has to read tables that are new to it. A partition that has nothing to read has none. */
export async function endsOfTables(
  starts: readonly StartOffset[],
  { tables }: ReadingOrder,
  bounds: (topic: string) => Promise<readonly Bounds[]>,
): Promise<StartOffset[]> {
  const ends: StartOffset[] = [];
  for (const [topic, partitions] of Map.groupBy(starts, ({ topic }) => topic)) {
    if (!tables.has(topic)) continue;
    const found = await bounds(topic);
    for (const { partition, offset } of partitions) {
      const { latest } = found[partition];
      if (latest > offset) ends.push({ topic, partition, offset: latest });
    }
  }
  return ends;
}

/** A table's partition that is not read to its end yet. */
interface Unread {
  readonly queue: InputQueue;
  readonly end: number;
}

/** The tables of one task. */
export class TablesFirst {
  #unread: Unread[];
  readonly #waits: ReadingOrder["waits"];

  constructor(queues: readonly InputQueue[], { extensions }: Head, { waits }: ReadingOrder) {
    const ends = (extensions[TABLE_ENDS] ?? {}) as Offsets;
    this.#unread = queues.flatMap((queue) => {
      const end = ends[queue.topic]?.[queue.partition];
      return end === undefined ? [] : [{ queue, end }];
    });
    this.#waits = waits;
  }

  /** Whether all of them are read to the end that they had. */
  get done(): boolean {
    if (this.#unread.length > 0) {
      this.#unread = this.#unread.filter(({ queue, end }) => !queue.done && queue.position < end);
    }
    return this.#unread.length === 0;
  }

  /** Whether a queue has to wait. */
  holds({ topic }: InputQueue): boolean {
    const tables = this.#unread.length === 0 ? undefined : this.#waits.get(topic);
    return tables !== undefined && !this.done && this.#unread.some(({ queue }) => tables.has(queue.topic));
  }

  /** What the task waits for, in words; `undefined` when it waits for nothing. */
  get waitsFor(): string | undefined {
    if (this.done) return undefined;
    const [{ queue: { topic, partition }, end }, ...others] = this.#unread;
    const more = others.length === 0 ? "" : ` (and ${others.length} more partitions)`;
    return `the table ${topic}/${partition}${more} is not read to offset ${end} yet, where it ended when the task was new`;
  }
}
