/**
 * Durable state, as users of the package meet it: stores, the form in which values are kept, and the three domain errors.
 *
 * @module
 */
export { decode, encode } from "./codec.ts";
export { CorruptError, FencedError, UnavailableError } from "./errors.ts";
export { KvStore } from "./kv_store.ts";
export { MemoryStore } from "./memory_store.ts";
export type { AtomicResult, Check, Mutation, Store, StoreEntry, StoreKey } from "./store.ts";
