/**
 * The subscribed sources of a task's pipelines: which subscribers get the records of a topic, and which topics have
 * ended.
 *
 * @module
 */
import type { InputRecord, SourceSpec } from "../connectors/connector.ts";
import type { SourceRequest } from "../operators/_task.ts";
import { INPUT_VALUE_BYTES } from "./limits.ts";

/** One source of the program, and its subscribers. */
export interface Route {
  readonly spec: SourceSpec;
  readonly subscribers: SourceRequest["subscriber"][];
  /** Ends the stream of each subscriber. */
  readonly ends: (() => void)[];
}

/** Routes by topic. */
export class Routes {
  readonly #byTopic = new Map<string, Route[]>();
  /** Topics whose input has ended. */
  readonly #ended = new Set<string>();
  #endedAtCut: ReadonlySet<string> = new Set();
  #ending: readonly string[] = [];

  /** @param planned the sources that were there when the job was planned */
  constructor(readonly planned: ReadonlySet<SourceSpec>) {}

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
    if (route === undefined) routes.push(route = { spec: source, subscribers: [], ends: [] });
    route.subscribers.push(subscriber);
    route.ends.push(end);
    return source;
  }

  /** The source that a record came from: the last one that was pushed to, or, for an earlier record, one of its topic. */
  sourceOf(record: { readonly topic: string } | undefined, last: SourceSpec | undefined): SourceSpec | undefined {
    return record === undefined || last?.topic === record.topic ? last : this.#byTopic.get(record.topic)?.[0].spec;
  }

  /** The subscribers of a topic. */
  of(topic: string): readonly Route[] {
    return this.#byTopic.get(topic)!;
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
export function decode(spec: SourceSpec, record: InputRecord): unknown {
  const { value, unreadable } = record;
  if (unreadable !== undefined) throw new RangeError(unreadable.reason);
  if (value !== null && value.length > INPUT_VALUE_BYTES) {
    throw new RangeError(`its value has ${value.length} bytes, and a job reads ${INPUT_VALUE_BYTES} bytes at most`);
  }
  return spec.decode(record);
}
