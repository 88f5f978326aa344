/**
 * How stages find each other while a pipe is subscribed, through RxJS's own operators.
 *
 * RxJS subscribes from the bottom of a pipe to its top, and each subscriber knows the one below it. So a stage learns which task
 * and scope it belongs to, and whoever is subscribed at another time than the stage below it is refused.
 *
 * @module
 */
import { type Observable, Subscriber } from "rxjs";
import * as misuse from "./_misuse.ts";
import { openScope, type Scope, within } from "./_scope.ts";
import { runningTask, setRunningTask, Task } from "./_task.ts";

/** A subscriber of ours in a chain of RxJS's own. */
export abstract class Link<T> extends Subscriber<T> {
  abstract readonly task: Task;
  abstract readonly scope: Scope;
}

const ours = new WeakSet<Observable<unknown>>();

/** Remembers an Observable as one that attaches to the open scope and pushes only when the whole graph stands. */
export function ofOurs<T>(observable: Observable<T>): Observable<T> {
  ours.add(observable);
  return observable;
}

/** Whether an Observable is one of ours with RxJS's own operators behind it, in one line. */
export function readsOurs(source: Observable<unknown>): boolean {
  for (let above: Observable<unknown> | undefined = source; above !== undefined; above = above.source) {
    if (ours.has(above)) return true;
  }
  return false;
}

/** Subscribes with a scope open. Whatever is being pushed by somebody else, this is no part of it. */
export function bindWithin<R>(scope: Scope, subscribe: () => R): R {
  const before = setRunningTask(undefined);
  try {
    return within(scope, subscribe);
  } finally {
    setRunningTask(before);
  }
}

/** The last subscriber of each pipeline that runs without a job, with its task. */
const lasts = new WeakMap<object, Task>();

/** The scope to attach to; for the bottommost without a job a new task's. */
export interface Place {
  readonly task: Task;
  readonly below: Scope;
  /** Nothing of ours stands below. */
  readonly bottommost: boolean;
}

/**
 * Where a stage or a source is to attach.
 *
 * @throws {TypeError} where it is subscribed at another time than the stage below it
 */
export function placeFor(out: Subscriber<unknown>, label: string): Place {
  const scope = scopeFor(out, label);
  if (scope !== undefined) return { task: scope.task, below: scope, bottommost: false };
  const task = new Task(undefined);
  lasts.set(lastOf(out), task);
  return { task, below: task.root, bottommost: true };
}

function scopeFor(out: Subscriber<unknown>, label: string): Scope | undefined {
  const stage = linkBelow(out);
  const running = runningTask();
  if (running !== undefined) {
    // Whoever subscribes a pipeline of its own in a subscriber gets one.
    if (running.host === undefined && stage === undefined && !isOpen(lasts.get(lastOf(out)))) return undefined;
    const later = running.ending || running.failure !== undefined;
    const error = later ? misuse.subscribedLater(label) : misuse.subscribedInsidePush(label);
    // Whatever becomes of the throw in the operators between: no record is to blame.
    if (running.host !== undefined) running.fail(error, label, "misuse");
    throw error;
  }
  const scope = openScope();
  if (stage !== undefined && stage.scope !== scope) throw misuse.subscribedLater(label);
  // Whoever is subscribed from within a start, with no stage of ours below, is a pipeline of its own.
  return stage !== undefined || scope?.task.phase === "binding" ? scope : undefined;
}

function isOpen(task: Task | undefined): boolean {
  return task !== undefined && task.phase !== "closed";
}

/** The nearest stage of ours that a subscriber pushes to, through RxJS's own operators. */
function linkBelow(out: Subscriber<unknown>): Link<unknown> | undefined {
  let below: unknown = out;
  while (below instanceof Subscriber) {
    if (below instanceof Link) return below;
    below = destinationOf(below);
  }
  return undefined;
}

/** The last subscriber of a chain: what the user's own `subscribe` has made. */
function lastOf(out: Subscriber<unknown>): object {
  let last = out;
  for (let below = destinationOf(last); below instanceof Subscriber; below = destinationOf(below)) last = below;
  return last;
}

function destinationOf(subscriber: Subscriber<unknown>): unknown {
  return (subscriber as unknown as { destination: unknown }).destination;
}

/** Starts a task that no job made. Its end is its bottommost subscriber's. */
export function startAlone(task: Task, out: Subscriber<unknown>): void {
  out.add(() => task.phase = "closed");
  if (!out.closed) task.start();
}
