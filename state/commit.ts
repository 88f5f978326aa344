/**
 * Commits cuts, with one atomic for as many tasks as fit.
 *
 * The head tells the outcome of an atomic; the result of the call does not. `ok: false`, a timeout and an exception all
 * mean that the outcome is unknown. Mutations that do not fit are written ahead, under keys that are never used again.
 * Only the last atomic, with a check on each head, makes them live. Rows of tables that do not fit follow it, with a
 * check on the head that it has written. The cut is pending until all of them are there, so no later epoch can be cut
 * before that.
 *
 * @module
 */
import { changedByStranger, type CheckedHead, doubt, type Send, sendTo, writeChecked } from "./checked_writes.ts";
import type { Cut } from "./cut.ts";
import { verdict } from "./decide.ts";
import { UnavailableError } from "./errors.ts";
import type { HeadEntry } from "./head.ts";
import type { TaskKeys } from "./keys.ts";
import { type Patience, persist, Retry } from "./retry.ts";
import { readHeadEntry } from "./read_head.ts";
import type { Check, Store } from "./store.ts";
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
        for (const cut of left) await this.#finish(cut, result.versionstamp);
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
      if (judged === "done") await this.#finish(cut, found!.versionstamp);
      else if (judged === "fenced") cut.settle("fenced");
      else if (judged === "impossible") throw changedByStranger(cut.keys);
    }
  }

  async #writeAhead(cut: Cut): Promise<void> {
    const { ahead, checked } = cut;
    const send: Send = (checks, mutations) => {
      this.meter.ahead++;
      return this.#try(checks, mutations);
    };
    if (!await writeChecked(this.#headOf(cut, checked), ahead, this.options, send)) cut.settle("fenced");
  }

  /** The head is written. Writes what follows it; another owner that comes meanwhile writes that too. */
  async #finish(cut: Cut, versionstamp: string): Promise<void> {
    const written = await writeChecked(this.#headOf(cut, versionstamp), cut.after, this.options, this.#try);
    if (written) cut.settle("committed", versionstamp);
    else cut.settle("fenced");
  }

  #headOf(cut: Cut, versionstamp: string): CheckedHead {
    return { store: this.store, keys: cut.keys, mine: cut.head, versionstamp };
  }

  readonly #try: Send = (checks, mutations) => {
    this.meter.atomics++;
    this.meter.mutations += mutations.length;
    this.meter.bytes += weigh([], mutations).bytes;
    return sendTo(this.store)(checks, mutations);
  };
}

function checkOf(cut: Cut): Check {
  return { key: cut.keys.head, versionstamp: cut.checked };
}
