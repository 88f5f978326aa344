/**
 * The options of `run()`, and their checks.
 *
 * @module
 */
import { type Connector, type From, type SinkSpec, sinkSpecOf } from "../connectors/connector.ts";
import type { KvHandle } from "../state/kv_handle.ts";
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { Events } from "./events.ts";
import { NAME_LENGTH } from "./limits.ts";

/** A policy: bad input is written to a sink, and the job goes on. */
export interface DeadLetter {
  /** The sink that gets the dead letters. */
  readonly sink: SinkSpec;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  /** The job's name. Its state, its consumer group and its transactional ids are named after it. */
  readonly name: string;
  /** Where state is kept: a path, the URL of a KV server, `":memory:"`, or an open `Deno.Kv`. */
  readonly state: string | URL | KvHandle;
  /**
   * `perPartition`: a task for each partition number. The topics must be co-partitioned, and the stages must use the
   * same keys as the topics. `single`: one task reads all partitions, so keys may be in any partition.
   *
   * @default "perPartition"
   */
  readonly tasks?: "perPartition" | "single";
  /**
   * This worker's name, unique among the live workers of a job.
   *
   * @default a free slot beside a local state file, or random
   */
  readonly worker?: string;
  /** Where a new job begins to read. @default "earliest" */
  readonly from?: From;
  /** `"end"`: the job processes the records that are in the input at its start, and is then finished. @default never */
  readonly until?: "end";
  /**
   * What happens to a record that cannot be decoded, fails its schema or has no valid event time.
   *
   * @default as `onError`
   */
  readonly onBadRecord?: "stop" | DeadLetter;
  /**
   * What happens when a pipeline cannot process a record: one of your functions throws, a result has no JSON form or is
   * larger than its topic allows, or a state cannot store a value. A dead letter takes the record, or the window's
   * result, and the job goes on.
   *
   * @default "stop"
   */
  readonly onError?: "stop" | DeadLetter;
  /**
   * What happens to a committed result that the broker refuses for good, because the settings of its topic have
   * changed. With a sink the result goes there, with the reason. Otherwise the job stops with an error, and the result
   * stays in its checkpoint.
   *
   * @default "stop"
   */
  readonly unpublishable?: "stop" | DeadLetter;
  /**
   * What happens when the record to read next is gone: `skip` goes on at the nearest record and counts the missing
   * ones.
   *
   * @default "stop"
   */
  readonly onMissing?: "stop" | "skip";
  /** The shortest time between two commits, in milliseconds. @default 0 */
  readonly minEpoch?: number;
  /**
   * How long the job waits for a broker or store that cannot be reached before it gives up, in milliseconds.
   *
   * @default Infinity
   */
  readonly giveUpAfter?: number;
  /**
   * Forgets state and clocks, and reads the input anew from there: after a change to an unsafe pipeline, or on purpose.
   */
  readonly reset?: From;
  /** Names of states to drop: states that are in the checkpoint and no longer in the pipeline. */
  readonly dropStates?: readonly string[];
  /** Names of hops to drop with the values that wait in them: `repartition()`s that are no longer in the pipeline. */
  readonly dropHops?: readonly string[];
  /** Stops the job as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Called with one line for each event worth knowing. @default console.error */
  readonly log?: (line: string) => void;
}

/** Options with all defaults filled in. */
export interface Settings extends
  Required<
    Omit<RunOptions, "log" | "worker" | "until" | "reset" | "signal" | "onBadRecord" | "onError" | "unpublishable">
  > {
  readonly worker: string | undefined;
  readonly until: "end" | undefined;
  readonly reset: From | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onBadRecord: DeadLetter | undefined;
  readonly onError: DeadLetter | undefined;
  readonly unpublishable: DeadLetter | undefined;
  readonly clock: Clock;
  /** What has happened to the job; each event has its line in the log. */
  readonly events: Events;
  /** Called with each decoded value, in tests. */
  readonly decoded?: (value: unknown) => void;
}

/**
 * A policy for `onBadRecord`, `onError` and `unpublishable`: the record or result goes to a sink, with the reason and
 * its source position in the headers `tidemark.reason` and `tidemark.source`. The job then goes on.
 *
 * @param sink a connector's `sink(topic)`
 * @returns the policy
 * @throws {TypeError} when `sink` is not what a connector's `sink()` returned, or writes a table
 *
 * @example Bad records to a topic of their own
 * ```ts
 * import { deadLetter, memory } from "@tidemark/streams";
 * const log = memory();
 * const onBadRecord = deadLetter(log.sink("events_dead"));
 * ```
 */
export function deadLetter(sink: object): DeadLetter {
  const spec = sinkSpecOf(sink);
  if (spec === undefined) {
    throw new TypeError("Cannot create a dead-letter policy: sink must be what a connector's sink(topic) returned");
  }
  if (spec.target === "table") {
    throw new TypeError(
      `Cannot create a dead-letter policy: table "${spec.topic}" keeps the last row of each key, so dead letters would be lost in ` +
        `it. Give a sink of a topic`,
    );
  }
  return { sink: spec };
}

/** Checks options and fills in defaults. */
export function settingsOf(options: RunOptions, clock: Clock = systemClock): Settings {
  const { name, tasks = "perPartition", minEpoch = 0, giveUpAfter = Infinity, from = "earliest" } = options;
  const cannot = "Cannot run the job:";
  if (typeof name !== "string" || !/^[A-Za-z0-9._-]+$/.test(name) || name.length > NAME_LENGTH) {
    throw new TypeError(
      `${cannot} name must be 1 to ${NAME_LENGTH} letters, digits, ".", "_" or "-", current value is ${
        JSON.stringify(name)
      }`,
    );
  }
  if (options.state === undefined) {
    throw new TypeError(`${cannot} state must be a path, a URL, ":memory:" or an open Deno.Kv`);
  }
  if (tasks !== "perPartition" && tasks !== "single") {
    throw new TypeError(
      `${cannot} tasks must be "perPartition" or "single", current value is ${JSON.stringify(tasks)}`,
    );
  }
  if (!(minEpoch >= 0)) throw new RangeError(`${cannot} minEpoch must be >= 0, current value is ${minEpoch}`);
  if (minEpoch === Infinity) {
    throw new RangeError(
      `${cannot} minEpoch must be finite, current value is Infinity: nothing would ever be committed, and a job that has an end would never reach it`,
    );
  }
  checkFrom(cannot, "from", from);
  if (options.reset !== undefined) checkFrom(cannot, "reset", options.reset);
  return {
    ...options,
    name,
    tasks,
    from,
    minEpoch,
    giveUpAfter,
    state: options.state,
    worker: options.worker,
    until: options.until,
    reset: options.reset,
    signal: options.signal,
    onMissing: options.onMissing ?? "stop",
    dropStates: options.dropStates ?? [],
    dropHops: options.dropHops ?? [],
    onBadRecord: policyOf(options.onBadRecord ?? options.onError),
    onError: policyOf(options.onError),
    unpublishable: policyOf(options.unpublishable),
    clock,
    events: new Events({ name, clock, log: options.log ?? ((line) => console.error(line)) }),
  };
}

function policyOf(policy: "stop" | DeadLetter | undefined): DeadLetter | undefined {
  return policy === "stop" ? undefined : policy;
}

function checkFrom(cannot: string, name: string, from: From): void {
  if (from === "earliest" || from === "latest" || Number.isSafeInteger(from)) return;
  throw new TypeError(
    `${cannot} ${name} must be "earliest", "latest" or milliseconds since 1970, current value is ${String(from)}`,
  );
}

/** The sinks of a job's policies. */
export function policySinks(settings: Settings): SinkSpec[] {
  const sinks = [settings.onBadRecord?.sink, settings.onError?.sink, settings.unpublishable?.sink].filter((
    sink,
  ): sink is SinkSpec => sink !== undefined);
  return [...new Set(sinks)];
}

export type { Connector };
