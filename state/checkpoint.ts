/**
 * The checkpoint of a task. It alone determines which records, states and results count as processed.
 *
 * Invariants, each with a test of its own in `tests/checkpoint_test.ts` or `restore_test.ts`:
 *
 * 1. The epoch is 0 before the first commit, and each commit makes it exactly one greater.
 * 2. State, clocks, offsets and unpublished results of an epoch become visible together or not at all: one atomic
 *    replaces the head, and entries that the head does not name do not count.
 * 3. An offset (the next to read) and a watermark never go back. The end of time is never stored.
 * 4. Changes after the cut of an epoch are not in its commit, because a cut is encoded when it is made.
 * 5. Only the current owner of a task can commit it, change its head, or delete its entries. Each of its atomics checks
 *    the head, and a new owner writes a head of its own first. The previous owner gets a `FencedError`.
 * 6. A chunk's key is never used twice: it contains the owner's random fence and an attempt number that grows with
 *    every write.
 * 7. `ok: false`, a timeout and an exception mean that the outcome is unknown. Reading the head tells the outcome.
 * 8. An entry of the outbox stays in the head until an owner of the task has reported that it is published. So do rows
 *    that follow their epoch, until all of them are written; no epoch is cut before that.
 * 9. A restore loads exactly the entries that the head names, and verifies them by count, length and checksum.
 *
 * Decisions are pure functions (`decide.ts`). Before a head is written, `successor.ts` asserts the invariants that two
 * successive heads can show. This file reads and writes.
 *
 * @module
 */
import { pauseAfter } from "../base/backoff.ts";
import { CellStreamWriter } from "./cell_stream.ts";
import { commitCuts } from "./commit.ts";
import { Compaction } from "./compaction.ts";
import { Cut } from "./cut.ts";
import { writeChecked } from "./checked_writes.ts";
import { type CutRequest, EpochCutter, type EpochWrites, mostEntries } from "./epoch_cutter.ts";
import { changed, claimed, type HeadChange } from "./decide.ts";
import type { DurableStates } from "./durable_state.ts";
import { CorruptError, FencedError } from "./errors.ts";
import { Garbage } from "./garbage.ts";
import { checksum } from "./hash.ts";
import type { Head, HeadEntry, OutboxEntry } from "./head.ts";
import { showKey } from "../base/kv.ts";
import { TaskKeys } from "./keys.ts";
import { OUTBOX_EPOCHS, PUBLISHER_BYTES, PUBLISHERS, RETRY_PAUSE, SWEEP_DELETES, WORKER_CHARS } from "./limits.ts";
import type { OutputRecord } from "./outbox.ts";
import { newFence } from "./fence.ts";
import { readHeadEntry } from "./read_head.ts";
import { readOutboxEntry, readRows, restoreStates } from "./restore.ts";
import { type Patience, persist, waitOrThrow } from "./retry.ts";
import { rowMutations } from "./rows.ts";
import type { Store } from "./store.ts";
import { assertSuccessor } from "./successor.ts";
import { deleteOwned, findOrphans } from "./sweep.ts";
import { contested, writeClaim } from "./write_claim.ts";

export type { CutRequest };

/** Options of {@linkcode TaskCheckpoint.claim}. */
export interface ClaimOptions extends Patience {
  /** The job's name. */
  readonly job: string;
  /** The task's number. */
  readonly task: number;
  /** The states of the task, which are restored and cut. */
  readonly states: DurableStates;
  /** The name of the claimant's worker, if it has one. */
  readonly worker?: string;
  /** The claimant's transactional id, if it publishes in transactions. */
  readonly publisher?: string;
  /**
   * Publishers that the claimant has fenced, so that none of them can commit any more. They are removed from the head,
   * except the current owner's, which may have started again since. @default []
   */
  readonly fenced?: readonly string[];
}

/**
 * The result of a claim: the task was claimed, or its head is full of publishers, and all but the last must be fenced
 * first.
 */
export type Claim =
  | { readonly full: false; readonly checkpoint: TaskCheckpoint; readonly created: boolean }
  | { readonly full: true; readonly publishers: readonly string[] };

/** The report of a restore. */
export interface RestoreReport {
  /** Cells that hold a value. */
  readonly keys: number;
  /** Bytes of chunks and bases that were read. */
  readonly bytes: number;
  /** How long it took. */
  readonly milliseconds: number;
}

/** The writer of all tasks: an epoch is encoded and copied in one call, and large buffers are needed once only. */
const writer = new CellStreamWriter();

/**
 * A task's checkpoint, as its owner uses it.
 *
 * @example Commit an epoch
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commitCuts, DurableStates, MemoryStore, TaskCheckpoint } from "./mod.ts";
 *
 * const clock = { now: () => 0, sleep: () => Promise.resolve(), random: Math.random };
 * const store = new MemoryStore();
 * const states = new DurableStates();
 * const claim = await TaskCheckpoint.claim(store, { job: "shop", task: 0, states, clock });
 * if (claim.full) throw new Error("Too many publishers");
 *
 * const counts = states.open({ name: "counts", operator: "keyedReduce", namespaced: false });
 * counts.write(counts.cell("ada"), 1);
 * const cut = claim.checkpoint.cut({ offsets: { visits: { 0: 1 } }, clocks: {}, counters: {} });
 * assertEquals((await commitCuts(store, [cut], { clock })).outcomes, ["committed"]);
 * assertEquals(claim.checkpoint.head.epoch, 1);
 * ```
 */
export class TaskCheckpoint {
  #head: Head;
  #versionstamp: string;
  #pending = false;
  #fenced = false;
  /** Whether the states agree with the head: restored, or the head has none. */
  #restored: boolean;
  #began = false;
  /** Whether all rows of the last epoch are written. */
  #written: boolean;
  readonly #garbage: Garbage;
  #cutter: EpochCutter;

  private constructor(
    readonly store: Store,
    readonly keys: TaskKeys,
    entry: HeadEntry,
    readonly options: ClaimOptions,
  ) {
    this.#head = entry.head;
    this.#versionstamp = entry.versionstamp;
    this.#restored = entry.head.epoch === 0;
    this.#written = entry.head.unwritten === undefined;
    this.#garbage = new Garbage(keys, () => this.#head.pins);
    options.states.seed = seedOf(entry.head.fence);
    this.#cutter = this.#newCutter();
  }

  /**
   * Takes a task. From then on no other owner can commit it.
   *
   * @param store the store of the job
   * @param options see {@linkcode ClaimOptions}
   * @throws {UnavailableError} when the store does not answer within `patience`
   * @throws {CorruptError} when the head cannot be read
   */
  static async claim(store: Store, options: ClaimOptions): Promise<Claim> {
    const { job, task, publisher, fenced = [], clock, worker = "" } = options;
    if (publisher !== undefined && new TextEncoder().encode(publisher).length > PUBLISHER_BYTES) {
      throw new RangeError(`A transactional id may have ${PUBLISHER_BYTES} bytes, "${publisher}" has more`);
    }
    const keys = new TaskKeys(job, task);
    for (let tries = 0;; tries++) {
      const before = await persist(options, () => readHeadEntry(store, keys));
      const fence = newFence(clock);
      const head = claimed(before?.head, {
        fence,
        publisher,
        fenced,
        told: { worker: worker.slice(0, WORKER_CHARS), at: clock.now() },
      });
      if (head === "full") return { full: true, publishers: before!.head.publishers };
      assertSuccessor(before?.head, head);
      const versionstamp = await writeClaim(store, keys, { head, checked: before?.versionstamp ?? null, options });
      if (versionstamp !== undefined) {
        const checkpoint = new TaskCheckpoint(store, keys, { head, versionstamp }, options);
        return { full: false, checkpoint, created: before === undefined };
      }
      await waitOrThrow(options, pauseAfter(tries, RETRY_PAUSE, clock.random()), contested(keys));
    }
  }

  /** The head as it was last written. */
  get head(): Head {
    return this.#head;
  }

  /** Whether another owner is known to have taken the task. */
  get fenced(): boolean {
    return this.#fenced;
  }

  /** Whether there is a cut that is not yet committed. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Whether a cut with results has to wait until more of them are published. */
  outboxFull(published: number): boolean {
    return this.#head.outbox.filter(({ epoch }) => epoch > published).length >= OUTBOX_EPOCHS;
  }

  /**
   * Reads the head again.
   *
   * @throws {FencedError} when another owner has taken the task
   */
  async verify(): Promise<void> {
    const found = await persist(this.options, () => readHeadEntry(this.store, this.keys));
    if (found === undefined) {
      throw new CorruptError(
        `The head of task ${this.keys.task} at ${showKey(this.keys.head)} is gone`,
        this.keys.head,
      );
    }
    if (found.head.fence === this.#head.fence) return;
    this.#fenced = true;
    throw this.#lost();
  }

  /**
   * Loads the states from the checkpoint. Must be called before any stage opens a state.
   *
   * @throws {FencedError} when another owner has taken the task meanwhile
   * @throws {CorruptError} when stored data is not what was written
   */
  async restore(): Promise<RestoreReport> {
    const { states, clock } = this.options;
    const began = clock.now();
    states.prepare(this.#head.states, this.#head.nextState);
    const byId = new Map([...states.all].map((state) => [state.id, state]));
    const restored = await this.#owned(() => restoreStates(this.store, this.keys, this.#head, byId));
    states.restored();
    for (const delta of restored.deltas) this.#garbage.live(delta);
    this.#restored = this.#began = true;
    this.#cutter = this.#newCutter();
    return { keys: restored.keys, bytes: restored.bytes, milliseconds: clock.now() - began };
  }

  /**
   * Reads the results of an epoch in `head.outbox`.
   *
   * @throws {FencedError} when another owner has taken the task meanwhile
   * @throws {CorruptError} when stored data is not what was written
   */
  readOutbox(entry: OutboxEntry): Promise<OutputRecord[]> {
    return this.#owned(() => readOutboxEntry(this.store, this.keys, entry));
  }

  /**
   * Writes the rows of the last epoch that its owner may not have written. Must be called before the first cut.
   *
   * @returns how many rows there were
   * @throws {FencedError} when another owner has taken the task
   * @throws {CorruptError} when stored data is not what was written
   */
  async writeRows(): Promise<number> {
    this.#assertReady();
    const { unwritten } = this.#head;
    if (unwritten === undefined || this.#written) return 0;
    const rows = await this.#owned(() => readRows(this.store, this.keys, unwritten));
    const checked = { store: this.store, keys: this.keys, mine: this.#head, versionstamp: this.#versionstamp };
    if (!await writeChecked(checked, rowMutations(rows), this.options)) {
      this.#fenced = true;
      throw this.#lost();
    }
    this.#written = true;
    return rows.length;
  }

  /**
   * Deletes entries that earlier owners left and the head does not name. May run at the same time as commits.
   *
   * @param signal ends it early
   * @returns how many entries were deleted
   * @throws {FencedError} when another owner has taken the task
   * @throws {Error} when the signal was aborted
   */
  async sweep(signal: AbortSignal | undefined = this.options.signal): Promise<number> {
    const { fence } = this.#head;
    const options = { ...this.options, signal };
    let count = 0;
    let doomed = [];
    for await (const key of findOrphans(this.store, this.keys, this.#head, signal)) {
      doomed.push(key);
      count++;
      if (doomed.length < SWEEP_DELETES) continue;
      await deleteOwned(this.store, this.keys, { fence, doomed, options });
      doomed = [];
    }
    await deleteOwned(this.store, this.keys, { fence, doomed, options });
    return count;
  }

  /**
   * Cuts an epoch: encodes at once everything that it commits. The next epoch can be cut only after this one is
   * committed.
   *
   * @throws {TypeError} when a state holds a value that cannot be stored
   * @throws {Error} when an offset or a clock would go back
   */
  cut(request: CutRequest): Cut {
    this.#assertReady();
    if (!this.#restored) throw new Error(`Task ${this.keys.task} must be restored before its first cut`);
    if (!this.#written) throw new Error(`Task ${this.keys.task} must write its rows before its first cut`);
    this.options.states.seal();
    this.#began = true;
    const epoch = this.#cutter.cut(this.#head, request);
    assertSuccessor(this.#head, epoch.head);
    return this.#cut(epoch);
  }

  /**
   * Changes the head alone, without an epoch.
   *
   * @throws {FencedError} when another owner has taken the task
   * @throws {UnavailableError} when the store does not answer within `patience`
   */
  async rewrite(change: HeadChange): Promise<void> {
    this.#assertReady();
    if (change.reset !== undefined && this.#began) {
      throw new Error(`Task ${this.keys.task} can only be reset before it is restored`);
    }
    if ((change.publishers?.length ?? 0) > PUBLISHERS) {
      throw new RangeError(`A head names ${PUBLISHERS} publishers at most`);
    }
    const after = changed(this.#head, change, this.#written);
    assertSuccessor(this.#head, after, change.reset !== undefined);
    const cut = this.#cut({ ...this.#cutter.change(this.#head, after), ahead: [], last: [], after: [] });
    await commitCuts(this.store, [cut], this.options);
    if (cut.outcome === "fenced") throw this.#lost();
    if (change.reset !== undefined) {
      this.#written = true;
      this.#cutter = this.#newCutter();
    }
  }

  #cut({ head, encoded, ahead, last, after, deletes }: EpochWrites): Cut {
    const cut = new Cut({
      store: this.store,
      keys: this.keys,
      head,
      encoded,
      checked: this.#versionstamp,
      ahead,
      last,
      after,
      deletes,
      settled: (outcome, versionstamp) => {
        this.#pending = false;
        if (outcome === "fenced") this.#fenced = true;
        else {
          this.#head = head;
          this.#versionstamp = versionstamp;
        }
      },
    });
    this.#pending = true;
    return cut;
  }

  #newCutter(): EpochCutter {
    const { states } = this.options;
    return new EpochCutter({
      keys: this.keys,
      states,
      garbage: this.#garbage,
      writer,
      compaction: new Compaction(writer, mostEntries(this.keys)),
    });
  }

  #assertReady(): void {
    if (this.#fenced) throw this.#lost();
    if (this.#pending) throw new Error(`Task ${this.keys.task} has a cut under way: commit it first`);
  }

  /** Runs a read. If it finds corrupt data, reads the head again, because a new owner may have deleted the data. */
  async #owned<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof CorruptError) await this.verify();
      throw error;
    }
  }

  #lost(): FencedError {
    return new FencedError(`Task ${this.keys.task} of job ${this.keys.job} has another owner`);
  }
}

/** A secret seed for the hash of keys, derived from the fence, which is only in the store. */
function seedOf(fence: string): number {
  return checksum(new TextEncoder().encode(fence));
}
