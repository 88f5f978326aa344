/**
 * Outputs of a task's epoch: the rows that the encoders of its sinks have made, grouped by how they will be written.
 *
 * @module
 */
import type {
  Delivery,
  InputRecord,
  OutputRecord,
  Refusal,
  RowEncoder,
  SinkSpec,
  TopicInfo,
} from "../connectors/connector.ts";
import type { PaneAtHand, Task } from "../operators/_task.ts";
import type { DeadLetters, WrittenLetter } from "./details_dead.ts";
import { letterRecord } from "./hop_records.ts";
import { EPOCH_BYTES } from "./limits.ts";

/** A sink as the job has opened it. */
export interface OpenedSink {
  /** Its topic; `undefined` when it writes a table. */
  readonly info: TopicInfo | undefined;
  readonly delivery: Delivery;
  /**
   * Index of the job's delivery that writes its rows in the epoch's atomic; `undefined` when they are delivered after
   * the commit.
   */
  readonly inCommit: number | undefined;
}

/** Takes the rows of one sink. */
interface Collector<R = unknown> {
  readonly encoder: RowEncoder<R>;
  add(row: R): void;
}

/**
 * The identity of a sink. Each task makes a sink of its own for a route of late records, so objects cannot be compared.
 */
export function sinkKey({ connector, topic }: SinkSpec): string {
  return JSON.stringify([connector.id, topic]);
}

/** What outputs need. */
export interface OutputParts {
  readonly taskNumber: number;
  /** By {@linkcode sinkKey}. */
  readonly sinks: ReadonlyMap<string, OpenedSink>;
  readonly badRecord: SinkSpec | undefined;
  readonly failed: SinkSpec | undefined;
  readonly now: () => number;
  readonly count: (name: string) => void;
  /** Remembers the newest dead letters. */
  readonly letters?: DeadLetters;
}

/** The outputs of one epoch. */
export interface EpochOutputs {
  /** Goes into the outbox, and from there into a transaction. */
  readonly published: OutputRecord[];
  /** Rows that go into the epoch's own atomic, by the index of their delivery. */
  readonly appended: ReadonlyMap<number, readonly unknown[]>;
  /** How many dead letters are among them, by topic. */
  readonly letters: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** Collects the values that the sinks of one task get between two cuts. */
export class Outputs {
  bytes = 0;
  #published: OutputRecord[] = [];
  #appended = new Map<number, unknown[]>();
  /** Of a delivery whose rows replace one another: the last row of each name, in the order of these last rows. */
  #latest = new Map<number, Map<string, unknown>>();
  #letters = new Map<string, number>();

  constructor(readonly parts: OutputParts) {}

  /** Records collected for the outbox. */
  get published(): readonly OutputRecord[] {
    return this.#published;
  }

  /** Rows collected for the epoch's own atomic, by the index of their delivery. */
  get appended(): ReadonlyMap<number, readonly unknown[]> {
    const latest = Array.from(this.#latest, ([delivery, rows]) => [delivery, [...rows.values()]] as const);
    return new Map([...this.#appended, ...latest]);
  }

  /** Whether the epoch has reached its size limit. */
  get full(): boolean {
    return this.bytes >= EPOCH_BYTES;
  }

  /** Creates the function that takes the values of a sink. */
  writer(spec: unknown, task: () => Task): (value: unknown) => void {
    const sink = spec as SinkSpec;
    const collector = this.#collector(sink);
    const { encoder } = collector;
    const { count } = this.parts;
    const counter = `out:${sink.topic}`;
    return (value) => {
      collector.add(encoder.result(value, task()));
      count(counter);
    };
  }

  /** Creates the function that takes the rows of a hop. */
  hopWriter<R>(sink: SinkSpec): (row: R) => void {
    const collector = this.#collector(sink);
    const { now } = this.parts;
    return (row) => {
      // The wall clock: retention by time must not delete a record because its event is old.
      collector.add(collector.encoder.result(row, { timestamp: now(), record: undefined, refusal: undefined }));
    };
  }

  /** Writes a refused record to the sink of this policy. */
  refuse(policy: "badRecord" | "failed", record: InputRecord, refusal: Refusal): void {
    const sink = this.parts[policy]!;
    const collector = this.#collector(sink);
    const shown = letterRecord(record);
    collector.add(collector.encoder.refused(shown, refusal));
    this.#countLetter(sink, { record: shown, ...refusal, to: sink.topic });
  }

  /** Writes a window's result, or a timer, that could not be delivered. */
  undelivered(pane: PaneAtHand, refusal: Refusal): void {
    const sink = this.parts.failed!;
    const collector = this.#collector(sink);
    collector.add(collector.encoder.undelivered(pane, refusal));
    this.#countLetter(sink, { record: undefined, ...refusal, to: sink.topic });
  }

  #countLetter({ topic }: SinkSpec, letter: WrittenLetter): void {
    this.#letters.set(topic, (this.#letters.get(topic) ?? 0) + 1);
    this.parts.letters?.add(letter, this.parts.now());
  }

  /** Removes and returns everything that was collected, for the cut. */
  take(): EpochOutputs {
    const outputs = {
      published: this.#published,
      appended: this.appended,
      letters: this.#letters,
      bytes: this.bytes,
    };
    this.discard();
    return outputs;
  }

  discard(): void {
    this.#published = [];
    this.#appended = new Map();
    this.#latest = new Map();
    if (this.#letters.size > 0) this.#letters = new Map();
    this.bytes = 0;
  }

  #opened(spec: SinkSpec): OpenedSink {
    const opened = this.parts.sinks.get(sinkKey(spec));
    if (opened === undefined) {
      throw new TypeError(
        `Sink "${spec.topic}" was not there when the job was planned: make sources and sinks before run(), not inside defer()`,
      );
    }
    return opened;
  }

  #collector(spec: SinkSpec): Collector {
    const { info, delivery, inCommit } = this.#opened(spec);
    const { taskNumber, now } = this.parts;
    const context = { spec, info, taskNumber, now };
    if (delivery.kind === "afterCommit") return this.#collecting(delivery.encoder(context), () => this.#published);
    const { replaces } = delivery;
    return replaces === undefined
      ? this.#collecting(delivery.encoder(context), () => this.#rowsOf(inCommit!))
      : this.#replacing(delivery.encoder(context), () => this.#latestOf(inCommit!), replaces);
  }

  #collecting<R>(encoder: RowEncoder<R>, rows: () => R[]): Collector<R> {
    return {
      encoder,
      add: (row) => {
        this.bytes += encoder.bytes(row);
        rows().push(row);
      },
    };
  }

  /** An epoch is as large as what is left of its rows. */
  #replacing<R>(encoder: RowEncoder<R>, latest: () => Map<string, R>, replaces: (row: R) => string): Collector<R> {
    return {
      encoder,
      add: (row) => {
        const rows = latest(), name = replaces(row), before = rows.get(name);
        if (before !== undefined) {
          this.bytes -= encoder.bytes(before);
          rows.delete(name);
        }
        this.bytes += encoder.bytes(row);
        rows.set(name, row);
      },
    };
  }

  #latestOf(delivery: number): Map<string, unknown> {
    let rows = this.#latest.get(delivery);
    if (rows === undefined) this.#latest.set(delivery, rows = new Map());
    return rows;
  }

  #rowsOf(delivery: number): unknown[] {
    let rows = this.#appended.get(delivery);
    if (rows === undefined) this.#appended.set(delivery, rows = []);
    return rows;
  }
}
