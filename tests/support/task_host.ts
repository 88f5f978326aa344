/**
 * A hand-made job: does for a task what the runtime does, one call at a time, without a store or a connector.
 *
 * It serves to test failures in a job (a shared source, a value outside of its epoch) and what a checkpoint returns,
 * without a checkpoint, a connector or a clock.
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import type { ClockSnapshot } from "../../operators/_clock_snapshot.ts";
import { memoryState } from "../../operators/_memory_state.ts";
import type { Key, KeyedState, KeyedStateSpec } from "../../operators/keyed_state.ts";
import { operate } from "../../operators/_operate.ts";
import type { InputSlot } from "../../operators/_scope.ts";
import { Bottom, sourceOf } from "../../operators/_source.ts";
import { type PaneAtHand, setRunningTask, type SourceRequest, Task, type TaskHost } from "../../operators/_task.ts";

/** A source as a pipeline describes it. The job identifies it by its topic. */
export function jobSource<T>(topic: string, partitions = 1, broadcast = false): Observable<T> {
  return sourceOf<T>({
    spec: { partitions },
    label: topic,
    broadcast,
    peek() {
      throw new TypeError(`"${topic}" was read without a job`);
    },
  });
}

/** A sink as a pipeline describes it. Its stage keeps the values of the epoch. */
export function jobSink<T>(topic: string): MonoTypeOperatorFunction<T> {
  return operate<T, T>({ operator: "sink", name: topic, time: "passes", keeps: true, failure: "result" }, (stage) => {
    const write = stage.task.host!.bindSink({}, stage.label);
    return {
      next(value) {
        write(value);
        stage.emit(value);
      },
    };
  });
}

/** What one task hands to its successor: its states and its clocks. */
export interface Checkpoint {
  readonly states: Map<string, KeyedState>;
  readonly clocks: Readonly<Record<string, ClockSnapshot>>;
}

/** One task of a job, driven by a test. */
export class HandMadeTask implements TaskHost {
  readonly task: Task;
  readonly written: [sink: string, value: unknown][] = [];
  readonly badRecords: string[] = [];
  ends = 0;
  checkKey: ((key: Key, stage: string) => void) | undefined;
  skipPane: ((pane: PaneAtHand) => boolean) | undefined;
  now: (() => number) | undefined;
  readonly #states: Map<string, KeyedState>;
  readonly #sources: { request: SourceRequest; slots: readonly InputSlot[] }[] = [];
  readonly #slots = new Map<string, InputSlot>();

  constructor(readonly checkpoint: Checkpoint = { states: new Map(), clocks: {} }) {
    this.#states = checkpoint.states;
    this.task = new Task(this);
  }

  /** Subscribes pipelines as a job does. Throws when a pipeline is put together wrongly. */
  run(...pipelines: Observable<unknown>[]): this {
    for (const [index, pipeline] of pipelines.entries()) {
      new Bottom(this.task, `pipeline ${index + 1}`, () => this.ends++).drain(pipeline);
    }
    if (this.task.failure !== undefined) throw this.task.failure.error;
    this.task.start();
    return this;
  }

  /** Pushes one record to every source of the topic that has this partition. */
  push(topic: string, value: unknown, at: { partition?: number; offset?: number; timestamp?: number } = {}): this {
    const { partition = 0, offset = 0, timestamp = 0 } = at;
    const slot = this.#slots.get(`${topic}/${partition}`)!.slot;
    this.task.idleSince[slot] = NaN;
    for (const { request } of this.#sources) {
      if (request.label !== topic) continue;
      this.#pushing(() => {
        this.task.record = { topic, partition, offset, timestamp, key: null, headers: undefined };
        this.task.slot = slot;
        this.task.timestamp = timestamp;
        request.subscriber.next(value);
      });
    }
    return this;
  }

  /** Marks a partition as idle since this time. */
  quiet(topic: string, partition: number, since: number): this {
    this.task.idleSince[this.#slots.get(`${topic}/${partition}`)!.slot] = since;
    return this;
  }

  /** Lets wall-clock time pass. */
  tick(now: number): this {
    this.task.tick(now);
    return this;
  }

  /** Cuts an epoch. */
  cut(): Checkpoint {
    this.#pushing(() => this.task.cutHooks.forEach((cut) => cut()));
    const clocks = [...this.task.clocks].map(([name, clock]) => [name, clock.snapshot()] as const);
    return { states: this.#states, clocks: Object.fromEntries(clocks) };
  }

  /** Ends the input: that of one topic, or all of it. */
  end(topic?: string): this {
    for (const { request } of this.#sources) {
      if (topic === undefined || request.label === topic) this.#pushing(() => request.end());
    }
    return this;
  }

  openState(spec: KeyedStateSpec): KeyedState {
    const state = this.#states.get(spec.name) ?? memoryState(spec);
    this.#states.set(spec.name, state);
    return state;
  }

  bindSource(request: SourceRequest): readonly InputSlot[] {
    const { label: topic, spec } = request;
    const slots = Array.from({ length: (spec as { partitions: number }).partitions }, (_, partition) => {
      const place = `${topic}/${partition}`;
      const slot = this.#slots.get(place) ?? { slot: this.#slots.size, topic, partition };
      this.#slots.set(place, slot);
      return slot;
    });
    this.#sources.push({ request, slots });
    return slots;
  }

  bindSink(_spec: unknown, label: string): (value: unknown) => void {
    return (value) => this.written.push([label, value]);
  }

  restoredClock(name: string): ClockSnapshot | undefined {
    return this.checkpoint.clocks[name];
  }

  badRecord(reason: string): void {
    this.badRecords.push(reason);
  }

  #pushing(push: () => void): void {
    const before = setRunningTask(this.task);
    this.task.active = true;
    try {
      push();
    } finally {
      this.task.active = false;
      this.task.record = undefined;
      this.task.slot = -1;
      this.task.timestamp = NaN;
      setRunningTask(before);
    }
  }
}
