/**
 * The task: the root of all scopes of one subscription, with the registers of the record being pushed.
 *
 * Inside a job the runtime makes one task for each input partition and is its {@linkcode TaskHost}. With no job around, the
 * bottommost of our operators makes an ephemeral one, whose state lives in memory and ends with the subscription.
 *
 * @module
 */
import { type Key, type KeyedState, type KeyedStateSpec, MemoryKeyedState } from "./keyed_state.ts";
import { type AttachedSource, type InputSlot, Scope } from "./_scope.ts";

/** The record at hand, as it came from its source. */
export interface RecordAtHand {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly headers: Readonly<Record<string, Uint8Array>> | undefined;
}

/** What a `watermark()` must know again after a restart. */
export interface ClockSnapshot {
  /** The highest timestamp seen, for each partition that has been read. */
  readonly partitions: readonly (readonly [topic: string, partition: number, highest: number])[];
  readonly watermark: number;
}

/** A `watermark()` as its task sees it. */
export interface ClockHandle {
  /** Which `watermark()` of the program this is; two stages of one name are a mistake. */
  readonly identity: object;
  snapshot(): ClockSnapshot;
  /** Wall-clock time has passed; slots that have been idle too long leave the minimum. */
  tick(now: number): void;
}

/** Why a task cannot go on. */
export interface TaskFailure {
  readonly error: Error;
  /** The stage that saw it: `keyedReduce "event-count"`. */
  readonly stage: string;
  /**
   * - `user`: a user's function threw while a record was pushed;
   * - `firing`: the same while a window fired, so that no record is to blame;
   * - `result`: a sink could not encode what reached it;
   * - `misuse`: the pipeline is put together in a way that would lose or double records.
   * - `async`: a value came back after its push was over; offsets beyond it may be committed.
   */
  readonly kind: "user" | "firing" | "result" | "misuse" | "async";
}

/** Identifies one firing of one window, so that it can be passed over when it cannot be delivered. */
export interface PaneAtHand {
  readonly state: string;
  readonly key: Key;
  readonly namespace: number;
  readonly index: number;
  readonly result: unknown;
}

/** What a job does for its tasks. */
export interface TaskHost {
  openState(spec: KeyedStateSpec): KeyedState;
  /** A source was subscribed. The host pushes to it from `start` on, and returns the slots that it will read. */
  bindSource(source: SourceRequest): readonly InputSlot[];
  /** A sink was subscribed. Returns what takes its values. */
  bindSink(spec: unknown, label: string): (value: unknown) => void;
  /** The clock of that name as the checkpoint has it. */
  restoredClock(name: string): ClockSnapshot | undefined;
  /** A record is not what it should be: dead letter, or an error that stops the task. */
  badRecord(reason: string): void;
  /** A key that a stage sees for the first time: throws where the topic is not keyed by it. */
  checkKey: ((key: Key, stage: string) => void) | undefined;
  /** Whether this pane was found undeliverable before and is to be passed over. */
  skipPane: ((pane: PaneAtHand) => boolean) | undefined;
}

/** A source asks to be bound. */
export interface SourceRequest {
  readonly spec: unknown;
  readonly label: string;
  readonly subscriber: { next(value: unknown): void; error(error: unknown): void; complete(): void; readonly closed: boolean };
}

/** One subscription of a pipeline. */
export class Task {
  /** Registers of the record being pushed. */
  record: RecordAtHand | undefined = undefined;
  /** Event time of the value being pushed, in milliseconds; NaN where none is known yet. */
  timestamp: number = NaN;
  /** Which of the task's input partitions the record came from; -1 for timers and plain Observables. */
  slot = -1;
  /** A push is under way: what arrives now belongs to it. */
  active = false;
  /** The pane being fired, or `undefined`. */
  pane: PaneAtHand | undefined = undefined;

  phase: "binding" | "running" | "ending" | "closed" = "binding";
  failure: TaskFailure | undefined = undefined;
  /** How many records came too late for their window. */
  late = 0;
  readonly root: Scope;
  /** Wall-clock milliseconds since when each slot has had nothing to read; NaN: it has, or it is not known. */
  readonly idleSince: number[] = [];
  readonly clocks: Map<string, ClockHandle> = new Map();
  /** Run at each cut, from the top of the pipeline to its bottom. */
  readonly cutHooks: (() => void)[] = [];
  readonly #starters: (() => void)[] = [];
  readonly #stages = new Set<string>();

  /** @param host the job, or `undefined` for an ephemeral task */
  constructor(readonly host: TaskHost | undefined) {
    this.root = new Scope(this, undefined, true);
  }

  /** Opens the state of a stage. Throws where the name is missing in a job, or taken. */
  openState<K extends Key, V>(spec: { name: string | undefined; operator: string } & Omit<KeyedStateSpec, "name" | "operator">): KeyedState<K, V> {
    const { name, operator } = spec;
    if (name === undefined && this.host !== undefined) {
      throw new TypeError(`Cannot run ${operator}: a stateful stage needs a name in a job, so that its state is found again after a restart`);
    }
    if (name !== undefined) {
      if (this.#stages.has(name)) {
        throw new TypeError(`Cannot run ${operator} "${name}": another stage has this name already, and each would restore the other's state`);
      }
      this.#stages.add(name);
    }
    const complete: KeyedStateSpec = { ...spec, name: name ?? operator, operator };
    const state = this.host?.openState(complete) ?? new MemoryKeyedState(complete);
    return state as unknown as KeyedState<K, V>;
  }

  /** Registers a clock under its name; a second subscription of the same stage gets a number behind it. Returns the name in force. */
  addClock(name: string, clock: ClockHandle): string {
    let unique = name;
    for (let n = 2; this.clocks.has(unique); n++) {
      if (this.host !== undefined && this.clocks.get(unique)!.identity !== clock.identity) {
        throw new TypeError(`Cannot run watermark "${name}": another watermark() has this name already; give one of them a name of its own`);
      }
      unique = `${name}#${n}`;
    }
    this.clocks.set(unique, clock);
    return unique;
  }

  /** Something to do when the whole graph stands; at once when it does already. */
  onStart(starter: () => void): void {
    if (this.phase === "binding") this.#starters.push(starter);
    else starter();
  }

  /** The graph stands: sources begin to push. */
  start(): void {
    this.phase = "running";
    for (const starter of this.#starters) starter();
    this.#starters.length = 0;
  }

  /** Remembers the first failure; what comes after it is its consequence. */
  fail(error: unknown, stage: string, kind: TaskFailure["kind"]): Error {
    const asError = error instanceof Error ? error : new Error(String(error));
    if (this.failure === undefined && this.phase !== "closed") {
      this.failure = { error: asError, stage, kind: kind === "user" && this.pane !== undefined ? "firing" : kind };
    }
    return asError;
  }

  /** Runs a push for a value that no source of ours sent: only where there is no job. */
  enter(push: () => void): void {
    const before = running;
    running = this;
    this.active = true;
    try {
      push();
    } finally {
      this.active = false;
      running = before;
    }
  }
}

let running: Task | undefined;

/** The task whose record is being pushed, or `undefined`. */
export function runningTask(): Task | undefined {
  return running;
}

/** Marks a task as the one that pushes; returns the one before, to be put back in `finally`. */
export function setRunningTask(task: Task | undefined): Task | undefined {
  const before = running;
  running = task;
  return before;
}

/** Says to the open scope that a source is there. */
export function attach(scope: Scope, source: AttachedSource): void {
  scope.attachSource(source);
}
