/**
 * Where a command looks: the state of jobs, and their topics.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/thrown.ts";
import type { KafkaTopics } from "../connectors/kafka/topics.ts";
import type { WorkerDetails } from "../runtime/details.ts";
import { jobsOn, readStoredJob, type StoredJob } from "../runtime/stored_job.ts";
import { readWorkers } from "../runtime/worker_entry.ts";
import { KvStore } from "../state/mod.ts";
import { EmbeddedTopics } from "./embedded_topics.ts";
import { WrongUsage } from "./errors.ts";
import { Page } from "./page.ts";
import type { Topics } from "./topics.ts";

/** The folder in which the examples keep their states. */
const FOLDER = ".tidemark";

/** A worker that has not said for so long that it is there is taken for one that has died, in milliseconds. */
const SEEN_MS = 10_000;

/** The flags that say where. */
export interface PlaceFlags {
  readonly state?: string;
  readonly brokers?: string;
  readonly page?: string;
  readonly token?: string;
}

/** Everything that a command has opened. */
export class Place implements AsyncDisposable {
  #store: Promise<KvStore> | undefined;
  #kafka: Promise<KafkaTopics> | undefined;

  constructor(readonly flags: PlaceFlags, readonly clock: Clock) {}

  /** The path or URL of the state. */
  async state(): Promise<string> {
    return this.flags.state ?? await onlyState();
  }

  /** The store of the state. */
  store(): Promise<KvStore> {
    return this.#store ??= this.#openStore();
  }

  /** A job of the state. */
  async job(name: string): Promise<StoredJob> {
    const store = await this.store();
    const found = await readStoredJob(store, name, this.clock);
    if (found !== undefined) return found;
    const jobs = await jobsOn(store, this.clock);
    const there = jobs.length === 0 ? "no job" : jobs.join(", ");
    throw new Error(`Cannot look at job ${name}: it was never started on ${store.name}, which has ${there}`);
  }

  /** The topics: those of Kafka where brokers are named, otherwise those of the state. */
  async topics(): Promise<Topics> {
    return await this.kafka() ?? new EmbeddedTopics(await this.store(), this.clock);
  }

  /** The cluster that the flags name; `undefined` when they name none. */
  async kafka(): Promise<KafkaTopics | undefined> {
    const { brokers } = this.flags;
    return brokers === undefined ? undefined : await (this.#kafka ??= openKafka(brokers));
  }

  /** The page that the flags name; `undefined` when they name none. */
  get page(): Page | undefined {
    const { page, token } = this.flags;
    return page === undefined ? undefined : new Page(page, { clock: this.clock, token });
  }

  /** The pages that workers of a job have told, those seen last first. A worker that has died may have left its own there. */
  async pages(job: string): Promise<readonly Page[]> {
    if (this.page !== undefined) return [this.page];
    const { clock, flags: { token } } = this;
    const workers = await readWorkers(await this.store(), job, clock.now());
    return workers.flatMap(({ page }) => page === undefined ? [] : [new Page(page, { clock, token })]);
  }

  /** The workers of a job that have said lately that they are there. */
  async workers(job: string): Promise<readonly WorkerDetails[]> {
    const now = this.clock.now();
    return (await readWorkers(await this.store(), job, now)).filter(({ at }) => now - at < SEEN_MS);
  }

  /** Whether the state need not be opened: everything is asked of the page that the flags name. */
  get pageOnly(): boolean {
    return this.flags.page !== undefined && this.flags.state === undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#kafka?.catch(() => undefined))?.close();
    (await this.#store?.catch(() => undefined))?.close();
  }

  async #openStore(): Promise<KvStore> {
    const where = await this.state();
    if (!/^https?:/.test(where)) await assertThere(where);
    return await KvStore.open(where, this.clock);
  }
}

/** Whether a state is a file of this machine. */
export function isFile(state: string): boolean {
  return !/^https?:/.test(state);
}

async function assertThere(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot open the state at ${path}: there is no such file. Name another one with --state`);
  }
}

/** The only state in the examples' folder, so that nothing need be named after `deno task start`. */
async function onlyState(): Promise<string> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(FOLDER)) if (name.endsWith(".db")) found.push(`${FOLDER}/${name}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (found.length === 1) return found[0];
  const there = found.length === 0 ? `there is none in ${FOLDER}` : `${FOLDER} has ${found.sort().join(" and ")}`;
  throw new WrongUsage(`Which state? Name it with --state PATH: ${there}`);
}

/** Loads the Kafka client, which nobody needs who names no brokers. */
async function openKafka(brokers: string): Promise<KafkaTopics> {
  const { openTopics } = await import("../connectors/kafka/open_topics.ts");
  const named = brokers.split(",").map((broker) => broker.trim()).filter((broker) => broker !== "");
  try {
    return openTopics(named);
  } catch (error) {
    throw new WrongUsage(messageOf(error));
  }
}
