/**
 * Who this worker is: the lock of a log that has one process, or a slot beside a local state file that says whose successor it is.
 *
 * A group keeps a member that died until its session ends, and whoever rejoins waits for that. The successor of a worker may let
 * its predecessor leave at once, but only where it is sure to be the predecessor: a slot is a lock file, which the kernel frees when
 * its holder dies and not before.
 *
 * @module
 */
import { acquireLock, type Lock } from "../state/file_lock.ts";
import type { Store } from "../state/mod.ts";
import { MAX_WORKERS } from "./limits.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";

/** A worker's place. */
export interface Claimed {
  /** Its name, or `undefined` where nobody can be sure of its predecessor. */
  readonly worker: string | undefined;
  remembered(store: Store): Promise<string | undefined>;
  remember(store: Store, text: string): Promise<void>;
  release(): void;
}

/** Takes this worker's place. Throws where the job already runs and may have one process only. */
export async function claimWorker(plan: Plan, settings: Settings): Promise<Claimed> {
  const { name, state } = settings;
  const exclusive = [plan.input, ...plan.sinks.map(({ connector }) => connector)].find(({ lockPath }) =>
    lockPath !== undefined
  );
  if (exclusive !== undefined) {
    const lock = await acquireLock(exclusive.lockPath!, { job: name });
    if (lock.heldBy === undefined) return place(settings, undefined, lock);
    throw new Error(
      `Job ${name} cannot run on ${exclusive.lockPath}: the embedded log has one process at a time, and ${lock.heldBy} has it`,
    );
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

function place({ name }: Settings, worker: string | undefined, lock: Lock | undefined): Claimed {
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

/** The path of a local state file; `undefined` for a server, for memory and for a KV that the user opened. */
function localPath(state: Settings["state"]): string | undefined {
  if (typeof state !== "string" || state === ":memory:" || /^https?:/.test(state)) return undefined;
  return state;
}
