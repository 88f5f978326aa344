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

/** The version of the job entry. Format 1 has no hops and no run. */
export const JOB_FORMAT = 2;

/** The properties of a job on which its checkpoints depend. */
export interface JobShape {
  /** The job's name. */
  readonly name: string;
  /** How partitions become tasks. */
  readonly tasks: "perPartition" | "single";
  /** How many partitions each input topic has. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** Offsets by topic and partition. */
export type ResetOffsets = Readonly<Record<string, Readonly<Record<number, number>>>>;

/**
 * Where a reset reads the input from: as the `from` of a connector, or at these offsets. What offsets do not name is read
 * from its beginning.
 */
export type ResetFrom = "earliest" | "latest" | number | ResetOffsets;

/** A hop as it was when its topic was made. */
export interface HopEntry {
  /** How many partitions its topic has. */
  readonly partitions: number;
  /** Whether it has left the pipeline. */
  readonly gone?: boolean;
  /** Set for a hop that has come back: it has a run of its own, until the next reset. */
  readonly run?: string;
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
  /** How many partitions each input topic had at the first start. */
  readonly inputs: Readonly<Record<string, number>>;
  /** The hops that the job has, or has had, by name. */
  readonly hops: Readonly<Record<string, HopEntry>>;
  /** Changes with each reset of a job that has hops: records in them that another run has sent are passed over. */
  readonly run: string;
  /** Set while a reset is under way: where it reads the input from. Every task must be reset before one starts. */
  readonly resetting: ResetFrom | undefined;
}

interface JobEntry {
  readonly format: number;
  readonly incarnation: string;
  readonly tasks: string;
  readonly inputs: Readonly<Record<string, number>>;
  readonly hops: Readonly<Record<string, HopEntry>>;
  readonly run: string;
  readonly resetting?: ResetFrom;
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
    if (found !== undefined) return opened(assertEntry(found.value, shape.name), made, shape);
    const { ok } = await store.atomic([{ key, versionstamp: null }], [{ type: "set", key, value: made }]);
    if (ok) return opened(made, made, shape);
    // Another process was faster, or an answer was lost. The entry in the store tells which.
    return opened(assertEntry((await store.get(key))?.value, shape.name), made, shape);
  });
}

function opened(entry: JobEntry, made: JobEntry, shape: JobShape): OpenedJob {
  const { incarnation, inputs, hops, run, resetting } = entry;
  const created = incarnation === made.incarnation;
  return { incarnation, created, differences: compare(entry, shape), inputs, hops, run, resetting };
}

/** A change of the job entry. Absent fields stay unchanged. */
export interface JobChange {
  /** Hops that the job has now, with the partitions of their topics. Those that it has already stay as they are. */
  readonly hops?: Readonly<Record<string, Pick<HopEntry, "partitions">>>;
  /** Hops that have left the pipeline. */
  readonly gone?: readonly string[];
  /** Begins a reset, under a new run. */
  readonly reset?: ResetFrom;
  /** The run that is to be reset. When the job has another one, nothing changes. @default whichever it has */
  readonly since?: string;
  /** The reset of this run is over: every task has been reset. */
  readonly resetDone?: string;
}

/**
 * Changes the entry of a job.
 *
 * @param store the store of the job
 * @param name the job's name
 * @param change see {@linkcode JobChange}
 * @param options how long to wait for the store
 * @returns the entry afterwards
 * @throws {UnavailableError} when the store does not answer within `patience`
 */
export async function changeJob(
  store: Store,
  name: string,
  change: JobChange,
  options: Patience,
): Promise<Pick<OpenedJob, "hops" | "run" | "resetting">> {
  const { reset, resetDone } = change;
  const key = jobKey(name);
  const run = newRun(options.clock);
  return await persist(options, async () => {
    for (;;) {
      const found = await store.get(key);
      const entry = assertEntry(found?.value, name);
      // An answer that was lost: the change is there already.
      if (reset !== undefined && entry.run === run) return { ...entry, resetting: entry.resetting };
      if (change.since !== undefined && entry.run !== change.since) return { ...entry, resetting: entry.resetting };
      const after: JobEntry = {
        ...entry,
        hops: hopsAfter(entry, change, run),
        ...(reset === undefined ? {} : { run, resetting: reset }),
        ...(resetDone === entry.run ? { resetting: undefined } : {}),
      };
      const { ok } = await store.atomic([{ key, versionstamp: found!.versionstamp }], [{
        type: "set",
        key,
        value: after,
      }]);
      if (ok) return { ...after, resetting: after.resetting };
    }
  });
}

/** The hops of a job after a change. `run`: that of a hop that comes back. */
function hopsAfter({ hops }: JobEntry, { hops: now = {}, gone = [], reset }: JobChange, run: string): JobEntry["hops"] {
  const after = new Map(Object.entries(hops));
  for (const [name, { partitions }] of Object.entries(now)) {
    const before = after.get(name);
    if (before === undefined) after.set(name, { partitions });
    else if (before.gone) after.set(name, { partitions, run });
  }
  for (const name of gone) after.set(name, { ...after.get(name)!, gone: true });
  // A reset gives all hops its own run.
  if (reset !== undefined) { for (const [name, { run: _, ...hop }] of after) after.set(name, hop); }
  return Object.fromEntries(after);
}

/**
 * Reads the entry of a job.
 *
 * @param store the store to look in
 * @param name the job's name
 * @param options how long to wait for the store
 * @returns the entry; `undefined` when the job was never started on this store
 * @throws {UnavailableError} when the store does not answer within `patience`
 */
export async function readJob(
  store: Store,
  name: string,
  options: Patience,
): Promise<Pick<OpenedJob, "hops" | "run" | "resetting"> & Pick<JobEntry, "tasks" | "inputs"> | undefined> {
  const found = await persist(options, () => store.get(jobKey(name)));
  if (found === undefined) return undefined;
  const { hops, run, resetting, tasks, inputs } = assertEntry(found.value, name);
  return { hops, run, resetting, tasks, inputs };
}

function entryOf({ tasks, inputs }: JobShape, clock: WaitingClock): JobEntry {
  return {
    ...{ format: JOB_FORMAT, incarnation: newFence(clock), tasks, inputs: { ...inputs } },
    ...{ hops: {}, run: newRun(clock) },
  };
}

/** A random name of 8 letters, as records of hops carry it. */
function newRun(clock: WaitingClock): string {
  return newFence(clock).slice(0, 8);
}

function assertEntry(value: unknown, name: string): JobEntry {
  const entry = value as Partial<JobEntry> | undefined;
  const key = jobKey(name);
  if (typeof entry?.incarnation !== "string" || typeof entry.inputs !== "object") {
    throw new CorruptError(`The entry of job ${name} at ${showKey(key)} is not what was written`, key);
  }
  // A job of format 1 has never had a hop, so any run does: its incarnation is one that all its workers know.
  if (entry.format === 1) {
    return { ...entry as JobEntry, format: JOB_FORMAT, hops: {}, run: entry.incarnation.slice(0, 8) };
  }
  if (entry.format !== JOB_FORMAT) {
    throw new CorruptError(
      `The entry of job ${name} has format ${entry.format}, and this program knows formats 1 and ${JOB_FORMAT} only`,
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
