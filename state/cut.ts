/**
 * A cut: everything that one epoch of one task writes, encoded at the moment of the cut. Nothing that happens later is in it.
 *
 * @module
 */
import type { Head } from "./head.ts";
import { encodeHead } from "./head_codec.ts";
import type { TaskKeys } from "./keys.ts";
import { HEAD_BYTES_AT_MOST } from "./limits.ts";
import type { Mutation, Store } from "./store.ts";
import { fits, weigh, type Weight } from "./weight.ts";

/** What became of a cut. */
export type CutOutcome = "pending" | "committed" | "fenced";

/** What a cut is made of. */
export interface CutParts {
  readonly store: Store;
  readonly keys: TaskKeys;
  /** The head as this cut makes it. */
  readonly head: Head;
  /** The version of the head that it replaces. */
  readonly checked: string;
  /** May be written before: nothing reads it until `last` is there. */
  readonly ahead: readonly Mutation[];
  /** Takes effect with the head. */
  readonly last: readonly Mutation[];
  /** What is no longer live then. */
  readonly deletes: readonly Mutation[];
  /** Told when the outcome is known. */
  readonly settled: (outcome: "committed" | "fenced", versionstamp: string) => void;
}

/** One epoch of one task, ready to be committed with `commitCuts`. */
export class Cut {
  /** The keys of its task. */
  readonly keys: TaskKeys;
  /** The head as it makes it. */
  readonly head: Head;
  /** The version of the head that it replaces. */
  readonly checked: string;
  /** What may be written before. */
  readonly ahead: readonly Mutation[];
  /** What takes effect together. */
  readonly last: readonly Mutation[];
  /** What it weighs when it is committed in one atomic, and without what may be written ahead. */
  readonly weight: Weight;
  /** What it weighs without what may be written ahead. */
  readonly leanWeight: Weight;
  readonly #parts: CutParts;
  #outcome: CutOutcome = "pending";

  /**
   * Weighs a cut.
   *
   * @param parts see {@linkcode CutParts}
   */
  constructor(parts: CutParts) {
    const head = encodeHead(parts.head);
    if (head.length > HEAD_BYTES_AT_MOST) {
      throw new RangeError(
        `The head of task ${parts.keys.task} has ${head.length} bytes, and may have ${HEAD_BYTES_AT_MOST}`,
      );
    }
    this.#parts = parts;
    this.keys = parts.keys;
    this.head = parts.head;
    this.checked = parts.checked;
    this.ahead = parts.ahead;
    this.last = [...parts.last, ...parts.deletes, { type: "set", key: parts.keys.head, value: head }];
    const check = { key: parts.keys.head, versionstamp: parts.checked };
    this.leanWeight = weigh([check], this.last);
    this.weight = weigh([check], [...this.ahead, ...this.last]);
    if (!fits(this.leanWeight)) {
      throw new RangeError(
        `The epoch of task ${parts.keys.task} of job ${parts.keys.job} cannot be committed in one atomic: ` +
          `${this.leanWeight.mutations} mutations with ${this.leanWeight.bytes} bytes must take effect together`,
      );
    }
  }

  /** The epoch that it commits. */
  get epoch(): number {
    return this.head.epoch;
  }

  /** How many bytes it writes, keys included. */
  get bytes(): number {
    return this.weight.bytes;
  }

  /** What became of it. */
  get outcome(): CutOutcome {
    return this.#outcome;
  }

  /** The store that it is for. */
  get store(): Store {
    return this.#parts.store;
  }

  /** The outcome is known. */
  settle(outcome: "committed" | "fenced", versionstamp = ""): void {
    if (this.#outcome !== "pending") throw new Error(`The cut of epoch ${this.epoch} is ${this.#outcome} already`);
    this.#outcome = outcome;
    this.#parts.settled(outcome, versionstamp);
  }
}
