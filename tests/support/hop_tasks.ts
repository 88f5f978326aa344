/**
 * Several hand-made tasks with a hop between them: a test decides when a task is pushed, cut, started anew, and when it
 * reads what others have sent. What an epoch has sent is there for its readers after the cut.
 */
import type { Observable } from "rxjs";
import type { HopPort, HopRequest, HopStatus } from "../../operators/_task.ts";
import { type Checkpoint, HandMadeTask } from "./task_host.ts";

/** What is sent through a hop. */
export type Sent =
  | { readonly value: unknown; readonly time: number; readonly sender: number }
  | { readonly sender: number; readonly watermark: number; readonly status: HopStatus };

/** The hop between the tasks: what waits for each of them. */
interface Between {
  readonly waiting: readonly Sent[][];
  readonly now: () => number;
  readonly interval: number;
  readonly reads: (reader: number, sent: Sent) => void;
}

/** One of the tasks. Each has one partition of the hop. */
class HopTask extends HandMadeTask {
  /** What this epoch has sent, with the task that reads it. */
  #sent: (readonly [reader: number, Sent])[] = [];
  #hop: HopRequest | undefined;
  readonly bindHop: (request: HopRequest) => HopPort;

  constructor(readonly number: number, readonly between: Between, checkpoint?: Checkpoint) {
    super(checkpoint);
    const readers = between.waiting.map((_none, reader) => reader);
    this.bindHop = (request) => {
      this.#hop = request;
      return {
        ...{
          topic: request.name,
          life: "",
          senders: readers,
          sends: true,
          interval: between.interval,
          elapsed: between.now,
        },
        send: (value, key) => {
          const sent = { value, time: this.task.timestamp, sender: number };
          if (key === undefined) return void readers.forEach((reader) => this.#sent.push([reader, sent]));
          const reader = Number(/\d+$/.exec(String(key))![0]) % readers.length;
          this.#sent.push([reader, sent]);
        },
        tell: (watermark, status) => {
          for (const reader of readers) this.#sent.push([reader, { sender: number, watermark, status }]);
        },
        listen: ({ subscriber, end }) =>
          this.bindSource({ spec: { partitions: 1 }, label: request.name, subscriber, end }),
        over: () => this.end(request.name),
      };
    };
  }

  override cut(): Checkpoint {
    const checkpoint = super.cut();
    for (const [reader, sent] of this.#sent) this.between.waiting[reader].push(sent);
    this.#sent = [];
    return checkpoint;
  }

  /** Reads the next that was sent to this task. Returns `false` when nothing waits. */
  read(): boolean {
    const sent = this.between.waiting[this.number].shift();
    if (sent === undefined) return false;
    this.between.reads(this.number, sent);
    if ("value" in sent) this.push(this.#hop!.name, sent.value, { timestamp: sent.time });
    else this.task.enter(() => this.#hop!.hear(sent.sender, sent.watermark, sent.status));
    return true;
  }
}

/** How the tasks are made. */
export interface HopTasksOptions {
  readonly tasks: number;
  /** How often a risen watermark is sent, in milliseconds. */
  readonly interval: number;
  /** Called before a task reads what was sent to it. @default not called */
  readonly reads?: (reader: number, sent: Sent) => void;
}

/** The tasks of a job whose pipeline has one hop. */
export class HopTasks {
  readonly #tasks: HopTask[];
  readonly #between: Between;
  /** What the sinks of all tasks have got. */
  readonly written: unknown[] = [];
  /** How many records were late. */
  late = 0;
  now = 0;

  constructor(readonly pipeline: Observable<unknown>, { tasks, interval, reads = () => {} }: HopTasksOptions) {
    this.#between = { waiting: Array.from({ length: tasks }, () => []), now: () => this.now, interval, reads };
    this.#tasks = this.#between.waiting.map((_none, number) => new HopTask(number, this.#between).run(pipeline));
  }

  push(task: number, topic: string, value: unknown, timestamp: number): void {
    this.#tasks[task].push(topic, value, { timestamp });
  }

  /** Reads one record of the hop. */
  read(task: number): boolean {
    return this.#tasks[task].read();
  }

  /** From now on there is nothing to read in a partition of a topic, until the next push. */
  quiet(task: number, topic: string): this {
    this.#tasks[task].quiet(topic, 0, this.now);
    return this;
  }

  /** Lets time pass, and cuts an epoch. */
  cut(task: number, ms: number): void {
    this.now += ms;
    this.#tasks[task].tick(this.now).cut();
  }

  /** Cuts an epoch, and goes on with another process. */
  restart(task: number): void {
    const checkpoint = this.#tasks[task].cut();
    this.#leave(this.#tasks[task]);
    this.#tasks[task] = new HopTask(task, this.#between, checkpoint).run(this.pipeline);
  }

  /** Everything that was sent is read. */
  settle(): void {
    for (const task of this.#tasks) task.cut();
    for (const task of this.#tasks) while (task.read());
  }

  /** The inputs of every task end, and everything that was sent is read. */
  end(...topics: string[]): void {
    for (const task of this.#tasks) {
      for (const topic of topics) task.end(topic);
      task.cut();
    }
    for (const task of this.#tasks) while (task.read());
    for (const task of this.#tasks) this.#leave(task);
  }

  /** How many pipelines have come to their end. */
  get ends(): number {
    return this.#tasks.reduce((sum, { ends }) => sum + ends, 0);
  }

  #leave({ written, task }: HopTask): void {
    for (const [, value] of written) this.written.push(value);
    this.late += task.late;
  }
}
