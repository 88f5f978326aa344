/**
 * A job as its state has it, for programs that look at a job from outside. Nothing is claimed or written.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Cell, Key } from "../operators/keyed_state.ts";
import { type Head, listJobs, readHead, readJob, readState, type Store } from "../state/mod.ts";
import { hopTopic } from "./hops.ts";
import { listOffsets } from "./offsets.ts";

/** One task, as its head has it. */
export interface StoredTask {
  readonly task: number;
  /** The worker that had it last, if it told its name. */
  readonly worker: string | undefined;
  /** When its last epoch was cut, in milliseconds since 1970. */
  readonly at: number | undefined;
  readonly epoch: number;
  /** The last epoch whose results are all visible, as far as the head knows. */
  readonly visible: number;
  readonly finished: boolean;
  /** Why it must not go on. */
  readonly unsafe: string | undefined;
  /** The next offsets to read. */
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
  /** Committed epochs with results that may not be visible yet. */
  readonly waiting: { readonly epochs: number; readonly bytes: number };
  readonly states: readonly StoredStateEntry[];
}

/** A keyed state, as a head has it. */
export interface StoredStateEntry {
  readonly name: string;
  readonly kind: "value" | "map" | "list";
  /** Whether a key has a value for each window. */
  readonly windows: boolean;
  readonly version: number;
  /** Bytes of its bases. What came since the last base of a bucket is in the deltas of the task. */
  readonly bytes: number;
}

/** A job, as its state has it. */
export interface StoredJob {
  readonly job: string;
  readonly tasks: "perPartition" | "single";
  /** How many partitions each input topic had at the first start. */
  readonly inputs: Readonly<Record<string, number>>;
  /** The hops that the pipeline has now: their topics. */
  readonly hops: readonly string[];
  /** Where the next start reads the input from, because a reset is under way. */
  readonly resetting: unknown;
  /** The tasks that have been started, in order. */
  readonly heads: readonly StoredTask[];
  /** Bytes of the deltas of all tasks, which all states share. */
  readonly deltaBytes: number;
}

/** The names of the jobs on a store. */
export function jobsOn(store: Store, clock: Clock): Promise<string[]> {
  return listJobs(store, { clock });
}

/**
 * Reads a job.
 *
 * @returns the job; `undefined` when it was never started on this store
 * @throws {CorruptError} when an entry cannot be read
 */
export async function readStoredJob(store: Store, job: string, clock: Clock): Promise<StoredJob | undefined> {
  const entry = await readJob(store, job, { clock });
  if (entry === undefined) return undefined;
  const numbers = Array.from({ length: mostTasks(entry) }, (_none, task) => task);
  const found = await Promise.all(numbers.map(async (task) => (await readHead(store, { job, task }))?.head));
  const heads = found.flatMap((head, task) => head === undefined ? [] : [storedTask(task, head)]);
  const ranges = found.flatMap((head) => head?.ranges ?? []);
  return {
    ...{ job, inputs: entry.inputs, resetting: entry.resetting, heads },
    tasks: entry.tasks === "single" ? "single" : "perPartition",
    hops: Object.entries(entry.hops).filter(([, { gone }]) => !gone).map(([name]) => hopTopic(job, name)),
    deltaBytes: ranges.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** How many tasks a job can have had: as many as its input or a hop has partitions. */
export function mostTasks(
  { tasks, inputs, hops }: {
    readonly tasks: string;
    readonly inputs: Readonly<Record<string, number>>;
    readonly hops: Readonly<Record<string, { readonly partitions: number }>>;
  },
): number {
  const counts = [...Object.values(inputs), ...Object.values(hops).map(({ partitions }) => partitions)];
  return tasks === "single" ? 1 : Math.max(1, ...counts);
}

function storedTask(task: number, head: Head): StoredTask {
  const { told, epoch, finished, unsafe, outbox, offsets, states } = head;
  return {
    ...{ task, epoch, finished, worker: told?.worker || undefined, at: told?.at },
    visible: outbox.length > 0 ? outbox[0].epoch - 1 : epoch,
    unsafe: unsafe?.reason,
    offsets: listOffsets(offsets),
    waiting: { epochs: outbox.length, bytes: outbox.reduce((sum, { bytes }) => sum + bytes, 0) },
    states: states.map(({ name, kind, namespaced, version, baseBytes }) => ({
      ...{ name, kind, version, windows: namespaced, bytes: baseBytes },
    })),
  };
}

/** A cell of a stored state. */
export interface StoredCell {
  readonly task: number;
  readonly key: Key;
  /** The start of the window; `undefined` where a key has one value. */
  readonly window: number | undefined;
  readonly value: unknown;
}

/** Which cells to read. */
export interface CellsWanted {
  readonly name: string;
  /** Only this key. @default all */
  readonly key?: Key;
  /** Only the window with this start. @default all */
  readonly window?: number;
}

/**
 * The cells of a state as of the last commit, task by task. One task's state is in memory at a time.
 *
 * @throws {CorruptError} when stored data is not what was written
 */
export async function* readCells(
  store: Store,
  { job, heads }: Pick<StoredJob, "job" | "heads">,
  { name, key, window }: CellsWanted,
): AsyncIterable<StoredCell> {
  for (const { task, states } of heads) {
    const entry = states.find((state) => state.name === name);
    const state = entry && await readState(store, { job, task, name });
    if (state === undefined) continue;
    const shown = ({ key, namespace, value }: Cell): StoredCell => {
      return { task, key, window: entry!.windows ? namespace : undefined, value };
    };
    for (const namespace of window === undefined ? [...state.namespaces()].sort((a, b) => a - b) : [window]) {
      if (key === undefined) { for (const cell of state.cells(namespace)) yield shown(cell); }
      else {
        const cell = state.find(key, namespace);
        if (cell?.value !== undefined) yield shown(cell);
      }
    }
  }
}
