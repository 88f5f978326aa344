/**
 * A family: a pipeline of the simulated job that is part of some runs, with its expected results. An operator gets its
 * place in the simulator as a family, in a file of its own.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { TableChange } from "@tidemark/streams";
import type { OutputRecord } from "../../../connectors/connector.ts";
import type { Scenario } from "../scenario.ts";
import { DISORDER, type Event } from "../traffic.ts";

/** A result. Its user is the key of its record, and determines the list in which its order counts. */
export interface Row {
  readonly user: string;
}

/** A row of a table. Its user is its key. */
export interface KeptRow extends Row {
  /** Grows with the rows of a key. */
  readonly n: number;
  readonly pad?: string;
  /** Whether it deletes the row of its key. @default false */
  readonly gone?: boolean;
}

/** The expected results of one partition, computed in the simplest way: without operators, state or epochs. */
export interface Expected {
  /** The next event of the partition. Returns `false` if it is late for the family's stage. */
  add(event: Event): boolean;
  /** The input of the partition has ended. */
  end(): void;
}

/** Expected results by event time: the watermark lies `DISORDER` behind the latest event of the partition. */
export abstract class ByEventTime implements Expected {
  /** The watermark before the event at hand. */
  protected watermark = -Infinity;

  add(event: Event): boolean {
    const taken = this.take(event);
    this.#advance(event.time - DISORDER - 1);
    return taken;
  }

  end(): void {
    this.#advance(Infinity);
  }

  #advance(watermark: number): void {
    if (watermark <= this.watermark) return;
    const before = this.watermark;
    this.watermark = watermark;
    this.fire(before);
  }

  /** The next event of the partition. Returns `false` if it is late. */
  protected abstract take(event: Event): boolean;

  /** Emits what the watermark, which was at `before`, makes due. */
  protected abstract fire(before: number): void;
}

/** A topic that a family reads as a table, beside the events. */
export interface TableTopic {
  readonly topic: string;
  /** Whether every task reads all of it. */
  readonly broadcast: boolean;
  partitions(scenario: Scenario): number;
  /** Its records. */
  records(scenario: Scenario): TableRecords;
}

/** The records of a table, in their order. */
export interface TableRecords {
  /** Those that are there before the job begins. */
  readonly first: readonly OutputRecord[];
  /** Those of a transaction that is open when the job begins. @default none */
  readonly held?: readonly OutputRecord[];
  /** Those that come while the job runs. @default none */
  readonly later?: readonly OutputRecord[];
}

/** The part of a family's rows that depends on how its inputs are interleaved. */
export interface Interleaving {
  /** The row without that part, as `expected` emits it. */
  fixed(row: Row): Row;
  /** Checks that part. Returns what is wrong with the rows of one user, in the order in which a reader sees them. */
  check(rows: readonly Row[], scenario: Scenario): string | undefined;
}

/** A table that every task has whole, as state of a stage. */
export interface Everywhere {
  readonly state: { readonly name: string; readonly operator: string };
  /** Its rows once everything is read, from the events of each partition. */
  rows(partitions: readonly (readonly Event[])[]): ReadonlyMap<string, unknown>;
}

/** Opens a topic as a table. */
export type OpenTable = <V>(table: TableTopic) => Observable<TableChange<string, V>>;

/** What a family knows of its run. */
export interface FamilyRun {
  /** Calls back after this many milliseconds of the process, unless the process has ended. */
  readonly after: (ms: number, run: () => void) => void;
  /** How many partitions the input has. */
  readonly partitions: number;
  /** Opens a table of the family. */
  readonly open: OpenTable;
  /** The events with event time and without a watermark. */
  readonly bare: Observable<Event>;
}

/** A pipeline of some runs. */
interface AnyFamily {
  /** The name of its stage and of its output topic. */
  readonly name: string;
  /** The share of runs that it is part of. */
  readonly share: number;
  /** A number of its own. It makes the draws of families independent of each other. */
  readonly dice: number;
  /** Whether its results are rows of a table in the job's KV, each a `KeptRow`. @default false */
  readonly kept?: boolean;
  /** How long its last results may take to be committed after its last record, in virtual milliseconds. @default 0 */
  readonly quiet?: number;
  /**
   * The pipeline, without its sink. The source has event time and a watermark that lies `DISORDER` behind the latest
   * event.
   *
   * @param run what is known of the run
   */
  pipeline(events: Observable<Event>, run: FamilyRun): Observable<Row>;
  /** The tables that it reads. @default none */
  readonly tables?: readonly TableTopic[];
  /** What of its rows depends on how its inputs are interleaved. @default nothing */
  readonly interleaving?: Interleaving;
  /** A table of which every task has all rows at the end of a run. @default none */
  readonly everywhere?: Everywhere;
  /** Which of its rows are dead letters. Its job then has its topic for them, and goes on after a failure. @default none */
  isLetter?(row: Row): boolean;
  /** The names of its hops. @default none */
  readonly hops?: readonly string[];
  /** Whether its results depend on how one task interleaves the partitions. Such a run is not checked. @default false */
  readonly interleaves?: boolean;
}

/** A family whose results are those of each partition by itself. */
export interface OwnFamily extends AnyFamily {
  /** @param emit called with each result, in the order in which a reader must see those of one user */
  expected(emit: (row: Row) => void): Expected;
}

/** The input of a run, as the job has to see it. */
export interface WholeInput {
  /** The events of each partition. */
  readonly partitions: readonly (readonly Event[])[];
  /** Whether the input has ended. */
  readonly ended: boolean;
}

/** A family whose results are those of the whole input. */
export interface AcrossFamily extends AnyFamily {
  /** @param emit called with each result, in the order in which a reader must see those of one user */
  across(input: WholeInput, emit: <R extends Row>(row: R) => void): void;
}

export type Family = OwnFamily | AcrossFamily;
