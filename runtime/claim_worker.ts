/**
 * The identity of this worker: the lock of a log that allows one process, or a slot beside a local state file. A slot
 * names the worker that it succeeds.
 *
 * A group keeps a dead member until its session ends, and a member that joins again waits for that. A worker may remove
 * its predecessor from the group at once, but only when it is certain which member that is. The slot is a lock file:
 * the kernel frees it when its holder dies, and not before.
 *
 * @module
 */
import { acquireLock, type Lock, type LockRefused } from "../state/file_lock.ts";
import type { Store } from "../state/mod.ts";
import { MAX_WORKERS } from "./limits.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";

/** A worker's place. */
export interface Claimed {
  /** Its name, or `undefined` where the predecessor cannot be known for certain. */
  readonly worker: string | undefined;
  remembered(store: Store): Promise<string | undefined>;
  remember(store: Store, text: string): Promise<void>;
  release(): void;
}

/** Claims this worker's slot. Throws when the job already runs and may have one process only. */
export async function claimWorker(plan: Plan, settings: Settings): Promise<Claimed> {
  const { name, state } = settings;
  const exclusive = [plan.input, ...plan.sinks.map(({ connector }) => connector)].find(({ lockPath }) =>
    lockPath !== undefined
  );
  if (exclusive !== undefined) {
    return place(settings, undefined, await shareLock(exclusive.lockPath!, name));
  }
  if (settings.worker !== undefined) return place(settings, settings.worker, undefined);
  const path = localPath(state);
  if (path === undefined) return place(settings, undefined, undefined);
  for (let slot = 0; slot < MAX_WORKERS; slot++) {
    const lock = await acquireLock(`${path}.${name}.worker-${slot}`, { job: name });
    if (lock.heldBy === undefined) return place(settings, `worker-${slot}`, lock);
  }
  throw new Error(`Job ${name} cannot run: ${MAX_WORKERS} workers of it run beside ${path} already`);
}

/** Locks of this process, each with the jobs that hold it. One process at a time may run any number of jobs. */
const shared = new Map<string, { readonly lock: Promise<Lock | LockRefused>; readonly jobs: Set<string> }>();

/** Takes the lock of a log for a job, or joins the jobs of this process that hold it. */
async function shareLock(path: string, job: string): Promise<Pick<Lock, "release">> {
  const cannot = `Job ${job} cannot run on ${path}:`;
  let holding = shared.get(path);
  if (holding === undefined) shared.set(path, holding = { lock: acquireLock(path, { job }), jobs: new Set() });
  const { lock, jobs } = holding;
  if (jobs.has(job)) throw new Error(`${cannot} it runs in this process already`);
  jobs.add(job);
  const left = () => jobs.delete(job) && jobs.size === 0 && shared.delete(path);
  try {
    const taken = await lock;
    if (taken.heldBy === undefined) return { release: () => void (left() && taken.release()) };
    throw new Error(`${cannot} the embedded log has one process at a time, and ${taken.heldBy} has it`);
  } catch (error) {
    left();
    throw error;
  }
}

function place({ name }: Settings, worker: string | undefined, lock: Pick<Lock, "release"> | undefined): Claimed {
  const key = ["job", name, "worker", worker ?? ""];
  return {
    worker,
    async remembered(store) {
      return worker === undefined ? undefined : (await store.get<string>(key))?.value;
    },
    async remember(store, text) {
      if (worker !== undefined) await store.atomic([], [{ type: "set", key, value: text }]);
    },
    release: () => lock?.release(),
  };
}

/** The path of a local state file. `undefined` for a server, for memory and for a KV that the user opened. */
function localPath(state: Settings["state"]): string | undefined {
  if (typeof state !== "string" || state === ":memory:" || /^https?:/.test(state)) return undefined;
  return state;
}
