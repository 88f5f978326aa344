/**
 * Which keys come most often: the algorithm SpaceSaving of Metwally, Agrawal and El Abbadi, with 32 counters. A key that
 * has more than one record in 32 has a counter. Counts are halved from time to time, so that what has been counts less.
 *
 * @module
 */
import { HOT_KEYS } from "./limits.ts";

/** A key that comes often. */
export interface HotKey {
  /** The bytes of the key as text, or in hexadecimal digits where they are no text. */
  readonly key: string;
  /** At least this part of all records has it, from 0 to 1. */
  readonly share: number;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Counts the keys of a partition. */
export class HotKeys {
  /** How many keys were counted, halved as the counters are. */
  total = 0;
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #counts = new Float64Array(HOT_KEYS.counters);
  /** By how much a counter may be too high. */
  readonly #errors = new Float64Array(HOT_KEYS.counters);

  /** Counts a key. A record without one has none of them. */
  add(bytes: Uint8Array | null): void {
    if (++this.total >= HOT_KEYS.halvedAt) this.#halve();
    if (bytes === null) return;
    const key = textOf(bytes);
    const known = this.#slots.get(key);
    if (known !== undefined) {
      this.#counts[known]++;
      return;
    }
    const free = this.#keys.length < HOT_KEYS.counters;
    const slot = free ? this.#keys.length : this.#least();
    if (!free) this.#slots.delete(this.#keys[slot]);
    this.#keys[slot] = key;
    this.#slots.set(key, slot);
    this.#errors[slot] = free ? 0 : this.#counts[slot];
    this.#counts[slot] = free ? 1 : this.#counts[slot] + 1;
  }

  /** The keys of which it is certain that they have more than one record in 32, those with the largest share first. */
  hot(): HotKey[] {
    if (this.total < HOT_KEYS.least) return [];
    const hot: HotKey[] = [];
    // A snapshot asks each partition, and most keys are not hot.
    for (let slot = 0; slot < this.#keys.length; slot++) {
      const share = (this.#counts[slot] - this.#errors[slot]) / this.total;
      if (share > 1 / HOT_KEYS.counters) hot.push({ key: shortened(this.#keys[slot]), share });
    }
    return hot.sort((a, b) => b.share - a.share);
  }

  #least(): number {
    let least = 0;
    for (let slot = 1; slot < HOT_KEYS.counters; slot++) if (this.#counts[slot] < this.#counts[least]) least = slot;
    return least;
  }

  #halve(): void {
    this.total /= 2;
    for (let slot = 0; slot < HOT_KEYS.counters; slot++) {
      this.#counts[slot] /= 2;
      this.#errors[slot] /= 2;
    }
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes.toHex();
  }
}

function shortened(key: string): string {
  return key.length <= HOT_KEYS.characters ? key : `${key.slice(0, HOT_KEYS.characters - 4)} ...`;
}
