/**
 * One task at work: pushes the records of its input partitions through its own subscription of the pipelines, and collects what
 * an epoch will commit.
 *
 * Invariants:
 * - records are pushed one at a time, and everything that a record causes has happened when its push returns: between two
 *   pushes is a moment at which an epoch can be cut;
 * - what a failed push has done is never part of an epoch.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { InputRecord, SourceSpec } from "../connectors/connector.ts";
import type { KeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import type { Bottom } from "../operators/_source.ts";
import type { InputSlot } from "../operators/_scope.ts";
import {
  type ClockSnapshot,
  type PaneAtHand,
  setRunningTask,
  type SourceRequest,
  Task,
  type TaskFailure,
  type TaskHost,
} from "../operators/_task.ts";
import type { InputQueue } from "./input_queue.ts";
import { INPUT_VALUE_BYTES, SAMPLES_AN_EPOCH, SLICE_RECORDS } from "./limits.ts";
import { stillOpen } from "../operators/_misuse.ts";
import { subscribeAll } from "./plan.ts";
import { positionOf } from "./results.ts";
import type { Outputs } from "./outputs.ts";

/** What was counted since the job was born; part of the checkpoint. */
export type Counters = Record<string, number>;

/** What a runner is made of. */
export interface RunnerParts {
  /** The task's number: its partition, or 0. */
  readonly number: number;
  readonly pipelines: readonly Observable<unknown>[];
  readonly planned: ReadonlySet<SourceSpec>;
  readonly queues: readonly InputQueue[];
  readonly outputs: Outputs;
  /** Opens a durable state; once for each subscription of the pipelines. */
  readonly openState: (spec: KeyedStateSpec) => KeyedState;
  readonly clocks: Readonly<Record<string, ClockSnapshot>>;
  readonly counters: Readonly<Counters>;
  /** Whether a key may be somewhere else, so that it has to be compared with the record's own. */
  readonly guardsKeys: boolean;
  readonly badRecords: "stop" | "deadLetter";
}

interface Route {
  readonly spec: SourceSpec;
  readonly subscribers: SourceRequest["subscriber"][];
  /** Ends the stream of each subscriber. */
  readonly ends: (() => void)[];
}

/** Decides what becomes of a task's failure: `true`, it was dealt with and the task goes on. */
export type OnFailure = (failure: TaskFailure, record: InputRecord | undefined) => boolean;

const decoder = new TextDecoder();

export class TaskRunner implements TaskHost {
  readonly number: number;
  readonly queues: readonly InputQueue[];
  readonly outputs: Outputs;
  task: Task;
  counters: Counters;
  /** Something has happened that a cut should commit. */
  changed = false;
  /** The input has ended, and everything that it causes has happened. */
  ended = false;
  /** The record at hand when the task failed. */
  failedAt: InputRecord | undefined;
  /** Timestamps of some of this epoch's records, to measure latency by. */
  readonly samples: number[] = [];
  checkKey: TaskHost["checkKey"];
  skipPane: TaskHost["skipPane"];
  /** Kept for a replay where a policy wants one: the records pushed since the last cut. */
  journal: { readonly queue: InputQueue; readonly record: InputRecord }[] | undefined;
  /** The record that was refused last; the branches of a pipeline refuse it once. */
  #refused: InputRecord | undefined;
  #clocks: Readonly<Record<string, ClockSnapshot>>;
  readonly #routes = new Map<string, Route[]>();
  readonly #states = new Map<string, KeyedState>();
  #bottoms: Bottom[] = [];
  /** Topics whose input has ended. */
  readonly #endedTopics = new Set<string>();
  /** Called when a stage has something to do in a push of its own, or can be pushed records again. */
  onWake: (() => void) | undefined;
  #turn = 0;
  #open = 0;

  constructor(readonly parts: RunnerParts, readonly onFailure: OnFailure) {
    this.number = parts.number;
    this.queues = parts.queues;
    this.outputs = parts.outputs;
    this.counters = { ...parts.counters };
    this.#clocks = parts.clocks;
    this.task = new Task(this);
    if (parts.guardsKeys) this.checkKey = (key, stage) => this.#guardKey(key, stage);
  }

  /** Subscribes the pipelines; nothing is pushed yet. Throws what is wrong with them. */
  bind(): void {
    this.#open = this.parts.pipelines.length;
    this.#bottoms = subscribeAll(this.task, this.parts.pipelines, () => this.#open--);
    this.task.start();
  }

  /** Subscribes the pipelines anew on the state and clocks of the last cut: an RxJS chain is dead after an error. */
  rebind(clocks: Readonly<Record<string, ClockSnapshot>>, counters: Readonly<Counters>): void {
    this.close();
    this.#clocks = clocks;
    this.counters = { ...counters };
    this.outputs.discard();
    this.samples.length = 0;
    this.#routes.clear();
    this.#refused = undefined;
    const { idleSince } = this.task;
    this.task = new Task(this);
    for (const [slot, since] of idleSince.entries()) this.task.idleSince[slot] = since;
    this.bind();
    // What has ended before the records that are pushed again has ended for them, too.
    const again = new Set(this.journal?.map(({ queue }) => queue.topic));
    const ended = [...this.#endedTopics].filter((topic) => !again.has(topic));
    this.#endedTopics.clear();
    this.#whilePushing(() => ended.forEach((topic) => this.#endTopic(topic)));
  }

  /** Ends the subscription; open windows stay in the checkpoint. */
  close(): void {
    this.task.phase = "closed";
    for (const bottom of this.#bottoms) bottom.unsubscribe();
    this.#bottoms = [];
  }

  /** Pushes fetched records until the time is over, the epoch is full or nothing waits. Returns how many. */
  pushSlice(elapsed: () => number, until: number): number {
    let pushed = 0;
    if (this.task.woken) this.#runLater();
    while (this.task.failure === undefined && !this.outputs.full && this.task.full === 0) {
      const queue = this.#nextQueue();
      if (queue === undefined) break;
      const some = this.#pushSome(queue);
      pushed += some;
      if (elapsed() >= until) break;
    }
    return pushed;
  }

  /** Pushes one record again, after a rebind. */
  pushAgain(queue: InputQueue, record: InputRecord): void {
    this.#whilePushing(() => this.#push(queue, record));
  }

  /** Lets wall-clock time pass: idle partitions leave the minimum, windows of a quiet topic fire. */
  tick(now: number): void {
    const { task } = this;
    if (task.phase !== "running" || task.failure !== undefined) return;
    this.#act(() => {
      if (this.task.tick(now)) this.changed = true;
    });
  }

  /** Whether there is something to push, and it may be pushed. */
  get ready(): boolean {
    return this.task.woken || (this.task.full === 0 && this.queues.some((queue) => !queue.empty));
  }

  /** Ends the sources whose input has ended, each on its own; with the last of them the task, once no stage holds anything back. */
  endSources(hasEnded: (queue: InputQueue) => boolean): void {
    if (this.ended || this.task.failure !== undefined) return;
    for (const topic of this.#routes.keys()) {
      if (this.#endedTopics.has(topic)) continue;
      const queues = this.queues.filter((queue) => queue.topic === topic);
      if (!queues.every(hasEnded)) continue;
      if (queues.length > 0) this.changed = true;
      this.#act(() => this.#endTopic(topic));
      if (this.task.failure !== undefined) return;
    }
    this.#finish();
  }

  #endTopic(topic: string): void {
    this.#endedTopics.add(topic);
    for (const { ends } of this.#routes.get(topic) ?? []) for (const end of ends) end();
  }

  /** All sources have ended, and nothing is held back: so has the task. */
  #finish(): void {
    const { task } = this;
    if (task.held > 0 || task.woken || this.#endedTopics.size < this.#routes.size) return;
    if (this.#open > 0) {
      task.fail(stillOpen(), "the pipeline", "async");
      return;
    }
    this.ended = true;
    this.changed = true;
  }

  /** Stages act on what they learned outside of a push. */
  #runLater(): void {
    this.changed = true;
    this.#act(() => this.task.runLater());
  }

  /** What belongs to the cut happens now: stages that emit once an epoch do. */
  beforeCut(): void {
    this.#act(() => {
      for (const hook of this.task.cutHooks) hook();
    });
  }

  /** The clocks as they stand. */
  clocks(): Record<string, ClockSnapshot> {
    // Without a prototype: a name may be `constructor`.
    const clocks: Record<string, ClockSnapshot> = Object.create(null);
    for (const [name, clock] of this.task.clocks) clocks[name] = clock.snapshot();
    return clocks;
  }

  /** Reads a state of the pipeline, as it stands in memory. */
  state(name: string): KeyedState | undefined {
    return this.#states.get(name);
  }

  // What the stages ask of their task.

  openState(spec: KeyedStateSpec): KeyedState {
    const state = this.parts.openState(spec);
    this.#states.set(spec.name, state);
    return state;
  }

  bindSource({ spec, label, subscriber, end }: SourceRequest): readonly InputSlot[] {
    const source = spec as SourceSpec;
    if (!this.parts.planned.has(source)) {
      throw new TypeError(
        `Source "${label}" was not there when the job was planned: make sources and sinks before run(), not inside defer()`,
      );
    }
    const routes = this.#routes.get(source.topic) ?? [];
    this.#routes.set(source.topic, routes);
    const route = routes.find((one) => one.spec === source);
    if (route === undefined) routes.push({ spec: source, subscribers: [subscriber], ends: [end] });
    else {
      route.subscribers.push(subscriber);
      route.ends.push(end);
    }
    return this.queues.filter((queue) => queue.topic === source.topic);
  }

  bindSink(spec: unknown): (value: unknown) => void {
    return this.outputs.writer(spec, () => this.task);
  }

  restoredClock(name: string): ClockSnapshot | undefined {
    return Object.hasOwn(this.#clocks, name) ? this.#clocks[name] : undefined;
  }

  wake(): void {
    this.onWake?.();
  }

  now(): number {
    return this.outputs.parts.now();
  }

  badRecord(reason: string): void {
    const record = this.task.record as InputRecord | undefined;
    if (record === undefined || this.parts.badRecords === "stop") {
      const what = record === undefined ? "a bad value" : "a bad record";
      return this.#fail(`${what}, because ${reason}. Give onBadRecord a deadLetter(sink) to go on without it`);
    }
    if (this.#refused === record) return;
    this.#refused = record;
    this.count("dead");
    try {
      this.outputs.refuse("badRecord", record, reason);
    } catch (error) {
      // Most likely its size: with the reason in its headers it is larger than it was.
      this.#fail(`a bad record, because ${reason}; and it cannot be a dead letter: ${(error as Error).message}`);
    }
  }

  /** No stage is to blame. */
  #fail(reason: string): void {
    this.task.fail(new TypeError(reason), "", "misuse");
  }

  count(name: string, by = 1): void {
    this.counters[name] = (this.counters[name] ?? 0) + by;
  }

  #nextQueue(): InputQueue | undefined {
    const { queues } = this;
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[this.#turn % queues.length];
      if (!queue.empty) return queue;
      this.#turn++;
    }
    return undefined;
  }

  #pushSome(queue: InputQueue): number {
    let pushed = 0;
    this.#turn++;
    const before = setRunningTask(this.task);
    this.task.active = true;
    try {
      while (pushed < SLICE_RECORDS) {
        const record = queue.take();
        // Positions may have moved past control records without any record.
        this.changed = true;
        if (record === undefined) break;
        pushed++;
        this.journal?.push({ queue, record });
        this.#push(queue, record);
        if (this.task.failure === undefined) continue;
        if (!this.#recover(record)) break;
        setRunningTask(this.task);
        this.task.active = true;
      }
    } finally {
      this.#rest();
      setRunningTask(before);
    }
    return pushed;
  }

  /** Runs what no record causes, anew after each failure that was dealt with. */
  #act(run: () => void): void {
    do this.#whilePushing(run); while (this.task.failure !== undefined && this.#recover(undefined));
  }

  /** Hands a failure on. Where it was dealt with, the pipelines were subscribed anew: nothing is being pushed meanwhile. */
  #recover(record: InputRecord | undefined): boolean {
    this.#rest();
    this.failedAt = record;
    const before = setRunningTask(undefined);
    const dealtWith = this.onFailure(this.task.failure!, record);
    setRunningTask(before);
    if (dealtWith) this.failedAt = undefined;
    return dealtWith;
  }

  #push(queue: InputQueue, record: InputRecord): void {
    const { task } = this;
    this.counters.records_in = (this.counters.records_in ?? 0) + 1;
    if (this.samples.length < SAMPLES_AN_EPOCH) this.samples.push(record.timestamp);
    task.record = record;
    task.slot = queue.slot;
    if (task.idleSince[queue.slot] !== undefined) task.idleSince[queue.slot] = NaN;
    const routes = this.#routes.get(queue.topic)!;
    for (let r = 0; r < routes.length; r++) {
      const { spec, subscribers } = routes[r];
      let value: unknown;
      try {
        checkSize(record);
        value = spec.decode(record);
      } catch (error) {
        task.timestamp = record.timestamp;
        this.badRecord(error instanceof Error ? error.message : String(error));
        continue;
      }
      for (let s = 0; s < subscribers.length; s++) {
        task.timestamp = record.timestamp;
        subscribers[s].next(value);
        if (task.failure !== undefined) return;
      }
    }
  }

  /** Runs something that may push values, with the registers of a timer. */
  #whilePushing(run: () => void): void {
    const before = setRunningTask(this.task);
    this.task.active = true;
    try {
      run();
    } finally {
      this.#rest();
      setRunningTask(before);
    }
  }

  /** Nothing is being pushed: a value that comes now is outside of its epoch. */
  #rest(): void {
    const { task } = this;
    task.active = false;
    task.record = undefined;
    task.slot = -1;
    task.timestamp = NaN;
  }

  #guardKey(key: unknown, stage: string): void {
    const { record, pane } = this.task;
    if (record === undefined) {
      if (pane === undefined || pane.key === key) return;
      throw this.#misused(
        `${stage} is keyed by ${JSON.stringify(String(key))}, the window above it by ${
          JSON.stringify(String(pane.key))
        }: results of one key come from several tasks. Run the job with tasks: "single"`,
        stage,
      );
    }
    const own = record.key === null ? null : decoder.decode(record.key);
    if (own === String(key)) return;
    throw this.#misused(
      `${stage} is keyed by ${JSON.stringify(String(key))}, but the record ${positionOf(record)} has the key ${
        JSON.stringify(own)
      }: records of one key would be spread over several tasks. Key the topic ${record.topic} by it, or run the job with tasks: "single"`,
      stage,
    );
  }

  /** The job is put together wrongly, which is no record's fault: whoever catches the throw finds the task failed already. */
  #misused(reason: string, stage: string): Error {
    return this.task.fail(new TypeError(reason), stage, "misuse");
  }
}

export type { PaneAtHand };

function checkSize({ value }: InputRecord): void {
  if (value === null || value.length <= INPUT_VALUE_BYTES) return;
  throw new RangeError(`its value has ${value.length} bytes, and a job reads ${INPUT_VALUE_BYTES} bytes at most`);
}
