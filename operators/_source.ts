/**
 * The two ends of a pipeline: sources at its top, which a job drives or which read by themselves, and the subscriber at
 * its bottom.
 *
 * @module
 */
import { Observable } from "rxjs";
import { Link, linkBelow, ofOurs, placeFor, startAlone } from "./_chain.ts";
import type { GraphNode } from "./_graph.ts";
import * as misuse from "./_misuse.ts";
import { type AttachedSource, openScope, Scope, within } from "./_scope.ts";
import { type RecordAtHand, setRunningTask, type Task } from "./_task.ts";

/** A source that reads without a job. It pushes from `start` on. */
export interface Peek {
  start(): void;
  stop(): void;
}

/** The parts of a source's Observable. */
export interface SourceOptions<T> {
  readonly spec: unknown;
  /** The topic, for messages. */
  readonly label: string;
  /** Whether every task of a job reads all of it. @default false */
  readonly broadcast?: boolean;
  /** Opens the source without a job. `slots` may grow while it reads. */
  peek(task: Task, out: { next(value: T): void; error(error: unknown): void; complete(): void }): Peek & {
    readonly slots: readonly { readonly slot: number; readonly topic: string; readonly partition: number }[];
  };
}

/** Makes the Observable of a source. In a job the engine pushes to it; without one it reads by itself. */
export function sourceOf<T>(options: SourceOptions<T>): Observable<T> {
  const label = `source "${options.label}"`;
  return ofOurs(
    new Observable<T>((out) => {
      const { task, below, bottommost } = placeFor(out, label);
      const { host } = task;
      if (host !== undefined) {
        if (task.phase !== "binding") throw misuse.subscribedLater(label);
        const end = () => endSource(task, source, out);
        const slots = host.bindSource({ spec: options.spec, label: options.label, subscriber: out, end });
        const source: AttachedSource = { label: options.label, slots, broadcast: options.broadcast === true };
        below.attachSource(source);
        const { graph } = host;
        if (graph !== undefined) {
          const { spec } = options;
          graph.feeds(graph.node(spec as object, { operator: "source", name: options.label, spec }), linkBelow(out));
        }
        return () => {
          // An operator such as take() has ended the source early. Offsets would go on without the pipeline.
          if (task.phase === "running" && task.failure === undefined && source.ended !== true) {
            task.fail(misuse.completedEarly(label), label, "misuse");
          }
        };
      }
      const peek = options.peek(task, out);
      below.attachSource({ label: options.label, slots: peek.slots });
      task.onStart(() => peek.start());
      if (bottommost) startAlone(task, out);
      return () => peek.stop();
    }),
  );
}

/** The input of a source has ended: completes its stream and releases the watermark that its slots held back. */
export function endSource(task: Task, source: AttachedSource, out: { complete(): void }): void {
  if (source.ended === true) return;
  source.ended = true;
  task.ending = true;
  try {
    out.complete();
  } finally {
    task.ending = false;
  }
  for (const { slot } of source.slots) task.endSlot(slot);
}

/** Sets the registers and pushes one record's value. Values that arrive before this returns belong to that record. */
export function pushRecord<T>(
  task: Task,
  out: { next(value: T): void },
  slot: number,
  record: RecordAtHand,
  value: T,
): void {
  if (task.busy) task.after(() => pushNow(task, out, slot, record, value));
  else pushNow(task, out, slot, record, value);
}

function pushNow<T>(
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
  task.settle();
}

/** The subscriber at the bottom of a pipeline. It discards values and reports how the pipeline ended. */
export class Bottom extends Link<unknown> {
  readonly scope: Scope;

  constructor(readonly task: Task, readonly label: string, readonly ended: () => void) {
    super();
    this.scope = new Scope(task, undefined, true);
  }

  /** Subscribes a pipeline. */
  drain(pipeline: Observable<unknown>): void {
    within(this.scope, () => pipeline.subscribe(this));
    const shared = this.scope.sources.find(({ broadcast }) => broadcast);
    if (shared !== undefined) this.task.fail(misuse.countedByEachTask(this.label, shared.label), this.label, "misuse");
  }

  protected override _next(): void {}

  protected override _error(error: unknown): void {
    this.task.fail(error, this.label, this.task.phase === "binding" ? "misuse" : "user");
    this.unsubscribe();
  }

  protected override _complete(): void {
    const { task, label } = this;
    const early = task.phase === "binding" || !this.scope.ended;
    if (task.host !== undefined && early) task.fail(misuse.completedEarly(label), label, "misuse");
    else this.ended();
    this.unsubscribe();
  }
}

/**
 * A side output as a source for the stages below it. A stage pushes to it while a record is being pushed.
 *
 * @param node the stage that passes it on, while a job is planned
 */
export function sideOf<T>(source: AttachedSource, values: Observable<T>, node: GraphNode | undefined): Observable<T> {
  return ofOurs(
    new Observable<T>((out) => {
      const scope = openScope();
      scope?.attachSource(source);
      if (node !== undefined) scope?.task.host?.graph?.feeds(node, linkBelow(out), "late");
      return values.subscribe(out);
    }),
  );
}
