/**
 * The entry of a worker in the job's store: who it is, since when it runs, and where its page is. Programs that look at the
 * job find its workers by it. No decision depends on it, so a write that fails is left out.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { VERSION } from "../base/version.ts";
import { workersKey } from "../state/keys.ts";
import type { Store } from "../state/mod.ts";
import type { WorkerDetails } from "./details.ts";
import { WORKER_FORGOTTEN_MS, WORKER_SEEN_MS } from "./limits.ts";

/** What the entry of a worker needs. */
export interface WorkerEntryParts {
  readonly job: string;
  readonly store: Store;
  readonly clock: Pick<Clock, "now" | "elapsed">;
  /** The name of the worker, if it has one. */
  readonly worker: string | undefined;
  /** Identifies the worker where it has no name. */
  readonly id: string;
}

export class WorkerEntry {
  readonly #since: number;
  #page: string | undefined;
  #wroteAt = -Infinity;
  #writing: Promise<void> | undefined;
  #over = false;

  constructor(readonly parts: WorkerEntryParts) {
    this.#since = parts.clock.now();
  }

  /** The entry as of now. */
  get details(): WorkerDetails {
    const { worker: name, clock } = this.parts;
    return { name, since: this.#since, at: clock.now(), version: VERSION, page: this.#page };
  }

  /** The page of the worker is there; `undefined`: no longer. Resolves when this is written, or could not be. */
  async announce(page: string | undefined): Promise<void> {
    this.#page = page;
    await this.#writing;
    this.#wroteAt = -Infinity;
    this.beat();
    await this.#writing;
  }

  /** Writes the entry, if it is time. Called often. */
  beat(): void {
    const { clock, store } = this.parts;
    const now = clock.elapsed();
    if (this.#over || this.#writing !== undefined || now - this.#wroteAt < WORKER_SEEN_MS) return;
    this.#wroteAt = now;
    const write = store.atomic([], [{ type: "set", key: this.#key, value: this.details }]);
    this.#writing = write.then(() => {}, () => {}).finally(() => {
      this.#writing = undefined;
    });
  }

  /** Removes the entry: the worker has stopped. */
  async remove(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#writing;
    await this.parts.store.atomic([], [{ type: "delete", key: this.#key }]).catch(() => {});
  }

  get #key(): (string | number)[] {
    const { job, worker, id } = this.parts;
    return [...workersKey(job), worker ?? id];
  }
}

/** The workers that a store knows, those seen last first. One that was not seen for long has ended without removing itself. */
export async function readWorkers(store: Store, job: string, now: number): Promise<WorkerDetails[]> {
  const workers: WorkerDetails[] = [];
  for await (const { value } of store.list<WorkerDetails>(workersKey(job))) {
    if (now - value.at < WORKER_FORGOTTEN_MS) workers.push(value);
  }
  return workers.sort((a, b) => b.at - a.at);
}
