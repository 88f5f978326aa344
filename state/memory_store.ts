/**
 * The store in memory, for tests and simulations. It has the limits of Deno KV, so that tests find writes that Deno KV
 * would refuse.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import {
  keyBytes,
  KV_ATOMIC_BYTES,
  KV_ATOMIC_CHECKS,
  KV_ATOMIC_KEY_BYTES,
  KV_ATOMIC_MUTATIONS,
  KV_KEY_BYTES,
  KV_VALUE_BYTES,
  showKey,
} from "../base/kv.ts";
import { compareSorted, sortedKey } from "./sorted_key.ts";
import type { AtomicResult, Check, Mutation, Store, StoreEntry, StoreKey } from "./store.ts";

interface Stored {
  readonly key: StoreKey;
  /** Bytes are copied and other values are serialized, so that a stored value cannot be changed. */
  readonly bytes: Uint8Array | undefined;
  readonly other: Uint8Array | undefined;
  readonly versionstamp: string;
}

/**
 * A key-value store in memory.
 *
 * @example Write under a check
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MemoryStore } from "@tidemark/streams/state";
 *
 * const store = new MemoryStore();
 * const set = { type: "set", key: ["once"], value: 1 } as const;
 * const check = { key: ["once"], versionstamp: null };
 * assertEquals((await store.atomic([check], [set])).ok, true);
 * assertEquals((await store.atomic([check], [set])).ok, false);
 * ```
 */
export class MemoryStore implements Store {
  readonly name = "memory";
  readonly #entries = new Map<string, Stored>();
  #sorted: string[] | undefined = [];
  #version = 0;
  #closed = false;

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many bytes of keys and values there are. */
  get bytes(): number {
    let bytes = 0;
    for (const { key, bytes: raw, other } of this.#entries.values()) bytes += keyBytes(key) + (raw ?? other)!.length;
    return bytes;
  }

  /** The value of a key, or `undefined`. */
  // deno-lint-ignore require-await -- fails as a promise, as any store does
  async get<T = unknown>(key: StoreKey): Promise<StoreEntry<T> | undefined> {
    this.#open();
    const found = this.#entries.get(sortedKey(key));
    return found === undefined ? undefined : entryOf<T>(found);
  }

  async *list<T = unknown>(
    prefix: StoreKey,
    range: { start?: StoreKey; end?: StoreKey } = {},
  ): AsyncIterable<StoreEntry<T>> {
    this.#open();
    const sorted = this.#sorted ??= [...this.#entries.keys()].sort(compareSorted);
    const begins = sortedKey(prefix);
    const start = range.start === undefined ? begins : sortedKey(range.start);
    const end = range.end === undefined ? undefined : sortedKey(range.end);
    // The list contains the entries that existed when it began.
    const found: Stored[] = [];
    for (let at = firstAtOrAfter(sorted, start); at < sorted.length; at++) {
      const key = sorted[at];
      if (!key.startsWith(begins) || (end !== undefined && key >= end)) break;
      if (key !== begins) found.push(this.#entries.get(key)!);
    }
    for (const one of found) {
      this.#open();
      yield entryOf<T>(one);
      await undefined;
    }
  }

  // deno-lint-ignore require-await -- fails as a promise, as any store does
  async atomic(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult> {
    this.#open();
    const values = weigh(checks, mutations);
    for (const { key, versionstamp } of checks) {
      if ((this.#entries.get(sortedKey(key))?.versionstamp ?? null) !== versionstamp) return { ok: false };
    }
    const versionstamp = `${(++this.#version).toString(16).padStart(16, "0")}0000`;
    mutations.forEach(({ type, key }, i) => {
      const sorted = sortedKey(key);
      if (type === "delete") {
        if (this.#entries.delete(sorted)) this.#sorted = undefined;
        return;
      }
      if (!this.#entries.has(sorted)) this.#sorted = undefined;
      this.#entries.set(sorted, { key: [...key], ...values[i]!, versionstamp });
    });
    return { ok: true, versionstamp };
  }

  /** Closes the store: later calls fail. */
  close(): void {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw new Error("The state in memory is closed");
  }
}

function entryOf<T>({ key, bytes, other, versionstamp }: Stored): StoreEntry<T> {
  return { key: [...key], value: (bytes === undefined ? deserialize(other!) : bytes.slice()) as T, versionstamp };
}

/** Throws on everything that Deno KV refuses. Returns the bytes to store for each mutation. */
function weigh(
  checks: readonly Check[],
  mutations: readonly Mutation[],
): ({ bytes: Uint8Array | undefined; other: Uint8Array | undefined } | undefined)[] {
  if (checks.length > KV_ATOMIC_CHECKS) throw new TypeError(`Too many checks (max ${KV_ATOMIC_CHECKS})`);
  if (mutations.length > KV_ATOMIC_MUTATIONS) throw new TypeError(`Too many mutations (max ${KV_ATOMIC_MUTATIONS})`);
  let total = 0;
  let keys = 0;
  for (const { key } of checks) total += weighKey(key);
  const values = mutations.map((mutation) => {
    const bytes = weighKey(mutation.key);
    total += bytes;
    if (mutation.type === "delete") return undefined;
    // A key that is set counts twice in the total.
    total += bytes;
    keys += bytes;
    const value = storable(mutation.value);
    const size = (value.bytes ?? value.other)!.length;
    if (size > KV_VALUE_BYTES) throw new TypeError(`Value too large (max ${KV_VALUE_BYTES} bytes)`);
    total += size;
    return value;
  });
  if (keys > KV_ATOMIC_KEY_BYTES) throw new TypeError(`Total key size too large (max ${KV_ATOMIC_KEY_BYTES} bytes)`);
  if (total > KV_ATOMIC_BYTES) throw new TypeError(`Total mutation size too large (max ${KV_ATOMIC_BYTES} bytes)`);
  return values;
}

function weighKey(key: StoreKey): number {
  if (key.length === 0) throw new TypeError("key cannot be empty");
  const bytes = keyBytes(key);
  if (bytes > KV_KEY_BYTES) {
    throw new TypeError(`Key too large for write (max ${KV_KEY_BYTES} bytes): ${showKey(key).slice(0, 60)}`);
  }
  return bytes;
}

function storable(value: unknown): { bytes: Uint8Array | undefined; other: Uint8Array | undefined } {
  if (value instanceof Uint8Array) return { bytes: new Uint8Array(value), other: undefined };
  return { bytes: undefined, other: new Uint8Array(serialize(value)) };
}

function firstAtOrAfter(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
