/**
 * Counts of this process: what its committed epochs have read, written and left out.
 *
 * Each record is counted by the process that commits it, and by no other. So the sum over all workers is right while
 * tasks move, and a count never falls. Totals since the first start of the job are in the heads.
 *
 * @module
 */
import type { Tally } from "../operators/_tally.ts";
import type { EpochOutputs } from "./outputs.ts";
import type { TaskRunner } from "./task_runner.ts";

/** What is counted, and by what. */
export interface ProcessTotals {
  /** Input records, by topic. */
  readonly source: Readonly<Record<string, number>>;
  /** Results, by topic; rows of tables, by table. */
  readonly sink: Readonly<Record<string, number>>;
  /** Values that came too late, by stage. */
  readonly late: Readonly<Record<string, number>>;
  /** Dead letters, by the topic that they were written to. */
  readonly deadLetter: Readonly<Record<string, number>>;
  /** Input records that were gone before they could be read, by topic. */
  readonly missing: Readonly<Record<string, number>>;
}

/** A kind of count. */
export type CountKind = keyof ProcessTotals;

/** A count of one epoch of one task. */
export interface EpochCount {
  readonly kind: CountKind;
  /** The topic, or the stage. */
  readonly of: string;
  readonly by: number;
}

/** The late values of each stage at the last cut. A stage that is subscribed anew begins at 0, as its epoch does. */
const lateBefore = new WeakMap<Tally, number>();

/** What a task has counted since its last cut, as of this cut. To be called once for each cut. */
export function countsOf(
  { queues, task }: TaskRunner,
  counters: { readonly before: Readonly<Record<string, number>>; readonly now: Readonly<Record<string, number>> },
  { letters }: EpochOutputs,
): EpochCount[] {
  const counts: EpochCount[] = [];
  const add = (kind: CountKind, of: string, by: number) => {
    if (by > 0) counts.push({ kind, of, by });
  };
  for (const { topic, counts: counted, taken, missing } of queues) {
    if (!counted) continue;
    add("source", topic, taken);
    add("missing", topic, missing);
  }
  for (const name in counters.now) {
    if (name.startsWith("out:")) add("sink", name.slice(4), counters.now[name] - (counters.before[name] ?? 0));
  }
  for (const [topic, by] of letters) add("deadLetter", topic, by);
  if (task.late === 0) return counts;
  for (const tally of task.tallies) {
    add("late", tally.name ?? tally.operator, tally.late - (lateBefore.get(tally) ?? 0));
    lateBefore.set(tally, tally.late);
  }
  return counts;
}

/** Sums up the counts of committed epochs. */
export class ProcessCounts {
  readonly #totals: Record<CountKind, Map<string, number>> = {
    source: new Map(),
    sink: new Map(),
    late: new Map(),
    deadLetter: new Map(),
    missing: new Map(),
  };

  add(counts: readonly EpochCount[]): void {
    for (const { kind, of, by } of counts) {
      const totals = this.#totals[kind];
      totals.set(of, (totals.get(of) ?? 0) + by);
    }
  }

  /** The totals, with a 0 for each of these names that has none yet. */
  totals(known: Readonly<Record<CountKind, Iterable<string>>>): ProcessTotals {
    const of = (kind: CountKind) => {
      const zeros = [...known[kind]].map((name) => [name, 0] as const);
      return Object.fromEntries([...zeros, ...this.#totals[kind]]);
    };
    return {
      source: of("source"),
      sink: of("sink"),
      late: of("late"),
      deadLetter: of("deadLetter"),
      missing: of("missing"),
    };
  }
}
