/**
 * A list of whole numbers of 32 bits that takes no more memory than they need.
 *
 * @module
 */

/** How many numbers a list has room for at first. */
const ROOM = 8;

/** Numbers in no particular order. */
export class NumberList {
  length = 0;
  #numbers = new Int32Array(ROOM);

  at(index: number): number {
    return this.#numbers[index];
  }

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Int32Array(Math.ceil(this.length * 1.25));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.length++] = number;
  }

  /** Removes a number that the list has. The last one takes its place. */
  remove(number: number): void {
    const at = this.#numbers.indexOf(number);
    this.#numbers[at] = this.#numbers[--this.length];
  }
}
