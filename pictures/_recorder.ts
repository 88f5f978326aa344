/**
 * Watches the stages of a pipeline and records what happens in them.
 *
 * It is set in a scope while the pipeline is bound, and wraps the handlers, the outputs and the listeners of the stages
 * above. A pipeline without a trace has none of these, so nothing is paid for it.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "../operators/_limits.ts";
import type { StageWatcher, WatchedStage } from "../operators/_host.ts";
import { copyWherePlain } from "../operators/_own.ts";
import type { Scope } from "../operators/_scope.ts";
import type { ClockHandle, Task } from "../operators/_task.ts";
import type { ClockFacts } from "../operators/_time_facts.ts";
import type { WindowResult } from "../operators/_window_result.ts";
import type { TraceEvent, TraceMoment, TracePlace } from "./events.ts";
import { resultWords, wordOf } from "./_words.ts";

/** An event without its moment. */
type Happened = { [E in TraceEvent as E["kind"]]: Omit<E, keyof TraceMoment> }[TraceEvent["kind"]];

/** What people want to read in pictures. */
export interface Labels {
  readonly label: ((value: unknown) => unknown) | undefined;
  readonly result: ((value: unknown) => readonly unknown[]) | undefined;
}

/** Stages that keep what they are given, and pass it on. */
const PASS_ON = new Set(["sink", "repartition"]);

/** Where the events of all tasks of a trace go. */
export class EventLog {
  readonly events: TraceEvent[] = [];
  /** How many events came after the log was full. */
  leftOut = 0;
  #step = -1;
  #fresh = true;
  /** The step began without a record. */
  #quiet = false;
  #depth = 0;
  readonly #tasks = new Map<Task, number>();

  constructor(readonly limit: number, readonly labels: Labels) {}

  /** Runs a function. All that it causes is one step, unless it is a part of one already. */
  within(run: () => void): void {
    if (this.#depth++ === 0) this.#fresh = true;
    try {
      run();
    } finally {
      this.#depth--;
    }
  }

  add(task: Task, event: Happened): void {
    if (this.#depth === 0) this.#fresh = true;
    if (this.#fresh && this.#follows(task, event)) this.events.pop();
    else if (this.#fresh) {
      this.#step++;
      this.#quiet = event.kind !== "record";
    }
    this.#fresh = false;
    if (this.events.length >= this.limit) return void this.leftOut++;
    if (!this.#tasks.has(task)) this.#tasks.set(task, this.#tasks.size);
    this.events.push({ ...event, step: this.#step, task: this.#tasks.get(task)! } as TraceEvent);
  }

  /** Whether a watermark only goes on with the wall clock, so that it replaces the one before it. */
  #follows(task: Task, { kind }: Happened): boolean {
    const last = this.events.at(-1);
    if (kind !== "watermark" || last?.kind !== "watermark" || this.leftOut > 0) return false;
    return this.#quiet && last.step === this.#step && last.task === this.#tasks.get(task);
  }
}

/** Watches the stages of one subscription. */
export class Recorder implements StageWatcher {
  readonly #scopes = new Set<Scope>();
  readonly #stages = new Set<WatchedStage>();
  readonly #clocks: ClockView[] = [];
  /** The names of plain Observables, by their slots. */
  readonly #named = new Map<number, string>();
  /** The watermark that is being acted on, or `undefined`. */
  #reached: number | undefined;
  /** The stages that have fired because of it. */
  readonly #fired = new Set<WatchedStage>();

  /** @param outer another trace that watches the same stages */
  constructor(readonly log: EventLog, readonly task: Task, readonly outer: StageWatcher | undefined) {}

  watch<T>(stage: WatchedStage, handle: (value: T) => void): (value: T) => void {
    const handler = this.outer?.watch(stage, handle) ?? handle;
    const { operator, time, keeps, makesWatermarks } = stage.parts.options;
    if (!this.#stages.has(stage)) {
      this.#stages.add(stage);
      if (makesWatermarks) this.#watchClock(stage);
      else if (time === "own" || (keeps && !PASS_ON.has(operator))) this.#watchResults(stage);
      this.#watchLate(stage);
    }
    return makesWatermarks ? (value) => this.#record(stage, value, handler) : handler;
  }

  #record<T>(stage: WatchedStage, value: T, handle: (value: T) => void): void {
    const { log, task } = this;
    log.within(() => {
      const { time, record } = stage.at;
      const { name } = stage.parts.options;
      if (name !== undefined && (task.inputs[task.slot]?.topic ?? "") === "") this.#named.set(task.slot, name);
      if (!Number.isNaN(time)) {
        const offset = record?.offset;
        log.add(task, { kind: "record", ...this.#place(), offset, time, value, text: this.#text(value) });
      }
      handle(value);
      this.#look();
    });
  }

  /** Finds the clock that a `watermark()` registers when it is opened, and the scope that it tells. */
  #watchClock(stage: WatchedStage): void {
    const { task, log } = this;
    const { handlers } = stage;
    stage.handlers = {
      ...handlers,
      open: () => {
        const before = new Set(task.clocks.keys());
        handlers.open?.();
        for (const [name, clock] of task.clocks) {
          const { explain } = clock;
          if (before.has(name) || explain === undefined) continue;
          this.#clocks.push(new ClockView(() => explain.call(clock)));
          task.clocks.set(name, this.#watchedClock(clock));
        }
        // What the checkpoint restored has not happened now.
        for (const clock of this.#clocks) clock.changes(this.#named);
      },
    };
    let scope = stage.below;
    while (!scope.opaque && scope.parent !== undefined) scope = scope.parent;
    if (this.#scopes.has(scope)) return;
    this.#scopes.add(scope);
    const { listener } = scope;
    scope.listener = {
      advance: (watermark) =>
        log.within(() => {
          this.#look();
          log.add(task, watermark === END_OF_TIME ? { kind: "end" } : { kind: "watermark", watermark });
          this.#reached = watermark;
          this.#fired.clear();
          listener?.advance(watermark);
          this.#reached = undefined;
        }),
      idle: (idle) => listener?.idle?.(idle),
    };
  }

  #watchedClock(clock: ClockHandle): ClockHandle {
    return {
      ...clock,
      tick: (now) => {
        let changed = false;
        this.log.within(() => {
          changed = clock.tick(now);
          this.#look();
        });
        return changed;
      },
    };
  }

  /** Records what has changed in the partitions. */
  #look(): void {
    for (const clock of this.#clocks) for (const change of clock.changes(this.#named)) this.log.add(this.task, change);
  }

  #watchResults(stage: WatchedStage): void {
    const { out } = stage;
    stage.out = {
      get closed() {
        return out.closed;
      },
      next: (value) =>
        this.log.within(() => {
          if (isPane(value)) this.#pane(stage, value);
          else if (stage.parts.options.keeps) this.#result(stage, value);
          out.next(value);
        }),
    };
  }

  #result({ label: stage, at: { time }, parts }: WatchedStage, value: unknown): void {
    if (PASS_ON.has(parts.options.operator)) return;
    const { log, task } = this;
    const words = resultWords(log.labels.result === undefined ? value : log.labels.result(value));
    log.add(task, { kind: "result", stage, time, value: copyWherePlain(value), words });
  }

  #pane(
    stage: WatchedStage,
    { key, window, value, pane, index, retracts }: WindowResult<unknown, never, unknown>,
  ): void {
    const { log, task } = this;
    const { label } = stage;
    if (this.#reached !== undefined && !this.#fired.has(stage)) {
      this.#fired.add(stage);
      const watermark = this.#reached === END_OF_TIME ? undefined : this.#reached;
      log.add(task, { kind: "firing", stage: label, watermark });
    }
    log.add(task, {
      kind: "pane",
      stage: label,
      key,
      window,
      value: copyWherePlain(value),
      pane,
      index,
      retracts: retracts === true,
    });
  }

  #watchLate(stage: WatchedStage): void {
    const { late, label } = stage;
    stage.late = (value, until, window) => {
      const { time } = stage.at;
      this.log.add(this.task, { kind: "late", stage: label, ...this.#place(), time, value, text: this.#text(value) });
      late.call(stage, value, until, window);
    };
  }

  #place(): TracePlace {
    const { slot, inputs } = this.task;
    const name = this.#named.get(slot);
    if (name !== undefined) return { topic: name, partition: -1 };
    const { topic = "", partition = slot } = inputs[slot] ?? {};
    return { topic, partition };
  }

  #text(value: unknown): string {
    const { label } = this.log.labels;
    return label === undefined ? "" : wordOf(label(value));
  }
}

/** The partitions of a `watermark()`, as they were when they were last looked at. */
class ClockView {
  readonly #known = new Map<number, { mark: number; idle: boolean }>();

  constructor(readonly explain: () => ClockFacts) {}

  /** What has changed since the last call. @param named the names of plain Observables, by their slots */
  changes(named: ReadonlyMap<number, string>): Happened[] {
    const changed: Happened[] = [];
    for (const { slot, topic, partition, mark, idle } of this.explain().partitions) {
      if (slot < 0) continue;
      const before = this.#known.get(slot) ?? { mark: BEGIN_OF_TIME, idle: false };
      const name = topic === "" ? named.get(slot) : undefined;
      const place = name === undefined ? { topic, partition } : { topic: name, partition: -1 };
      if (before.idle && !idle) changed.push({ kind: "active", ...place });
      if (mark > before.mark) changed.push({ kind: "mark", ...place, mark });
      if (!before.idle && idle) changed.push({ kind: "idle", ...place });
      this.#known.set(slot, { mark, idle });
    }
    return changed;
  }
}

function isPane(value: unknown): value is WindowResult<unknown, never, unknown> {
  if (typeof value !== "object" || value === null || !("window" in value) || !("pane" in value)) return false;
  const { window } = value;
  return typeof window === "object" && window !== null && "start" in window && "end" in window;
}
