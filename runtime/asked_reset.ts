/**
 * A reset that was asked for while the job was stopped. It stands in the job entry, under the name of a new run, and the
 * next worker that takes a task over carries it out: it claims the head, fences its publishers, and forgets the state and
 * sets the offsets in one atomic. So nothing happens between the question and the start, and the pipeline is known when
 * the offsets are read.
 *
 * The tasks of a job without hops do not depend on each other. Each is reset when it is taken over, and carries the name
 * of the run from then on. The reset is over when all of them carry it. A job with hops is reset as a whole, see
 * `hop_reset.ts`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { TaskLayout } from "../connectors/connector.ts";
import { changeJob, type Head, readHead, readJob, type ResetFrom, type Store } from "../state/mod.ts";
import { type ResetParts, RUN } from "./hop_reset.ts";

/** A reset that waits for the tasks. */
export interface AskedReset {
  /** The name of the run that begins with it. */
  readonly run: string;
  /** Where the input is read from. */
  readonly from: ResetFrom;
}

/**
 * Asks for a reset: the next start of the job forgets state and clocks, and reads the input from there. The job should be
 * stopped; a worker that runs goes on, and the reset comes with its next start.
 *
 * @param store the store of the job
 * @param asked the job's name, where to read from, and the clock
 * @throws {Error} when the job was never started on this store, or is being reset by somebody else
 * @throws {RangeError} when an offset is no whole number of at least 0
 */
export async function askReset(
  store: Store,
  { job, from, clock }: { readonly job: string; readonly from: ResetFrom; readonly clock: Clock },
): Promise<void> {
  const offsets = typeof from === "object" ? Object.values(from).flatMap((own) => Object.values(own)) : [];
  const wrong = offsets.find((offset) => !Number.isSafeInteger(offset) || offset < 0);
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot reset job ${job}: an offset must be a whole number of at least 0, current value is ${wrong}`,
    );
  }
  const entry = await readJob(store, job, { clock });
  if (entry === undefined) throw new Error(`Cannot reset job ${job}: it was never started on this state`);
  const { resetting, run } = await changeJob(store, job, { reset: from, since: entry.run }, { clock });
  if (run === entry.run || resetting === undefined) {
    throw new Error(`Cannot reset job ${job}: somebody else is resetting it at this moment`);
  }
}

/** The reset that waits for the tasks of a job without hops. To be called when heads are claimed. */
export async function askedReset(
  { open: { hops }, settings: { name }, store, patience }: ResetParts,
): Promise<AskedReset | undefined> {
  const entry = hops === undefined ? await readJob(store, name, patience) : undefined;
  return entry?.resetting === undefined ? undefined : { run: entry.run, from: entry.resetting };
}

/** Where a task begins to read because of a reset that waits; `undefined` when it was reset already. */
export function askedOf(asked: AskedReset | undefined, { extensions }: Head): ResetFrom | undefined {
  return extensions[RUN] === asked?.run ? undefined : asked?.from;
}

/** Ends the reset when every task carries its run. The worker that takes the last task over ends it. */
export async function endAsked(
  { open: { layout }, settings: { name }, store, patience }: ResetParts & { readonly open: { layout: TaskLayout } },
  asked: AskedReset | undefined,
): Promise<void> {
  if (asked === undefined) return;
  for (const task of layout.tasks) {
    if ((await readHead(store, { job: name, task }))?.head.extensions[RUN] !== asked.run) return;
  }
  await changeJob(store, name, { resetDone: asked.run }, patience);
}
