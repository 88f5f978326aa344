/**
 * What a job waits for. Each trouble has a beginning and an end of its own, and both are told once.
 *
 * Invariant: "all is well again" is said only when no trouble is left.
 *
 * @module
 */

/** What suffers: each of these can be in trouble while the others are not. */
export type TroubleKind = keyof typeof WORDS;

const WAITING = "waiting, because";

/** What is said when a trouble begins, before its reason, and when it is over. */
const WORDS = {
  /** The state store does not answer. */
  store: { begins: "waiting for the state store, because", ends: "the state store answers again" },
  /** Results are committed, but cannot be published. */
  results: { begins: WAITING, ends: "results are published again" },
  /** Tasks are assigned, but cannot be taken over. */
  tasks: { begins: WAITING, ends: "tasks are taken over again" },
  /** Input cannot be read. */
  input: { begins: WAITING, ends: "the input is read again" },
  /** The group that shares out the tasks cannot be asked. */
  group: { begins: WAITING, ends: "the consumer group answers again" },
  /** Others take part in the group and have some of its partitions. */
  members: {
    begins: "going on with a part of its tasks, because",
    ends: "the group has only workers of this job again",
  },
  /** Inputs have partitions that no task reads. */
  partitions: {
    begins: "going on with the partitions that it was made with, but",
    ends: "every partition has a task again",
  },
  /** Open transactions of somebody else hold input back. */
  transactions: { begins: WAITING, ends: "no transaction holds the input back any more" },
} as const;

/** How many wordings of one trouble are told, so that one which never ends does not fill the log. */
const TOLD_AT_MOST = 20;

interface Trouble {
  message: string;
  /** A message that comes and goes is told once. */
  readonly told: Set<string>;
}

/** The troubles of one job in one process. */
export class Troubles {
  readonly #open = new Map<TroubleKind, Trouble>();
  readonly #log: (line: string) => void;

  /** @param options the job's name, and who takes a line */
  constructor({ name, log }: { readonly name: string; readonly log: (line: string) => void }) {
    this.#log = (line) => log(`Job ${name}: ${line}`);
  }

  /** All troubles of this moment, or `undefined`. */
  get text(): string | undefined {
    return this.#open.size === 0 ? undefined : [...this.#open.values()].map(({ message }) => message).join("; and ");
  }

  /**
   * A trouble begins, goes on with other words, or is over.
   *
   * @param kind what suffers
   * @param error why, or `undefined` when it is over; the end of what never began is not told
   */
  tell(kind: TroubleKind, error: Error | undefined): void {
    if (error === undefined) return this.#end(kind);
    const { message } = error;
    let trouble = this.#open.get(kind);
    if (trouble === undefined) this.#open.set(kind, trouble = { message, told: new Set() });
    trouble.message = message;
    if (trouble.told.has(message) || trouble.told.size >= TOLD_AT_MOST) return;
    trouble.told.add(message);
    this.#log(`${WORDS[kind].begins} ${message}`);
  }

  #end(kind: TroubleKind): void {
    if (!this.#open.delete(kind)) return;
    const left = this.text;
    this.#log(`${WORDS[kind].ends}; ${left === undefined ? "all is well again" : `but still: ${left}`}`);
  }
}
