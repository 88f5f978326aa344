/**
 * Runs one task: pushes the records of its input partitions through its own subscription of the pipelines, and collects
 * what an epoch will commit.
 *
 * Invariants:
 * - records are pushed one at a time, and all effects of a record have happened when its push returns. So an epoch can
 *   be cut between any two pushes;
 * - the effects of a failed push are never part of an epoch.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import type { ClockSnapshot } from "../operators/_clock_snapshot.ts";
import type { AnyKeyedState, KeyedStateSpec } from "../operators/keyed_state.ts";
import type { Bottom } from "../operators/_source.ts";
import type { InputSlot } from "../operators/_scope.ts";
import { setRunningTask, type SourceRequest, Task, type TaskHost } from "../operators/_task.ts";
import { BadRecords } from "./bad_records.ts";
import { giveUp } from "./letters.ts";
import type { InputQueue } from "./input_queue.ts";
import { Journal, type Pushed } from "./journal.ts";
import { SLICE_RECORDS } from "./limits.ts";
import { stillOpen } from "../operators/_misuse.ts";
import { subscribeAll } from "./plan.ts";
import { PushOrder } from "./push_order.ts";
import { Routes } from "./routes.ts";
import { Samples } from "./samples.ts";
import type { HopRecord } from "./hop_records.ts";
import { TaskHops } from "./task_hops.ts";
import { type Counters, type OnFailure, type RunnerParts, snapshotsOf } from "./runner_parts.ts";
import type { Outputs } from "./outputs.ts";

export type { Counters, RunnerParts };

/** What happens in a task without a record. */
export type Step = "tick" | "cut" | "end" | "later";

export class TaskRunner implements TaskHost {
  readonly number: number;
  readonly queues: readonly InputQueue[];
  readonly outputs: Outputs;
  task: Task;
  counters: Counters;
  /** Whether something has happened that a cut should commit. */
  changed = false;
  cuts = 0;
  /** Whether the input has ended and all effects of it have happened. */
  ended = false;
  /** The current record when the task failed. */
  failedAt: InputRecord | undefined;
  /** Some of this epoch's records. */
  readonly samples: Samples = new Samples();
  checkKey: TaskHost["checkKey"];
  skipPane: TaskHost["skipPane"];
  afterCall: TaskHost["afterCall"];
  readonly bindHop: TaskHost["bindHop"];
  readonly entries: TaskHost["entries"];
  readonly clock: TaskHost["clock"];
  /** The records of the epoch, kept when a policy may need to process the epoch again. */
  journal: Journal | undefined;
  /** Continues to process the epoch again after a stage was full. Returns the record at which that failed. */
  again: (() => InputRecord | undefined) | undefined;
  #clocks: Readonly<Record<string, ClockSnapshot>>;
  readonly routes: Routes;
  readonly #states = new Map<string, AnyKeyedState>();
  readonly hops: TaskHops | undefined;
  #bottoms: Bottom[] = [];
  /** Called when a stage has something to do in a push of its own, or accepts records again. */
  onWake: (() => void) | undefined;
  readonly #order: PushOrder;
  readonly #badRecords: BadRecords;
  /** The time of the last `tick`. */
  #ticked = 0;
  /** The wall clock when the record at hand was first pushed, where a journal is kept. */
  #pushedAt: number | undefined;
  #open = 0;

  constructor(readonly parts: RunnerParts, readonly onFailure: OnFailure) {
    this.number = parts.number;
    this.queues = parts.queues;
    this.outputs = parts.outputs;
    this.#badRecords = new BadRecords({
      policy: parts.badRecords,
      outputs: parts.outputs,
      writes: (slot) => this.queues[slot]?.counts !== false,
      counted: () => this.count("dead"),
    });
    this.entries = parts.entered;
    this.routes = new Routes(parts.planned, parts.entered, parts.decoded);
    this.#order = new PushOrder(parts.queues, (queue) => this.#waits(queue));
    this.counters = { ...parts.counters };
    this.#clocks = parts.clocks;
    this.task = new Task(this);
    this.clock = parts.clock;
    const { hops } = parts;
    this.hops = hops && new TaskHops(hops, this, this.routes);
    if (hops !== undefined) this.bindHop = (request) => this.hops!.bind(request);
    const { guardKey } = parts;
    if (guardKey) {
      this.checkKey = (key, stage) => guardKey(this.task, { key, stage, source: this.routes.source(this.task) });
    }
    if (parts.keepsJournal) this.journal = new Journal();
  }

  /** Subscribes the pipelines on what the checkpoint holds. Throws when a pipeline is put together wrongly. */
  bind(): void {
    this.routes.restore(this.parts.ended ?? []);
    this.#bind();
  }

  #bind(): void {
    this.#open = this.parts.pipelines.length;
    this.#bottoms = subscribeAll(this.task, this.parts.pipelines, () => this.#open--);
    this.task.start();
    this.#whilePushing(() => this.routes.endAsAtCut());
    for (const queue of this.queues) if (this.routes.over.includes(queue.topic)) queue.done = true;
  }

  /** Subscribes the pipelines anew on the state and clocks of the last cut: an RxJS chain is dead after an error. */
  rebind(clocks: Readonly<Record<string, ClockSnapshot>>, counters: Readonly<Counters>): void {
    this.close();
    this.#clocks = clocks;
    this.counters = { ...counters };
    this.outputs.discard();
    this.samples.clear();
    this.routes.clear();
    this.hops?.clear();
    this.#badRecords.forget();
    this.ended = false;
    this.again = undefined;
    const { idleSince } = this.task;
    this.task = new Task(this);
    for (const [slot, since] of idleSince.entries()) this.task.idleSince[slot] = since;
    this.#bind();
  }

  /** Ends the subscription. Open windows stay in the checkpoint. */
  close(): void {
    this.task.phase = "closed";
    for (const bottom of this.#bottoms) bottom.unsubscribe();
    this.#bottoms = [];
  }

  /** Pushes fetched records until the time is over, the epoch is full or no record waits. Returns how many it pushed. */
  pushSlice(elapsed: () => number, until: number): number {
    let pushed = 0;
    this.catchUp();
    while (this.task.failure === undefined && this.again === undefined && !this.outputs.full && this.task.full === 0) {
      this.#order.refill();
      if (this.#order.next() === undefined) break;
      pushed += this.#pushSome();
      // What a stage does for these records in a push of its own need not wait for the next slice.
      this.catchUp();
      if (elapsed() >= until) break;
    }
    return pushed;
  }

  /** Whether the task has something that may be pushed. */
  get ready(): boolean {
    return this.task.woken || (this.task.full === 0 && (this.again !== undefined || this.#order.ready));
  }

  /** Pushes one record again, after a rebind. */
  pushAgain({ queue, record, now }: Pushed): void {
    this.#pushedAt = now;
    this.#whilePushing(() => this.#push(queue, record));
  }

  /** Runs what stages do in a push of their own, and pushes again the records before an undo: they come before new ones. */
  catchUp(): void {
    if (this.task.woken && this.task.failure === undefined) this.#act("later");
    while (this.again !== undefined && this.task.failure === undefined && this.task.full === 0) {
      const record = this.again();
      if (this.task.failure !== undefined && !this.#recover(record)) return;
    }
  }

  /** Lets time pass: idle partitions stop holding the watermark back, and windows of a quiet topic fire. */
  tick(now: number): void {
    const { task } = this;
    // The records of an epoch that is processed again have come already: no time passes before them.
    if (task.phase !== "running" || task.failure !== undefined || this.again !== undefined) return;
    this.#ticked = now;
    this.#act("tick");
  }

  /** Ends each source whose input has ended. The task ends with the last source, once no stage holds anything back. */
  endSources(hasEnded: (queue: InputQueue) => boolean): void {
    const { task } = this;
    if (this.ended || task.failure !== undefined || this.again !== undefined) return;
    const ending = this.routes.findEnding((topic) => this.queues.every((one) => one.topic !== topic || hasEnded(one)));
    // A topic without a partition for this task has ended from the start. That is no change to commit.
    if (this.queues.some((queue) => ending.includes(queue.topic))) this.changed = true;
    if (ending.length > 0) this.#act("end");
    this.#finish();
  }

  /** Ends the task when all sources have ended and nothing is held back. */
  #finish(): void {
    const { task } = this;
    if (task.failure !== undefined || task.held > 0 || task.woken || this.again !== undefined) return;
    const isStuck = this.hops?.stuck === true;
    if (!isStuck && !this.routes.ended) return;
    if (isStuck || this.#open > 0) return void task.fail(stillOpen(), "the pipeline", "async");
    this.ended = true;
    this.changed = true;
  }

  /** Runs what belongs before the cut: stages that emit once an epoch emit now. */
  beforeCut(): void {
    this.#act("cut");
  }

  /** A state could not be cut. Returns whether the task goes on: the record or pane at fault was found and left out. */
  refusedAtCut(error: unknown): boolean {
    this.task.fail(error, "", "state");
    return this.#recover(undefined);
  }

  /** Begins the next epoch after a cut. */
  startEpoch(): void {
    this.cuts++;
    this.samples.clear();
    this.changed = false;
    this.hops?.startEpoch();
    this.task.late = 0;
    this.routes.cut();
    for (const queue of this.queues) queue.startEpoch();
    this.journal = this.journal?.next(this.task.held > 0);
    if (this.journal?.blamesPanes !== true) this.skipPane = undefined;
  }

  /** Repeats a step that no record causes, after a rebind. */
  repeat(step: Step): void {
    if (this.task.failure === undefined) this.#whilePushing(() => this.#do(step));
  }

  #do(step: Step): void {
    const { task } = this;
    if (step === "cut") { for (const hook of task.cutHooks) hook(); }
    else if (step === "end") this.routes.endFound();
    else if (step === "tick") {
      this.changed = task.tick(this.#ticked) || this.hops?.hasMoved(this.#ticked) || this.changed;
    } else {
      this.changed = true;
      task.runLater();
    }
  }

  /** Snapshots of all clocks. */
  clocks(): Record<string, ClockSnapshot> {
    return snapshotsOf(this.task.clocks);
  }

  /** Reads a state of the pipeline, as it stands in memory. */
  state(name: string): AnyKeyedState | undefined {
    return this.#states.get(name);
  }

  // What stages request from their task.

  openState(spec: KeyedStateSpec): AnyKeyedState {
    const state = this.parts.openState(spec);
    this.#states.set(spec.name, state);
    return state;
  }

  bindSource(request: SourceRequest): readonly InputSlot[] {
    const { topic } = this.routes.bind(request);
    return this.queues.filter((queue) => queue.topic === topic);
  }

  bindSink(spec: unknown): (value: unknown) => void {
    return this.outputs.writer(spec, () => this.task);
  }

  restoredClock(name: string): ClockSnapshot | undefined {
    return Object.hasOwn(this.#clocks, name) ? this.#clocks[name] : undefined;
  }

  readonly wake = (): void => this.onWake?.();
  readonly now = (): number => this.#pushedAt ?? this.outputs.parts.now();

  badRecord(reason: string, stage = ""): void {
    this.#badRecords.refuse(this.task, reason, stage);
  }

  earlyTime(time: number): void {
    this.parts.earlyTime?.(time, this.task.record);
  }

  count(name: string, by = 1): void {
    this.counters[name] = (this.counters[name] ?? 0) + by;
  }

  readonly giveUp: TaskHost["giveUp"] = (pane, stage, reason) => giveUp(this, pane, { stage, reason });

  /** Whether a queue waits: for tables, or because it is too far ahead of the others for a `watermark({ maxDrift })`. */
  #waits(queue: InputQueue): boolean {
    if (this.parts.tablesFirst?.holds(queue)) return true;
    const { slot } = queue, { drifts } = this.task;
    for (let i = 0; i < drifts.length; i++) if (drifts[i].isAhead(slot)) return true;
    return false;
  }

  #pushSome(): number {
    const order = this.#order;
    // Most tasks read one partition, which needs no choice.
    const only = this.queues.length === 1 ? this.queues[0] : undefined;
    let pushed = 0;
    const before = setRunningTask(this.task);
    this.task.active = true;
    try {
      // A stage that has become full takes not one record more.
      while (pushed < SLICE_RECORDS && this.task.full === 0) {
        const queue = only ?? order.next();
        if (queue === undefined) break;
        const record = queue.take();
        if (only === undefined) order.taken();
        // The position may have moved past control records without a record.
        if (queue.hop) this.hops!.moved = true;
        else this.changed = true;
        if (record === undefined) {
          if (only === undefined) continue;
          break;
        }
        pushed++;
        if (this.journal !== undefined) {
          const now = this.#pushedAt = this.outputs.parts.now();
          this.journal.pushed.push({ queue, record, now });
        }
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

  /**
   * Runs a step that no record causes, and repeats it after each failure that was handled, unless records are still to be
   * pushed again: they come before it, and its time comes again.
   */
  #act(step: Step): void {
    do this.#whilePushing(() => this.#do(step)); while (
      this.task.failure !== undefined && this.#recover(undefined) && this.again === undefined
    );
  }

  /** Hands a failure to its handler. When it was handled, the pipelines were subscribed anew. */
  #recover(record: InputRecord | undefined): boolean {
    this.#rest();
    // The result of a call is pushed without a record at hand, and the record of its value is told.
    this.failedAt = record ?? this.task.failure!.pane?.call?.record as InputRecord | undefined;
    const before = setRunningTask(undefined);
    const dealtWith = this.onFailure(this.task.failure!, this.failedAt);
    setRunningTask(before);
    if (dealtWith) this.failedAt = undefined;
    return dealtWith;
  }

  #push(queue: InputQueue, record: InputRecord): void {
    if (queue.hop) return this.hops!.push(queue, record as HopRecord);
    const { task } = this;
    if (queue.counts) this.count("records_in");
    if (record.unreadable === undefined && this.samples.open) this.samples.add(record);
    task.record = record;
    task.slot = queue.slot;
    if (task.idleSince[queue.slot] !== undefined) task.idleSince[queue.slot] = NaN;
    this.routes.push(task, record);
  }

  /** Runs code that may push values, with the task's registers set as for a timer. */
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

  /** Marks that nothing is being pushed: a value that arrives now is outside of its epoch. */
  #rest(): void {
    const { task } = this;
    this.#pushedAt = undefined;
    task.active = false;
    task.record = undefined;
    task.slot = -1;
    task.timestamp = NaN;
  }
}
