/**
 * The public exports of the durable state: stores, the codec of values, and the three domain errors.
 *
 * @module
 */
export { decode, encode } from "./codec.ts";
export { CorruptError, FencedError, UnavailableError } from "./errors.ts";
export { KvStore } from "./kv_store.ts";
export { MemoryStore } from "./memory_store.ts";
export type { AtomicResult, Check, Mutation, Store, StoreEntry, StoreKey } from "./store.ts";
