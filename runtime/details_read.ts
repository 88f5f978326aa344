/**
 * The details of a job from its state alone, for a job that no worker runs.
 *
 * @module
 */
import { type Clock, systemClock } from "../base/clock.ts";
import type { KvHandle } from "../state/kv_handle.ts";
import { type Head, KvStore, readHead, readJob, type Store } from "../state/mod.ts";
import type { Explanation, JobDetails, WorkerDetails } from "./details.ts";
import { explainElsewhere } from "./details_elsewhere.ts";
import { LiveFacts } from "./details_facts.ts";
import { joined, readShelves } from "./details_shelf.ts";
import { wholeOf } from "./details_whole.ts";
import { DETAILS_FRESH_MS } from "./limits.ts";
import { Meter } from "./metrics.ts";
import { mostTasks } from "./stored_job.ts";
import { readWorkers } from "./worker_entry.ts";

/** Options of {@linkcode readDetails}. */
export interface ReadDetailsOptions {
  /** Where the job's state is kept: as for `run()`, but it must exist. */
  readonly state: string | URL | KvHandle;
}

/** What the state of a job tells. */
export interface StoredDetails {
  /** The details, with every task as of its last commit. */
  readonly details: JobDetails;
  /** What holds its tasks where they are. */
  readonly explanations: readonly Explanation[];
}

/**
 * Reads the details of a job from its state alone. No worker of the job needs to run, and nothing is written. What only a
 * worker knows is absent: lag, rates, windows that wait.
 *
 * A job of which no worker was seen in the last ten seconds reads as `stopped`.
 *
 * @param job the job's name
 * @param options where its state is
 * @returns the details, and an explanation for each worker that had tasks which are not finished
 * @throws {Error} when the state cannot be opened, or the job was never started on it
 * @throws {CorruptError} when a head cannot be read
 *
 * @example A job that has stopped
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { embeddedLog, keyedReduce, readDetails, run } from "@tidemark/streams";
 *
 * using kv = await Deno.openKv(":memory:");
 * const log = embeddedLog(kv);
 * await log.create("clicks");
 * await log.create("counts");
 * await log.append("clicks", [{ key: "ada", value: "ada" }, { key: "ada", value: "ada" }]);
 * await log.end("clicks");
 * const counts = log.source<string>("clicks").pipe(
 *   keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
 *   log.sink("counts"),
 * );
 * const job = await run(counts, { name: "clicks", state: kv, log: () => {} });
 * await job.finished;
 *
 * const { details } = await readDetails("clicks", { state: kv });
 * assertEquals([details.state, details.records_in, details.outputs], ["finished", 2, { counts: 2 }]);
 * ```
 */
export async function readDetails(job: string, { state }: ReadDetailsOptions): Promise<StoredDetails> {
  const named = typeof state === "string" || state instanceof URL;
  const where = named ? String(state) : state;
  if (typeof where === "string" && !/^(https?:|:memory:$)/.test(where)) await assertThere(job, where);
  const store = await KvStore.open(where, systemClock);
  try {
    return await readFrom(store, job, systemClock);
  } finally {
    if (named) store.close();
    else store.letGo();
  }
}

async function assertThere(job: string, path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    throw new Error(`Cannot read the details of job ${job}: there is no state at ${path}`, { cause: error });
  }
}

/** The same from a store. */
export async function readFrom(
  store: Store,
  job: string,
  clock: Pick<Clock, "now" | "sleep" | "random">,
): Promise<StoredDetails> {
  const entry = await readJob(store, job, { clock });
  if (entry === undefined) {
    throw new Error(`Cannot read the details of job ${job}: it was never started on this state; look at the name`);
  }
  const found = await Promise.all(
    Array.from({ length: mostTasks(entry) }, async (_none, task) => (await readHead(store, { job, task }))?.head),
  );
  // A topic that every task reads may have more partitions than the job has tasks.
  const heads = found.slice(0, found.findLastIndex((head) => head !== undefined) + 1);
  const left = joined(await Promise.all(heads.map((head, task) => readShelves(store, job, task, head))));
  const now = clock.now();
  const workers = await readWorkers(store, job, now);
  const details = wholeOf({
    ...{
      job,
      now,
      elapsed: 0,
      worker: undefined,
      trouble: undefined,
      waitsSince: undefined,
      failure: failureOf(heads),
      rate: 0,
    },
    ...{ workers, state: () => stateOf(heads, workers, now), tasks: heads.map((_head, task) => task), live: [], left },
    ...{ inputs: new Set(Object.keys(entry.inputs)), heads: new Map(heads.entries()), meter: new Meter() },
    ...{ time: undefined, entered: {}, lastEvent: 0, facts: new LiveFacts() },
  });
  return { details, explanations: explainElsewhere(details, { stage: undefined, age: 0 }) };
}

function stateOf(
  heads: readonly (Head | undefined)[],
  workers: readonly WorkerDetails[],
  now: number,
): JobDetails["state"] {
  if (heads.length > 0 && heads.every((head) => head?.finished === true)) return "finished";
  return workers.some(({ at }) => now - at < DETAILS_FRESH_MS) ? "running" : "stopped";
}

/** A failure that a head has kept, because the job must not go on as it is. */
function failureOf(heads: readonly (Head | undefined)[]): string | undefined {
  return heads.find((head) => head?.unsafe !== undefined)?.unsafe?.reason;
}
