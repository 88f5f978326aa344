/**
 * Outputs of a task's epoch: complete records, grouped by how they will be written.
 *
 * @module
 */
import type { InputRecord, OutputRecord, SinkSpec, TopicInfo } from "../connectors/connector.ts";
import { recordBytes } from "../connectors/headers.ts";
import type { PaneAtHand, Task } from "../operators/_task.ts";
import { EPOCH_BYTES } from "./limits.ts";
import { encodeRefused, encodeResult, encodeUndelivered, type Refusal, type SinkContext } from "./results.ts";

/** A sink as the job has opened it. */
export interface OpenedSink {
  readonly info: TopicInfo;
  /**
   * Index of the job's delivery that writes its records in the epoch's atomic; `undefined` when they are delivered
   * after the commit.
   */
  readonly inCommit: number | undefined;
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
}

/** The outputs of one epoch. */
export interface EpochOutputs {
  /** Goes into the outbox, and from there into a transaction. */
  readonly published: OutputRecord[];
  /** Records that go into the epoch's own atomic, by the index of their delivery. */
  readonly appended: ReadonlyMap<number, OutputRecord[]>;
  readonly bytes: number;
}

/** Collects the values that the sinks of one task get between two cuts. */
export class Outputs {
  bytes = 0;
  #published: OutputRecord[] = [];
  #appended = new Map<number, OutputRecord[]>();

  constructor(readonly parts: OutputParts) {}

  /** Records collected for the outbox. */
  get published(): readonly OutputRecord[] {
    return this.#published;
  }

  /** Records collected for the epoch's own atomic, by the index of their delivery. */
  get appended(): ReadonlyMap<number, readonly OutputRecord[]> {
    return this.#appended;
  }

  /** Whether the epoch has reached its size limit. */
  get full(): boolean {
    return this.bytes >= EPOCH_BYTES;
  }

  /** Creates the function that takes the values of a sink. */
  writer(spec: unknown, task: () => Task): (value: unknown) => void {
    const context = this.#context(spec as SinkSpec);
    const add = this.#adder(spec as SinkSpec);
    const counter = `out:${context.spec.topic}`;
    return (value) => {
      add(encodeResult(context, task(), value));
      this.parts.count(counter);
    };
  }

  /** Writes a refused record to the sink of this policy. */
  refuse(policy: "badRecord" | "failed", record: InputRecord, refusal: Refusal): void {
    const spec = this.parts[policy]!;
    this.#adder(spec)(encodeRefused(this.#context(spec), record, refusal));
  }

  /** Writes a window's result, or a timer, that could not be delivered. */
  undelivered(pane: PaneAtHand, refusal: Refusal): void {
    const spec = this.parts.failed!;
    const { state, namespace, index, result, timer } = pane;
    const key = typeof pane.key === "bigint" ? String(pane.key) : pane.key;
    const record = timer === undefined
      ? { window: state, key, window_start_ms: namespace, index, accumulator: result }
      : { timer: state, key, time_ms: namespace };
    this.#adder(spec)(encodeUndelivered(this.#context(spec), record, namespace, refusal));
  }

  /** Removes and returns everything that was collected, for the cut. */
  take(): EpochOutputs {
    const outputs = { published: this.#published, appended: this.#appended, bytes: this.bytes };
    this.discard();
    return outputs;
  }

  discard(): void {
    this.#published = [];
    this.#appended = new Map();
    this.bytes = 0;
  }

  #context(spec: SinkSpec): SinkContext {
    const { taskNumber, now } = this.parts;
    return { spec, info: this.#opened(spec).info, taskNumber, now };
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

  #adder(spec: SinkSpec): (record: OutputRecord) => void {
    const { inCommit } = this.#opened(spec);
    return (record) => {
      this.bytes += recordBytes(record.key, record.value, record.headers);
      if (inCommit === undefined) this.#published.push(record);
      else {
        const list = this.#appended.get(inCommit);
        if (list === undefined) this.#appended.set(inCommit, [record]);
        else list.push(record);
      }
    };
  }
}
