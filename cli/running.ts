/**
 * Whether a job runs, and keeping it from being started while a command changes something.
 *
 * @module
 */
import { acquireLock, type Lock } from "../state/file_lock.ts";
import { isFile, type Place } from "./place.ts";
import { iso } from "./text.ts";

/** Locks that are freed together. */
class Held implements Disposable {
  readonly #locks: Lock[] = [];

  async take(path: string, cannot: string): Promise<void> {
    const lock = await acquireLock(path, { job: "of a command line" });
    if (lock.heldBy !== undefined) throw new Error(`${cannot}: ${path} is held by ${lock.heldBy}. Stop it first`);
    this.#locks.push(lock);
  }

  [Symbol.dispose](): void {
    for (const lock of this.#locks) lock.release();
  }
}

/**
 * Takes the lock of a state file, as a job on the embedded log does. Does nothing for a URL, which has none.
 *
 * @throws {Error} when another process has the file
 */
export async function holdingFile(state: string, cannot: string): Promise<Disposable> {
  const held = new Held();
  if (isFile(state)) await held.take(state, cannot);
  return held;
}

/**
 * Takes everything that a worker of the job would need on this machine, and asks Kafka for its group.
 *
 * @throws {Error} when a worker of the job runs
 */
export async function holdingJob(place: Place, job: string, cannot: string): Promise<Disposable> {
  const state = await place.state();
  const held = new Held();
  try {
    if (isFile(state)) {
      await held.take(state, cannot);
      for await (const slot of slotsOf(state, job)) await held.take(slot, cannot);
    }
    const [worker] = await place.workers(job);
    if (worker !== undefined) {
      const named = worker.name === undefined ? "a worker" : `worker ${worker.name}`;
      throw new Error(`${cannot}: ${named} has said at ${iso(worker.at)} that it runs. Stop it first`);
    }
    const kafka = await place.kafka();
    const members = kafka === undefined ? [] : await kafka.members(job);
    if (members.length > 0) {
      const named = members.map(({ client, host }) => `${client} on ${host.replace(/^\//, "")}`).join(", ");
      throw new Error(`${cannot}: its consumer group has members, ${named}. Stop them first`);
    }
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** The slots of workers that were started beside a state file. A slot that was used once stays there, without a lock. */
async function* slotsOf(state: string, job: string): AsyncIterable<string> {
  const at = Math.max(state.lastIndexOf("/"), state.lastIndexOf("\\"));
  const [folder, file] = [at < 0 ? "." : state.slice(0, at), state.slice(at + 1)];
  const slot = `${file}.${job}.worker-`;
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith(slot) && name.endsWith(".lock")) yield `${folder}/${name.slice(0, -".lock".length)}`;
  }
}
