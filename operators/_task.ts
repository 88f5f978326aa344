/**
 * The task: the root of all scopes of one subscription, with the registers of the record being pushed.
 *
 * Inside a job the runtime makes one task for each input partition and is its {@linkcode TaskHost}. With no job around, the
 * bottommost of our operators makes an ephemeral one, whose state lives in memory and ends with the subscription.
 *
 * @module
 */
import { errorOf } from "../base/thrown.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import { BEFORE_1973 } from "./_limits.ts";
import { memoryState } from "./_memory_state.ts";
import type { Key, KeyedState, KeyedStateSpec } from "./keyed_state.ts";
import { type InputSlot, Scope } from "./_scope.ts";

/** The record at hand, as it came from its source. */
export interface RecordAtHand {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[] | undefined;
}

/** A `watermark()`, or a stage that hands event time on, as their task sees them. */
export interface ClockHandle {
  /** Which `watermark()` of the program this is; two stages of one name are a mistake. */
  readonly identity: object;
  /** It belongs to a stage that hands event time on, and not to a `watermark()`. @default false */
  readonly forwards?: boolean;
  /** The topics that it reads. @default none */
  readonly reads?: readonly string[];
  snapshot(): ClockSnapshot;
  /** Wall-clock time has passed; slots that have been idle too long leave the minimum. What that fires, fires before it returns. */
  tick(now: number): void;
}

/** A `watermark({ maxDrift })`: holds partitions back that are ahead of the others. */
export interface Drift {
  /** Whether the slot is further ahead than that of the slowest that has not ended and is not idle. */
  isAhead(slot: number): boolean;
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
   * - `state`: a state could not be cut;
   * - `misuse`: the pipeline is put together in a way that would lose or double records.
   * - `async`: a value came back after its push was over; offsets beyond it may be committed.
   */
  readonly kind: "user" | "firing" | "result" | "state" | "misuse" | "async";
  /** The pane that was being fired, where one was. */
  readonly pane: PaneAtHand | undefined;
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
  badRecord(reason: string, stage?: string): void;
  /** The event time of the record at hand lies before 1973, which is most likely a mistake. Told once. */
  earlyTime?(time: number): void;
  /** A key that a stage sees for the first time: throws where the topic is not keyed by it. */
  checkKey: ((key: Key, stage: string) => void) | undefined;
  /** Whether this pane was found undeliverable before and is to be passed over. */
  skipPane: ((pane: PaneAtHand) => boolean) | undefined;
}

/** A source asks to be bound. */
export interface SourceRequest {
  readonly spec: unknown;
  readonly label: string;
  readonly subscriber: {
    next(value: unknown): void;
    error(error: unknown): void;
    complete(): void;
    readonly closed: boolean;
  };
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

  /** Why the value being pushed was refused by a stage above (`late for tumblingWindow "activity"`), or `undefined`. */
  refusal: string | undefined = undefined;

  phase: "binding" | "running" | "ending" | "closed" = "binding";
  failure: TaskFailure | undefined = undefined;
  /** How many records came too late for their window. */
  late = 0;
  readonly root: Scope;
  /** Since when, on a clock that never jumps and in milliseconds, each slot has had nothing to read; NaN: it has, or it is not known. */
  readonly idleSince: number[] = [];
  readonly clocks: Map<string, ClockHandle> = new Map();
  /** Who may hold a partition back. */
  readonly drifts: Drift[] = [];
  /** Run at each cut, from the top of the pipeline to its bottom. */
  readonly cutHooks: (() => void)[] = [];
  /** The input partitions of all sources, by slot. */
  readonly inputs: InputSlot[] = [];
  /** Grows whenever something about the sources changes: who asks for them anew does so only then. */
  changes = 0;
  readonly #starters: (() => void)[] = [];
  readonly #ended = new Set<number>();
  readonly #stages = new Set<string>();
  #slots = 0;
  #started = false;

  /** @param host the job, or `undefined` for an ephemeral task */
  constructor(readonly host: TaskHost | undefined) {
    this.root = new Scope(this, undefined, true);
  }

  /** Opens the state of a stage. Throws where the name is missing in a job, or taken. */
  openState<K extends Key, V>(
    spec: { name: string | undefined; operator: string } & Omit<KeyedStateSpec, "name" | "operator">,
  ): KeyedState<K, V> {
    const { name, operator } = spec;
    if (name === undefined && this.host !== undefined) {
      throw new TypeError(
        `Cannot run ${operator}: a stateful stage needs a name in a job, so that its state is found again after a restart`,
      );
    }
    if (name !== undefined) {
      if (this.#stages.has(name)) {
        throw new TypeError(
          `Cannot run ${operator} "${name}": another stage has this name already, and each would restore the other's state`,
        );
      }
      this.#stages.add(name);
    }
    const complete: KeyedStateSpec = { ...spec, name: name ?? operator, operator };
    const state = this.host?.openState(complete) ?? memoryState(complete);
    return state as unknown as KeyedState<K, V>;
  }

  /** Registers a clock under its name; a second subscription of the same stage gets a number behind it. Returns the name in force. */
  addClock(name: string, clock: ClockHandle): string {
    let unique = name;
    for (let n = 2; this.clocks.has(unique); n++) {
      if (this.host !== undefined && this.clocks.get(unique)!.identity !== clock.identity) {
        throw new TypeError(
          `Cannot run watermark "${name}": another watermark() has this name already; give one of them a name of its own`,
        );
      }
      unique = `${name}#${n}`;
    }
    this.clocks.set(unique, clock);
    return unique;
  }

  /** A slot for a source that reads without a job: each of them is an input partition of its own. */
  newSlot(): number {
    return this.#slots++;
  }

  /** A slot will never send again, because its input has really ended: it holds nobody back. */
  endSlot(slot: number): void {
    this.#ended.add(slot);
    this.changes++;
  }

  /** Whether a slot will never send again. */
  hasEnded(slot: number): boolean {
    return this.#ended.has(slot);
  }

  /** A stage sees a key for the first time. Throws where it can be no key, or where the topic is not keyed by it. */
  meet(key: Key, stage: string): void {
    if (!KEY_TYPES.has(typeof key)) {
      throw new TypeError(
        `A key of ${stage} must be a string, number, bigint or boolean, current value is ${described(key)}`,
      );
    }
    this.host?.checkKey?.(key, stage);
  }

  /** What is at hand is a bad record: goes where the job says; without a job it ends the stream. */
  refuse(reason: string): void {
    if (this.host === undefined) throw new RangeError(`A record is bad: ${reason}`);
    this.host.badRecord(reason);
  }

  /** Tells the job where an event time lies before 1973: then it is most likely in seconds. */
  tellEarly(time: number): void {
    if (time < BEFORE_1973) this.host?.earlyTime?.(time);
  }

  /** Something to do when the whole graph stands; at once when it does already. */
  onStart(starter: () => void): void {
    if (this.#started) starter();
    else this.#starters.push(starter);
  }

  /** The graph stands: sources begin to push. */
  start(): void {
    this.phase = "running";
    // The list may grow meanwhile: sources that come to light only now begin after all that were known before.
    for (let i = 0; i < this.#starters.length; i++) this.#starters[i]();
    this.#starters.length = 0;
    this.#started = true;
  }

  /** Remembers the first failure; what comes after it is its consequence. */
  fail(error: unknown, stage: string, kind: TaskFailure["kind"]): Error {
    const asError = errorOf(error);
    if (this.failure === undefined && this.phase !== "closed") {
      this.failure = {
        error: asError,
        stage,
        kind: kind === "user" && this.pane !== undefined ? "firing" : kind,
        pane: this.pane,
      };
    }
    return asError;
  }

  /** Runs what no record caused as a push of its own: a timer, a cut. The registers are empty meanwhile. */
  enter(push: () => void): void {
    const { record, timestamp, slot, active } = this;
    const before = running;
    running = this;
    this.active = true;
    this.record = undefined;
    this.timestamp = NaN;
    this.slot = -1;
    try {
      push();
    } finally {
      this.record = record;
      this.timestamp = timestamp;
      this.slot = slot;
      this.active = active;
      running = before;
    }
  }
}

const KEY_TYPES: ReadonlySet<string> = new Set(["string", "number", "bigint", "boolean"]);

/** A value in a message: short, whatever it is. */
function described(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
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
