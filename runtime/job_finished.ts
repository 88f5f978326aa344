/**
 * When a job that has an end is over: not before all of its tasks are, those of other workers included. A worker that went with its
 * own would leave those of one that died to nobody, and call the job finished.
 *
 * @module
 */
import type { TaskLayout } from "../connectors/connector.ts";
import { readHead, type Store, UnavailableError } from "../state/mod.ts";

/** Which job. */
export interface JobTasks {
  readonly store: Store;
  readonly settings: { readonly name: string };
  readonly open: { readonly layout: TaskLayout };
}

/** Whether the job's tasks that this worker does not have are finished, and all their results are published. */
export async function areOthersFinished(
  { store, settings, open }: JobTasks,
  own: ReadonlyMap<number, unknown>,
): Promise<boolean> {
  try {
    for (const task of open.layout.tasks) {
      if (own.has(task)) continue;
      const { head } = await readHead(store, { job: settings.name, task }) ?? {};
      if (head?.finished !== true || head.outbox.length > 0) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof UnavailableError) return false;
    throw error;
  }
}
