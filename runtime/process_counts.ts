/**
 * Counts of this process: what its committed epochs have read, written and left out.
 *
 * Each record is counted by the process that commits it, and by no other. So the sum over all workers is right while
 * tasks move, and a count never falls. Totals since the first start of the job are in the heads.
 *
 * @module
 */

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
