/**
 * The hops of one task: sends values and control records into their topics, and pushes those that it reads.
 *
 * @module
 */
import type { TaskLayout } from "../connectors/connector.ts";
import type { HopPort, HopRequest, Task } from "../operators/_task.ts";
import { encode } from "../state/codec.ts";
import { textBytes } from "../base/text.ts";
import { controlHeader, type HopRecord, valueHeader } from "./hop_records.ts";
import { hopInterval, type HopPlan, sendersOf } from "./hops.ts";
import type { InputQueue } from "./input_queue.ts";
import type { Outputs } from "./outputs.ts";
import type { Routes } from "./routes.ts";

/** The hops of a job, as its tasks use them. */
export interface JobHops {
  readonly hops: readonly HopPlan[];
  readonly layout: TaskLayout;
  /** Of which reset the job is. Records of earlier runs are passed over. 8 bytes. */
  readonly run: Uint8Array;
  /** Elapsed time, in milliseconds. */
  readonly elapsed: () => number;
}

/** What the hops of a task need of its runner. */
export interface TaskHopsParts {
  readonly number: number;
  readonly job: JobHops;
  readonly queues: readonly InputQueue[];
  readonly routes: Routes;
  readonly outputs: Outputs;
  readonly task: () => Task;
  readonly count: (name: string) => void;
  readonly decoded: ((value: unknown) => void) | undefined;
}

export class TaskHops {
  readonly #hear = new Map<string, HopRequest["hear"]>();

  constructor(readonly parts: TaskHopsParts) {}

  /** Opens a hop for the subscription that is being bound. */
  bind({ identity, name, hear }: HopRequest): HopPort {
    const { number, job, queues, routes, outputs, task } = this.parts;
    const hop = job.hops.find((one) => one.identity === identity);
    if (hop === undefined) {
      throw new TypeError(
        `repartition "${name}" was not there when the job was planned: make pipelines before run(), not inside defer()`,
      );
    }
    const { topic } = hop;
    const senders = sendersOf(hop, job.layout);
    const partitions = job.layout.partitions.get(topic)!;
    const sender = { task: number, run: job.run };
    const write = outputs.hopWriter(hop.sink);
    const { now } = outputs.parts;
    this.#hear.set(topic, hear);
    return {
      topic,
      senders,
      sends: senders.includes(number),
      interval: hopInterval(senders.length, partitions),
      elapsed: job.elapsed,
      send: (value, key) => {
        const header = valueHeader(sender, task(), now());
        write({ value: encode(value), key: textBytes(String(key)), header, partition: undefined });
      },
      tell: (watermark, status) => {
        const header = controlHeader(sender, watermark, status);
        for (let partition = 0; partition < partitions; partition++) {
          write({ value: null, key: null, header, partition });
        }
      },
      listen: (reader) => {
        routes.bind({ ...reader, spec: hop.source, label: topic });
        return queues.filter((queue) => queue.topic === topic);
      },
      over: () => this.#over(topic),
    };
  }

  /** Pushes a record of a hop. */
  push(queue: InputQueue, record: HopRecord): void {
    const { job, routes, decoded, count } = this.parts;
    if (!record.isOf(job.run)) return;
    const task = this.parts.task();
    const control = record.kind > 0;
    task.record = control ? undefined : record;
    task.slot = control ? -1 : queue.slot;
    task.timestamp = NaN;
    if (control) return this.#hear.get(queue.topic)!(record.sender, record.time, record.status);
    count(`read:${queue.topic}`);
    for (const { subscribers } of routes.of(queue.topic)) {
      const value = record.carried();
      decoded?.(value);
      for (const subscriber of subscribers) {
        task.timestamp = record.time;
        subscriber.next(value);
        if (task.failure !== undefined) return;
      }
    }
  }

  /** The pipelines are subscribed anew, as they were at the last cut. */
  clear(): void {
    this.#hear.clear();
    const { job: { hops }, queues } = this.parts;
    for (const queue of queues) if (hops.some(({ topic }) => topic === queue.topic)) queue.done = false;
  }

  /** Every sender of a hop has ended: its readers end in the same push. */
  #over(topic: string): void {
    for (const queue of this.parts.queues) if (queue.topic === topic) queue.done = true;
    this.parts.routes.endTopic(topic);
  }
}
