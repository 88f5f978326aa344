/**
 * The store: the few things that the checkpoint room needs of a key-value store. `KvStore` does them on Deno KV,
 * `MemoryStore` in memory; both pass one contract suite.
 *
 * @module
 */

/** A key: parts that sort as Deno KV sorts them. */
export type StoreKey = readonly (string | number | bigint | boolean | Uint8Array)[];

/** A value that was found. */
export interface StoreEntry<T = unknown> {
  /** Its key. */
  readonly key: StoreKey;
  /** Its value. */
  readonly value: T;
  /** The version under which it was written. */
  readonly versionstamp: string;
}

/** "Only if this key still has this versionstamp"; `null`: only if it does not exist. */
export interface Check {
  /** The key. */
  readonly key: StoreKey;
  /** The version it must have; `null`: it must not exist. */
  readonly versionstamp: string | null;
}

/** One change. */
export type Mutation =
  | { readonly type: "set"; readonly key: StoreKey; readonly value: unknown }
  | { readonly type: "delete"; readonly key: StoreKey };

/** Keys and values that a connector on the same store adds to an epoch's atomic. */
export interface AtomicWrites {
  /** May be written before the atomic: nothing reads it until `last` is there. */
  readonly ahead: readonly (readonly [key: readonly (string | number)[], value: unknown])[];
  /** Written by the atomic. */
  readonly last: readonly (readonly [key: readonly (string | number)[], value: unknown])[];
}

/** What an atomic says of itself. `ok: false` is no proof that it did not happen (see `checkpoint.ts`). */
export type AtomicResult = { readonly ok: true; readonly versionstamp: string } | { readonly ok: false };

/** A key-value store with atomic writes under checks. */
export interface Store {
  /** Where it is, for messages. */
  readonly name: string;
  /** The value of a key, or `undefined`. */
  get<T = unknown>(key: StoreKey): Promise<StoreEntry<T> | undefined>;
  /** Entries under a prefix in key order; with `start` (inclusive) and `end` (exclusive) only those between. */
  list<T = unknown>(prefix: StoreKey, range?: { start?: StoreKey; end?: StoreKey }): AsyncIterable<StoreEntry<T>>;
  /** All mutations or none, if all checks hold. Throws `UnavailableError` when the store cannot be asked or the outcome is unknown. */
  atomic(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult>;
  /** Lets go of it. */
  close(): void;
}
