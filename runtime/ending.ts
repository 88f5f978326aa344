/**
 * The end of a job. It ends in time even when the broker or the store cannot be reached: it does what it can until the
 * deadline, and logs what is left.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Events } from "./events.ts";
import type { JobEnd } from "./job.ts";
import { STOP_MS } from "./limits.ts";
import type { OwnedTask } from "./owned_task.ts";

/** A deadline. It can only come nearer. */
export class Deadline {
  #until = Infinity;
  #cancel: () => void = () => {};
  readonly #passed = Promise.withResolvers<boolean>();

  constructor(readonly clock: Pick<Clock, "elapsed" | "after">) {}

  /** Sets the deadline this many milliseconds from now, unless it is earlier already. */
  within(ms: number): void {
    const until = this.clock.elapsed() + ms;
    if (until >= this.#until) return;
    this.#until = until;
    this.#cancel();
    this.#cancel = this.clock.after(ms, () => this.#passed.resolve(false));
  }

  /** Resolves with whether the work ended in time. Rejects when the work rejects. */
  inTime(work: Promise<unknown>): Promise<boolean> {
    // A rejection after the deadline has no other handler.
    work.catch(() => {});
    return Promise.race([work.then(() => true), this.#passed.promise]);
  }

  /** The deadline is no longer needed. Later calls have no effect. */
  over(): void {
    this.#until = -Infinity;
    this.#cancel();
  }
}

/**
 * The result of `work`. When the signal is aborted first, `undo` gets the result that comes later. Then this throws the
 * signal's reason, at the latest after {@linkcode STOP_MS.lettingGo} milliseconds.
 */
export async function interruptible<T>(
  { signal, clock }: { readonly signal: AbortSignal | undefined; readonly clock: Pick<Clock, "elapsed" | "after"> },
  work: Promise<T>,
  undo: (value: T) => unknown,
): Promise<T> {
  if (signal === undefined) return await work;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([work, aborted.promise]);
  } catch (error) {
    if (signal.aborted) await endsSoon(clock, work.then(undo));
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Waits for work that ends soon, whatever its result, and not longer than it may take to let go of everything. */
export async function endsSoon(clock: Pick<Clock, "elapsed" | "after">, work: Promise<unknown>): Promise<void> {
  const deadline = new Deadline(clock);
  deadline.within(STOP_MS.lettingGo);
  await deadline.inTime(work).catch(() => {});
  deadline.over();
}

/** Describes the work that a stopped job leaves to its next start. */
export function describeLeft(tasks: readonly OwnedTask[], trouble: string | undefined): string {
  const owned = tasks.filter(({ lost }) => !lost);
  const waiting = owned.flatMap(({ outbox }) => outbox.waiting);
  const results = waiting.reduce((sum, { rows }) => sum + rows.length, 0);
  const topics = new Set(waiting.flatMap(({ rows }) => rows.map(({ topic }) => topic)));
  const left: string[] = [];
  if (waiting.length > 0) {
    const epochs = waiting.length === 1 ? "1 epoch" : `${waiting.length} epochs`;
    const of = results === 1 ? "1 result" : `${results} results`;
    const where = [...topics].map((topic) => `"${topic}"`).join(", ");
    left.push(`${epochs} with ${of} for ${where} may be unpublished, and the next start publishes what is`);
  }
  const doubtful = owned.filter(({ outbox }) => outbox.inDoubt).length;
  if (doubtful > 0) {
    const epochs = doubtful === 1 ? "1 epoch is" : `${doubtful} epochs are`;
    left.push(`${epochs} being committed, and the next start reads again what is not`);
  }
  if (owned.some(({ runner }) => runner.changed)) {
    left.push("what was read since the last commit is read again by the next start");
  }
  const what = left.length === 0 ? "nothing of it is lost" : left.join("; ");
  return `stopped in time, but not done: ${what}${trouble === undefined ? "" : ` (${trouble})`}`;
}

/** Tells that a job has ended. A failure has no line in the log: `finished` rejects with it. */
export function tellEnd(events: Events, how: JobEnd["reason"] | Error, { unread }: { readonly unread: boolean }): void {
  if (how instanceof Error) events.note({ kind: "ended", reason: "failed" }, how.message);
  else if (how === "stopped") events.note({ kind: "ended", reason: how }, "stopped");
  else {
    const read = unread ? "as it was before this start" : "its input has been read to the end";
    events.tell({ kind: "ended", reason: how }, `finished, ${read}`);
  }
  events.complete();
}
