/**
 * How stages find each other while a pipe is subscribed, through RxJS's own operators.
 *
 * RxJS subscribes from the bottom of a pipe to its top, and each subscriber knows the one below it. So a stage learns
 * which task and scope it belongs to. A stage or source that is subscribed later than the stage below it is refused.
 *
 * @module
 */
import { type Observable, Subscriber } from "rxjs";
import * as misuse from "./_misuse.ts";
import { openScope, type Scope, within } from "./_scope.ts";
import { runningTask, setRunningTask, Task } from "./_task.ts";

/** A subscriber of this library in a chain of RxJS's own. */
export abstract class Link<T> extends Subscriber<T> {
  abstract readonly task: Task;
  abstract readonly scope: Scope;
}

const ours = new WeakSet<Observable<unknown>>();

/** Marks an Observable as one that attaches to the open scope and pushes only after the whole graph is bound. */
export function ofOurs<T>(observable: Observable<T>): Observable<T> {
  ours.add(observable);
  return observable;
}

/** Whether an Observable is one of ours, or one of ours followed by RxJS's own single-input operators. */
export function readsOurs(source: Observable<unknown>): boolean {
  for (let above: Observable<unknown> | undefined = source; above !== undefined; above = above.source) {
    if (ours.has(above)) return true;
  }
  return false;
}

/** Subscribes with a scope open. The subscription is not part of a push that is under way in another task. */
export function bindWithin<R>(scope: Scope, subscribe: () => R): R {
  const before = setRunningTask(undefined);
  try {
    return within(scope, subscribe);
  } finally {
    setRunningTask(before);
  }
}

/** The task of each pipeline that runs without a job, by the last subscriber of the pipeline. */
const lasts = new WeakMap<object, Task>();

/** The task and the scope that a stage or source attaches to. Without a job the bottommost stage gets a new task. */
export interface Place {
  readonly task: Task;
  readonly below: Scope;
  /** No stage of ours is below. */
  readonly bottommost: boolean;
}

/**
 * Finds the scope that a stage or a source attaches to.
 *
 * @throws {TypeError} when it is subscribed later than the stage below it
 */
export function placeFor(out: Subscriber<unknown>, label: string): Place {
  const scope = scopeFor(out, label);
  if (scope !== undefined) return { task: scope.task, below: scope, bottommost: false };
  const task = new Task(undefined);
  lasts.set(lastOf(out), task);
  return { task, below: task.root, bottommost: true };
}

function scopeFor(out: Subscriber<unknown>, label: string): Scope | undefined {
  const stage = linkBelow(out).link;
  const running = runningTask();
  if (running !== undefined) {
    // Without a job, a pipeline that is subscribed inside a subscriber gets a task of its own.
    if (running.host === undefined && stage === undefined && !isOpen(lasts.get(lastOf(out)))) return undefined;
    const later = running.ending || running.failure !== undefined;
    const error = later ? misuse.subscribedLater(label) : misuse.subscribedInsidePush(label);
    // Operators in between may catch the error. The task fails here, so that no record is blamed for it.
    if (running.host !== undefined) running.fail(error, label, "misuse");
    throw error;
  }
  const scope = openScope();
  if (stage !== undefined && stage.scope !== scope) throw misuse.subscribedLater(label);
  // A pipeline that is subscribed while another one starts, with no stage of ours below, gets a task of its own.
  return stage !== undefined || scope?.task.phase === "binding" ? scope : undefined;
}

function isOpen(task: Task | undefined): boolean {
  return task !== undefined && task.phase !== "closed";
}

/** The nearest subscriber of ours below one, through RxJS's own operators, and how many of those are between. */
export function linkBelow(out: Subscriber<unknown>): { readonly link: Link<unknown> | undefined; operators: number } {
  let under: unknown = out, operators = 0;
  while (under instanceof Subscriber) {
    if (under instanceof Link) return { link: under, operators };
    under = destinationOf(under);
    operators++;
  }
  return { link: undefined, operators: 0 };
}

/** The last subscriber of a chain: the one that the user's `subscribe` created. */
function lastOf(out: Subscriber<unknown>): object {
  let last = out;
  for (let below = destinationOf(last); below instanceof Subscriber; below = destinationOf(below)) last = below;
  return last;
}

function destinationOf(subscriber: Subscriber<unknown>): unknown {
  return (subscriber as unknown as { destination: unknown }).destination;
}

/** Starts a task that has no job. It closes together with its bottommost subscriber. */
export function startAlone(task: Task, out: Subscriber<unknown>): void {
  out.add(() => task.phase = "closed");
  if (!out.closed) task.start();
}
