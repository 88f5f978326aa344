/**
 * Writes mutations in several atomics, each with a check of a head that they do not change.
 *
 * @module
 */
import { showKey } from "../base/kv.ts";
import { verdictAhead } from "./decide.ts";
import { CorruptError, UnavailableError } from "./errors.ts";
import type { AttemptId } from "./head.ts";
import type { TaskKeys } from "./keys.ts";
import { readHeadEntry } from "./read_head.ts";
import { type Patience, persist, Retry } from "./retry.ts";
import type { AtomicResult, Check, Mutation, Store } from "./store.ts";
import { grouped, weigh } from "./weight.ts";

/** The head that each atomic checks. */
export interface CheckedHead {
  readonly store: Store;
  readonly keys: TaskKeys;
  /** The owner's own attempt. */
  readonly mine: AttemptId;
  /** The version that the head must have. */
  readonly versionstamp: string;
}

/** Sends an atomic. Returns the error when its outcome is unknown. */
export type Send = (
  checks: readonly Check[],
  mutations: readonly Mutation[],
) => Promise<AtomicResult | UnavailableError>;

/**
 * Writes mutations in their order, as many in an atomic as fit. The head's version tells that nobody has written since:
 * neither another owner nor a later epoch. So a late copy of an atomic writes nothing.
 *
 * @returns `false` when another owner has taken the task; then not all of them are written
 * @throws {UnavailableError} when the store has not answered within `patience`
 * @throws {CorruptError} when no owner can have written the head that was found
 */
export async function writeChecked(
  { store, keys, mine, versionstamp }: CheckedHead,
  mutations: readonly Mutation[],
  options: Patience,
  send: Send = sendTo(store),
): Promise<boolean> {
  const check = { key: keys.head, versionstamp };
  for (const piece of grouped(mutations, (mutation) => weigh([], [mutation]), weigh([check], []))) {
    const retry = new Retry(options);
    for (;;) {
      const result = await send([check], piece);
      if (!(result instanceof UnavailableError) && result.ok) break;
      const judged = verdictAhead(mine, versionstamp, await persist(options, () => readHeadEntry(store, keys)));
      if (judged === "fenced") return false;
      if (judged === "impossible") throw changedByStranger(keys);
      await retry.after(doubt(result));
    }
    retry.worked();
  }
  return true;
}

/** Sends atomics to a store. */
export function sendTo(store: Store): Send {
  return async (checks, mutations) => {
    try {
      return await store.atomic(checks, mutations);
    } catch (error) {
      if (error instanceof UnavailableError) return error;
      throw error;
    }
  };
}

/** The error after `ok: false` with an unchanged head: another write interfered, or an answer was lost. */
export function doubt(result: AtomicResult | UnavailableError): UnavailableError {
  return result instanceof UnavailableError
    ? result
    : new UnavailableError("An atomic was refused although the head is as it was");
}

/** The error for a head that no owner can have written. */
export function changedByStranger({ task, head }: TaskKeys): CorruptError {
  return new CorruptError(
    `The head of task ${task} at ${showKey(head)} is gone, or was changed by somebody who does not own the task`,
    head,
  );
}
