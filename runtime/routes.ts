/**
 * The sources of a task's pipelines as they are subscribed: where a record of a topic goes, and which topics have ended.
 *
 * @module
 */
import type { InputRecord, SourceSpec } from "../connectors/connector.ts";
import type { SourceRequest } from "../operators/_task.ts";
import { INPUT_VALUE_BYTES } from "./limits.ts";

/** One source of the program, and everybody who reads it. */
export interface Route {
  readonly spec: SourceSpec;
  readonly subscribers: SourceRequest["subscriber"][];
  /** Ends the stream of each subscriber. */
  readonly ends: (() => void)[];
}

/** Routes by topic. */
export class Routes {
  readonly #byTopic = new Map<string, Route[]>();
  /** Topics whose input has ended, those that had at the last cut, and those that are ending. */
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

  /** Where records of a topic go. */
  of(topic: string): readonly Route[] {
    return this.#byTopic.get(topic)!;
  }

  /** Whether every topic has ended. */
  get ended(): boolean {
    return this.#ended.size === this.#byTopic.size;
  }

  /** Finds the topics that are to end now. */
  findEnding(hasEnded: (topic: string) => boolean): readonly string[] {
    return this.#ending = [...this.#byTopic.keys()].filter((topic) => !this.#ended.has(topic) && hasEnded(topic));
  }

  /** Ends the streams of the topics that were found last. */
  endFound(): void {
    this.#end(this.#ending);
  }

  /** An epoch has been cut. */
  cut(): void {
    this.#endedAtCut = new Set(this.#ended);
  }

  /** The pipelines are about to be subscribed anew. */
  clear(): void {
    this.#byTopic.clear();
    this.#ended.clear();
  }

  /** What had ended at the cut has, for pipelines that were subscribed anew; what ended since ends anew when it is found. */
  endAsAtCut(): void {
    this.#end(this.#endedAtCut);
  }

  #end(topics: Iterable<string>): void {
    for (const topic of topics) {
      this.#ended.add(topic);
      for (const { ends } of this.#byTopic.get(topic) ?? []) for (const end of ends) end();
    }
  }
}

/** The value of a record, for one source. Throws where it can be none. */
export function decode(spec: SourceSpec, record: InputRecord): unknown {
  const { value, unreadable } = record;
  if (unreadable !== undefined) throw new RangeError(unreadable.reason);
  if (value !== null && value.length > INPUT_VALUE_BYTES) {
    throw new RangeError(`its value has ${value.length} bytes, and a job reads ${INPUT_VALUE_BYTES} bytes at most`);
  }
  return spec.decode(record);
}
