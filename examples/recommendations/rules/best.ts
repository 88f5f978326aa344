/**
 * The best pairs of a product, brought up to date pair by pair, so that an event does not look at all pairs of a product.
 *
 * A sum never decreases, so a pair that is not among the best comes among them only when its own sum grows. The lists are
 * not stored: they follow from the stored pairs, and are made again where they are missing.
 */
import { inMillionths, share } from "./decay.ts";
import { type Alike, heavier, type Pairs } from "./neighbours.ts";

/** The heaviest pairs of a product, the heaviest first. */
export class Best {
  readonly #others: string[] = [];
  readonly #sums: number[] = [];

  /**
   * @param pairs all that the product keeps
   * @param most how many are listed
   */
  constructor(pairs: Pairs, readonly most: number) {
    pairs.forEach((sum, other) => this.#insert(sum, other));
  }

  /** A pair has a new sum, which is at least the one before. */
  raise(other: string, sum: number): void {
    const others = this.#others, sums = this.#sums;
    const last = others.length - 1;
    // Most of them are lighter than the last one of the best.
    if (others.length === this.most && !heavier(other, sum, others[last], sums[last])) return;
    const at = others.indexOf(other);
    if (at !== -1) {
      others.splice(at, 1);
      sums.splice(at, 1);
    }
    this.#insert(sum, other);
  }

  /** Those products, and which share of the product's weight each of their pairs has. */
  alike(weight: number): Alike {
    return { products: this.#others.slice(), shares: this.#sums.map((sum) => inMillionths(share(sum, weight))) };
  }

  #insert(sum: number, other: string): void {
    const others = this.#others, sums = this.#sums;
    let at = others.length;
    if (at === this.most) {
      if (at === 0 || !heavier(other, sum, others[at - 1], sums[at - 1])) return;
      at--;
    }
    for (; at > 0 && heavier(other, sum, others[at - 1], sums[at - 1]); at--) {
      others[at] = others[at - 1];
      sums[at] = sums[at - 1];
    }
    others[at] = other;
    sums[at] = sum;
  }
}

/** How many lists are remembered. */
const REMEMBERED = 20_000;

/**
 * The lists of products, as long as they hold. Each is remembered with the object that stood in the product's state when it
 * was made. A state that was set back, restored, or changed elsewhere holds another object, and the list is made again.
 */
export class BestLists {
  readonly #lists = new Map<string, { stamp: object | undefined; readonly best: Best }>();

  /** @param most how many pairs a list has */
  constructor(readonly most: number) {}

  /**
   * The list of a product, which is brought up to date until `keep`.
   *
   * @param stamp what stands in the product's state
   * @param pairs the product's pairs, as they are in that state
   */
  take(product: string, stamp: object | undefined, pairs: Pairs): Best {
    const known = this.#lists.get(product);
    if (known === undefined || known.stamp === undefined || known.stamp !== stamp) return new Best(pairs, this.most);
    // Whoever fails before `keep` leaves a list that may be wrong.
    known.stamp = undefined;
    return known.best;
  }

  /** Remembers a list with what stands in the product's state now. */
  keep(product: string, stamp: object, best: Best): void {
    const known = this.#lists.get(product);
    if (known?.best === best) {
      known.stamp = stamp;
      return;
    }
    if (this.#lists.size >= REMEMBERED) this.#lists.clear();
    this.#lists.set(product, { stamp, best });
  }
}
