/**
 * HyperLogLog: an estimate of how many different values there were, in a few KiB.
 *
 * The registers and the estimate are those of Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog: the analysis of a
 * near-optimal cardinality estimation algorithm" (2007), with linear counting for small numbers. Few values are kept as
 * a list, so that a window with few values is small. The hash is part of the stored format.
 *
 * @module
 */
import { crc32c, murmur2 } from "../base/hashing.ts";
import { textBytes } from "../base/text.ts";

/** What is stored: entries of `index * 64 + rank` while there are few, then a register for each index. */
export interface Registers {
  /** The entries, while there are few. */
  few: number[] | null;
  /** A register for each index, from then on. */
  all: Uint8Array | null;
}

/** How many entries are kept as a list. */
const FEW = 64;

/** Adds a value. */
export function observe(registers: Registers, value: string | number | bigint | boolean, bits: number): void {
  const bytes = textBytes(`${typeof value} ${value}`);
  const hash = murmur2(bytes) | 0;
  const index = hash >>> (32 - bits);
  // The rank comes from bits that are independent of the index.
  set(registers, index, Math.clz32(mixed(crc32c(bytes) ^ Math.imul(hash, 0x9e3779b1))) + 1, bits);
}

/** Merges the second into the first. */
export function unite(registers: Registers, other: Registers, bits: number): void {
  for (const entry of other.few ?? []) set(registers, Math.floor(entry / 64), entry % 64, bits);
  const { all } = other;
  if (all === null) return;
  const own = dense(registers, bits);
  for (let index = 0; index < all.length; index++) if (all[index] > own[index]) own[index] = all[index];
}

/** About how many different values were added. */
export function estimate({ few, all }: Registers, bits: number): number {
  const size = 2 ** bits;
  let sum = 0;
  let empty = size;
  for (const rank of all ?? (few ?? []).map((entry) => entry % 64)) {
    sum += 2 ** -rank;
    if (rank > 0) empty--;
  }
  if (all === null) sum += empty;
  const raw = 0.7213 / (1 + 1.079 / size) * size * size / sum;
  return Math.round(raw <= 2.5 * size && empty > 0 ? size * Math.log(size / empty) : raw);
}

function set(registers: Registers, index: number, rank: number, bits: number): void {
  const { few } = registers;
  if (few === null) {
    const all = registers.all!;
    if (rank > all[index]) all[index] = rank;
    return;
  }
  const entry = index * 64 + rank;
  const at = few.findIndex((one) => Math.floor(one / 64) === index);
  if (at !== -1) few[at] = Math.max(few[at], entry);
  else if (few.length < FEW) few.push(entry);
  else {
    const all = dense(registers, bits);
    if (rank > all[index]) all[index] = rank;
  }
}

/** A register for each index, from now on. */
function dense(registers: Registers, bits: number): Uint8Array {
  if (registers.all !== null) return registers.all;
  const all = registers.all = new Uint8Array(2 ** bits);
  for (const entry of registers.few!) all[Math.floor(entry / 64)] = entry % 64;
  registers.few = null;
  return all;
}

/** The finalizer of MurmurHash3, by Austin Appleby: every bit of the result depends on every bit of the input. */
function mixed(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
