/**
 * The subscribed sources of a task's pipelines: which subscribers get the records of a topic, and which topics have
 * ended.
 *
 * @module
 */
import type { InputRecord, SourceSpec } from "../connectors/connector.ts";
import { messageOf } from "../base/thrown.ts";
import { EntryCount, type EntryCounts } from "../operators/_graph.ts";
import type { SourceRequest, Task } from "../operators/_task.ts";
import { INPUT_VALUE_BYTES } from "./limits.ts";

/** One source of the program, and its subscribers. */
export interface Route {
  readonly spec: SourceSpec;
  readonly subscribers: SourceRequest["subscriber"][];
  /** Ends the stream of each subscriber. */
  readonly ends: (() => void)[];
  /** Counts its values. */
  readonly entered: EntryCount;
}

/** Routes by topic. */
export class Routes {
  readonly #byTopic = new Map<string, Route[]>();
  /** Topics whose input has ended. */
  readonly #ended = new Set<string>();
  #endedAtCut: ReadonlySet<string> = new Set();
  #ending: readonly string[] = [];

  /** The source whose value was pushed last. */
  #last: SourceSpec | undefined;

  /**
   * @param planned the sources that were there when the job was planned
   * @param entries counts the values of each source
   * @param decoded called with each decoded value, in tests
   */
  constructor(
    readonly planned: ReadonlySet<SourceSpec>,
    readonly entries: EntryCounts | undefined = undefined,
    readonly decoded: ((value: unknown) => void) | undefined = undefined,
  ) {}

  /** Adds a subscriber. Throws where the job was planned without the source. */
  bind({ spec, label, subscriber, end }: SourceRequest): SourceSpec {
    const source = spec as SourceSpec;
    if (!this.planned.has(source)) {
      throw new TypeError(
        `Source "${label}" was not there when the job was planned: make sources and sinks before run(), not inside defer()`,
      );
    }
    const routes = this.#byTopic.get(source.topic) ?? [];
    this.#byTopic.set(source.topic, routes);
    let route = routes.find((one) => one.spec === source);
    if (route === undefined) {
      routes.push(
        route = { spec: source, subscribers: [], ends: [], entered: this.entries?.of(source) ?? new EntryCount() },
      );
    }
    route.subscribers.push(subscriber);
    route.ends.push(end);
    return source;
  }

  /**
   * The source of the record at hand: the last one that was pushed to, or, for an earlier record, one of its topic.
   */
  source({ record }: Task): SourceSpec | undefined {
    const last = this.#last;
    return record === undefined || last?.topic === record.topic ? last : this.#byTopic.get(record.topic)?.[0].spec;
  }

  /** The subscribers of a topic. */
  of(topic: string): readonly Route[] {
    return this.#byTopic.get(topic)!;
  }

  /** Pushes the value of a record to all subscribers of its topic. The record is at hand already. */
  push(task: Task, record: InputRecord): void {
    const routes = this.#byTopic.get(record.topic)!;
    for (let r = 0; r < routes.length; r++) {
      const { spec, subscribers, entered } = routes[r];
      this.#last = spec;
      let value: unknown;
      try {
        value = decode(spec, record);
        if (this.decoded !== undefined) this.decoded(value);
      } catch (error) {
        task.timestamp = record.timestamp;
        task.host!.badRecord(messageOf(error), `source "${record.topic}"`);
        continue;
      }
      entered.values++;
      for (let s = 0; s < subscribers.length; s++) {
        task.timestamp = record.timestamp;
        subscribers[s].next(value);
        if (task.failure !== undefined) return;
      }
    }
  }

  /** Whether every topic has ended. */
  get ended(): boolean {
    return this.#ended.size === this.#byTopic.size;
  }

  /** Finds the topics that end now. */
  findEnding(hasEnded: (topic: string) => boolean): readonly string[] {
    return this.#ending = [...this.#byTopic.keys()].filter((topic) => !this.#ended.has(topic) && hasEnded(topic));
  }

  /** Ends the streams of the topics that `findEnding` found. */
  endFound(): void {
    this.#end(this.#ending);
  }

  /** Ends the streams of one topic. */
  endTopic(topic: string): void {
    this.#end([topic]);
  }

  /** The topics that have ended. */
  get over(): readonly string[] {
    return [...this.#ended];
  }

  /** Remembers which topics have ended at a cut. */
  cut(): void {
    this.#endedAtCut = new Set(this.#ended);
  }

  /** Takes over from the checkpoint which topics had ended at the last cut. */
  restore(topics: readonly string[]): void {
    this.#endedAtCut = new Set(topics);
  }

  /** Removes all subscribers, before the pipelines are subscribed anew. */
  clear(): void {
    this.#byTopic.clear();
    this.#ended.clear();
  }

  /**
   * Ends the topics that had ended at the last cut, for pipelines that were subscribed anew. Topics that ended since
   * then are found and ended again.
   */
  endAsAtCut(): void {
    this.#end([...this.#endedAtCut].filter((topic) => this.#byTopic.has(topic)));
  }

  #end(topics: Iterable<string>): void {
    for (const topic of topics) {
      this.#ended.add(topic);
      for (const { ends } of this.#byTopic.get(topic) ?? []) for (const end of ends) end();
    }
  }
}

/** Decodes the value of a record for one source. Throws when it cannot be decoded. */
function decode(spec: SourceSpec, record: InputRecord): unknown {
  const { value, unreadable } = record;
  if (unreadable !== undefined) throw new RangeError(unreadable.reason);
  if (value !== null && value.length > INPUT_VALUE_BYTES) {
    throw new RangeError(`its value has ${value.length} bytes, and a job reads ${INPUT_VALUE_BYTES} bytes at most`);
  }
  return spec.decode(record);
}
