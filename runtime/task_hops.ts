/**
 * The hops of one task: sends values and control records into their topics, and pushes those that it reads.
 *
 * @module
 */
import type { InputRecord, TaskLayout } from "../connectors/connector.ts";
import type { HopEntry, ResetFrom } from "../state/mod.ts";
import type { HopPort, HopRequest, Task } from "../operators/_task.ts";
import { encode } from "../state/codec.ts";
import { textBytes } from "../base/text.ts";
import { controlHeader, HopRecord, valueHeader } from "./hop_records.ts";
import { hopInterval, type HopPlan, sendersOf } from "./hops.ts";
import { HopQueue } from "./hop_queue.ts";
import type { InputQueue } from "./input_queue.ts";
import { HOP_MOVED_MS } from "./limits.ts";
import type { Outputs } from "./outputs.ts";
import type { Routes } from "./routes.ts";

/** Of which reset a job is. Records that an earlier run has sent are passed over. */
export interface HopRun {
  /** The name of the run, of 8 letters. */
  name: string;
  /** The run that the job had when this worker was started. */
  readonly since: string;
  /** Set while a reset is under way: where the input is read from. */
  resetting: ResetFrom | undefined;
  /** The hops of the job entry. One that has come back to the pipeline has a run of its own. */
  entries: Readonly<Record<string, HopEntry>>;
}

/** The hops of a job, as its tasks use them. */
export interface JobHops {
  readonly hops: readonly HopPlan[];
  readonly layout: TaskLayout;
  readonly run: HopRun;
  /** Elapsed time, in milliseconds. */
  readonly elapsed: () => number;
}

/** What the hops of a task need of its runner. */
export interface HopHost {
  readonly number: number;
  readonly queues: readonly InputQueue[];
  readonly outputs: Outputs;
  /** The present subscription of the pipelines. */
  readonly task: Task;
  /** Whether something has happened that a cut should commit. */
  changed: boolean;
  count(name: string, by?: number): void;
}

/** A hop of the present subscription. */
interface Bound extends HopRequest {
  /** The name of its run, as records carry it. */
  readonly run: Uint8Array;
}

export class TaskHops {
  /** The hops of the present subscription, by topic. */
  readonly #bound = new Map<string, Bound>();
  /** Whether something that was handed over was taken since the last cut. */
  tookHanded = false;
  /** Whether the position of a hop has moved since the last cut. */
  moved = false;
  /** When `hasMoved` was asked first since then; NaN before. */
  #movedSince = NaN;

  constructor(readonly job: JobHops, readonly host: HopHost, readonly routes: Routes) {}

  /** Opens a hop for the subscription that is being bound. */
  bind(request: HopRequest): HopPort {
    const { identity, name } = request;
    const { job, host, host: { number, queues, outputs } } = this;
    const hop = job.hops.find((one) => one.identity === identity);
    if (hop === undefined) {
      throw new TypeError(
        `repartition "${name}" was not there when the job was planned: make pipelines before run(), not inside defer()`,
      );
    }
    const { topic } = hop;
    const senders = sendersOf(hop, job.layout);
    const partitions = job.layout.partitions.get(topic)!;
    const own = job.run.entries[name].run;
    const run = textBytes(own ?? job.run.name);
    const sender = { task: number, run };
    const write = outputs.hopWriter(hop.sink);
    const { now } = outputs.parts;
    const everyTask = [...new Array(partitions).keys()];
    this.#bound.set(topic, { ...request, run });
    for (const queue of queues) {
      if (queue.topic === topic && queue instanceof HopQueue) queue.reached = (sender) => request.reached(sender);
    }
    return {
      topic,
      life: own === undefined ? "" : ` ${own}`,
      senders,
      sends: senders.includes(number),
      interval: hopInterval(senders.length, partitions),
      elapsed: job.elapsed,
      send: (value, key, sequence) => {
        const header = valueHeader(sender, sequence, host.task, now());
        const bytes = encode(value);
        if (key !== undefined) write({ value: bytes, key: textBytes(String(key)), header, partition: undefined });
        else for (const partition of everyTask) write({ value: bytes, key: null, header, partition });
        host.count(`sent:${topic}`, key === undefined ? partitions : 1);
      },
      tell: (watermark, status, sequence) => {
        const header = controlHeader(sender, sequence, watermark, status);
        for (let partition = 0; partition < partitions; partition++) {
          write({ value: null, key: null, header, partition });
        }
        host.count(`told:${topic}`, partitions);
      },
      listen: (reader) => {
        this.routes.bind({ ...reader, spec: hop.source, label: topic });
        return queues.filter((queue) => queue.topic === topic);
      },
      over: () => this.#over(topic),
    };
  }

  /** Pushes a record of a hop, unless it has come already or an earlier run has sent it: the position has passed it then. */
  push(queue: InputQueue, record: HopRecord): void {
    const { host, host: { task } } = this;
    const hop = this.#bound.get(queue.topic)!;
    if (!record.isOf(hop.run) || !hop.takes(record.sender, record.sequence)) return;
    host.changed = true;
    if (record.offset < 0) this.tookHanded = true;
    const control = record.kind > 0;
    task.record = control ? undefined : record;
    task.slot = control ? -1 : queue.slot;
    task.timestamp = NaN;
    if (control) return hop.hear(record.sender, record.time, record.status);
    host.count(`read:${queue.topic}`);
    for (const { subscribers } of this.routes.of(queue.topic)) {
      const value = record.carried();
      this.routes.decoded?.(value);
      for (const subscriber of subscribers) {
        task.timestamp = record.time;
        subscriber.next(value);
        if (task.failure !== undefined) return;
      }
    }
  }

  /** A record is left out of its epoch. The task has had it all the same, so that it is passed over when it comes again. */
  leaveOut({ topic }: InputQueue, record: InputRecord): void {
    const hop = this.#bound.get(topic);
    if (hop !== undefined && record instanceof HopRecord && record.isOf(hop.run)) {
      hop.takes(record.sender, record.sequence);
    }
  }

  /** Whether the part above a hop is still open although all that it reads has ended: an operator keeps it open. */
  get stuck(): boolean {
    const { over } = this.routes;
    return [...this.#bound.values()].some(({ open, above }) => open() && above.every((topic) => over.includes(topic)));
  }

  /** Whether the task has been handed something that no cut has yet. */
  get hasHanded(): boolean {
    return this.tookHanded || this.host.queues.some((queue) => queue instanceof HopQueue && queue.hasHanded);
  }

  /**
   * Whether a position has moved for so long that it must be committed. It moves with each record that the task has had
   * already, and that is no reason for an epoch of its own.
   */
  hasMoved(now: number): boolean {
    if (this.moved && Number.isNaN(this.#movedSince)) this.#movedSince = now;
    return now - this.#movedSince >= HOP_MOVED_MS;
  }

  /** Begins the next epoch after a cut. */
  startEpoch(): void {
    this.tookHanded = false;
    this.moved = false;
    this.#movedSince = NaN;
  }

  /** The hops whose time is held back by senders that have sent no watermark yet. */
  get held(): { readonly name: string; readonly above: readonly string[]; readonly senders: readonly number[] }[] {
    const bound = [...this.#bound.values()].map(({ name, above, silent }) => ({ name, above, senders: silent() }));
    return bound.filter(({ senders }) => senders.length > 0);
  }

  /** The pipelines are subscribed anew, as they were at the last cut. */
  clear(): void {
    this.#bound.clear();
    const { job: { hops }, host: { queues } } = this;
    for (const queue of queues) if (hops.some(({ topic }) => topic === queue.topic)) queue.done = false;
  }

  /** Every sender of a hop has ended: its readers end in the same push. */
  #over(topic: string): void {
    for (const queue of this.host.queues) if (queue.topic === topic) queue.done = true;
    this.routes.endTopic(topic);
  }
}
