/**
 * The one file that knows RxJS's `Subscriber`: how a stage is chained into a pipe, guarded and torn down.
 *
 * A stage subscriber is a child of the subscriber below it, as RxJS's own operators are, so that `take(1)` releases a
 * synchronous source at once. User code runs inside a `try` whose `catch` fails the task and the stream: nothing is lost silently.
 *
 * @module
 */
import { Observable, type OperatorFunction, Subscriber } from "rxjs";
import { openScope, Scope, within } from "./_scope.ts";
import { runningTask, setRunningTask, Task, type TaskFailure } from "./_task.ts";
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
}

/** A stage in the making. */
export interface Stage<Out> {
  readonly task: Task;
  readonly scope: Scope;
  /** The scope of the stage below: where a provider attaches. */
  readonly below: Scope;
  /** The subscriber of the stage below. */
  readonly out: { next(value: Out): void };
  /** `tumblingWindow "activity"` */
  readonly label: string;
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

class StageSubscriber<In, Out> extends Subscriber<In> {
  handlers!: StageHandlers<In>;
  /** The handlers' `next`, as a field of its own: one load of a known shape for each record. */
  handle!: (value: In) => void;
  readonly task: Task;

  constructor(below: Subscriber<Out>, readonly stage: Stage<Out>, readonly options: StageOptions) {
    super(below);
    this.task = stage.task;
  }

  /** Overrides `next` and not `_next`: one call less for each record. */
  override next(value: In): void {
    if (this.isStopped) return;
    if (!this.task.active) return this.#outside(value);
    try {
      this.handle(value);
    } catch (error) {
      this.#fail(error, this.options.failure ?? "user");
    }
  }

  protected override _error(error: unknown): void {
    const { task, label } = this.stage;
    if (task.host !== undefined) task.fail(error, label, task.phase === "binding" ? "misuse" : "user");
    super._error(error);
  }

  protected override _complete(): void {
    const task = this.task;
    if (task.host !== undefined && task.phase !== "ending") {
      return this.#fail(misuse.completedEarly(this.stage.label), "misuse");
    }
    const { active } = task;
    const before = setRunningTask(task);
    task.active = true;
    try {
      this.handlers.complete?.();
    } catch (error) {
      return this.#fail(error, this.options.failure ?? "user");
    } finally {
      task.active = active;
      setRunningTask(before);
    }
    super._complete();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    super.unsubscribe();
    this.handlers?.teardown?.();
  }

  /** A value came while nothing was being pushed. Only a plain Observable without a job may do that. */
  #outside(value: In): void {
    const { task } = this;
    const { label, scope } = this.stage;
    if (task.host !== undefined && task.phase === "binding") return this.#fail(misuse.valueWhileBinding(label), "misuse");
    if (task.host !== undefined || scope.sourced) return this.#fail(misuse.asynchronous(label), "async");
    const before = setRunningTask(task);
    task.active = true;
    try {
      this.handle(value);
    } catch (error) {
      this.#fail(error, this.options.failure ?? "user");
    } finally {
      task.active = false;
      setRunningTask(before);
    }
  }

  #fail(error: unknown, kind: TaskFailure["kind"]): void {
    super._error(this.task.fail(error, this.stage.label, kind));
  }
}

/**
 * Makes an operator. `init` is called for each subscription: everything that a stage remembers lives in its closure.
 */
export function operate<In, Out>(
  options: StageOptions,
  init: (stage: Stage<Out>) => StageHandlers<In>,
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable<Out>((out) => {
      const label = options.name === undefined ? options.operator : `${options.operator} "${options.name}"`;
      guardSubscribe(label);
      const parent = openScope();
      const task = parent?.task ?? new Task(undefined);
      const below = parent ?? task.root;
      const scope = new Scope(task, below, options.opaque);
      const stage: Stage<Out> = { task, scope, below, out, label };
      const subscriber = new StageSubscriber<In, Out>(out, stage, options);
      subscriber.handlers = within(scope, () => init(stage));
      subscriber.handle = subscriber.handlers.next;
      const deferred = options.defers === true && task.host === undefined;
      if (deferred) {
        below.attachSource({ label, slots: [] });
        task.onStart(() => within(scope, () => source.subscribe(subscriber)));
      } else {
        within(scope, () => source.subscribe(subscriber));
      }
      // A stream that ended with an error while it was bound has said why already.
      if (!subscriber.closed || deferred) {
        verify(options, scope, label);
        subscriber.handlers.bound?.();
      }
      if (parent === undefined) startEphemeral(task, out);
      return subscriber;
    });
}

/** Starts a task that no job made. Its end is its bottommost subscriber's. */
function startEphemeral(task: Task, out: Subscriber<unknown>): void {
  out.add(() => task.phase = "closed");
  task.start();
}

/** Nothing of ours may be subscribed while a record is pushed: no checkpoint would know it. */
function guardSubscribe(label: string): void {
  const running = runningTask();
  if (running === undefined) return;
  if (running.phase === "ending" || running.failure !== undefined) throw misuse.subscribedLater(label);
  throw misuse.subscribedInsidePush(label);
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
  return new Observable<T>((out) => {
    guardSubscribe(`source "${options.label}"`);
    const scope = openScope();
    const task = scope?.task ?? new Task(undefined);
    const { host } = task;
    if (host !== undefined) {
      if (task.phase !== "binding") throw misuse.subscribedLater(`source "${options.label}"`);
      const slots = host.bindSource({ spec: options.spec, label: options.label, subscriber: out });
      scope!.attachSource({ label: options.label, slots });
      return () => {
        // The engine ends a source only in the phases below; anybody else who does leaves offsets going on without a pipeline.
        if (task.phase === "running" && task.failure === undefined) {
          task.fail(misuse.completedEarly(`source "${options.label}"`), `source "${options.label}"`, "misuse");
        }
      };
    }
    const peek = options.peek(task, out);
    (scope ?? task.root).attachSource({ label: options.label, slots: peek.slots });
    task.onStart(() => peek.start());
    if (scope === undefined) startEphemeral(task, out);
    return () => peek.stop();
  });
}

/** The bottom of a pipeline in a job: drains it, and says how it ended. */
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
    if (this.task.phase !== "ending") this.task.fail(misuse.completedEarly(this.label), this.label, "misuse");
    else this.ended();
    this.unsubscribe();
  }
}
