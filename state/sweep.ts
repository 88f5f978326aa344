/**
 * Sweeping: deletes what earlier owners wrote and no head names.
 *
 * These entries were written under other fences, and no later head will name more of them than the current one. So
 * garbage stays garbage, and each delete only has to check that the owner still owns the task.
 *
 * @module
 */
import { readBaseEntry } from "./bases.ts";
import { FencedError, UnavailableError } from "./errors.ts";
import { isPinned } from "./garbage.ts";
import type { AttemptId, Head } from "./head.ts";
import type { ChunkKind, TaskKeys } from "./keys.ts";
import { SWEEP_DELETES } from "./limits.ts";
import { readHeadEntry } from "./read_head.ts";
import { type Patience, persist, Retry, waitOrThrow } from "./retry.ts";
import type { Store, StoreKey } from "./store.ts";
import { grouped, weigh } from "./weight.ts";

interface Live extends AttemptId {
  readonly first: number;
  readonly last: number;
}

/**
 * Finds the entries of a task that no head names any more.
 *
 * @param store the store of the job
 * @param keys of the task
 * @param head the owner's head; entries that its owner has written since are ignored
 * @param signal ends the search
 */
export async function* findOrphans(
  store: Store,
  keys: TaskKeys,
  head: Head,
  signal?: AbortSignal,
): AsyncIterable<StoreKey> {
  const bases: Live[] = [];
  const known = new Map(head.states.map(({ id, buckets }) => [id, buckets]));
  for await (const { key, value } of store.list(keys.buckets)) {
    signal?.throwIfAborted();
    const [era, state, bucket] = key.slice(-3) as [number, number, number];
    if (era > head.era || state >= head.nextState) continue;
    if (era < head.era || !known.has(state)) {
      yield key;
      continue;
    }
    const chunks = readBaseEntry(value)?.chunks;
    if (bucket < known.get(state)! && chunks) bases.push({ ...chunks, last: chunks.first + chunks.count - 1 });
  }
  const outbox = head.outbox.map((entry) => ({ ...entry, first: 0, last: Infinity }));
  const { ranges, fence: own } = head;
  const lives: Readonly<Record<ChunkKind, IsLive>> = {
    base: isIn(bases),
    outbox: isIn(outbox),
    rows: isIn(head.unwritten === undefined ? [] : [{ ...head.unwritten, first: 0, last: Infinity }]),
    delta: (fence, attempt) =>
      ranges.some((range) => range.fence === fence && range.first <= attempt && attempt <= range.last),
  };
  for (const kind of ["base", "outbox", "rows", "delta"] as const) {
    const isLive: IsLive = (...place) => lives[kind](...place) || isPinned(head.pins, place[0], place[1]);
    for await (const { key } of store.list(keys.chunks(kind))) {
      signal?.throwIfAborted();
      const [fence, attempt, index] = key.slice(-3) as [string, number, number];
      if (fence !== own && !isLive(fence, attempt, index)) yield key;
    }
  }
}

/** Whether the head names or pins a chunk. */
type IsLive = (fence: string, attempt: number, index: number) => boolean;

function isIn(live: readonly Live[]): IsLive {
  const byAttempt = Map.groupBy(live, ({ fence, attempt }) => `${fence} ${attempt}`);
  return (fence, attempt, index) =>
    byAttempt.get(`${fence} ${attempt}`)?.some(({ first, last }) => first <= index && index <= last) ?? false;
}

/**
 * Deletes entries in several atomics, each with a check of the head.
 *
 * @throws {FencedError} when another owner has taken the task
 */
export async function deleteOwned(
  store: Store,
  keys: TaskKeys,
  { fence, doomed, options }: { fence: string; doomed: readonly StoreKey[]; options: Patience },
): Promise<void> {
  const deletes = doomed.map((key) => ({ type: "delete", key } as const));
  for (let at = 0; at < deletes.length; at += SWEEP_DELETES) {
    const pieces = grouped(deletes.slice(at, at + SWEEP_DELETES), (mutation) => weigh([], [mutation]));
    for (const piece of pieces) {
      const retry = new Retry(options);
      for (;;) {
        const found = await persist(options, () => readHeadEntry(store, keys));
        if (found?.head.fence !== fence) {
          throw new FencedError(`Task ${keys.task} of job ${keys.job} has another owner`);
        }
        try {
          // The owner's commits may change the head meanwhile. Deleting twice does no harm, so the delete is repeated.
          if ((await store.atomic([{ key: keys.head, versionstamp: found.versionstamp }], piece)).ok) break;
          const ended = new UnavailableError("The deletes of garbage were ended");
          await waitOrThrow(options, options.clock.random() * 2, ended);
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error;
          await retry.after(error);
        }
      }
      retry.worked();
    }
  }
}
