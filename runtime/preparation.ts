/**
 * Prepares codecs: they fetch what they need, such as a schema, before records are pushed, because decoding and
 * encoding are synchronous.
 *
 * A fetch with a record that its codec cannot decode yet is held in its queue, and the queues behind it go on. When
 * something is away, the codec is asked again until the job ends, its partition is given to another worker, or the
 * user's limit has passed.
 *
 * @module
 */
import type { Batch, SourceSpec } from "../connectors/connector.ts";
import { UnavailableError } from "../state/mod.ts";
import { INPUT_VALUE_BYTES } from "./limits.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";
import { Tries } from "./tries.ts";

/** What preparing needs. */
export interface PreparationParts {
  readonly plan: Pick<Plan, "sources" | "sinks">;
  readonly settings: Pick<Settings, "clock" | "giveUpAfter">;
  /** Reports that something is away; `undefined` reports that nothing is any more. */
  readonly trouble: (error: Error | undefined) => void;
}

/** A source that may have to be prepared for a record. */
type Preparing = SourceSpec & Required<Pick<SourceSpec, "prepare">>;

export class Preparation {
  readonly #byTopic = new Map<string, Preparing[]>();
  readonly #stopped = new AbortController();
  /** What is asked again because something is away. */
  readonly #waiting = new Set<unknown>();

  constructor(readonly parts: PreparationParts) {
    for (const source of parts.plan.sources) {
      if (source.prepare === undefined) continue;
      const known = this.#byTopic.get(source.topic);
      if (known === undefined) this.#byTopic.set(source.topic, [source as Preparing]);
      else known.push(source as Preparing);
    }
  }

  /** Whether nothing is asked again any more. */
  get stopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /**
   * Prepares the sources of a fetch for its records.
   *
   * @returns `undefined` when all of them can be decoded; otherwise a function that waits until they can be. It resolves
   * early when `wanted` is false or everything was stopped. It rejects when the job cannot go on
   */
  of(batch: Batch): ((wanted: () => boolean) => Promise<void>) | undefined {
    const sources = this.#byTopic.get(batch.topic);
    if (sources === undefined || batch.records.length === 0) return undefined;
    const first = ask(sources, batch);
    if (first.size === 0) return undefined;
    let pending: ReadonlySet<Promise<unknown>> | undefined = first;
    return (wanted) =>
      this.#until(wanted, async () => {
        const asked = pending ?? ask(sources, batch);
        pending = undefined;
        await all(asked);
      });
  }

  /** Prepares the sinks. Resolves early when everything was stopped; rejects when the job cannot start. */
  async sinks(): Promise<void> {
    for (const sink of this.parts.plan.sinks) {
      if (sink.prepare !== undefined) await this.#until(() => true, () => sink.prepare!());
    }
  }

  /** Asks nothing again. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Tries until it succeeds. */
  async #until(wanted: () => boolean, attempt: () => Promise<void>): Promise<void> {
    const { settings: { clock, giveUpAfter } } = this.parts;
    const tries = new Tries(clock, giveUpAfter);
    try {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (this.stopped || !wanted()) return;
          if (!(error instanceof UnavailableError)) throw error;
          this.#waiting.add(tries);
          this.parts.trouble(error);
          await tries.wait(error, this.#stopped.signal);
          if (this.stopped || !wanted()) return;
        }
      }
    } finally {
      if (this.#waiting.delete(tries) && this.#waiting.size === 0) this.parts.trouble(undefined);
    }
  }
}

/** What the sources of a fetch have to wait for. Many records may wait for the same promise. */
function ask(sources: readonly Preparing[], { records }: Batch): Set<Promise<unknown>> {
  const asked = new Set<Promise<unknown>>();
  for (const record of records) {
    // Such a record is refused before its codec sees it.
    if (record.unreadable !== undefined || (record.value?.length ?? 0) > INPUT_VALUE_BYTES) continue;
    for (const source of sources) {
      const promise = source.prepare(record);
      if (promise !== undefined) asked.add(promise);
    }
  }
  return asked;
}

/** Waits for all, and throws the first error only then, so that nothing is under way when they are asked again. */
async function all(promises: ReadonlySet<Promise<unknown>>): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") throw result.reason;
}
