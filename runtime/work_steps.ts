/**
 * What a worker has done, step by step: its commits and its transactions, for traces.
 *
 * @module
 */
import { TRACES_AN_EPOCH } from "./limits.ts";
import type { EpochCount } from "./process_counts.ts";

/** What has ended. */
export type WorkStep = CommitStep | SendStep | VisibleStep;

/** What commits and transactions have in common. */
export interface EndedStep {
  /** When it has ended, in milliseconds since 1970, by the clock of the job. */
  readonly ended: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** Why it has failed; `undefined` when it has not. */
  readonly error: Error | undefined;
}

/** One commit of a worker, with the epochs of one or several of its tasks. */
export interface CommitStep extends EndedStep {
  /** What has ended. */
  readonly kind: "commit";
  /** The number of the commit in this process. */
  readonly commit: number;
  /** How long it was before the commit began that the first record of these epochs was pushed, in milliseconds. */
  readonly pushed: number;
  /** The highest of the epochs. */
  readonly epoch: number;
  /** How many tasks were cut together. */
  readonly tasks: number;
  /** Input records. */
  readonly records: number;
  /** Results, and rows of tables. */
  readonly results: number;
  /** Bytes of these. */
  readonly bytes: number;
  /** `traceparent` headers of some of its first input records, at most 8. */
  readonly traceparents: readonly string[];
}

/** One transaction of a worker, which makes the results of committed epochs visible. */
export interface SendStep extends EndedStep {
  /** What has ended. */
  readonly kind: "send";
  /** The topics that it has results for; none where that is not known, as of epochs that a new owner finds. */
  readonly topics: readonly string[];
  /** How many epochs of tasks it has. */
  readonly epochs: number;
  /** How many results. */
  readonly records: number;
  /** The numbers of the commits that its results are from. */
  readonly commits: readonly number[];
}

/** The results of an epoch have become visible. */
export interface VisibleStep {
  /** What has ended. */
  readonly kind: "visible";
  /** When, in milliseconds since 1970, by the clock of the job. */
  readonly ended: number;
  /** From the timestamps of some of its records until now, in milliseconds. */
  readonly latencies: readonly number[];
}

/** What a transaction has. */
export type Sent = Pick<SendStep, "topics" | "epochs" | "records" | "commits">;

/** The epochs of a task that wait to be published, as a trace sees them. */
export interface WaitingEpochs {
  readonly waiting: readonly {
    readonly rows: { readonly length: number };
    readonly counts?: readonly EpochCount[];
    readonly commit?: number;
  }[];
}

/** What a transaction has that was not begun. */
export const NOTHING_SENT: Sent = { topics: [], epochs: 0, records: 0, commits: [] };

/** What these outboxes have for a transaction. `delivered` has the topics whose results it makes visible. */
export function sentOf(outboxes: readonly WaitingEpochs[], delivered: ReadonlyMap<string, unknown>): Sent {
  const topics = new Set<string>(), commits = new Set<number>();
  let epochs = 0, records = 0;
  for (const { waiting } of outboxes) {
    for (const { rows, counts = [], commit } of waiting) {
      epochs++;
      records += rows.length;
      if (commit !== undefined) commits.add(commit);
      for (const { kind, of } of counts) {
        if ((kind === "sink" || kind === "deadLetter") && delivered.has(of)) topics.add(of);
      }
    }
  }
  return { topics: [...topics], epochs, records, commits: [...commits] };
}

/** At most so many traces as an epoch keeps, of all of these. */
export function tracesOf(cuts: readonly { readonly traceparents: readonly string[] }[]): readonly string[] {
  return cuts.flatMap(({ traceparents }) => traceparents).slice(0, TRACES_AN_EPOCH);
}
