/**
 * The decisions of the checkpoint, as pure functions over data that was read. Other files read and write.
 *
 * @module
 */
import { encode } from "./codec.ts";
import type {
  AttemptId,
  Clocks,
  Counters,
  DeltaRange,
  Head,
  HeadEntry,
  Offsets,
  OutboxEntry,
  Pin,
  StateEntry,
  Told,
  Unsafe,
} from "./head.ts";
import { dictionary, NEW_HEAD } from "./head.ts";
import { EXTENSIONS_BYTES, OUTBOX_EPOCHS, PIN_NAME_CHARS, PINS, PUBLISHERS, UNSAFE_REASON_CHARS } from "./limits.ts";

/** A process that wants to take a task. */
export interface Claimant {
  /** Random, never used before. */
  readonly fence: string;
  /** Its transactional id, if it publishes in transactions. */
  readonly publisher: string | undefined;
  /** The name of its worker, and the time. */
  readonly told?: Pick<Told, "worker" | "at">;
  /** Publishers that it has fenced: none of them can commit any more, and none owns the task. */
  readonly fenced: readonly string[];
}

/** The head that a new owner writes; `"full"` when it cannot hold another publisher. */
export function claimed(before: Head | undefined, { fence, publisher, fenced, told }: Claimant): Head | "full" {
  const head = before ?? NEW_HEAD;
  const owner = head.publishers.at(-1);
  // The id of the current owner always stays, because that owner may have started again after it was fenced.
  const kept = head.publishers.filter((id) => id !== publisher && (id === owner || !fenced.includes(id)));
  if (publisher !== undefined && kept.length >= PUBLISHERS) return "full";
  return {
    ...head,
    ...{ fence, attempt: 0, publishers: publisher === undefined ? kept : [...kept, publisher] },
    told: told && { ...told, since: told.at, raisedBy: head.told?.raisedBy ?? {} },
  };
}

/** The verdict on a write whose outcome was unknown. */
export type Verdict =
  /** It was done. */
  | "done"
  /** It was not done: the same bytes may be sent again. */
  | "again"
  /** Another owner has the task, and it can never be done. */
  | "fenced"
  /** The head is one that no owner can have written. */
  | "impossible";

/**
 * Determines the outcome of a write from the current head. `ok: false` is no proof: after a lost answer a client may
 * have repeated the write, and received only the answer to the second copy.
 *
 * @param mine the attempt in doubt
 * @param checked the versionstamp that the write required
 * @param found the current head
 */
export function verdict(mine: AttemptId, checked: string | null, found: HeadEntry | undefined): Verdict {
  if (found === undefined) return checked === null ? "again" : "impossible";
  if (found.head.fence !== mine.fence) return found.versionstamp === checked ? "again" : "fenced";
  if (found.head.attempt === mine.attempt) return "done";
  return found.versionstamp === checked ? "again" : "impossible";
}

/** The same for a write that does not change the head. */
export function verdictAhead(mine: AttemptId, checked: string, found: HeadEntry | undefined): Verdict {
  if (found === undefined) return "impossible";
  if (found.head.fence !== mine.fence) return "fenced";
  return found.versionstamp === checked ? "again" : "impossible";
}

/** Which results of a task are published, as its head and its marker show together. */
export type Publication<Entry extends { readonly epoch: number } = OutboxEntry> =
  /**
   * Every epoch up to `published` is visible, and the first `rows` results of the next one. The results of `waiting`
   * are not visible yet, and are published next, in this order.
   */
  | { readonly kind: "known"; readonly published: number; readonly rows: number; readonly waiting: readonly Entry[] }
  /** There is no marker and nothing to publish. The next commit needs a marker with `epoch`. */
  | { readonly kind: "unmarked"; readonly epoch: number }
  /** Results wait, but the marker is lost, so it is unknown which of them are visible. */
  | { readonly kind: "forgotten"; readonly epoch: number }
  /** The marker has a later epoch than the head: the head is older than the published results. */
  | { readonly kind: "ahead"; readonly epoch: number; readonly marker: number };

/**
 * Determines which results are published. The head must be read after every other publisher of the task was fenced, and
 * the marker after the head. Then the marker was committed by an owner, and no older write can follow. `forgotten` and
 * `ahead` are reliable only for the owner's own head, so the caller must read the head again first.
 *
 * @param head the head of the task
 * @param marker the last completely published epoch, and how many rows of the next one; `undefined` when there is none
 */
export function resolvePublication<Entry extends { readonly epoch: number }>(
  { epoch, outbox }: { readonly epoch: number; readonly outbox: readonly Entry[] },
  marker: { readonly epoch: number; readonly rows: number } | undefined,
): Publication<Entry> {
  if (marker === undefined) return { kind: outbox.length === 0 ? "unmarked" : "forgotten", epoch };
  const begun = lastBegun(marker);
  if (begun > epoch) return { kind: "ahead", epoch, marker: begun };
  const waiting = outbox.filter((entry) => entry.epoch > marker.epoch);
  // Epochs between the marker and the first waiting one had no results.
  const published = waiting.length === 0 ? epoch : waiting[0].epoch - 1;
  return { kind: "known", published, rows: published === marker.epoch ? marker.rows : 0, waiting };
}

/** The last epoch that is published at least partly, as a marker shows. */
export function lastBegun({ epoch, rows }: { readonly epoch: number; readonly rows: number }): number {
  return rows === 0 ? epoch : epoch + 1;
}

/** A change of the head without an epoch. Absent fields stay unchanged. */
export interface HeadChange {
  /** Replaces the publishers that may have a transaction under way. */
  readonly publishers?: readonly string[];
  /** Results are published up to this epoch. */
  readonly published?: number;
  /** The next offsets to read. */
  readonly offsets?: Offsets;
  /** Ids of input topics. */
  readonly topics?: Readonly<Record<string, string>>;
  /** All clocks. */
  readonly clocks?: Clocks;
  /** All totals. */
  readonly counters?: Counters;
  /** Whether the input has ended. */
  readonly finished?: boolean;
  /** `null`: no longer unsafe. */
  readonly unsafe?: Unsafe | null;
  /** Replaces the pinned chunks. */
  readonly pins?: readonly Pin[];
  /** Extensions to set; `undefined` removes one. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /**
   * Resets the task at a user's request. All keyed state, clocks, counters, offsets and waiting results are dropped,
   * and the task is neither finished nor unsafe. Epochs continue after this one, or after the head's own if that is
   * greater, so that no marker is ahead of them. Allowed only before `restore`.
   */
  readonly reset?: { readonly epoch: number };
}

/**
 * The head after a change without an epoch.
 *
 * @param written whether all rows of the last epoch are written. @default false
 */
export function changed(before: Head, change: HeadChange, written = false): Head {
  const head = change.reset === undefined ? before : forgotten(before, change.reset.epoch);
  const { publishers = head.publishers, published = 0, clocks = head.clocks, unsafe = head.unsafe } = change;
  assertClocks(head.clocks, clocks);
  return {
    ...head,
    attempt: head.attempt + 1,
    publishers,
    outbox: head.outbox.filter(({ epoch }) => epoch > published),
    unwritten: written ? undefined : head.unwritten,
    offsets: change.offsets === undefined ? head.offsets : merged(head.offsets, change.offsets),
    topics: laid(head.topics, change.topics),
    clocks: laid(clocks),
    counters: laid(change.counters ?? head.counters),
    finished: change.finished ?? head.finished,
    unsafe: unsafe === null ? undefined : unsafe && { ...unsafe, reason: unsafe.reason.slice(0, UNSAFE_REASON_CHARS) },
    pins: admittedPins(change.pins ?? head.pins),
    extensions: withExtensions(head.extensions, change.extensions),
  };
}

/** Merges two records. On equal names the second one wins. */
function laid<T>(under: Readonly<Record<string, T>>, over: Readonly<Record<string, T>> = {}): Record<string, T> {
  return dictionary([...Object.entries(under), ...Object.entries(over)]);
}

function admittedPins(pins: readonly Pin[]): readonly Pin[] {
  if (pins.length > PINS) throw new RangeError(`A head pins chunks for ${PINS} savepoints at most`);
  for (const { name } of pins) {
    if (name.length <= PIN_NAME_CHARS) continue;
    throw new RangeError(`The name of a pin may have ${PIN_NAME_CHARS} characters, "${name}" has more`);
  }
  return pins;
}

/** Extensions with some of them set or removed. */
export function withExtensions(before: Head["extensions"], now: Head["extensions"] = {}): Head["extensions"] {
  const after = dictionary(Object.entries(laid(before, now)).filter(([, value]) => value !== undefined));
  const bytes = encode(after).length;
  if (bytes > EXTENSIONS_BYTES) {
    throw new RangeError(`The extensions of a head have ${bytes} bytes, and may have ${EXTENSIONS_BYTES}`);
  }
  return after;
}

/** The part of a head that a reset keeps: the owner, all numbers that must not be used twice, and the pins. */
function forgotten({ fence, attempt, epoch, publishers, nextState, era, pins, told }: Head, atLeast: number): Head {
  const kept = { fence, attempt, publishers, nextState, pins, told: told && { ...told, raisedBy: {} } };
  return { ...NEW_HEAD, ...kept, epoch: Math.max(epoch, atLeast), era: era + 1 };
}

/** The parts of an epoch that may be refused. */
export interface EpochRequest {
  readonly offsets: Offsets;
  readonly clocks: Clocks;
  /** Results are published up to this epoch. */
  readonly published: number;
  /** Whether it has results of its own. */
  readonly results: boolean;
}

/**
 * Checks an epoch. Returns the head's offsets updated with the new ones, and the results that still wait to be
 * published.
 *
 * @throws {Error} when an offset or a clock would go back, or too many epochs wait to be published
 */
export function admitted(head: Head, request: EpochRequest): { offsets: Offsets; waiting: readonly OutboxEntry[] } {
  assertClocks(head.clocks, request.clocks);
  const waiting = head.outbox.filter(({ epoch }) => epoch > request.published);
  if (request.results && waiting.length >= OUTBOX_EPOCHS) {
    throw new Error(`${OUTBOX_EPOCHS} epochs wait to be published already: the next cut has to wait`);
  }
  return { offsets: merged(head.offsets, request.offsets), waiting };
}

/** The facts about an epoch that go into the head. */
export interface EpochFacts {
  readonly epoch: number;
  readonly offsets: Offsets;
  readonly clocks: Clocks;
  readonly counters: Counters;
  readonly finished: boolean;
  /** The results that still wait to be published, and those of this epoch. */
  readonly waiting: readonly OutboxEntry[];
  readonly outbox: Pick<OutboxEntry, "chunks" | "bytes" | "records" | "checksum"> | undefined;
  readonly delta: Sum | undefined;
  /** Live deltas that no bucket needs any more, oldest first. */
  readonly covered: readonly (Sum & AttemptId)[];
  readonly states: readonly StateEntry[];
  readonly nextState: number;
  readonly era: number;
  readonly extensions: Head["extensions"];
  readonly told: Head["told"];
}

/** Number, bytes and checksum of chunks. */
export type Sum = Pick<DeltaRange, "chunks" | "bytes" | "checksum">;

/**
 * The head after an epoch that was admitted. All rows of the epoch before it are written.
 *
 * @throws {Error} when the epoch is not the next one
 */
export function advanced(head: Head, facts: EpochFacts): Head {
  const { epoch, delta, outbox, waiting, covered, ...rest } = facts;
  if (epoch !== head.epoch + 1) throw new Error(`Epoch ${epoch} cannot come after epoch ${head.epoch}`);
  const mine: AttemptId = { fence: head.fence, attempt: head.attempt + 1 };
  const kept = trimmed(head.ranges, covered);
  return {
    ...head,
    ...rest,
    ...mine,
    clocks: laid(rest.clocks),
    counters: laid(rest.counters),
    epoch,
    ranges: delta === undefined ? kept : extended(kept, { ...delta, ...mine }),
    outbox: outbox === undefined ? waiting : [...waiting, { ...outbox, ...mine, epoch }],
    unwritten: undefined,
  };
}

/** Adds a delta to the ranges: to the last range if the same owner wrote it, otherwise as a new one. */
export function extended(ranges: readonly DeltaRange[], delta: Sum & AttemptId): DeltaRange[] {
  const { fence, attempt, chunks, bytes, checksum } = delta;
  const last = ranges.at(-1);
  if (last?.fence !== fence) return [...ranges, { fence, first: attempt, last: attempt, chunks, bytes, checksum }];
  return [...ranges.slice(0, -1), {
    fence,
    first: last.first,
    last: attempt,
    chunks: last.chunks + chunks,
    bytes: last.bytes + bytes,
    checksum: (last.checksum + checksum) >>> 0,
  }];
}

/** Removes the oldest deltas from the ranges. */
export function trimmed(ranges: readonly DeltaRange[], covered: readonly (Sum & AttemptId)[]): DeltaRange[] {
  const kept = [...ranges];
  for (const { fence, attempt, chunks, bytes, checksum } of covered) {
    const oldest = kept[0];
    if (oldest?.fence !== fence || attempt < oldest.first || attempt > oldest.last) {
      throw new Error(`The delta of attempt ${attempt} of owner ${fence} is not the oldest one`);
    }
    if (oldest.last === attempt) kept.shift();
    else {
      kept[0] = {
        ...oldest,
        first: attempt + 1,
        chunks: oldest.chunks - chunks,
        bytes: oldest.bytes - bytes,
        checksum: (oldest.checksum - checksum) >>> 0,
      };
    }
  }
  return kept;
}

/** Updates old offsets with new ones. */
function merged(before: Offsets, now: Offsets): Offsets {
  const result = dictionary(Object.entries(before));
  for (const [topic, partitions] of Object.entries(now)) {
    const old = result[topic] ?? {};
    for (const partition of Object.keys(partitions) as unknown as number[]) {
      const offset = partitions[partition];
      if (!Number.isSafeInteger(offset) || offset < 0) {
        throw new RangeError(`Offset ${offset} of ${topic}/${partition} is not a whole number from 0 on`);
      }
      if (offset < old[partition]) {
        throw new Error(`The offset of ${topic}/${partition} cannot go back from ${old[partition]} to ${offset}`);
      }
    }
    result[topic] = { ...old, ...partitions };
  }
  return result;
}

function assertClocks(before: Clocks, now: Clocks): void {
  for (const [name, { watermark }] of Object.entries(now)) {
    // The end of time marks the end of a bounded input. If it were stored, all later records would be late.
    if (!Number.isSafeInteger(watermark) || watermark === Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`The watermark ${watermark} of clock "${name}" cannot be stored`);
    }
    if (Object.hasOwn(before, name) && watermark < before[name].watermark) {
      throw new Error(`The watermark of clock "${name}" cannot go back from ${before[name].watermark} to ${watermark}`);
    }
  }
}
