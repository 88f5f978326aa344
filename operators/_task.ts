/**
 * The task: the root of all scopes of one subscription, with the registers of the record being pushed.
 *
 * Inside a job the runtime makes one task for each input partition and is its {@linkcode TaskHost}. With no job around,
 * the bottommost of our operators makes an ephemeral one. Its state is in memory and ends with the subscription.
 *
 * @module
 */
import { errorOf } from "../base/thrown.ts";
import type { At, ClockHandle, Drift, PaneAtHand, RecordAtHand, TaskFailure, TaskHost } from "./_host.ts";
import { BEFORE_1973 } from "./_limits.ts";
import { memoryState } from "./_memory_state.ts";
import type { Tally } from "./_tally.ts";
import type { AnyKeyedState, Key, KeyedStateSpec, StateKind, StateKinds } from "./keyed_state.ts";
import { type InputSlot, Scope } from "./_scope.ts";
import type { WaitingFacts } from "./_time_facts.ts";

export type {
  At,
  ClockHandle,
  Drift,
  HopPort,
  HopRequest,
  HopStatus,
  PaneAtHand,
  RecordAtHand,
  SourceRequest,
  TaskFailure,
  TaskHost,
} from "./_host.ts";

/** How many values may wait for a graph that is still being subscribed. */
const WAITING_VALUES = 1_000_000;

/** One subscription of a pipeline. */
export class Task implements At {
  /** Registers of the record being pushed. */
  record: RecordAtHand | undefined = undefined;
  /** Event time of the value being pushed, in milliseconds; NaN while none is known. */
  timestamp: number = NaN;
  /** Which of the task's input partitions the record came from; -1 for timers and plain Observables. */
  slot = -1;
  /** A push is under way. Values that arrive now belong to it. */
  active = false;
  /** The graph is bound and no push waits. A push may begin unless one is under way. */
  open = false;
  /** The pane being fired, or `undefined`. */
  pane: PaneAtHand | undefined = undefined;

  /** Why the value being pushed was refused by a stage above (`late for tumblingWindow "activity"`), or `undefined`. */
  refusal: string | undefined = undefined;

  phase: "binding" | "running" | "closed" = "binding";
  /** The end of a source is being pushed. */
  ending = false;
  /** How many holds keep the task from ending. */
  held = 0;
  /** How many stages can take no more records for now. */
  full = 0;
  /** Their labels. */
  readonly fullStages: string[] = [];
  failure: TaskFailure | undefined = undefined;
  /** How many records came too late for their window. */
  late = 0;
  /** The counts of the stages that keep state. */
  readonly tallies: Set<Tally> = new Set();
  readonly root: Scope;
  /**
   * The time since which each slot has had nothing to read, in milliseconds of a monotonic clock. NaN when the slot has
   * records, or when this is not known.
   */
  readonly idleSince: number[] = [];
  readonly clocks: Map<string, ClockHandle> = new Map();
  /** The stages whose results wait for the watermark. */
  readonly upcoming: WaitingFacts[] = [];
  /** The clocks that may hold a partition back. */
  readonly drifts: Drift[] = [];
  /** Run at each cut, from the top of the pipeline to its bottom. */
  readonly cutHooks: (() => void)[] = [];
  /** The input partitions of all sources, by slot. */
  readonly inputs: InputSlot[] = [];
  /** Grows with each change of the sources, so that readers of the sources read them again only after a change. */
  changes = 0;
  /** Timers of processing time, called at each tick. Each returns whether a timer has fired. */
  readonly tickers: Set<(now: number) => boolean> = new Set();
  readonly #starters: (() => void)[] = [];
  /** Pushes that came while another was under way, or before the graph was bound. */
  #waiting: (() => void)[] = [];
  #settling = false;
  #later: (() => void)[] = [];
  readonly #ended = new Set<number>();
  readonly #stages = new Set<string>();
  /** The first stage of each operator that was bound. Two pipelines that are piped from it have a stage each. */
  readonly #firsts = new Map<object, object>();
  /** The hops of the task, by name. */
  readonly hops: Map<string, { readonly identity: object }> = new Map();
  #slots = 0;
  #started = false;

  /** @param host the job, or `undefined` for an ephemeral task */
  constructor(readonly host: TaskHost | undefined) {
    this.root = new Scope(this, undefined, true);
  }

  get time(): number {
    return this.timestamp;
  }

  /** Opens the state of a stage. Throws when the name is missing in a job, or already in use. */
  openState<Kind extends StateKind, K extends Key, E extends Key, V>(
    spec:
      & { name: string | undefined; operator: string; kind: Kind }
      & Omit<KeyedStateSpec, "name" | "operator" | "kind">,
    tally: Tally,
  ): StateKinds<K, E, V>[Kind] {
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
    // A stored state has no static types. This cast, the only one, gives it the types of its stage.
    const state: unknown = this.host?.openState(complete) ?? memoryState(complete);
    this.tallies.add(tally);
    tally.states.push(state as AnyKeyedState);
    return state as StateKinds<K, E, V>[Kind];
  }

  /**
   * Registers a clock under its name, and returns that name. For a second subscription of the same stage a number is
   * appended.
   */
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

  /** The input of a slot has ended. The slot sends no more records and no longer holds the watermark back. */
  endSlot(slot: number): void {
    this.#ended.add(slot);
    this.changes++;
  }

  /** Whether the input of a slot has ended. */
  hasEnded(slot: number): boolean {
    return this.#ended.has(slot);
  }

  /**
   * Checks a key that a stage sees for the first time. Throws when its type cannot be a key, or when the topic is not
   * keyed by it and must be.
   */
  meet(key: Key, stage: string, any = false): void {
    needKey(key, stage);
    if (!any) this.host?.checkKey?.(key, stage);
  }

  /** The current record is bad: the job's `onBadRecord` decides. Without a job this throws, which ends the stream. */
  refuse(reason: string, stage: string): void {
    if (this.host === undefined) throw new RangeError(`A record is bad: ${reason}`);
    this.host.badRecord(reason, stage);
  }

  /** Tells the job that an event time is before 1973, and so most likely in seconds. */
  tellEarly(time: number): void {
    if (time < BEFORE_1973) this.host?.earlyTime?.(time);
  }

  /** Runs a function when the whole graph is bound, or at once if it is already. */
  onStart(starter: () => void): void {
    if (this.#started) starter();
    else this.#starters.push(starter);
  }

  /** The graph is bound: sources begin to push. */
  start(): void {
    this.phase = "running";
    this.settle();
    // The list may grow meanwhile. Sources that are subscribed only now start after all others.
    for (let i = 0; i < this.#starters.length; i++) this.#starters[i]();
    this.#starters.length = 0;
    this.#started = true;
  }

  /** Whether a stage is the first one of its operator. Only that one counts what enters, because each gets the same. */
  isFirst(operator: object, stage: object): boolean {
    const first = this.#firsts.get(operator);
    if (first === undefined) this.#firsts.set(operator, stage);
    return first === undefined || first === stage;
  }

  /** Remembers the first failure. Later ones are its consequences. */
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

  /**
   * Without a job: runs a push now, or after the push under way, once the graph is bound. So each value is processed
   * completely before the next one, even if the next one was caused by it.
   *
   * @throws {RangeError} when too many pushes wait for the graph to be bound
   */
  after(push: () => void): void {
    if (!this.busy && this.phase !== "binding") return push();
    if (this.phase === "binding" && this.#waiting.length >= WAITING_VALUES) {
      throw new RangeError(
        `More than ${WAITING_VALUES} values came while the pipeline was being subscribed: a source inside connect() or defer() ` +
          `pushes at once. Put eventTime() directly below such a source`,
      );
    }
    this.#waiting.push(push);
    this.open = false;
  }

  /** Whether a push has to wait. */
  get busy(): boolean {
    return this.active || !this.open;
  }

  /** A push is over: runs the pushes that came meanwhile, in their order. */
  settle(): void {
    if (this.open || this.#settling || this.active || this.phase === "binding") return;
    this.#settling = true;
    try {
      for (let i = 0; i < this.#waiting.length && this.phase === "running"; i++) {
        this.#waiting[i]();
        if (i < 1024) continue;
        this.#waiting.splice(0, i + 1);
        i = -1;
      }
    } finally {
      this.#waiting = [];
      this.#settling = false;
      this.open = this.phase === "running";
    }
  }

  /** Runs a function in a push of its own, as soon as possible. For events that reach a stage outside of a push. */
  later(run: () => void): void {
    this.#later.push(run);
    if (this.host?.wake !== undefined) this.host.wake();
    else if (this.host === undefined) this.after(() => this.runLater());
  }

  /** Whether a stage waits for a push of its own. */
  get woken(): boolean {
    return this.#later.length > 0;
  }

  /** Runs the functions that were passed to `later`. */
  runLater(): void {
    while (this.#later.length > 0 && this.phase === "running" && this.failure === undefined) {
      const runs = this.#later;
      this.#later = [];
      for (const run of runs) this.enter(run);
    }
    this.settle();
  }

  /**
   * Time has passed on a monotonic clock: idle partitions leave the minimum, and timers of processing time fire.
   * Returns whether anything changed that belongs in a checkpoint.
   */
  tick(elapsed: number): boolean {
    let changed = false;
    for (const clock of this.clocks.values()) if (clock.tick(elapsed)) changed = true;
    const now = this.host?.now?.();
    if (now !== undefined) { for (const ticker of this.tickers) if (ticker(now)) changed = true; }
    return changed;
  }

  /** Runs a push that no record caused, such as a timer or a cut. The registers are empty meanwhile. */
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

/** Throws when a value cannot be a key. */
export function needKey(key: unknown, stage: string): asserts key is Key {
  if (KEY_TYPES.has(typeof key)) return;
  throw new TypeError(
    `A key of ${stage} must be a string, number, bigint or boolean, current value is ${described(key)}`,
  );
}

/** Describes a value for a message, always briefly. */
function described(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

let running: Task | undefined;

/** The task whose record is being pushed, or `undefined`. */
export function runningTask(): Task | undefined {
  return running;
}

/** Sets the task that pushes. Returns the previous one, which the caller restores in `finally`. */
export function setRunningTask(task: Task | undefined): Task | undefined {
  const before = running;
  running = task;
  return before;
}
