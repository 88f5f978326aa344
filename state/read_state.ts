/**
 * Reading a keyed state from the checkpoint of a task that this process does not own. Nothing is claimed or written.
 *
 * @module
 */
import { DurableStates, type ReadonlyKeyedState } from "./durable_state.ts";
import { CorruptError } from "./errors.ts";
import { TaskKeys } from "./keys.ts";
import { readHeadEntry } from "./read_head.ts";
import { restoreStates } from "./restore.ts";
import type { Store } from "./store.ts";

/** How often a read begins anew because the owner of the task has committed meanwhile. */
const TRIES = 20;

/**
 * Reads one state of a task as of its last commit.
 *
 * @param store the store of the job
 * @param task the job's name, the task's number, and the name of the state
 * @returns the state; `undefined` when the task has none of this name
 * @throws {CorruptError} when stored data is not what was written
 */
export async function readState(
  store: Store,
  { job, task, name }: { readonly job: string; readonly task: number; readonly name: string },
): Promise<ReadonlyKeyedState | undefined> {
  const keys = new TaskKeys(job, task);
  for (let tries = 1;; tries++) {
    const entry = await readHeadEntry(store, keys);
    const wanted = entry?.head.states.filter((state) => state.name === name) ?? [];
    if (entry === undefined || wanted.length === 0) return undefined;
    const states = new DurableStates();
    states.prepare(wanted, entry.head.nextState);
    const byId = new Map([...states.all].map((state) => [state.id, state]));
    try {
      await restoreStates(store, keys, { ...entry.head, states: wanted }, byId);
      return states.find(name);
    } catch (error) {
      if (!(error instanceof CorruptError) || tries >= TRIES) throw error;
      // A commit since the head was read deletes what it names. Where the head is the same, the data is corrupt.
      if ((await readHeadEntry(store, keys))?.versionstamp === entry.versionstamp) throw error;
    }
  }
}
