/**
 * A cut: everything that one epoch of one task writes, encoded at the moment of the cut. Later changes are not in it.
 *
 * @module
 */
import type { Head } from "./head.ts";
import { encodeHead } from "./head_codec.ts";
import type { TaskKeys } from "./keys.ts";
import { HEAD_BYTES_AT_MOST } from "./limits.ts";
import type { Mutation, Store } from "./store.ts";
import { fits, weigh, type Weight } from "./weight.ts";

/** The outcome of a cut. */
export type CutOutcome = "pending" | "committed" | "fenced";

/** The parts of a cut. */
export interface CutParts {
  readonly store: Store;
  readonly keys: TaskKeys;
  /** The head that this cut writes. */
  readonly head: Head;
  /** The head as bytes. @default it is encoded here */
  readonly encoded?: Uint8Array<ArrayBuffer>;
  /** The version of the head that it replaces. */
  readonly checked: string;
  /** Mutations that may be written ahead. They are not read before `last` is written. */
  readonly ahead: readonly Mutation[];
  /** Mutations that take effect with the head. */
  readonly last: readonly Mutation[];
  /** Mutations that follow in their order, once the head is written. */
  readonly after: readonly Mutation[];
  /** Deletes of entries that are no longer live after this cut. */
  readonly deletes: readonly Mutation[];
  /** Called when the outcome is known. */
  readonly settled: (outcome: "committed" | "fenced", versionstamp: string) => void;
}

/** One epoch of one task, ready to be committed with `commitCuts`. */
export class Cut {
  /** The keys of its task. */
  readonly keys: TaskKeys;
  /** The head that it writes. */
  readonly head: Head;
  /** The version of the head that it replaces. */
  readonly checked: string;
  /** Mutations that may be written ahead. */
  readonly ahead: readonly Mutation[];
  /** Mutations that take effect together with the head. */
  readonly last: readonly Mutation[];
  /** Mutations that follow in their order, once the head is written. */
  readonly after: readonly Mutation[];
  /** Its weight when it is committed in one atomic. */
  readonly weight: Weight;
  /** Its weight without the mutations that may be written ahead. */
  readonly leanWeight: Weight;
  readonly #parts: CutParts;
  #outcome: CutOutcome = "pending";

  /**
   * Weighs a cut.
   *
   * @param parts see {@linkcode CutParts}
   */
  constructor(parts: CutParts) {
    const head = parts.encoded ?? encodeHead(parts.head);
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
    this.after = parts.after;
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

  /** Its outcome. */
  get outcome(): CutOutcome {
    return this.#outcome;
  }

  /** The store that it is for. */
  get store(): Store {
    return this.#parts.store;
  }

  /** Records the outcome. */
  settle(outcome: "committed" | "fenced", versionstamp = ""): void {
    if (this.#outcome !== "pending") throw new Error(`The cut of epoch ${this.epoch} is ${this.#outcome} already`);
    this.#outcome = outcome;
    this.#parts.settled(outcome, versionstamp);
  }
}
