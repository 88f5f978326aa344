/**
 * Writes the head of a new owner.
 *
 * @module
 */
import { pauseAfter } from "../base/backoff.ts";
import { verdict } from "./decide.ts";
import { UnavailableError } from "./errors.ts";
import type { Head } from "./head.ts";
import { encodeHead } from "./head_codec.ts";
import type { TaskKeys } from "./keys.ts";
import { RETRY_PAUSE } from "./limits.ts";
import { readHeadEntry } from "./read_head.ts";
import { type Patience, persist, waitOrThrow } from "./retry.ts";
import type { Store } from "./store.ts";

/** The error of a claim that is ended while it waits. */
export function contested({ task, job }: TaskKeys): UnavailableError {
  return new UnavailableError(`Task ${task} of job ${job} could not be claimed before the wait was ended`);
}

/** Writes the head of a new owner. Returns its version, or `undefined` when another owner was faster. */
export async function writeClaim(
  store: Store,
  keys: TaskKeys,
  { head, checked, options }: { head: Head; checked: string | null; options: Patience },
): Promise<string | undefined> {
  const value = encodeHead(head);
  for (let tries = 0;; tries++) {
    try {
      const result = await store.atomic([{ key: keys.head, versionstamp: checked }], [{
        type: "set",
        key: keys.head,
        value,
      }]);
      if (result.ok) return result.versionstamp;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
    const found = await persist(options, () => readHeadEntry(store, keys));
    const judged = verdict(head, checked, found);
    if (judged === "done") return found!.versionstamp;
    if (judged !== "again") return undefined;
    await waitOrThrow(options, pauseAfter(tries, RETRY_PAUSE, options.clock.random()), contested(keys));
  }
}
