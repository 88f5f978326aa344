/**
 * The only file that depends on RxJS's `Subscriber`: how a stage is chained into a pipe, guarded and unsubscribed.
 *
 * A stage's input is a child of the subscriber below it, as RxJS's own operators are, so that `take(1)` releases a synchronous
 * source at once. User code runs inside a `try` whose `catch` fails the task and the stream: nothing is lost silently.
 *
 * Without a job, an input from a plain Observable begins a push with each value. A value that comes while another is
 * being pushed waits until that one is over, so a loop through a Subject does not deepen the call stack.
 *
 * @module
 */
import { Observable, type OperatorFunction, type Subscriber } from "rxjs";
import { bindWithin, Link, linkBelow, ofOurs, placeFor, readsOurs, startAlone } from "./_chain.ts";
import { type ApartOptions, standApart, verify } from "./_checks.ts";
import type { EntryCount, GraphSide } from "./_graph.ts";
import * as misuse from "./_misuse.ts";
import { openScope, Scope } from "./_scope.ts";
import { Stage, type StageHandlers, type StageOptions } from "./_stage.ts";
import { refuseTombstoneOr } from "./_tombstone.ts";
import { countedHandle } from "./_tally.ts";
import { setRunningTask, type Task, type TaskFailure } from "./_task.ts";

export type { Stage, StageOptions };

/** The handlers of a stage with one input. */
export interface Handlers<In> extends StageHandlers {
  next(value: In): void;
}

/** The handlers of a stage with two inputs. */
export interface TwoHandlers<Left, Right> extends StageHandlers {
  left(value: Left): void;
  right(value: Right): void;
}

/** The properties of a stage with two inputs. */
export interface TwoOptions extends ApartOptions {
  /** As `reads`, for values of the right input. */
  readonly readsRight?: StageOptions["reads"];
}

/** The parts that the inputs of a stage share. */
interface Bound {
  readonly stage: Stage;
  readonly options: StageOptions;
  readonly out: Subscriber<unknown>;
  /** No stage of ours is below, so no other stage has to be subscribed first. */
  readonly bottommost: boolean;
  readonly inputs: Input<never>[];
  /** What the stage is found again by in every task. */
  readonly identity: object;
}

class Input<In> extends Link<In> {
  readonly task: Task;
  /** Whether the input is a plain Observable without a job. Then each value begins a push. */
  entry = false;
  /** The slot of the plain Observable for which this input acts as the source. */
  slot = -1;
  /** Set while the bottommost input subscribes without a job. A value that comes at once then begins a push. */
  eager = false;
  /** The range of the scope's sources that are above this input. */
  #from = 0;
  #to = Infinity;
  #finished = false;
  /** Whether the stage was built while a stage below was being subscribed, as inside a `connect()` or a `defer()`. */
  #inside = false;

  /**
   * @param handle kept in a field, so that each record costs one load from an object of a known shape
   * @param reads the function with which the stage reads a value of this input
   * @param scope the scope of everything above it
   */
  constructor(
    readonly bound: Bound,
    readonly handle: (value: In) => void,
    readonly reads: StageOptions["reads"],
    readonly scope: Scope,
  ) {
    super(bound.out);
    this.task = bound.stage.task;
  }

  subscribeTo(source: Observable<In>, assembledInside: boolean): void {
    const { scope, task } = this;
    this.#from = scope.sources.length;
    const stages = scope.stages;
    const alone = task.host === undefined && this.bound.options.defers === true && !readsOurs(source);
    if (alone) this.#defer(source, assembledInside);
    else {
      this.eager = task.host === undefined && this.bound.bottommost && task.phase === "binding";
      bindWithin(scope, () => source.subscribe(this));
      this.eager = false;
      this.#to = scope.sources.length;
      this.entry = task.host === undefined && this.#to === this.#from && scope.stages === stages;
    }
  }

  /**
   * Without a job, a plain Observable is subscribed only after the whole graph is bound. One that pushes at once would
   * otherwise push into an incomplete graph. Inside a `connect()` that would be too late. There it is subscribed at
   * once, and its values wait for the graph.
   */
  #defer(source: Observable<In>, assembledInside: boolean): void {
    const { task, scope } = this;
    const { stage } = this.bound;
    const { below, label } = stage;
    const slot = task.newSlot();
    this.slot = slot;
    this.entry = true;
    const attached = { label, slots: [{ slot, topic: "", partition: slot }], inside: assembledInside };
    // An input that stands apart is no source for any stage.
    (scope === stage.scope ? below : new Scope(task, undefined, true)).attachSource(attached);
    this.#inside = assembledInside;
    const subscribe = () => {
      const { stages } = scope, { length } = scope.sources;
      bindWithin(scope, () => source.subscribe(this));
      if (scope.stages === stages && scope.sources.length === length) return;
      // There are stages of ours above after all, so this input is not a source.
      this.entry = false;
      task.endSlot(slot);
    };
    if (assembledInside) subscribe();
    else task.onStart(subscribe);
  }

  /** Overrides `next` and not `_next`, to save one call for each record. */
  override next(value: In): void {
    if (this.isStopped) return;
    const { task } = this;
    if (!task.active) return this.eager || (this.entry && task.open) ? this.#enter(value) : this.#arrive(value);
    if (this.entry) return this.#arrive(value);
    try {
      this.handle(value);
    } catch (error) {
      refuseTombstoneOr(this.bound.stage, this.reads, value, error);
    }
  }

  /** A value begins a push, or comes outside of a push. Only a plain Observable without a job may do that. */
  #arrive(value: In): void {
    const { task } = this;
    const binding = task.phase === "binding";
    if (task.host !== undefined) {
      return this.#misused(binding ? misuse.valueWhileBinding : misuse.asynchronous, binding ? "misuse" : "async");
    }
    if (!this.entry && !binding && this.scope.sourced) return this.#misused(misuse.asynchronous, "async");
    if (this.entry && this.#inside && task.active && this.#isFed()) return this.next(value);
    if (binding ? task.active || !this.bound.bottommost : task.busy) {
      return task.after(() => this.closed ? undefined : this.#enter(value));
    }
    this.#enter(value);
  }

  /**
   * Whether a value is part of a push that began above the `connect()` that contains this stage, as in a job. Then this
   * input is not a source of its own, and the source above the `connect()` determines event time.
   */
  #isFed(): boolean {
    const { task, slot } = this;
    const { sources } = this.bound.stage.below;
    const fed = sources.some(({ inside, slots }) => inside === false && slots.some((one) => one.slot === task.slot));
    if (fed) {
      this.entry = false;
      task.endSlot(slot);
    }
    return fed;
  }

  #enter(value: In): void {
    const { task } = this;
    const before = setRunningTask(task);
    task.active = true;
    task.slot = this.slot;
    try {
      this.handle(value);
    } catch (error) {
      refuseTombstoneOr(this.bound.stage, this.reads, value, error);
    } finally {
      task.slot = -1;
      task.timestamp = NaN;
      task.active = false;
      setRunningTask(before);
    }
    if (!task.open) task.settle();
  }

  #misused(say: (label: string) => Error, kind: TaskFailure["kind"]): void {
    this.bound.stage.fail(say(this.bound.stage.label), kind);
  }

  protected override _error(error: unknown): void {
    const { task } = this;
    const kind = task.phase === "binding" ? "misuse" : "user";
    if (task.host !== undefined) task.fail(error, this.bound.stage.label, kind);
    super._error(error);
  }

  protected override _complete(): void {
    const { task, scope } = this;
    if (task.host !== undefined) {
      const above = scope.sources.slice(this.#from, this.#to);
      const early = task.phase === "binding" || !above.every(({ ended }) => ended);
      if (early) return this.#misused(misuse.completedEarly, "misuse");
    } else if (this.entry ? task.busy : task.phase === "binding" && !scope.sourced && !this.bound.bottommost) {
      return task.after(() => this.#finish());
    }
    this.#finish();
  }

  /** The input has ended. When the last input has ended, the stage ends, and then the stream. */
  #finish(): void {
    if (this.closed) return;
    this.#finished = true;
    const { task } = this;
    const { stage, inputs } = this.bound;
    if (!inputs.every((input) => input.#finished)) return this.unsubscribe();
    const { active } = task;
    const before = setRunningTask(task);
    task.active = true;
    let over = false;
    try {
      over = stage.end();
    } catch (error) {
      return stage.fail(error);
    } finally {
      task.active = active;
      setRunningTask(before);
    }
    // A window or timer that fired at the end may have failed the stream. Then there is nothing left to complete.
    if (this.closed) return;
    if (over) return this.#completeStream();
    stage.whenReleased = () => this.#completeStream();
  }

  #completeStream(): void {
    super._complete();
    this.task.settle();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    super.unsubscribe();
    if (this.slot >= 0) this.task.endSlot(this.slot);
    const { inputs, stage } = this.bound;
    if (inputs.every(({ closed }) => closed)) stage.close();
  }
}

/** An input in a job, which counts the values that come. An input without a job has no work with it. */
class CountedInput<In> extends Input<In> {
  readonly entered: EntryCount;

  constructor(entered: EntryCount, ...parts: ConstructorParameters<typeof Input<In>>) {
    super(...parts);
    this.entered = entered;
  }

  override next(value: In): void {
    this.entered.values++;
    super.next(value);
  }
}

/**
 * Makes an operator that reads values. Its input may contain `null`, because a tombstone that it cannot read is a bad
 * record.
 */
export function operate<In, Out>(
  options: StageOptions & Required<Pick<StageOptions, "reads">>,
  init: (stage: Stage<Out>) => Handlers<In>,
): OperatorFunction<In | null, Out>;
/**
 * Makes an operator. `init` is called for each subscription. The stage keeps all its state in the closure of `init`.
 */
export function operate<In, Out>(
  options: StageOptions,
  init: (stage: Stage<Out>) => Handlers<In>,
): OperatorFunction<In, Out>;
export function operate<In, Out>(
  options: StageOptions,
  init: (stage: Stage<Out>) => Handlers<In>,
): OperatorFunction<In, Out> {
  return operatorOf(options, init, (source, { next }, input) => input(source, next, options.reads));
}

/**
 * Makes an operator of two inputs: the stream that it is piped behind is the left one. One scope covers both. Its
 * watermark is the minimum of both, and it ends when both have ended.
 */
export function operate2<Left, Right, Out>(
  options: TwoOptions,
  right: Observable<Right>,
  init: (stage: Stage<Out>) => TwoHandlers<Left, Right>,
): OperatorFunction<Left, Out> {
  return operatorOf<Left, Out, TwoHandlers<Left, Right>>(options, init, (source, handlers, input) => {
    const { reads, readsRight, apart } = options;
    if (apart !== undefined && apart !== false) input(right, handlers.right, readsRight, "table");
    input(source, handlers.left, reads, "left");
    if (!apart) input(right, handlers.right, readsRight, "right");
  });
}

/** Makes an operator whose stage reads the inputs that `read` adds. */
function operatorOf<In, Out, H extends StageHandlers>(
  options: StageOptions,
  init: (stage: Stage<Out>) => H,
  read: (source: Observable<In>, handlers: H, input: AddInput) => void,
): OperatorFunction<In, Out> {
  return (source) => {
    const inside = openScope() !== undefined;
    const stages: Observable<Out> = new Observable((out) =>
      bind(options, { out, inside, identity: options.identity ?? stages }, (stage, input) => {
        const handlers = init(stage);
        stage.handlers = handlers;
        read(source, handlers, input);
      })
    );
    return ofOurs(stages);
  };
}

/** Adds an input to a stage that is being built. */
type AddInput = <In>(
  source: Observable<In>,
  handle: (value: In) => void,
  reads: StageOptions["reads"],
  side?: GraphSide,
) => void;

/** Where a stage is built. */
interface Site {
  readonly out: Subscriber<unknown>;
  /** Whether a scope was open when the operator was applied. */
  readonly inside: boolean;
  readonly identity: object;
}

function bind(
  options: StageOptions,
  { out, inside, identity }: Site,
  make: (stage: Stage, input: AddInput) => void,
): () => void {
  const { operator, name } = options;
  const label = name === undefined ? operator : `${operator} "${name}"`;
  const { task, below, bottommost } = placeFor(out, label);
  const scope = new Scope(task, below, options.time === "own");
  below.stages++;
  const inputs: Input<never>[] = [];
  const failed = (error: Error) => {
    out.error(error);
    for (const input of inputs) input.unsubscribe();
  };
  const graph = task.host?.graph;
  const { time, spec, traces } = options;
  const node = graph?.node(identity, { operator, name, time, spec, traces });
  if (node !== undefined) graph!.feeds(node, linkBelow(out));
  const stage = new Stage({ out, scope, below, label, options, node, failed });
  const bound: Bound = { stage, options, out, bottommost, inputs, identity };
  // Two pipelines that are piped from one operator have a stage each. Only the first counts, because each gets the same.
  const entered = task.isFirst(identity, stage) ? task.host?.entries?.of(identity) : undefined;
  const sources: (() => void)[] = [];
  bindWithin(scope, () =>
    make(stage, (source, handle, reads, side) => {
      const counted = countedHandle(stage, handle);
      const watched = below.watcher?.watch(stage, counted) ?? counted;
      const above = side === "table" ? new Scope(task, undefined, true) : scope;
      const input = entered === undefined
        ? new Input(bound, watched, reads, above)
        : new CountedInput(entered, bound, watched, reads, above);
      inputs.push(input as unknown as Input<never>);
      const subscribe = () => input.subscribeTo(source, inside);
      sources.push(node === undefined ? subscribe : () => graph!.subscribe(input, node, side, subscribe));
    }));
  for (const subscribe of sources) if (!out.closed) subscribe();
  // A stream that failed while it was bound has reported its error already.
  if (inputs.some(({ closed }) => !closed)) {
    verify(options, scope, label);
    const apart = inputs.flatMap((input) => input.scope === scope ? [] : input.scope.sources);
    if ((options as TwoOptions).apart) standApart(options, stage, apart);
    stage.open();
  }
  if (bottommost) startAlone(task, out);
  return () => inputs.forEach((input) => input.unsubscribe());
}
