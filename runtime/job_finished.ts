/**
 * Decides when a job with a bounded input is finished: when all of its tasks are, including those of other workers. A
 * worker that ended with its own tasks would leave the tasks of a dead worker without an owner, and report the job as
 * finished.
 *
 * @module
 */
import type { TaskLayout } from "../connectors/connector.ts";
import { hasInvisible, readHead, type Store, UnavailableError } from "../state/mod.ts";

/** Identifies the job and the tasks to check. */
export interface JobTasks {
  readonly store: Store;
  readonly settings: { readonly name: string };
  readonly open: { readonly layout: TaskLayout };
}

/** Whether the tasks that other workers have are finished and all their results are published. */
export async function areOthersFinished(
  { store, settings, open }: JobTasks,
  own: ReadonlyMap<number, unknown>,
): Promise<boolean> {
  try {
    for (const task of open.layout.tasks) {
      if (own.has(task)) continue;
      const { head } = await readHead(store, { job: settings.name, task }) ?? {};
      if (head?.finished !== true || hasInvisible(head)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof UnavailableError) return false;
    throw error;
  }
}
