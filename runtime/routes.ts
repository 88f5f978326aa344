/**
 * The sources of a task's pipelines as they are subscribed: where a record of a topic goes.
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
}

/** Routes by topic. */
export class Routes {
  readonly #byTopic = new Map<string, Route[]>();

  /** @param planned the sources that were there when the job was planned */
  constructor(readonly planned: ReadonlySet<SourceSpec>) {}

  /** Adds a subscriber. Throws where the job was planned without the source. */
  bind({ spec, label, subscriber }: SourceRequest): SourceSpec {
    const source = spec as SourceSpec;
    if (!this.planned.has(source)) {
      throw new TypeError(
        `Source "${label}" was not there when the job was planned: make sources and sinks before run(), not inside defer()`,
      );
    }
    const routes = this.#byTopic.get(source.topic) ?? [];
    this.#byTopic.set(source.topic, routes);
    const route = routes.find((one) => one.spec === source);
    if (route === undefined) routes.push({ spec: source, subscribers: [subscriber] });
    else route.subscribers.push(subscriber);
    return source;
  }

  /** Where records of a topic go. */
  of(topic: string): readonly Route[] {
    return this.#byTopic.get(topic)!;
  }

  /** Tells every subscriber that its input has ended. */
  complete(): void {
    for (const routes of this.#byTopic.values()) {
      for (const { subscribers } of routes) for (const subscriber of subscribers) subscriber.complete();
    }
  }

  /** The pipelines are about to be subscribed anew. */
  clear(): void {
    this.#byTopic.clear();
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
