/**
 * Reading the head of a task.
 *
 * @module
 */
import { CorruptError } from "./errors.ts";
import type { HeadEntry } from "./head.ts";
import { decodeHead } from "./head_codec.ts";
import { showKey } from "../base/kv.ts";
import { TaskKeys } from "./keys.ts";
import type { Store } from "./store.ts";

/**
 * Reads the head of a task.
 *
 * @param store the store of the job
 * @param task the job's name and the task's number
 * @returns the head and its version, or `undefined` when the task had no owner yet
 * @throws {CorruptError} when the entry is not a head, or has an unknown format
 */
export function readHead(store: Store, { job, task }: { job: string; task: number }): Promise<HeadEntry | undefined> {
  return readHeadEntry(store, new TaskKeys(job, task));
}

/** The same, with the keys of the task. */
export async function readHeadEntry(store: Store, keys: TaskKeys): Promise<HeadEntry | undefined> {
  const entry = await store.get(keys.head);
  if (entry === undefined) return undefined;
  try {
    if (!(entry.value instanceof Uint8Array)) throw new RangeError("it is not bytes");
    return { head: decodeHead(entry.value), versionstamp: entry.versionstamp };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CorruptError(
      `Cannot read the head of task ${keys.task} at ${showKey(keys.head)}: ${error.message}`,
      keys.head,
    );
  }
}
