/**
 * The one file that knows RxJS's `Subscriber`: how a stage is chained into a pipe, guarded and torn down.
 *
 * A stage subscriber is a child of the subscriber below it, as RxJS's own operators are, so that `take(1)` releases a
 * synchronous source at once. User code runs inside a `try` whose `catch` fails the task and the stream: nothing is lost silently.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import { Observable, type OperatorFunction, Subscriber } from "rxjs";
import { openScope, Scope, within } from "./_scope.ts";
import { type RecordAtHand, runningTask, setRunningTask, Task, type TaskFailure } from "./_task.ts";
import * as misuse from "./_misuse.ts";

/** What kind of stage an operator is. */
export interface StageOptions {
  /** The operator's name, for messages. */
  readonly operator: string;
  /** The stage's own name, for messages. */
  readonly name?: string;
  /** Whether it has its own clock: watermarks and late records from above end in it. */
  readonly opaque: boolean;
  /** A window, a join: of no use without a watermark. */
  readonly needsWatermark?: boolean;
  /** It keeps state or writes: values must arrive inside their epoch, from a source that the engine knows. */
  readonly keeps: boolean;
  /** Without a job it subscribes its source only when the whole graph stands, and counts as a source itself. */
  readonly defers?: boolean;
  /** How a throw in it is to be read. @default "user" */
  readonly failure?: TaskFailure["kind"];
  /**
   * What it reads of a value before it does anything. Where that throws on a tombstone the record is bad, and nothing has happened yet.
   */
  readonly reads?: (value: never) => unknown;
}

/** A stage in the making. */
export interface Stage<Out> {
  readonly task: Task;
  readonly scope: Scope;
  /** The scope of the stage below: where a provider attaches. */
  readonly below: Scope;
  /** The subscriber of the stage below; closed when the subscription is over. */
  readonly out: { next(value: Out): void; readonly closed: boolean };
  /** `tumblingWindow "activity"` */
  readonly label: string;
  /** Fails the stream here, for what runs outside of `next` and `complete`: there a throw does it. */
  fail(error: unknown): void;
}

/** What a stage does with what arrives. */
export interface StageHandlers<In> {
  next(value: In): void;
  /** The real end of input; the stream below completes after it. */
  complete?(): void;
  /** Everything above is bound: sources and providers are known. */
  bound?(): void;
  /** The subscription is over, whatever the reason. */
  teardown?(): void;
}

class StageSubscriber<In, Out> extends Subscriber<In> implements Stage<Out> {
  handlers!: StageHandlers<In>;
  /** The handlers' `next`, as a field of its own: one load of a known shape for each record. */
  handle!: (value: In) => void;
  readonly task: Task;
  /** The slot of a plain Observable that this stage stands for as a source. */
  slot = -1;

  constructor(
    readonly out: Subscriber<Out>,
    readonly scope: Scope,
    readonly below: Scope,
    readonly label: string,
    readonly options: StageOptions,
  ) {
    super(out);
    this.task = scope.task;
  }

  /** Overrides `next` and not `_next`: one call less for each record. */
  override next(value: In): void {
    if (this.isStopped) return;
    if (!this.task.active) return this.#outside(value);
    try {
      this.handle(value);
    } catch (error) {
      if (!this.#refusesTombstone(value)) this.fail(error);
    }
  }

  /** Whether a stage cannot read a value because its record is a tombstone: then the record is bad, and the stage goes on. */
  #refusesTombstone(value: In): boolean {
    const { reads } = this.options;
    if (value !== null || reads === undefined || !isNull(this.task.record?.value)) return false;
    let why = "";
    try {
      reads(value as never);
      return false;
    } catch (error) {
      why = messageOf(error);
    }
    try {
      this.task.refuse(`its value is null, a tombstone, which ${this.label} cannot read: ${why}`);
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  fail(error: unknown): void {
    this.#fail(error, this.options.failure ?? "user");
  }

  protected override _error(error: unknown): void {
    const { task, label } = this;
    if (task.host !== undefined) task.fail(error, label, task.phase === "binding" ? "misuse" : "user");
    super._error(error);
  }

  protected override _complete(): void {
    const { task } = this;
    if (task.host !== undefined && task.phase !== "ending") {
      return this.#fail(misuse.completedEarly(this.label), "misuse");
    }
    const { active } = task;
    const before = setRunningTask(task);
    task.active = true;
    try {
      this.handlers.complete?.();
    } catch (error) {
      return this.fail(error);
    } finally {
      task.active = active;
      setRunningTask(before);
    }
    // What fires at the end may have failed the stream, and there is nothing below it any more.
    if (!this.closed) super._complete();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    super.unsubscribe();
    if (this.slot >= 0) this.task.endSlot(this.slot);
    this.handlers?.teardown?.();
  }

  /** A value came while nothing was being pushed. Only a plain Observable without a job may do that. */
  #outside(value: In): void {
    const { task } = this;
    if (task.host !== undefined && task.phase === "binding") {
      return this.#fail(misuse.valueWhileBinding(this.label), "misuse");
    }
    if (task.host !== undefined || this.scope.sourced) return this.#fail(misuse.asynchronous(this.label), "async");
    const before = setRunningTask(task);
    task.active = true;
    task.slot = this.slot;
    try {
      this.handle(value);
    } catch (error) {
      this.fail(error);
    } finally {
      task.slot = -1;
      task.active = false;
      setRunningTask(before);
    }
  }

  #fail(error: unknown, kind: TaskFailure["kind"]): void {
    super._error(this.task.fail(error, this.label, kind));
  }
}

/**
 * Makes an operator. `init` is called for each subscription: everything that a stage remembers lives in its closure.
 */
export function operate<In, Out>(
  options: StageOptions,
  init: (stage: Stage<Out>) => StageHandlers<In>,
): OperatorFunction<In, Out> {
  const label = options.name === undefined ? options.operator : `${options.operator} "${options.name}"`;
  return (source) =>
    ofOurs(
      new Observable<Out>((out) => {
        const parent = scopeFor(out, label);
        const task = parent?.task ?? new Task(undefined);
        const below = parent ?? task.root;
        const scope = new Scope(task, below, options.opaque);
        const subscriber = new StageSubscriber<In, Out>(out, scope, below, label, options);
        subscriber.handlers = within(scope, () => init(subscriber));
        subscriber.handle = subscriber.handlers.next;
        const deferred = options.defers === true && task.host === undefined && !readsOurs(source);
        if (deferred) defer(source, subscriber);
        else within(scope, () => source.subscribe(subscriber));
        // A stream that ended with an error while it was bound has said why already.
        if (!subscriber.closed) {
          verify(options, scope, label);
          subscriber.handlers.bound?.();
        }
        if (parent === undefined) startEphemeral(task, out);
        return subscriber;
      }),
    );
}

/** Without a job a stage that stands for a plain Observable subscribes it when the whole graph stands: one that pushes at once would push into half of it. */
function defer<In, Out>(source: Observable<In>, subscriber: StageSubscriber<In, Out>): void {
  const { task, scope, below, label } = subscriber;
  const slot = task.newSlot();
  subscriber.slot = slot;
  below.attachSource({ label, slots: [{ slot, topic: "", partition: slot }] });
  task.onStart(() => {
    within(scope, () => source.subscribe(subscriber));
    // Sources of ours have come to light above, so this stage stands for nothing.
    if (scope.sourced) task.endSlot(slot);
  });
}

/** Starts a task that no job made. Its end is its bottommost subscriber's. */
function startEphemeral(task: Task, out: Subscriber<unknown>): void {
  out.add(() => task.phase = "closed");
  if (!out.closed) task.start();
}

const ours = new WeakSet<Observable<unknown>>();

/** Remembers an Observable as one that attaches to the open scope and pushes only when the whole graph stands. */
function ofOurs<T>(observable: Observable<T>): Observable<T> {
  ours.add(observable);
  return observable;
}

/** Whether an Observable is one of ours with RxJS's own operators behind it, in one line. */
function readsOurs(source: Observable<unknown>): boolean {
  for (let above: Observable<unknown> | undefined = source; above !== undefined; above = above.source) {
    if (ours.has(above)) return true;
  }
  return false;
}

/**
 * The scope that a stage or a source is to attach to, `undefined` for the bottommost without a job.
 *
 * @throws {TypeError} where it is subscribed at another time than the stage below it
 */
function scopeFor(out: Subscriber<unknown>, label: string): Scope | undefined {
  const running = runningTask();
  if (running !== undefined) {
    const later = running.phase === "ending" || running.failure !== undefined;
    const error = later ? misuse.subscribedLater(label) : misuse.subscribedInsidePush(label);
    // Whatever becomes of the throw in the operators between: no record is to blame.
    if (running.host !== undefined) running.fail(error, label, "misuse");
    throw error;
  }
  const scope = openScope();
  const stage = stageBelow(out);
  if (stage instanceof StageSubscriber && stage.scope !== scope) throw misuse.subscribedLater(label);
  if (stage instanceof Bottom && stage.task !== scope?.task) throw misuse.subscribedLater(label);
  // Whoever is subscribed from within a start, with no stage of ours below, is a pipeline of its own.
  return stage !== undefined || scope?.task.phase === "binding" ? scope : undefined;
}

/** The nearest stage of ours that a subscriber pushes to, through RxJS's own operators. */
function stageBelow(out: Subscriber<unknown>): StageSubscriber<never, unknown> | Bottom | undefined {
  let below: unknown = out;
  while (below instanceof Subscriber) {
    if (below instanceof StageSubscriber || below instanceof Bottom) return below;
    below = (below as unknown as { destination: unknown }).destination;
  }
  return undefined;
}

/** What must be true once everything above a stage is bound. */
function verify(options: StageOptions, scope: Scope, label: string): void {
  if (options.keeps && scope.task.host !== undefined && !scope.sourced) throw misuse.noSource(label);
  if (options.needsWatermark !== true) return;
  if (scope.providers.length === 0) throw misuse.noWatermark(label);
  if (scope.bare.length > 0) throw misuse.unwatermarkedBranch(label, scope.bare.map((source) => source.label));
}

/** How a source reads when there is no job: it pushes from `start` on. */
export interface Peek {
  start(): void;
  stop(): void;
}

/** What makes a source's Observable. */
export interface SourceOptions<T> {
  readonly spec: unknown;
  /** The topic, for messages. */
  readonly label: string;
  /** Opens the source without a job. `slots` may grow while it reads. */
  peek(task: Task, out: { next(value: T): void; error(error: unknown): void; complete(): void }): Peek & {
    readonly slots: readonly { readonly slot: number; readonly topic: string; readonly partition: number }[];
  };
}

/** Makes the Observable of a source: inside a job the engine pushes to it, outside it reads by itself. */
export function sourceOf<T>(options: SourceOptions<T>): Observable<T> {
  const label = `source "${options.label}"`;
  return ofOurs(
    new Observable<T>((out) => {
      const scope = scopeFor(out, label);
      const task = scope?.task ?? new Task(undefined);
      const { host } = task;
      if (host !== undefined) {
        if (task.phase !== "binding") throw misuse.subscribedLater(label);
        const slots = host.bindSource({ spec: options.spec, label: options.label, subscriber: out });
        scope!.attachSource({ label: options.label, slots });
        return () => {
          // The engine ends a source only in the phases below; anybody else who does leaves offsets going on without a pipeline.
          if (task.phase === "running" && task.failure === undefined) {
            task.fail(misuse.completedEarly(label), label, "misuse");
          }
        };
      }
      const peek = options.peek(task, out);
      (scope ?? task.root).attachSource({ label: options.label, slots: peek.slots });
      task.onStart(() => peek.start());
      if (scope === undefined) startEphemeral(task, out);
      return () => peek.stop();
    }),
  );
}

/** A stream that a stage pushes to by itself, while a record is being pushed: a source for the stages below it. */
export function sideOf<T>(label: string, values: Observable<T>): Observable<T> {
  return ofOurs(
    new Observable<T>((out) => {
      openScope()?.attachSource({ label, slots: [] });
      return values.subscribe(out);
    }),
  );
}

/** Sets the registers and pushes one record's value; what arrives before it returns belongs to it. */
export function pushRecord<T>(
  task: Task,
  out: { next(value: T): void },
  slot: number,
  record: RecordAtHand,
  value: T,
): void {
  const before = setRunningTask(task);
  task.active = true;
  task.record = record;
  task.slot = slot;
  task.timestamp = record.timestamp;
  try {
    out.next(value);
  } finally {
    task.active = false;
    task.record = undefined;
    task.slot = -1;
    task.timestamp = NaN;
    setRunningTask(before);
  }
}

/** The bottom of a pipeline: drains it, and says how it ended. */
export class Bottom extends Subscriber<unknown> {
  constructor(readonly task: Task, readonly label: string, readonly ended: () => void) {
    super();
  }

  protected override _next(): void {}

  protected override _error(error: unknown): void {
    this.task.fail(error, this.label, this.task.phase === "binding" ? "misuse" : "user");
    this.unsubscribe();
  }

  protected override _complete(): void {
    const { task, label } = this;
    if (task.host !== undefined && task.phase !== "ending") task.fail(misuse.completedEarly(label), label, "misuse");
    else this.ended();
    this.unsubscribe();
  }
}

/** Whether bytes are nothing, or the `null` of JSON. */
function isNull(value: Uint8Array | null | undefined): boolean {
  return value === null || (value?.length === 4 && String.fromCharCode(...value) === "null");
}
