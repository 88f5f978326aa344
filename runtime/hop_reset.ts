/**
 * The reset of a job that has hops. Its tasks exchange values, so all of them are reset before one of them starts, and
 * what the old run has sent is never read by the new one.
 *
 * The job entry gets the name of a new run, and remembers that a reset is under way. Then every head is claimed, its
 * publishers are fenced, and the run is written into it. A reset that was interrupted is completed by the next worker
 * that takes tasks over.
 *
 * A worker reads the run after it has claimed its heads: a reset that began later claims them away from it. Of two
 * workers that are started with a reset together, one resets, and the other follows its run.
 *
 * @module
 */
import { changeJob, type Head, type Patience, readHead, readJob, type ResetFrom, type Store } from "../state/mod.ts";
import type { OpenJob } from "./opening.ts";
import type { OwnedTask } from "./owned_task.ts";

/** The name of the extension of a head with the run that it belongs to. */
export const RUN = "run";

/** What a reset needs. */
export interface ResetParts {
  readonly open: Pick<OpenJob, "hops" | "layout">;
  readonly settings: { readonly name: string };
  readonly store: Store;
  readonly patience: Patience;
}

/**
 * Begins a reset, unless this worker or another one has begun one since this worker was started.
 *
 * @throws {Error} when the worker does not have all tasks: a second worker would reset what the first one has begun
 */
export async function beginReset(
  { open: { hops, layout }, settings: { name }, store, patience }: ResetParts,
  numbers: readonly number[],
  from: ResetFrom,
): Promise<void> {
  if (hops === undefined) return;
  const { since } = hops.run;
  if ((await readJob(store, name, patience))?.run !== since) return;
  if (numbers.length < layout.tasks.length) {
    throw new Error(
      `Cannot reset job ${name}: it has a repartition(), so all of its tasks must be reset together, and other workers have some of ` +
        `them. Stop the other workers, start this one with reset alone, and start the others without it`,
    );
  }
  await changeJob(store, name, { reset: from, since }, patience);
}

/** Learns the run of the job. To be called when heads are claimed, and before anything of a run is read or written. */
export async function learnRun({ open: { hops }, settings: { name }, store, patience }: ResetParts): Promise<void> {
  const entry = hops === undefined ? undefined : await readJob(store, name, patience);
  if (hops === undefined || entry === undefined) return;
  Object.assign(hops.run, { name: entry.run, resetting: entry.resetting, entries: entry.hops });
}

/** The tasks, besides these, that a reset under way has not reached yet. */
export async function unreset(
  { open: { hops, layout }, settings: { name }, store }: ResetParts,
  numbers: readonly number[],
): Promise<number[]> {
  if (hops?.run.resetting === undefined) return [];
  const found: number[] = [];
  for (const task of layout.tasks) {
    if (numbers.includes(task)) continue;
    const entry = await readHead(store, { job: name, task });
    if (entry !== undefined && entry.head.extensions[RUN] !== hops.run.name) found.push(task);
  }
  return found;
}

/**
 * The tasks that are of an earlier run than the job: another worker has reset the job and claimed them. Their owner would
 * learn that only with its next commit, and an idle one has none.
 */
export async function ofEarlierRun(
  { open: { hops }, settings: { name }, store, patience }: ResetParts,
  tasks: readonly OwnedTask[],
): Promise<readonly OwnedTask[]> {
  const entry = hops === undefined ? undefined : await readJob(store, name, patience);
  if (entry === undefined) return [];
  return tasks.filter(({ lost, checkpoint: { head } }) => !lost && head.extensions[RUN] !== entry.run);
}

/** Where a task begins to read because of a reset; `undefined` when it needs none. */
export function resetOf(
  { open: { hops } }: ResetParts,
  head: Head,
  asked: ResetFrom | undefined,
): ResetFrom | undefined {
  if (hops === undefined) return asked;
  return head.extensions[RUN] === hops.run.name ? undefined : hops.run.resetting;
}

/** The extensions of a head of this run. */
export function runOf({ open: { hops } }: ResetParts): Record<string, unknown> | undefined {
  return hops && { [RUN]: hops.run.name };
}

/** Every head carries the run: the reset is over. */
export async function endReset(
  { open: { hops }, settings: { name }, store, patience }: ResetParts,
): Promise<void> {
  if (hops?.run.resetting === undefined) return;
  await changeJob(store, name, { resetDone: hops.run.name }, patience);
  hops.run.resetting = undefined;
}
