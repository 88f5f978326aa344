/**
 * Weights of mutations: what fits into one atomic.
 *
 * @module
 */
import { serialize } from "node:v8";
import { keyBytes } from "../base/kv.ts";
import { ATOMIC_BYTES, ATOMIC_KEY_BYTES, ATOMIC_MUTATIONS, ATOMIC_TASKS } from "./limits.ts";
import type { Check, Mutation } from "./store.ts";

/** The size of an atomic, or of a part of one, in each limited quantity. */
export interface Weight {
  readonly checks: number;
  readonly mutations: number;
  /** Bytes of values, and of each key twice. */
  readonly bytes: number;
  readonly keyBytes: number;
}

/** The weight of an empty atomic. */
export const NOTHING: Weight = { checks: 0, mutations: 0, bytes: 0, keyBytes: 0 };

/** The total weight of checks and mutations. */
export function weigh(checks: readonly Check[], mutations: readonly Mutation[]): Weight {
  let bytes = 0;
  let keys = 0;
  for (const { key } of checks) keys += keyBytes(key);
  for (const mutation of mutations) {
    keys += keyBytes(mutation.key);
    if (mutation.type === "set") bytes += mutation.bytes ?? valueBytes(mutation.value);
  }
  return { checks: checks.length, mutations: mutations.length, bytes: bytes + 2 * keys, keyBytes: keys };
}

/** The sum of two weights. */
export function sum(a: Weight, b: Weight): Weight {
  return {
    checks: a.checks + b.checks,
    mutations: a.mutations + b.mutations,
    bytes: a.bytes + b.bytes,
    keyBytes: a.keyBytes + b.keyBytes,
  };
}

/** Whether a weight fits into one atomic. */
export function fits({ checks, mutations, bytes, keyBytes }: Weight): boolean {
  return checks <= ATOMIC_TASKS && mutations <= ATOMIC_MUTATIONS && bytes <= ATOMIC_BYTES &&
    keyBytes <= ATOMIC_KEY_BYTES;
}

/** Splits a list, in its order, into pieces that each fit into one atomic. */
export function grouped<T>(items: readonly T[], weightOf: (item: T) => Weight, beside: Weight = NOTHING): T[][] {
  const groups: T[][] = [];
  let weight = beside;
  let group: T[] = [];
  for (const item of items) {
    const more = sum(weight, weightOf(item));
    if (group.length > 0 && !fits(more)) {
      groups.push(group);
      group = [];
      weight = sum(beside, weightOf(item));
    } else weight = more;
    group.push(item);
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** How many bytes a value has in the store. */
export function valueBytes(value: unknown): number {
  return value instanceof Uint8Array ? value.length : serialize(value).length;
}
