/**
 * Commits cuts, with one atomic for as many tasks as fit.
 *
 * The head tells the outcome of an atomic; the result of the call does not. `ok: false`, a timeout and an exception all
 * mean that the outcome is unknown. Mutations that do not fit are written ahead, under keys that are never used again.
 * Only the last atomic, with a check on each head, makes them live.
 *
 * @module
 */
import type { Cut } from "./cut.ts";
import { type Verdict, verdict, verdictAhead } from "./decide.ts";
import { CorruptError, UnavailableError } from "./errors.ts";
import type { HeadEntry } from "./head.ts";
import { showKey, type TaskKeys } from "./keys.ts";
import { type Patience, persist, Retry } from "./retry.ts";
import { readHeadEntry } from "./read_head.ts";
import type { AtomicResult, Check, Mutation, Store } from "./store.ts";
import { fits, grouped, weigh } from "./weight.ts";

/** The outcomes and the cost of a commit. */
export interface CommitReport {
  /** By cut, in the order given. */
  readonly outcomes: readonly ("committed" | "fenced")[];
  /** How many atomics were sent, including those written ahead and repeated ones. */
  readonly atomics: number;
  /** How many of them were written ahead. */
  readonly ahead: number;
  /** How many entries were set or deleted. */
  readonly mutations: number;
  /** Bytes of values and keys. */
  readonly bytes: number;
}

interface Meter {
  atomics: number;
  ahead: number;
  mutations: number;
  bytes: number;
}

/**
 * Commits cuts of different tasks, in their order. If another owner has taken one of the tasks, the others are
 * committed without it. A cut whose outcome is unknown may be passed again.
 *
 * @param store the store of all of them
 * @param cuts at most one of each task
 * @param options how long to wait for the store
 * @throws {UnavailableError} when the store has not answered within `patience`; the outcome of pending cuts is then
 * unknown
 * @throws {CorruptError} when a head is missing, or no owner can have written it
 */
export async function commitCuts(store: Store, cuts: readonly Cut[], options: Patience): Promise<CommitReport> {
  const meter: Meter = { atomics: 0, ahead: 0, mutations: 0, bytes: 0 };
  const pending = cuts.filter(({ outcome }) => outcome === "pending");
  if (new Set(pending.map(({ keys }) => keys)).size < pending.length) {
    throw new TypeError("Cannot commit two cuts of one task at once");
  }
  const writer = new Writer(store, options, meter);
  for (const group of grouped(pending, (cut) => fits(cut.weight) ? cut.weight : cut.leanWeight)) {
    await writer.commit(group);
  }
  return { ...meter, outcomes: cuts.map(({ outcome }) => outcome as "committed" | "fenced") };
}

/** Reads a head, and tries again until the store answers. */
function findHead(store: Store, keys: TaskKeys, options: Patience): Promise<HeadEntry | undefined> {
  return persist(options, () => readHeadEntry(store, keys));
}

class Writer {
  constructor(readonly store: Store, readonly options: Patience, readonly meter: Meter) {}

  /** Commits cuts that fit into one atomic, if necessary with some mutations written ahead. */
  async commit(cuts: readonly Cut[]): Promise<void> {
    for (const cut of cuts) if (!fits(cut.weight)) await this.#writeAhead(cut);
    const retry = new Retry(this.options);
    let left = cuts.filter(({ outcome }) => outcome === "pending");
    while (left.length > 0) {
      const result = await this.#try(
        left.map(checkOf),
        left.flatMap((cut) => fits(cut.weight) ? [...cut.ahead, ...cut.last] : cut.last),
      );
      if (!(result instanceof UnavailableError) && result.ok) {
        for (const cut of left) cut.settle("committed", result.versionstamp);
        break;
      }
      await this.#judge(left);
      left = left.filter(({ outcome }) => outcome === "pending");
      if (left.length > 0) await retry.after(doubt(result));
    }
    retry.worked();
  }

  /** Settles each cut whose outcome the head shows. */
  async #judge(cuts: readonly Cut[]): Promise<void> {
    for (const cut of cuts) {
      const found = await findHead(this.store, cut.keys, this.options);
      const judged = verdict(cut.head, cut.checked, found);
      if (judged === "done") cut.settle("committed", found!.versionstamp);
      else this.#stopAt(cut, judged);
    }
  }

  async #writeAhead(cut: Cut): Promise<void> {
    const check = checkOf(cut);
    const pieces = grouped(cut.ahead, (mutation) => weigh([], [mutation]), weigh([check], []));
    for (const piece of pieces) {
      const retry = new Retry(this.options);
      for (;;) {
        this.meter.ahead++;
        const result = await this.#try([check], piece);
        if (!(result instanceof UnavailableError) && result.ok) break;
        const found = await findHead(this.store, cut.keys, this.options);
        this.#stopAt(cut, verdictAhead(cut.head, cut.checked, found));
        if (cut.outcome !== "pending") return;
        await retry.after(doubt(result));
      }
      retry.worked();
    }
  }

  #stopAt(cut: Cut, judged: Verdict): void {
    if (judged === "fenced") return cut.settle("fenced");
    if (judged !== "impossible") return;
    throw new CorruptError(
      `The head of task ${cut.keys.task} at ${
        showKey(cut.keys.head)
      } is gone, or was changed by somebody who does not own the task`,
      cut.keys.head,
    );
  }

  async #try(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult | UnavailableError> {
    this.meter.atomics++;
    this.meter.mutations += mutations.length;
    this.meter.bytes += weigh([], mutations).bytes;
    try {
      return await this.store.atomic(checks, mutations);
    } catch (error) {
      if (error instanceof UnavailableError) return error;
      throw error;
    }
  }
}

function checkOf(cut: Cut): Check {
  return { key: cut.keys.head, versionstamp: cut.checked };
}

/** The error after `ok: false` with an unchanged head: another write interfered, or an answer was lost. */
function doubt(result: AtomicResult | UnavailableError): UnavailableError {
  return result instanceof UnavailableError
    ? result
    : new UnavailableError("An atomic was refused although the head is as it was");
}
