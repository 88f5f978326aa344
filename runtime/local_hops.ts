/**
 * Hands what tasks send through hops to those tasks of the same worker that read it, as soon as it is committed. They need
 * not wait until a transaction has made it visible and it was fetched.
 *
 * It goes to the topic all the same: a task that another worker has reads it there, and so does whoever takes a task
 * over. What is handed over is lost with the process, and nothing depends on it.
 *
 * @module
 */
import type { OutputRecord } from "../connectors/connector.ts";
import { HopQueue } from "./hop_queue.ts";
import { HopRecord } from "./hop_records.ts";
import { depthOf, type HopPlan } from "./hops.ts";
import type { InputQueue } from "./input_queue.ts";
import type { OwnedTask } from "./owned_task.ts";

/** Finds the queues of a topic partition in this worker. */
type QueuesOf = (topic: string, partition: number) => readonly { readonly queue: InputQueue }[];

export class LocalHops {
  readonly #topics: ReadonlySet<string>;
  /** The sequence that each task has sent last to each partition of a hop since it was taken over. */
  readonly #last = new WeakMap<OwnedTask, Map<string, number>>();

  /** How many hops a value crosses at most. */
  readonly depth: number;

  constructor(hops: readonly Pick<HopPlan, "topic" | "above">[], readonly queuesOf: QueuesOf) {
    this.#topics = new Set(hops.map(({ topic }) => topic));
    this.depth = depthOf(hops);
  }

  /** A task has committed these results. Returns whether all of them were handed over. */
  handOver(task: OwnedTask, rows: readonly OutputRecord[]): boolean {
    let handed = 0;
    const last = this.#last.get(task) ?? new Map<string, number>();
    this.#last.set(task, last);
    for (const [place, records] of this.#byPlace(rows)) {
      const after = last.get(place);
      const { topic, partition, sender, sequence, status } = records.at(-1)!;
      last.set(place, sequence);
      // What the task's last owner has sent is not known here. So the first records come from the topic only.
      if (after === undefined) continue;
      // The end comes from the topic only. So a task whose hops have ended has read their topics to the end.
      if (status === "ended") records.pop();
      const queue = this.queuesOf(topic, partition).at(0)?.queue;
      if (queue instanceof HopQueue && queue.handOver({ sender, after, records })) handed += records.length;
    }
    return handed === rows.length;
  }

  /** The rows that go through hops, in order, by topic and partition. */
  #byPlace(rows: readonly OutputRecord[]): Map<string, HopRecord[]> {
    const places = new Map<string, HopRecord[]>();
    for (const row of rows) {
      if (!this.#topics.has(row.topic)) continue;
      const place = `${row.topic}/${row.partition}`;
      const records = places.get(place);
      const record = new HopRecord({ ...row, offset: -1 });
      if (records === undefined) places.set(place, [record]);
      else records.push(record);
    }
    return places;
  }
}
