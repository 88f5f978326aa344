/**
 * `run()`: runs pipelines as a job.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { Connector } from "../connectors/connector.ts";
import type { Patience, Store } from "../state/mod.ts";
import { type Claimed, claimWorker } from "./claim_worker.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { EpochDetails, Explanation, JobDetails } from "./details.ts";
import type { JobRows } from "./details_rows.ts";
import { JobTeller } from "./details_job.ts";
import { openStore, patienceOf } from "./job_store.ts";
import { Deadline, describeLeft, endsSoon, interruptible, tellEnd } from "./ending.ts";
import type { JobEvents } from "./events.ts";
import type { Job, JobEnd, StateView, StopOptions } from "./job.ts";
import { SHOW_MS, STOP_MS, TOLD_AFTER_MS } from "./limits.ts";
import { Meter, MetricsFeed, type MetricsSnapshot } from "./metrics.ts";
import { openAll, type OpenJob } from "./opening.ts";
import { type RunOptions, type Settings, settingsOf } from "./options.ts";
import { type Plan, planOf, replaced } from "./plan.ts";
import { Publisher } from "./publisher.ts";
import type { JobRecords } from "./records.ts";
import { recordsOf } from "./records_of.ts";
import { stateView } from "./state_view.ts";
import { summarize } from "./summary.ts";
import { letterMaker } from "./unpublishable.ts";
import { Troubles } from "./troubles.ts";
import { Entered } from "./topology.ts";
import { Worker } from "./worker.ts";

/**
 * Runs pipelines as one job. Their keyed state, event-time clocks, input offsets and unpublished results are committed
 * together in the state store, and results take effect exactly once. Started again under the same name, on any machine
 * that reaches the broker and the store, the job goes on where it was, or shares the work with the workers that run.
 *
 * @param pipelines one pipeline or several that share their sources; each ends in a connector's `sink()`
 * @param options name and state, and policies
 * @returns the running job, once its first tasks are assigned and taken over
 * @throws {TypeError} when the pipelines or the options are put together wrongly; the message names the stage and the
 * cure
 * @throws {Error} when the broker cannot be reached, a topic is missing, the state cannot be opened or the job already
 * runs
 *
 * @example Count by user, exactly once, with no service at all
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keyedReduce, memory, run } from "@tidemark/streams";
 *
 * const log = memory();
 * log.append("clicks", [{ key: "ada", value: "ada" }, { key: "bob", value: "bob" }, { key: "ada", value: "ada" }]);
 * log.end("clicks");
 *
 * const counts = log.source<string>("clicks").pipe(
 *   keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
 *   log.sink("counts", { key: ({ key }) => key }),
 * );
 * await using job = await run(counts, { name: "clicks", state: ":memory:", log: () => {} });
 * assertEquals(await job.finished, { reason: "finished" });
 * assertEquals(log.read("counts"), [{ key: "ada", value: 1 }, { key: "bob", value: 1 }, { key: "ada", value: 2 }]);
 * ```
 */
export function run(
  pipelines: Observable<unknown> | readonly Observable<unknown>[],
  options: RunOptions,
): Promise<Job> {
  return runWith(pipelines, options, systemClock);
}

/** What replaces the world outside of a job, except its clock. */
export interface StandIns {
  /** Replaces the store that `state` names. The job closes it. @default the store that `state` names */
  readonly store?: Store;
  /** Returns the connector to open in place of this one, under the same id. @default the connector itself */
  readonly connector?: (original: Connector) => Connector;
  /** Epochs are cut only before the reader's assignment changes, and when the job ends. @default false */
  readonly cutsWhenAsked?: boolean;
  /** Called with each decoded value. @default not called */
  readonly decoded?: (value: unknown) => void;
}

/**
 * `run()` with a clock of the caller's, and with replacements for the store and the connectors if given. Tests use it
 * to control time and randomness.
 */
export async function runWith(
  pipelines: Observable<unknown> | readonly Observable<unknown>[],
  options: RunOptions,
  clock: Clock,
  { store: given, connector = (original) => original, cutsWhenAsked = false, decoded }: StandIns = {},
): Promise<Job> {
  const checked = settingsOf(options, clock);
  const settings = { ...checked, minEpoch: cutsWhenAsked ? Infinity : checked.minEpoch, decoded };
  const plan = replaced(planOf(Array.isArray(pipelines) ? pipelines : [pipelines], settings), connector);
  settings.signal?.throwIfAborted();
  const troubles = new Troubles(settings);
  const store = given ?? await interruptible(settings, openStore(settings, troubles), (late) => late.close());
  const told = `the start has taken ${TOLD_AFTER_MS / 1000} s so far: the broker or the state store does not answer`;
  const slow = { kind: "slow start", ms: TOLD_AFTER_MS } as const;
  const cancel = clock.after(TOLD_AFTER_MS, () => settings.events.tell(slow, told));
  let open: OpenJob | undefined, claimed: Claimed | undefined, job: RunningJob;
  try {
    claimed = await interruptible(settings, claimWorker(plan, settings), (late) => late.release());
    const stopping = new AbortController();
    const patience = patienceOf(settings, troubles, stopping.signal);
    open = await interruptible(settings, openAll(plan, settings, { store, patience }), (late) => late.close());
    job = new RunningJob({ settings, plan, store, open, claimed, patience, troubles, stopping });
  } catch (error) {
    await open?.close();
    cancel();
    claimed?.release();
    store.close();
    throw error;
  }
  // From here on the job closes everything that it has opened.
  await job.start().finally(cancel);
  return job;
}

interface JobParts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly store: Store;
  readonly open: OpenJob;
  readonly claimed: Claimed;
  readonly patience: Patience;
  readonly troubles: Troubles;
  /** Aborted when the job no longer waits for the store. */
  readonly stopping: AbortController;
}

class RunningJob implements Job {
  readonly name: string;
  readonly finished: Promise<JobEnd>;
  readonly metrics: MetricsFeed;
  readonly records: JobRecords;
  readonly #meter = new Meter();
  readonly #worker: Worker;
  readonly #teller: JobTeller;
  readonly #publisher: Publisher | undefined;
  readonly #began: number;
  readonly #end = Promise.withResolvers<JobEnd>();
  readonly #ends = new Map<string, readonly number[]>();
  /** The start of the reader. */
  #reading: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  readonly #deadline: Deadline;
  #cancelTimer: () => void = () => {};
  readonly #onAbort = (): void => void this.stop();

  constructor(readonly parts: JobParts) {
    const { settings, plan, store, open, patience, troubles } = parts;
    const { clock, name, giveUpAfter } = settings;
    this.name = name;
    this.#began = clock.elapsed();
    this.#deadline = new Deadline(clock);
    this.finished = this.#end.promise;
    // A caller that only awaits stop() gets the error from stop(), so `finished` must not reject unhandled.
    this.finished.catch(() => {});
    const entered = new Entered(plan.graph);
    const publisherId = `${name}.${clock.id()}`;
    const { delivery } = open;
    this.#publisher = delivery && new Publisher({
      delivery,
      owner: publisherId,
      clock,
      giveUpAfter,
      trouble: (error) => troubles.tell("results", error),
      letter: letterMaker(settings, open),
      sending: (outboxes) => this.#meter.sending(outboxes, open.delivered),
    });
    this.#worker = new Worker({
      store,
      plan,
      settings,
      open,
      publisher: this.#publisher,
      publisherId,
      workerName: parts.claimed.worker,
      patience,
      meter: this.#meter,
      entered,
      troubles,
      ends: this.#ends,
      ended: (error) => void this.#closeSoon(error, "finished"),
    });
    this.#teller = new JobTeller({
      ...{
        settings,
        plan,
        store,
        meter: this.#meter,
        troubles,
        worker: parts.claimed.worker,
        entered,
        id: publisherId,
      },
      ...{ tasks: open.layout.tasks, owned: () => this.#worker.assignment.list, held: () => this.#worker.epochs.held },
      loop: () => this.#worker.loop,
    });
    this.metrics = new MetricsFeed(() => this.#snapshot(), () => this.#teller.measure(), this.#meter);
    this.records = recordsOf({ ...parts, owner: `${publisherId}.replays`, owned: () => this.#worker.assignment.list });
  }

  get topology(): Plan["topology"] {
    return this.parts.plan.topology;
  }

  /** Joins the group. Resolves when the first assignment has been taken over. */
  async start(): Promise<void> {
    const { signal } = this.parts.settings;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) void this.stop();
    else this.#schedule();
    try {
      this.#reading = this.#read();
      const started = this.#reading.then(() => this.#worker.ready.promise);
      // A job that has ended meanwhile waits for nobody: what its start still asks for may never be answered.
      started.catch(() => {});
      await Promise.race([started, this.finished]);
    } catch (error) {
      // A stopped start ends because its connections were closed. That is not a failure.
      const stopped = this.#closing !== undefined && signal?.aborted === true;
      await this.#closeSoon(error as Error, "stopped");
      if (!stopped) throw error;
    }
  }

  /** Starts the reader, and the worker that processes its records. */
  async #read(): Promise<void> {
    const { settings, plan, open, claimed, store } = this.parts;
    const { incarnation } = open.entry;
    await this.#worker.preparation.sinks();
    if (this.#closing !== undefined) return;
    if (this.#publisher !== undefined) {
      const { delivery, owner } = this.#publisher.parts;
      await delivery.prepare({ name: settings.name, incarnation, tasks: open.layout.tasks.length });
      // Finds now what the broker would refuse for good, before anything is committed.
      this.#publisher.begin(await delivery.rehearse(owner, open.delivered));
    }
    if (settings.until === "end") {
      for (const topic of plan.topics) {
        this.#ends.set(
          topic,
          (await open.input.bounds(topic)).map(({ latest }) => latest),
        );
      }
    }
    if (this.#closing !== undefined) return;
    const reader = await open.input.reader({
      group: settings.name,
      worker: claimed.worker,
      topics: [...open.partitions.keys()],
      layout: open.layout,
      incarnation: open.entry.incarnation,
      remembered: await claimed.remembered(store),
      remember: (text) => claimed.remember(store, text),
    }, this.#worker);
    // The job may have been stopped while it waited for the broker.
    if (this.#closing !== undefined) return await reader.stop();
    this.#worker.reader = reader;
    this.#worker.start();
  }

  get events(): JobEvents {
    return this.parts.settings.events;
  }

  state(name: string): StateView {
    return stateView(this.name, this.parts.plan, name, () => this.#worker.tasks.values());
  }

  details(): Promise<JobDetails> {
    return this.#teller.details();
  }

  rows(from = 0): Promise<JobRows> {
    return this.#teller.rows(from);
  }

  epochs(after = 0): readonly EpochDetails[] {
    return this.#meter.recentEpochs.after(after);
  }

  explain(stage?: string): Promise<readonly Explanation[]> {
    return this.#teller.explain(stage);
  }

  announcePage(url: string | undefined): Promise<void> {
    return this.#teller.entry.announce(url);
  }

  async stop({ within = STOP_MS.within }: StopOptions = {}): Promise<void> {
    if (!(within >= 0)) {
      throw new RangeError(`Cannot stop job ${this.name}: within must be a number >= 0, current value is ${within}`);
    }
    this.#deadline.within(Math.max(0, within - STOP_MS.closing));
    await this.#close(undefined, "stopped");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Closes the job. A failed job gets a deadline; a finished one gets none unless it is stopped. */
  #closeSoon(error: Error | undefined, reason: JobEnd["reason"]): Promise<void> {
    if (this.#closing === undefined && error !== undefined) this.#deadline.within(STOP_MS.within - STOP_MS.closing);
    return this.#close(error, reason);
  }

  #close(error: Error | undefined, reason: JobEnd["reason"]): Promise<void> {
    return this.#closing ??= this.#closeAll(error, reason);
  }

  async #closeAll(error: Error | undefined, reason: JobEnd["reason"]): Promise<void> {
    this.#cancelTimer();
    this.parts.settings.signal?.removeEventListener("abort", this.#onAbort);
    let failure = error;
    let done = true;
    try {
      const ending = this.#endAll(error);
      done = await this.#deadline.inTime(ending);
      if (done) await this.#letGo();
      else await this.#abandon(error, ending);
    } catch (closing) {
      failure ??= closing as Error;
      await this.#letGo();
    } finally {
      this.#deadline.over();
      this.metrics.complete();
      this.parts.claimed.release();
    }
    const how = done ? reason : "stopped";
    this.#teller.end(failure === undefined ? how : "stopped", failure);
    tellEnd(this.parts.settings.events, failure ?? how, this.#worker.assignment);
    if (failure !== undefined) return this.#end.reject(failure);
    this.#end.resolve({ reason: how });
  }

  /** Ends everything in order. */
  async #endAll(error: Error | undefined): Promise<void> {
    try {
      if (error === undefined) await this.#worker.stop();
      else await this.#worker.close();
    } finally {
      this.metrics.emit();
      this.metrics.complete();
      await this.#publisher?.close();
      await this.parts.open.close();
    }
  }

  /** The deadline is over: closes everything, and logs what is left to the next start. */
  async #abandon(error: Error | undefined, ending: Promise<void>): Promise<void> {
    const { settings: { clock, events }, open, store, stopping, troubles } = this.parts;
    if (error === undefined) {
      events.tell({ kind: "left behind" }, describeLeft(this.#worker.assignment.list, troubles.text));
    }
    this.#worker.abandon();
    stopping.abort();
    store.close();
    await endsSoon(clock, Promise.allSettled([this.#publisher?.close(), open.close(), ending, this.#left()]));
  }

  /** Waits for what is still under way, and closes the store. What waits for the store then ends. */
  async #letGo(): Promise<void> {
    const { settings: { clock }, store } = this.parts;
    await endsSoon(clock, this.#left());
    store.close();
    await endsSoon(clock, this.#left());
  }

  /** Resolves when nothing of the job is under way any more. */
  async #left(): Promise<void> {
    await Promise.allSettled([this.#reading, this.#worker.ended(), this.#teller.entry.remove()]);
  }

  #schedule(): void {
    this.#teller.entry.beat();
    this.#cancelTimer = this.parts.settings.clock.after(SHOW_MS / 2, () => {
      this.metrics.emit();
      this.#teller.sample();
      this.#worker.showSoon();
      this.#worker.watch();
      this.#schedule();
    });
  }

  #snapshot(): MetricsSnapshot {
    const { settings: { clock }, troubles } = this.parts;
    return summarize(this.name, [...this.#worker.tasks.values()], {
      meter: this.#meter,
      troubles,
      elapsed: clock.elapsed() - this.#began,
    });
  }
}
