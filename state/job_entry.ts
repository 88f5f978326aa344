/**
 * The job entry: written once, when a job is first started, and compared at every start.
 *
 * @module
 */
import type { WaitingClock } from "../base/clock.ts";
import { CorruptError } from "./errors.ts";
import { newFence } from "./fence.ts";
import { showKey } from "../base/kv.ts";
import { jobKey } from "./keys.ts";
import { type Patience, persist } from "./retry.ts";
import type { Store } from "./store.ts";

/** The version of the job entry. */
export const JOB_FORMAT = 1;

/** The properties of a job on which its checkpoints depend. */
export interface JobShape {
  /** The job's name. */
  readonly name: string;
  /** How partitions become tasks. */
  readonly tasks: "perPartition" | "single";
  /** How many partitions each input topic has. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** A difference between a job and its first start. */
export type JobDifference =
  | { readonly kind: "tasks"; readonly was: string; readonly is: string }
  | { readonly kind: "input added" | "input removed"; readonly topic: string; readonly partitions: number }
  | { readonly kind: "partitions"; readonly topic: string; readonly was: number; readonly is: number };

/** An opened job. */
export interface OpenedJob {
  /**
   * A random id from the first start of the job. It distinguishes the job from one of the same name in another store.
   */
  readonly incarnation: string;
  /** Whether this start was the first. */
  readonly created: boolean;
  /** Differences from the first start. The caller decides what they mean. */
  readonly differences: readonly JobDifference[];
}

interface JobEntry {
  readonly format: number;
  readonly incarnation: string;
  readonly tasks: string;
  readonly inputs: Readonly<Record<string, number>>;
}

/**
 * Opens a job: creates its entry if there is none, otherwise compares the job with it.
 *
 * @param store the store of the job
 * @param shape the job's current properties
 * @param options how long to wait for the store
 * @throws {CorruptError} when the entry cannot be read
 * @throws {UnavailableError} when the store does not answer within `patience`
 *
 * @example Start a job for the first time, and again
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MemoryStore, openJob } from "./mod.ts";
 *
 * const clock = { now: () => 0, sleep: () => Promise.resolve(), random: Math.random };
 * const store = new MemoryStore();
 * const shape = { name: "shop", tasks: "perPartition", inputs: { visits: 4 } } as const;
 * assertEquals((await openJob(store, shape, { clock })).created, true);
 *
 * const again = await openJob(store, { ...shape, inputs: { visits: 8 } }, { clock });
 * assertEquals(again.differences, [{ kind: "partitions", topic: "visits", was: 4, is: 8 }]);
 * ```
 */
export async function openJob(store: Store, shape: JobShape, options: Patience): Promise<OpenedJob> {
  const key = jobKey(shape.name);
  const made = entryOf(shape, options.clock);
  return await persist(options, async () => {
    const found = await store.get(key);
    if (found !== undefined) {
      const entry = assertEntry(found.value, shape.name);
      return {
        incarnation: entry.incarnation,
        created: entry.incarnation === made.incarnation,
        differences: compare(entry, shape),
      };
    }
    const { ok } = await store.atomic([{ key, versionstamp: null }], [{ type: "set", key, value: made }]);
    if (ok) return { incarnation: made.incarnation, created: true, differences: [] };
    // Another process was faster, or an answer was lost. The entry in the store tells which.
    const entry = assertEntry((await store.get(key))?.value, shape.name);
    return {
      incarnation: entry.incarnation,
      created: entry.incarnation === made.incarnation,
      differences: compare(entry, shape),
    };
  });
}

/**
 * Whether a job was ever started on this store.
 *
 * @param store the store to look in
 * @param name the job's name
 * @param options how long to wait for the store
 * @throws {UnavailableError} when the store does not answer within `patience`
 */
export async function knowsJob(store: Store, name: string, options: Patience): Promise<boolean> {
  return await persist(options, () => store.get(jobKey(name))) !== undefined;
}

function entryOf({ tasks, inputs }: JobShape, clock: WaitingClock): JobEntry {
  return { format: JOB_FORMAT, incarnation: newFence(clock), tasks, inputs: { ...inputs } };
}

function assertEntry(value: unknown, name: string): JobEntry {
  const entry = value as Partial<JobEntry> | undefined;
  const key = jobKey(name);
  if (typeof entry?.incarnation !== "string" || typeof entry.inputs !== "object") {
    throw new CorruptError(`The entry of job ${name} at ${showKey(key)} is not what was written`, key);
  }
  if (entry.format !== JOB_FORMAT) {
    throw new CorruptError(
      `The entry of job ${name} has format ${entry.format}, and this program knows format ${JOB_FORMAT} only`,
      key,
    );
  }
  return entry as JobEntry;
}

function compare(entry: JobEntry, shape: JobShape): JobDifference[] {
  const differences: JobDifference[] = [];
  if (entry.tasks !== shape.tasks) differences.push({ kind: "tasks", was: entry.tasks, is: shape.tasks });
  for (const [topic, partitions] of Object.entries(shape.inputs)) {
    const was = Object.hasOwn(entry.inputs, topic) ? entry.inputs[topic] : undefined;
    if (was === undefined) differences.push({ kind: "input added", topic, partitions });
    else if (was !== partitions) differences.push({ kind: "partitions", topic, was, is: partitions });
  }
  for (const [topic, partitions] of Object.entries(entry.inputs)) {
    if (!Object.hasOwn(shape.inputs, topic)) differences.push({ kind: "input removed", topic, partitions });
  }
  return differences;
}
