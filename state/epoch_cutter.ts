/**
 * Encodes a task's states and results into the mutations of an epoch.
 *
 * @module
 */
import { BaseWrites } from "./base_writes.ts";
import type { CellStreamWriter } from "./cell_stream.ts";
import { chunked, type Chunks, chunkSets } from "./chunks.ts";
import { type Compaction, coveredBy, isOverrun } from "./compaction.ts";
import { admitted, advanced, withExtensions } from "./decide.ts";
import type { StoredState } from "./stored_state.ts";
import type { DurableStates } from "./durable_state.ts";
import type { Garbage } from "./garbage.ts";
import type { Clocks, Counters, Head, Offsets, StateEntry, Told } from "./head.ts";
import { encodeHead } from "./head_codec.ts";
import { keyBytes } from "../base/kv.ts";
import type { TaskKeys } from "./keys.ts";
import { DELETES_AN_EPOCH, DELTA_RANGES, EPOCH_ENTRIES, EPOCH_ENTRY_KEY_BYTES } from "./limits.ts";
import { encodeOutbox, type OutputRecord } from "./outbox.ts";
import { encodeRows, rowMutations } from "./rows.ts";
import type { AtomicWrites, Mutation, TableRow } from "./store.ts";
import { fits, weigh } from "./weight.ts";

/** The parts of an epoch besides the states. */
export interface CutRequest {
  /** The next offsets to read. Partitions that are not named keep theirs. */
  readonly offsets: Offsets;
  /** All clocks. */
  readonly clocks: Clocks;
  /** All totals since the first start of the job. */
  readonly counters: Counters;
  /** Results that are to be published after the commit. @default [] */
  readonly outbox?: readonly OutputRecord[];
  /** Results up to this epoch are published and are removed from the outbox. @default 0 */
  readonly published?: number;
  /**
   * Entries that a connector on the same store writes with the epoch. A function is called after everything else is
   * encoded, and its result is committed.
   */
  readonly writes?: AtomicWrites | (() => AtomicWrites | undefined);
  /** The input has ended, and everything is in the results. @default false */
  readonly finished?: boolean;
  /** What the owner tells of the task. @default what the head has */
  readonly told?: Pick<Told, "at" | "raisedBy">;
  /** Extensions of the head to set; `undefined` removes one. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The mutations of an epoch. */
export interface EpochWrites {
  readonly head: Head;
  /** The head as bytes, where it was encoded already. */
  readonly encoded?: Uint8Array<ArrayBuffer>;
  readonly ahead: readonly Mutation[];
  readonly last: readonly Mutation[];
  /** Mutations that follow once the head is written. */
  readonly after: readonly Mutation[];
  readonly deletes: readonly Mutation[];
}

/**
 * How many buckets an epoch may rewrite, and how many chunks it may delete. The limit comes from the bytes of keys in
 * an atomic.
 */
export function mostEntries(keys: TaskKeys): number {
  const longest = keyBytes(keys.chunk({ kind: "outbox", fence: "0123456789abcdef", attempt: 0, index: 0 }));
  return Math.min(EPOCH_ENTRIES, Math.floor(EPOCH_ENTRY_KEY_BYTES / longest));
}

/** Cuts epochs of one task. */
export class EpochCutter {
  readonly #keys: TaskKeys;
  readonly #states: DurableStates;
  readonly #garbage: Garbage;
  readonly #writer: CellStreamWriter;
  readonly #compaction: Compaction;

  /** @param parts the task's keys, states, garbage and compaction */
  constructor(parts: {
    readonly keys: TaskKeys;
    readonly states: DurableStates;
    readonly garbage: Garbage;
    readonly writer: CellStreamWriter;
    readonly compaction: Compaction;
  }) {
    this.#keys = parts.keys;
    this.#states = parts.states;
    this.#garbage = parts.garbage;
    this.#writer = parts.writer;
    this.#compaction = parts.compaction;
  }

  /** Encodes an epoch. All checks come before the first change, so that a refused epoch leaves no trace. */
  cut(head: Head, request: CutRequest): EpochWrites {
    const { clocks, counters, outbox: records = [], published = 0, writes, finished = false } = request;
    const { offsets, waiting } = admitted(head, {
      offsets: request.offsets,
      clocks,
      published,
      results: records.length > 0,
    });
    const extensions = withExtensions(head.extensions, request.extensions);
    const epoch = head.epoch + 1;
    const states = [...this.#states.all].sort((a, b) => a.id - b.id);
    const whole = this.#states.rewrite || head.ranges.length >= DELTA_RANGES || isOverrun(head.ranges, states);
    const stream = this.#writer.delta(epoch, states, whole);
    const encoded = stream && chunked(stream, head.attempt + 1);
    const outbox = records.length === 0 ? undefined : chunked(encodeOutbox(records), head.attempt + 1);
    const riding = typeof writes === "function" ? writes() : writes;

    const bases = new BaseWrites(this.#keys, this.#garbage, head);
    if (whole) this.#forget(head, states);
    else {
      for (const state of states) state.markChanged(epoch);
      const facts = { deltaBytes: encoded?.bytes ?? 0, ranges: head.ranges, states };
      this.#compaction.step(facts, (write) => bases.add(write));
    }
    const covered = whole ? head.epoch : coveredBy(states, epoch);
    // A small state may be compacted completely within the epoch. Then its bases contain all changes, and no delta is
    // needed.
    const delta = covered === epoch ? undefined : encoded;
    const gone = this.#garbage.cover(covered);
    const attempt = head.attempt + 1;
    if (delta !== undefined) this.#garbage.live({ epoch, fence: head.fence, attempt, ...sumOf(delta) });
    this.#removeStates(head.era);
    this.#states.cut();
    const next = advanced(head, {
      ...{ epoch, offsets, clocks, counters, finished, waiting, extensions, covered: gone },
      delta: delta && sumOf(delta),
      outbox: outbox && { ...sumOf(outbox), records: records.length },
      states: states.map(entryOf),
      nextState: this.#states.nextId,
      era: whole ? head.era + 1 : head.era,
      told: head.told && { ...head.told, ...request.told },
    });
    const ahead = [
      ...chunkSets(this.#keys, { kind: "delta", fence: head.fence, attempt }, delta),
      ...chunkSets(this.#keys, { kind: "outbox", fence: head.fence, attempt }, outbox),
      ...bases.ahead,
      ...setsOf(riding?.ahead),
    ];
    const last = [...setsOf(riding?.last), ...bases.last];
    const deletes = this.#deletes(head, next, ahead.length);
    return this.#withRows({ head: next, ahead, last, after: [], deletes }, riding?.rows ?? []);
  }

  /** Adds rows: to the atomic if all of them fit, so that they appear together, and otherwise after it. */
  #withRows(epoch: EpochWrites, rows: readonly TableRow[]): EpochWrites {
    if (rows.length === 0) return epoch;
    const { head, ahead, last, deletes } = epoch;
    const own = this.#keys.head;
    const written = rowMutations(rows);
    const whole = [...last, ...written];
    const encoded = encodeHead(head);
    const together: Mutation[] = [...whole, ...deletes, { type: "set", key: own, value: encoded }];
    if (fits(weigh([{ key: own, versionstamp: null }], together))) return { ...epoch, encoded, last: whole };
    const { fence, attempt } = head;
    const chunks = chunked(encodeRows(rows), attempt);
    const unwritten = { ...sumOf(chunks), fence, attempt, epoch: head.epoch, records: rows.length };
    return {
      ...{ ...epoch, head: { ...head, unwritten }, after: written },
      ahead: [...ahead, ...chunkSets(this.#keys, { kind: "rows", fence, attempt }, chunks)],
    };
  }

  /** A change of the head without an epoch, which carries only deletes. */
  change(before: Head, after: Head): Pick<EpochWrites, "head" | "deletes"> {
    return { head: after, deletes: this.#deletes(before, after, 0) };
  }

  /** The whole state is in the delta. All earlier bases and deltas become garbage, and buckets are laid out again. */
  #forget(head: Head, states: readonly StoredState[]): void {
    for (const state of states) this.#forgetBases(head.era, state);
    this.#states.layOut(head.epoch + 1);
  }

  #forgetBases(era: number, state: StoredState): void {
    for (const { base, index } of [...state.outdated, ...state.buckets]) {
      if (base === undefined) continue;
      this.#garbage.addKey(this.#keys.bucket(era, state.id, index));
      if (base.chunks !== undefined) this.#garbage.add({ kind: "base", ...base.chunks });
    }
  }

  /** Removes the bases of dropped states. Their cells in deltas are skipped until compaction covers the deltas. */
  #removeStates(era: number): void {
    for (const state of this.#states.takeRemoved()) this.#forgetBases(era, state);
  }

  /** The deletes that go with this head: results that it no longer names, and a part of the waiting garbage. */
  #deletes(before: Head, after: Head, written: number): Mutation[] {
    const kept = new Set(after.outbox.map(({ epoch }) => epoch));
    for (const entry of before.outbox) {
      if (!kept.has(entry.epoch)) {
        this.#garbage.add({
          kind: "outbox",
          fence: entry.fence,
          attempt: entry.attempt,
          first: 0,
          count: entry.chunks,
        });
      }
    }
    if (before.unwritten !== undefined && after.unwritten !== before.unwritten) {
      const { fence, attempt, chunks: count } = before.unwritten;
      this.#garbage.add({ kind: "rows", fence, attempt, first: 0, count });
    }
    const most = Math.min(mostEntries(this.#keys), DELETES_AN_EPOCH + 2 * written);
    return this.#garbage.take(most).map((key) => ({ type: "delete", key }));
  }
}

function setsOf(writes: AtomicWrites["last"] = []): Mutation[] {
  return writes.map(([key, value]) => ({ type: "set", key, value }));
}

function sumOf({ values, bytes, checksum }: Chunks): { chunks: number; bytes: number; checksum: number } {
  return { chunks: values.length, bytes, checksum };
}

function entryOf(state: StoredState): StateEntry {
  const { id, name, version, kind, namespaced, seed, layout, buckets, bases, baseBytes, basesChecksum } = state;
  const stored = { bases, baseBytes, checksum: basesChecksum };
  return { id, name, version, kind, namespaced, seed, layout, buckets: buckets.length, ...stored };
}
