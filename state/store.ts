/**
 * The store: the operations that the checkpoint needs from a key-value store. `KvStore` implements them on Deno KV,
 * `MemoryStore` in memory. Both pass one contract suite.
 *
 * @module
 */

import type { KvKey } from "../base/kv.ts";

/** A key: parts that sort as Deno KV sorts them. */
export type StoreKey = KvKey;

/** An entry that was read. */
export interface StoreEntry<T = unknown> {
  /** Its key. */
  readonly key: StoreKey;
  /** Its value. */
  readonly value: T;
  /** The version with which it was written. */
  readonly versionstamp: string;
}

/** A condition of an atomic: the key still has this versionstamp. */
export interface Check {
  /** The key. */
  readonly key: StoreKey;
  /** The version that it must have; `null` if it must not exist. */
  readonly versionstamp: string | null;
}

/** One change. */
export type Mutation =
  | {
    readonly type: "set";
    readonly key: StoreKey;
    readonly value: unknown;
    /** The size of the value in the store, or more, if it is known. @default what its serialization has */
    readonly bytes?: number;
  }
  | { readonly type: "delete"; readonly key: StoreKey };

/** An entry that readers outside of the job see. */
export interface TableRow {
  /** Its key. It is none of the job's own. */
  readonly key: StoreKey;
  /** Its value, plain data; `null` deletes the entry. */
  readonly value: unknown;
  /** The size of the value in the store, or more; 0 for `null`. */
  readonly bytes: number;
}

/** Keys and values that a connector on the same store adds to an epoch. */
export interface AtomicWrites {
  /** May be written before the atomic. It is not read before `last` is written. */
  readonly ahead: readonly (readonly [key: readonly (string | number)[], value: unknown])[];
  /** Written by the atomic. */
  readonly last: readonly (readonly [key: readonly (string | number)[], value: unknown])[];
  /**
   * Written by the atomic if all of them fit, and otherwise after it, in this order. Each key occurs once.
   *
   * @default none
   */
  readonly rows?: readonly TableRow[];
}

/** The result of an atomic. `ok: false` is no proof that it was not executed (see `checkpoint.ts`). */
export type AtomicResult = { readonly ok: true; readonly versionstamp: string } | { readonly ok: false };

/** A key-value store with atomic writes under checks. */
export interface Store {
  /** Where it is, for messages. */
  readonly name: string;
  /** The value of a key, or `undefined`. */
  get<T = unknown>(key: StoreKey): Promise<StoreEntry<T> | undefined>;
  /** Entries under a prefix in key order. With `start` (inclusive) and `end` (exclusive) only those in between. */
  list<T = unknown>(prefix: StoreKey, range?: { start?: StoreKey; end?: StoreKey }): AsyncIterable<StoreEntry<T>>;
  /**
   * Executes all mutations if all checks hold, otherwise none. Throws `UnavailableError` when the store is unavailable
   * or the outcome is unknown.
   */
  atomic(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult>;
  /** Closes the store. */
  close(): void;
}
