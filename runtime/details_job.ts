/**
 * The details of a running job, and the reasons of what it has not done yet.
 *
 * @module
 */
import type { Head, Store } from "../state/mod.ts";
import { readHead } from "../state/mod.ts";
import { BEGIN_OF_TIME, END_OF_TIME } from "../operators/_limits.ts";
import type { ClockFacts, Holder, WaitingFacts } from "../operators/_time_facts.ts";
import type { Explanation, JobDetails, JobState, WorkerDetails } from "./details.ts";
import { explainElsewhere, explainStopped } from "./details_elsewhere.ts";
import { LiveFacts } from "./details_facts.ts";
import { explainTooFar, farAhead } from "./details_late.ts";
import { joined, type LeftSamples, readShelves } from "./details_shelf.ts";
import type { BareDetails } from "./details_sentences.ts";
import { clocksOf, quietFor, waitingOf } from "./details_live.ts";
import { Rates } from "./details_rate.ts";
import { HopSources } from "./details_sources.ts";
import { committedOf, type JobRows, rowsFrom } from "./details_rows.ts";
import { wholeOf } from "./details_whole.ts";
import { explainWaiting, type QueueFacts, URGENCY } from "./details_why.ts";
import { DETAILS_HEADS_MS } from "./limits.ts";
import type { Loop } from "./loop.ts";
import type { Measurements } from "./measurements.ts";
import { measure } from "./measuring.ts";
import type { Meter } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Plan } from "./plan.ts";
import type { Settings } from "./options.ts";
import type { Entered } from "./topology.ts";
import type { Troubles } from "./troubles.ts";
import { readWorkers, WorkerEntry } from "./worker_entry.ts";

/** What the details of a running job are taken from. */
export interface JobTellerParts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly store: Store;
  readonly meter: Meter;
  readonly entered: Entered;
  readonly troubles: Troubles;
  /** The name of this worker, if it has one. */
  readonly worker: string | undefined;
  /** Identifies this worker where it has no name. */
  readonly id: string;
  /** The numbers of all tasks of the job. */
  readonly tasks: readonly number[];
  /** The tasks of this worker. */
  readonly owned: () => readonly OwnedTask[];
  /** The loop of the worker. */
  readonly loop: () => Loop;
  /** What keeps the worker from pushing records, in words. */
  readonly held: () => string | undefined;
}

/** A task of this worker, with what is known of its event time. */
interface Live {
  readonly owned: OwnedTask;
  readonly waiting: readonly WaitingFacts[];
  readonly clocks: readonly ClockFacts[];
}

/** Tells of a running job. */
export class JobTeller {
  readonly #rates = new Rates();
  readonly #facts = new LiveFacts();
  readonly #inputs: ReadonlySet<string>;
  /** The heads of the tasks that this worker does not own. */
  #heads: ReadonlyMap<number, Head | undefined> = new Map();
  /** Their late values and dead letters. */
  #left: LeftSamples = joined([]);
  /** The other workers. */
  #workers: readonly WorkerDetails[] = [];
  #readAt = -Infinity;
  #ended: "stopped" | "finished" | undefined;
  #failure: Error | undefined;

  /** What this worker says of itself in the store. */
  readonly entry: WorkerEntry;

  constructor(readonly parts: JobTellerParts) {
    const { settings: { name: job, clock }, store, worker, id } = parts;
    this.entry = new WorkerEntry({ job, clock, store, worker, id });
    this.#inputs = new Set(parts.plan.topics);
  }

  /** Takes the counts from which rates are made. Called from time to time. */
  sample(): void {
    const now = this.parts.settings.clock.elapsed();
    this.#rates.sample(now, this.parts.owned());
    this.parts.loop().time.sample(now);
  }

  /** The job has ended: what was known last stays. */
  end(state: "stopped" | "finished", failure: Error | undefined): void {
    this.#ended = state;
    this.#failure = failure;
  }

  /** The snapshot. Without tasks of other workers it is of the very moment of the call. */
  async details(): Promise<JobDetails> {
    if (this.#needsHeads()) await this.#readHeads();
    return this.#whole();
  }

  /** The rows of tasks and partitions from one on. */
  async rows(from: number): Promise<JobRows> {
    if (!Number.isInteger(from) || from < 0) {
      const { name } = this.parts.settings;
      throw new RangeError(`Cannot list rows of job ${name}: from must be an integer >= 0, current value is ${from}`);
    }
    if (this.#needsHeads()) await this.#readHeads();
    const { settings: { clock }, worker, owned } = this.parts;
    const moment = { now: clock.now(), elapsed: clock.elapsed() };
    const live = this.#facts.of(owned()), committed = committedOf(this.#heads, this.#inputs);
    const { queues } = this.#facts;
    return rowsFrom(from, { ...moment, worker, inputs: this.#inputs, heads: this.#heads }, { live, queues, committed });
  }

  /** The measurements of this worker. */
  measure(): Measurements {
    const { owned, loop } = this.parts;
    const ended = this.#failure !== undefined ? "failed" : this.#ended;
    return measure({ ...this.parts, owned: owned(), loop: loop(), ended });
  }

  /** Explains what waits, the most urgent first. */
  async explain(stage: string | undefined): Promise<readonly Explanation[]> {
    if (stage !== undefined) this.#assertStage(stage);
    if (this.#failure !== undefined) return [explainStopped(stage, this.#failure.message)];
    if (this.#needsHeads()) await this.#readHeads();
    const { now, elapsed } = this.parts.settings.clock;
    const at = { now: now(), elapsed: elapsed() };
    const tasks = this.parts.owned().map((owned): Live => {
      return { owned, waiting: waitingOf(owned), clocks: clocksOf(owned) };
    });
    const all = tasks.flatMap(({ waiting }) => waiting);
    const sources = new HopSources(
      this.parts.plan.hops,
      tasks.map(({ owned, clocks }) => ({ task: owned.number, clocks })),
    );
    const lowest = lowestMarks(tasks.flatMap(({ clocks }) => clocks));
    const explained = tasks.flatMap(({ owned, waiting, clocks }) =>
      waiting.flatMap((facts) => {
        if (stage !== undefined && facts.name !== stage) return [];
        const task = owned.number;
        const far = facts.late === 0
          ? undefined
          : clocks.map((clock) => farAhead(clock, lowest.get(clock.name)!, at.now)).find((far) => far !== undefined);
        if (far !== undefined) return [explainTooFar({ task, facts }, far, at.now)];
        if (facts.next === Infinity) return [];
        const { holder, sender } = sources.through(facts);
        const holding = sender === undefined ? owned : tasks.find(({ owned }) => owned.number === sender.task)!.owned;
        return [explainWaiting({
          ...{ now: at.now, task, facts, holder, sender, tasks: this.parts.tasks.length },
          fired: this.#fired(facts, all),
          queue: this.#queueOf(holding, holder, at.elapsed),
          held: this.#heldBy(holding),
        })];
      })
    );
    const elsewhere = this.#heads.size === 0
      ? []
      : explainElsewhere(this.#whole(), { stage, age: at.elapsed - this.#readAt });
    return [...explained, ...elsewhere].sort((a, b) => URGENCY.indexOf(a.reason) - URGENCY.indexOf(b.reason));
  }

  #whole(): JobDetails {
    const { settings: { name, clock }, worker, tasks, owned, meter, troubles } = this.parts;
    const live = owned();
    const moment = { now: clock.now(), elapsed: clock.elapsed() };
    const rate = this.#rates.of(live, moment.elapsed);
    return wholeOf({
      ...{ job: name, ...moment, worker, tasks, live, meter, rate, facts: this.#facts },
      time: this.parts.loop().time.shares(moment.elapsed),
      ...{ entered: this.parts.entered.byId(), lastEvent: this.parts.settings.events.last },
      state: (rest) => this.#stateOf(rest),
      ...{ trouble: troubles.text, waitsSince: this.#waitsSince(moment.now), failure: this.#failure?.message },
      ...{ inputs: this.#inputs, heads: this.#heads, left: this.#left },
      workers: this.#ended === undefined ? [this.entry.details, ...this.#workers] : this.#workers,
    });
  }

  #waitsSince(now: number): number | undefined {
    const { open } = this.parts.troubles;
    return open.length === 0 ? undefined : now - Math.max(...open.map(({ since }) => since));
  }

  #stateOf({ trouble, lag = 0, records_per_second }: Omit<BareDetails, "state">): JobState {
    if (this.#ended !== undefined) return this.#ended;
    if (trouble !== undefined) return "waiting";
    return lag > records_per_second ? "catching up" : "running";
  }

  /** Whether tasks of other workers must be read anew. */
  #needsHeads(): boolean {
    const { owned, tasks, settings: { clock } } = this.parts;
    if (this.#ended !== undefined) return false;
    const all = owned().length === tasks.length;
    if (all) [this.#heads, this.#left, this.#workers] = [new Map(), joined([]), []];
    return !all && clock.elapsed() - this.#readAt >= DETAILS_HEADS_MS;
  }

  async #readHeads(): Promise<void> {
    const { store, settings: { name, clock }, owned, tasks } = this.parts;
    const mine = new Set(owned().map(({ number }) => number));
    const others = tasks.filter((task) => !mine.has(task));
    const read = await Promise.all(others.map(async (task) => {
      const head = (await readHead(store, { job: name, task }))?.head;
      return { task, head, left: await readShelves(store, name, task, head) };
    }));
    this.#heads = new Map(read.map(({ task, head }) => [task, head]));
    this.#left = joined(read.map(({ left }) => left));
    const own = this.entry.details;
    const all = await readWorkers(store, name, clock.now());
    this.#workers = all.filter((one) => one.name !== own.name || one.since !== own.since);
    this.#readAt = clock.elapsed();
  }

  #queueOf(owned: OwnedTask, held: Holder | undefined, elapsed: number): QueueFacts | undefined {
    if (held?.kind !== "partition") return undefined;
    const { slot } = held.partition;
    const queue = owned.runner.queues.find((queue) => queue.slot === slot);
    if (queue === undefined) return undefined;
    const { position, latest } = queue;
    return {
      ...{ position, end: latest, rate: this.#rates.of([owned], elapsed) },
      quietFor: quietFor(owned.runner.task.idleSince[slot], elapsed),
    };
  }

  #heldBy({ runner: { outputs, task } }: OwnedTask): string | undefined {
    if (task.full > 0) return `${task.fullStages.join(" and ")}, which can take no more records until it has answers`;
    return outputs.full ? "the commit" : this.parts.held();
  }

  /** In how many tasks the result has come. */
  #fired({ operator, name, next }: WaitingFacts, live: readonly WaitingFacts[]): number {
    const same = live.filter((one) => one.operator === operator && one.name === name);
    const label = `${operator} "${name}"`;
    const committed = [...this.#heads.values()].filter((head) => (head?.clocks[label]?.watermark ?? -Infinity) >= next);
    // A task that reads nothing for this stage is at the end of time, and nothing has fired in it.
    const fired = same.filter(({ watermark }) => watermark >= next && watermark !== END_OF_TIME);
    return fired.length + committed.length;
  }

  #assertStage(stage: string): void {
    const { plan, settings } = this.parts;
    const names = new Set(plan.states.map(({ name }) => name.split("/")[0]));
    if (names.has(stage)) return;
    const shown = [...names].map((name) => JSON.stringify(name)).join(", ");
    throw new RangeError(`Job ${settings.name} has no stage "${stage}"; it has ${shown || "none"}`);
  }
}

/** The lowest mark of each `watermark()`, of the partitions that have one. */
function lowestMarks(clocks: readonly ClockFacts[]): Map<string, number> {
  const lowest = new Map<string, number>();
  for (const { name, partitions } of clocks) {
    for (const { mark } of partitions) {
      if (mark > BEGIN_OF_TIME) lowest.set(name, Math.min(mark, lowest.get(name) ?? Infinity));
    }
  }
  return lowest;
}
