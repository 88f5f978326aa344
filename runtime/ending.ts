/**
 * The end of a job, which comes in time whatever is away: what can be done is done until then, and what is left is said.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { OwnedTask } from "./owned_task.ts";

/** The time that something has. It can only become shorter. */
export class Deadline {
  #until = Infinity;
  #cancel: () => void = () => {};
  readonly #passed = Promise.withResolvers<boolean>();

  constructor(readonly clock: Pick<Clock, "elapsed" | "after">) {}

  /** It has so many milliseconds from now on, unless it had less. */
  within(ms: number): void {
    const until = this.clock.elapsed() + ms;
    if (until >= this.#until) return;
    this.#until = until;
    this.#cancel();
    this.#cancel = this.clock.after(ms, () => this.#passed.resolve(false));
  }

  /** Resolves with whether the work ended in time; rejects as it does. */
  inTime(work: Promise<unknown>): Promise<boolean> {
    // Whoever came too late is heard by nobody.
    work.catch(() => {});
    return Promise.race([work.then(() => true), this.#passed.promise]);
  }

  /** It is no longer needed: nothing that is said of it later counts. */
  over(): void {
    this.#until = -Infinity;
    this.#cancel();
  }
}

/** What `work` gives, unless the signal is aborted first: then its reason is thrown, and what comes later is undone. */
export async function interruptible<T>(
  signal: AbortSignal | undefined,
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
    if (signal.aborted) work.then(undo).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What a job leaves to its next start that was stopped before it was done. */
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
