/**
 * Deleting runs of chunks, as many an atomic as the KV takes.
 *
 * @module
 */

import { ATOMIC_MUTATIONS } from "./_local_limits.ts";
import type { LogKey, LogRange, LogStore } from "./embedded_store.ts";

/** Deletes every entry of a range. */
export async function deleteChunks(store: LogStore, range: LogRange): Promise<void> {
  while (true) {
    const keys: LogKey[] = [];
    for await (const { key } of store.list({ ...range, limit: ATOMIC_MUTATIONS })) keys.push(key);
    if (keys.length > 0) await store.atomic({ deletes: keys });
    if (keys.length < ATOMIC_MUTATIONS) return;
  }
}
