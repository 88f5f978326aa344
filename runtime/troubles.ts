/**
 * What a job waits for. Each trouble has its own beginning and end, and each of them is logged once.
 *
 * Invariant: "all is well again" is logged only when no trouble is left.
 *
 * @module
 */
import { type Clock, systemClock } from "../base/clock.ts";

/** Which part is in trouble. Each may be in trouble while the others are not. */
export type TroubleKind = keyof typeof WORDS;

const WAITING = "waiting, because";

/** What is logged when a trouble begins, before its reason, and when it ends. */
const WORDS = {
  /** The state store does not answer. */
  store: { begins: "waiting for the state store, because", ends: "the state store answers again" },
  /** Results are committed, but cannot be published. */
  results: { begins: WAITING, ends: "results are published again" },
  /** Tasks are assigned, but cannot be taken over. */
  tasks: { begins: WAITING, ends: "tasks are taken over again" },
  /** Input cannot be read. */
  input: { begins: WAITING, ends: "the input is read again" },
  /** A codec cannot fetch what it needs, such as a schema. */
  codecs: { begins: WAITING, ends: "records can be read and written again" },
  /** Tasks are new, and their tables are not read yet. */
  tables: { begins: WAITING, ends: "the tables are read" },
  /** The consumer group cannot be reached. */
  group: { begins: WAITING, ends: "the consumer group answers again" },
  /** Other programs are members of the group and have some of its partitions. */
  members: {
    begins: "going on with a part of its tasks, because",
    ends: "the group has only workers of this job again",
  },
  /** Inputs have partitions that no task reads. */
  partitions: {
    begins: "going on with the partitions that it was made with, but",
    ends: "every partition has a task again",
  },
  /** Open transactions of another program hold input back. */
  transactions: { begins: WAITING, ends: "no transaction holds the input back any more" },
} as const;

/** How many messages of one trouble are logged, so that a trouble that never ends does not fill the log. */
const TOLD_AT_MOST = 20;

interface Trouble {
  message: string;
  /** In milliseconds of a monotonic clock. */
  readonly began: number;
  /** Messages that were logged. A message that comes again is not logged again. */
  readonly told: Set<string>;
}

/** A trouble that is not over. */
export interface OpenTrouble {
  readonly kind: TroubleKind;
  /** For how long it is known, in milliseconds. */
  readonly since: number;
  /** Whether the job waits because of it; otherwise it goes on with a part of its tasks. */
  readonly blocks: boolean;
}

/** Takes the beginnings and ends of troubles. */
export interface TroubleEvents {
  tell(facts: { readonly kind: "trouble" | "trouble over"; readonly trouble: TroubleKind }, text: string): void;
}

/** The troubles of one job in one process. */
export class Troubles {
  readonly #open = new Map<TroubleKind, Trouble>();
  readonly #events: TroubleEvents;
  readonly #clock: Pick<Clock, "elapsed">;

  /** @param job its events, and the clock. @default the clock of the machine */
  constructor(
    { events, clock = systemClock }: {
      readonly events: TroubleEvents;
      readonly clock?: Pick<Clock, "elapsed">;
    },
  ) {
    this.#events = events;
    this.#clock = clock;
  }

  /** All present troubles. */
  get open(): OpenTrouble[] {
    const now = this.#clock.elapsed();
    return [...this.#open].map(([kind, { began }]) => ({
      kind,
      since: now - began,
      blocks: WORDS[kind].begins.startsWith("waiting"),
    }));
  }

  /** The messages of all present troubles, or `undefined`. */
  get text(): string | undefined {
    return this.#open.size === 0 ? undefined : [...this.#open.values()].map(({ message }) => message).join("; and ");
  }

  /**
   * Reports that a trouble begins, has another message, or is over.
   *
   * @param kind which part is in trouble
   * @param error the reason, or `undefined` when the trouble is over; the end of a trouble that never began is not
   * logged
   */
  tell(kind: TroubleKind, error: Error | undefined): void {
    if (error === undefined) return this.#end(kind);
    const { message } = error;
    let trouble = this.#open.get(kind);
    if (trouble === undefined) {
      this.#open.set(kind, trouble = { message, began: this.#clock.elapsed(), told: new Set() });
    }
    trouble.message = message;
    if (trouble.told.has(message) || trouble.told.size >= TOLD_AT_MOST) return;
    trouble.told.add(message);
    this.#events.tell({ kind: "trouble", trouble: kind }, `${WORDS[kind].begins} ${message}`);
  }

  #end(kind: TroubleKind): void {
    if (!this.#open.delete(kind)) return;
    const left = this.text;
    const rest = left === undefined ? "all is well again" : `but still: ${left}`;
    this.#events.tell({ kind: "trouble over", trouble: kind }, `${WORDS[kind].ends}; ${rest}`);
  }
}
