/**
 * Restoring: reads exactly the chunks that a head names, and verifies the checksum of each.
 *
 * @module
 */
import { type BaseEntry, readBaseEntry } from "./bases.ts";
import { readBase, readDelta } from "./cell_stream.ts";
import { joined, sealOf, unsealed } from "./chunks.ts";
import type { StoredState } from "./stored_state.ts";
import { CorruptError } from "./errors.ts";
import type { LiveDelta } from "./garbage.ts";
import { placed } from "./hash.ts";
import type { AttemptId, DeltaRange, Head, OutboxEntry, StateEntry } from "./head.ts";
import { showKey } from "../base/kv.ts";
import type { ChunkKind, TaskKeys } from "./keys.ts";
import { decodeOutbox, type OutputRecord } from "./outbox.ts";
import { decodeRows } from "./rows.ts";
import type { Store, StoreEntry, StoreKey, TableRow } from "./store.ts";

/** The result of a restore. */
export interface Restored {
  /** Cells that hold a value. */
  readonly keys: number;
  /** Bytes of chunks and bases. */
  readonly bytes: number;
  readonly deltas: readonly LiveDelta[];
}

/** The expected number, bytes and checksum of a run of chunks. */
interface Expected {
  readonly chunks: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** Fills states from the bases and deltas that a head names. */
export async function restoreStates(
  store: Store,
  keys: TaskKeys,
  head: Head,
  states: ReadonlyMap<number, StoredState>,
): Promise<Restored> {
  let bytes = 0;
  const deltas: LiveDelta[] = [];
  for (const entry of head.states) bytes += await restoreBases({ store, keys, head }, entry, states.get(entry.id)!);
  for (const range of head.ranges) {
    bytes += range.bytes;
    for await (const { attempt, parts, sum } of readRange(store, keys, range)) {
      const key = keys.attempt("delta", range.fence, attempt);
      const epoch = parsed(key, () => readDelta(joined(parts), (id) => states.get(id)));
      deltas.push({ epoch, fence: range.fence, attempt, ...sum.expected });
    }
  }
  let count = 0;
  for (const state of states.values()) count += state.size;
  return { keys: count, bytes, deltas };
}

/** Reads the results of an epoch that is committed and may not be published yet. */
export function readOutboxEntry(store: Store, keys: TaskKeys, entry: OutboxEntry): Promise<OutputRecord[]> {
  return readResults({ store, keys }, { kind: "outbox", entry }, decodeOutbox);
}

/** Reads the rows of an epoch that is committed, and that may not be written yet. */
export function readRows(store: Store, keys: TaskKeys, entry: OutboxEntry): Promise<TableRow[]> {
  return readResults({ store, keys }, { kind: "rows", entry }, decodeRows);
}

async function readResults<T>(
  place: Place,
  { kind, entry }: { readonly kind: ChunkKind; readonly entry: OutboxEntry },
  decode: (bytes: Uint8Array) => T[],
): Promise<T[]> {
  const { parts } = await readAttempt(place, { ...entry, kind, first: 0 }, entry);
  return parsed(place.keys.attempt(kind, entry.fence, entry.attempt), () => {
    const results = decode(joined(parts));
    if (results.length !== entry.records) {
      throw new RangeError(
        `it holds ${results.length} ${kind === "rows" ? kind : "records"} instead of ${entry.records}`,
      );
    }
    return results;
  });
}

interface Place {
  readonly store: Store;
  readonly keys: TaskKeys;
}

async function restoreBases(
  place: Place & { head: Head },
  entry: StateEntry,
  state: StoredState,
): Promise<number> {
  const { store, keys, head } = place;
  const prefix = keys.bases(head.era, entry.id);
  const bases: { bucket: number; base: BaseEntry; key: StoreKey }[] = [];
  let checksum = 0;
  for await (const { key, value } of store.list(prefix)) {
    const base = readBaseEntry(value);
    const bucket = key.at(-1) as number;
    if (base === undefined || bucket >= entry.buckets) {
      throw new CorruptError(`The base at ${showKey(key)} is not what was written`, key);
    }
    checksum = (checksum ^ placed(base.checksum, bucket, entry.id)) >>> 0;
    bases.push({ bucket, base, key });
    if (base.cells !== undefined) load(key, state, bucket, base, base.cells);
  }
  if (bases.length !== entry.bases || checksum !== entry.checksum) {
    throw new CorruptError(
      `The bases of state "${entry.name}" below ${showKey(prefix)} are not those that the head names: ` +
        `${bases.length} are there, ${entry.bases} were written`,
      prefix,
    );
  }
  for (const { bucket, base, key } of bases) {
    if (base.chunks === undefined) continue;
    const { count, ...run } = base.chunks;
    const { parts } = await readAttempt(place, { ...run, kind: "base" }, { ...run, chunks: count });
    load(key, state, bucket, base, joined(parts));
  }
  return state.baseBytes;
}

function load(key: StoreKey, state: StoredState, bucket: number, entry: BaseEntry, cells: Uint8Array): void {
  const { epoch, checksum, chunks } = entry;
  parsed(key, () => readBase(cells, state, bucket));
  state.setBase(state.buckets[bucket], { epoch, checksum, chunks, bytes: cells.length });
}

interface ReadAttempt {
  readonly attempt: number;
  readonly parts: Uint8Array[];
  readonly sum: Sum;
}

/** Reads successive attempts of one owner, and verifies that they are all there. */
async function* readRange(store: Store, keys: TaskKeys, range: DeltaRange): AsyncIterable<ReadAttempt> {
  const all = new Sum();
  let one: ReadAttempt | undefined;
  const prefix = keys.fence("delta", range.fence);
  const start = keys.attempt("delta", range.fence, range.first);
  const end = keys.attempt("delta", range.fence, range.last + 1);
  for await (const entry of store.list(prefix, { start, end })) {
    const [attempt, index] = entry.key.slice(-2) as [number, number];
    if (attempt !== one?.attempt) {
      if (one !== undefined) {
        all.join(one.sum);
        yield one;
      }
      one = { attempt, parts: [], sum: new Sum() };
    }
    one.parts.push(one.sum.add(entry, attempt, index));
  }
  if (one !== undefined) {
    all.join(one.sum);
    yield one;
  }
  all.assert(range, start);
}

/** Reads chunks of one attempt, and verifies that they are all there. */
async function readAttempt(
  { store, keys }: Place,
  run: AttemptId & { readonly kind: ChunkKind; readonly first: number },
  expected: Expected,
): Promise<{ parts: readonly Uint8Array[] }> {
  const found = new Sum();
  const parts: Uint8Array[] = [];
  const start = keys.chunk({ ...run, index: run.first });
  const end = keys.chunk({ ...run, index: run.first + expected.chunks });
  for await (const entry of store.list(keys.attempt(run.kind, run.fence, run.attempt), { start, end })) {
    parts.push(found.add(entry, run.attempt, entry.key.at(-1) as number));
  }
  found.assert(expected, start);
  return { parts };
}

class Sum {
  #chunks = 0;
  #bytes = 0;
  #checksum = 0;

  add({ key, value }: StoreEntry, attempt: number, index: number): Uint8Array {
    const part = unsealed(value);
    if (part === undefined) throw new CorruptError(`The chunk at ${showKey(key)} is not what was written`, key);
    const bytes = value as Uint8Array;
    this.#chunks++;
    this.#bytes += bytes.length;
    this.#checksum = (this.#checksum + placed(sealOf(bytes), attempt, index)) >>> 0;
    return part;
  }

  /** Adds another sum. */
  join(other: Sum): void {
    this.#chunks += other.#chunks;
    this.#bytes += other.#bytes;
    this.#checksum = (this.#checksum + other.#checksum) >>> 0;
  }

  /** The sum so far. */
  get expected(): Expected {
    return { chunks: this.#chunks, bytes: this.#bytes, checksum: this.#checksum };
  }

  assert({ chunks, bytes, checksum }: Expected, key: StoreKey): void {
    if (this.#chunks === chunks && this.#bytes === bytes && this.#checksum === checksum) return;
    throw new CorruptError(
      `The chunks from ${
        showKey(key)
      } on are not those that the head names: ${this.#chunks} with ${this.#bytes} bytes ` +
        `are there, ${chunks} with ${bytes} bytes were written`,
      key,
    );
  }
}

/** Parses bytes whose checksum is right. If they still cannot be parsed, another program wrote them. */
function parsed<T>(key: StoreKey, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CorruptError) throw error;
    throw new CorruptError(`What lies at ${showKey(key)} cannot be read: ${(error as Error).message}`, key);
  }
}
