/**
 * Makes of a task's states and results what an epoch writes.
 *
 * @module
 */
import { chunkedBase, inlineBase } from "./bases.ts";
import type { CellStreamWriter } from "./cell_stream.ts";
import { chunked, type Chunks } from "./chunks.ts";
import { type BucketWrite, type Compaction, type CompactionStep, isOverrun } from "./compaction.ts";
import type { RidingWrites } from "./cut.ts";
import { admitted, advanced } from "./decide.ts";
import type { DurableKeyedState } from "./durable_keyed_state.ts";
import type { DurableStates } from "./durable_state.ts";
import type { ChunkRun, Garbage } from "./garbage.ts";
import type { Clocks, Counters, Head, Offsets, StateEntry } from "./head.ts";
import type { ChunkKind, TaskKeys } from "./keys.ts";
import { ATOMIC_BYTES, CHUNK_BYTES, DELETES_AN_EPOCH, DELTA_RANGES } from "./limits.ts";
import { encodeOutbox, type OutboxRecord } from "./outbox.ts";
import type { Base } from "./state_cell.ts";
import type { Mutation } from "./store.ts";

/** What an epoch commits beside the states. */
export interface CutRequest {
  /** The next offsets to read; what is not named stays as it is. */
  readonly offsets: Offsets;
  /** All clocks. */
  readonly clocks: Clocks;
  /** All totals since the birth of the job. */
  readonly counters: Counters;
  /** Results that are to be published after the commit. @default [] */
  readonly outbox?: readonly OutboxRecord[];
  /** Results up to this epoch are published: they leave the outbox. @default 0 */
  readonly published?: number;
  /** What a connector on the same store writes with the epoch. */
  readonly writes?: RidingWrites;
  /** The input has ended, and everything is in the results. @default false */
  readonly finished?: boolean;
}

/** What an epoch writes. */
export interface EpochWrites {
  readonly head: Head;
  readonly ahead: readonly Mutation[];
  readonly last: readonly Mutation[];
  readonly deletes: readonly Mutation[];
}

/** An entry's bytes below which bases are kept in their entries: else they are written ahead. */
const INLINE_BYTES = CHUNK_BYTES - 100;
/** The most that inline bases may weigh in an atomic that also has something else to carry. */
const INLINE_BYTES_AN_EPOCH: number = ATOMIC_BYTES / 2;
/** The most chunks that an epoch deletes. */
const MOST_DELETES = 300;

/** Cuts epochs of one task. */
export class EpochCutter {
  readonly #keys: TaskKeys;
  readonly #states: DurableStates;
  readonly #garbage: Garbage;
  readonly #writer: CellStreamWriter;
  readonly #compaction: Compaction;

  /** @param parts what it works on */
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

  /** Encodes an epoch. What can be refused is refused before anything is changed. */
  cut(head: Head, request: CutRequest): EpochWrites {
    const { clocks, counters, outbox: records = [], published = 0, writes, finished = false } = request;
    const { offsets, waiting } = admitted(head, {
      offsets: request.offsets,
      clocks,
      published,
      results: records.length > 0,
    });
    const epoch = head.epoch + 1;
    const states = [...this.#states.all].sort((a, b) => a.id - b.id);
    const whole = this.#states.rewrite || head.ranges.length >= DELTA_RANGES || isOverrun(head.ranges, states);
    const stream = this.#writer.delta(epoch, states, whole);
    const encoded = stream && chunked(stream, head.attempt + 1);
    const outbox = records.length === 0 ? undefined : chunked(encodeOutbox(records), head.attempt + 1);

    const step = whole ? this.#forget(head, states) : this.#compact(head, states, encoded?.bytes ?? 0);
    // A small state may be compacted as a whole within the epoch: then its bases say all that the delta would.
    const delta = step.covered === epoch ? undefined : encoded;
    const ahead = [
      ...this.#chunks("delta", head, delta),
      ...this.#chunks("outbox", head, outbox),
      ...setsOf(writes?.ahead),
    ];
    const last = setsOf(writes?.last);
    this.#addBases({ ahead, last }, head, step.writes);
    this.#removeStates(head.era);
    if (delta !== undefined) {
      this.#garbage.live({ epoch, run: runOf("delta", head.fence, head.attempt + 1, delta.values.length) });
    }
    if (step.covered !== undefined) this.#garbage.cover(step.covered);
    this.#states.cut();
    const next = advanced(head, {
      ...{ epoch, offsets, clocks, counters, finished, waiting, whole },
      delta: delta && sumOf(delta),
      outbox: outbox && { ...sumOf(outbox), records: records.length },
      states: states.map(entryOf),
      nextState: this.#states.nextId,
      era: whole ? head.era + 1 : head.era,
      cycle: step.cycle,
      covered: step.covered,
    });
    return { head: next, ahead, last, deletes: this.#deletes(head, next, ahead.length) };
  }

  /** A head without an epoch: only deletes go with it. */
  change(before: Head, after: Head): Pick<EpochWrites, "head" | "deletes"> {
    return { head: after, deletes: this.#deletes(before, after, 0) };
  }

  /** The whole state is in the delta: everything that was written before is garbage, and buckets begin anew. */
  #forget(head: Head, states: readonly DurableKeyedState[]): CompactionStep {
    for (const state of states) this.#forgetBases(head.era, state);
    this.#garbage.cover(head.epoch);
    this.#states.layOut();
    this.#compaction.restart();
    return { writes: [], cycle: undefined, covered: undefined };
  }

  #compact(head: Head, states: readonly DurableKeyedState[], deltaBytes: number): CompactionStep {
    return this.#compaction.step({ epoch: head.epoch + 1, deltaBytes, ranges: head.ranges, states });
  }

  #forgetBases(era: number, state: DurableKeyedState): void {
    state.buckets.forEach(({ base }, bucket) => {
      if (base === undefined) return;
      this.#garbage.addKey(this.#keys.bucket(era, state.id, bucket));
      this.#forgetChunks(base);
    });
  }

  #forgetChunks(base: Base | undefined): void {
    if (base?.chunks !== undefined) this.#garbage.add({ kind: "base", ...base.chunks });
  }

  /** States that were dropped by name: their bases go, and their cells in deltas are passed over until compaction covers them. */
  #removeStates(era: number): void {
    for (const state of this.#states.takeRemoved()) this.#forgetBases(era, state);
  }

  #chunks(kind: ChunkKind, { fence, attempt }: Head, chunks: Chunks | undefined): Mutation[] {
    return chunks?.values.map((value, index) => {
      return { type: "set", key: this.#keys.chunk({ kind, fence, attempt: attempt + 1, index }), value };
    }) ?? [];
  }

  /** Bases go into their entries while the atomic has room for them, else into chunks. */
  #addBases(to: { ahead: Mutation[]; last: Mutation[] }, head: Head, writes: readonly BucketWrite[]): void {
    const epoch = head.epoch + 1;
    const place = { fence: head.fence, attempt: head.attempt + 1 };
    let room = INLINE_BYTES_AN_EPOCH;
    let first = 0;
    for (const { state, bucket, bytes } of writes) {
      const key = this.#keys.bucket(head.era, state.id, bucket);
      if (bytes === undefined) {
        this.#forgetChunks(state.setBase(bucket, undefined));
        to.last.push({ type: "delete", key });
        continue;
      }
      const inline = bytes.length <= Math.min(INLINE_BYTES, room);
      if (inline) room -= bytes.length;
      const chunks = inline ? undefined : chunked(bytes, place.attempt, first);
      chunks?.values.forEach((value, index) => {
        to.ahead.push({ type: "set", key: this.#keys.chunk({ kind: "base", ...place, index: first + index }), value });
      });
      const { value, base } = chunks === undefined ? inlineBase(epoch, bytes) : chunkedBase(epoch, {
        ...place,
        first,
        count: chunks.values.length,
        bytes: chunks.bytes,
        checksum: chunks.checksum,
      });
      first += chunks?.values.length ?? 0;
      this.#forgetChunks(state.setBase(bucket, base));
      to.last.push({ type: "set", key, value });
    }
  }

  /** What is deleted with this head: results that it no longer names, and some of what has been waiting. */
  #deletes(before: Head, after: Head, written: number): Mutation[] {
    const kept = new Set(after.outbox.map(({ epoch }) => epoch));
    for (const entry of before.outbox) {
      if (!kept.has(entry.epoch)) this.#garbage.add(runOf("outbox", entry.fence, entry.attempt, entry.chunks));
    }
    const most = Math.min(MOST_DELETES, DELETES_AN_EPOCH + 2 * written);
    return this.#garbage.take(most).map((key) => ({ type: "delete", key }));
  }
}

function runOf(kind: ChunkKind, fence: string, attempt: number, count: number): ChunkRun {
  return { kind, fence, attempt, first: 0, count };
}

function setsOf(writes: RidingWrites["last"] = []): Mutation[] {
  return writes.map(([key, value]) => ({ type: "set", key, value }));
}

function sumOf({ values, bytes, checksum }: Chunks): { chunks: number; bytes: number; checksum: number } {
  return { chunks: values.length, bytes, checksum };
}

function entryOf(state: DurableKeyedState): StateEntry {
  const { id, name, version, namespaced, buckets, bases, baseBytes, basesChecksum } = state;
  return { id, name, version, namespaced, buckets: buckets.length, bases, baseBytes, checksum: basesChecksum };
}
