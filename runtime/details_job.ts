/**
 * The details of a running job, and the reasons of what it has not done yet.
 *
 * @module
 */
import type { Head, Store } from "../state/mod.ts";
import { readHead } from "../state/mod.ts";
import type { WaitingFacts } from "../operators/_time_facts.ts";
import type { Explanation, JobDetails, JobState } from "./details.ts";
import { explainElsewhere, explainStopped } from "./details_elsewhere.ts";
import { quietFor, waitingOf } from "./details_live.ts";
import { Rates } from "./details_rate.ts";
import { wholeOf } from "./details_whole.ts";
import { explainWaiting, type QueueFacts, URGENCY } from "./details_why.ts";
import { DETAILS_HEADS_MS } from "./limits.ts";
import type { Meter } from "./metrics.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Plan } from "./plan.ts";
import type { Settings } from "./options.ts";
import { stagesOf } from "./summary.ts";
import type { Troubles } from "./troubles.ts";

/** What the details of a running job are taken from. */
export interface JobTellerParts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly store: Store;
  readonly meter: Meter;
  readonly troubles: Troubles;
  /** The name of this worker, if it has one. */
  readonly worker: string | undefined;
  /** The numbers of all tasks of the job. */
  readonly tasks: readonly number[];
  /** The tasks of this worker. */
  readonly owned: () => readonly OwnedTask[];
  /** What keeps the worker from pushing records, in words. */
  readonly held: () => string | undefined;
}

/** Tells of a running job. */
export class JobTeller {
  readonly #rates = new Rates();
  readonly #inputs: ReadonlySet<string>;
  /** The heads of the tasks that this worker does not own. */
  #heads: ReadonlyMap<number, Head | undefined> = new Map();
  #readAt = -Infinity;
  #ended: JobState | undefined;
  #failure: Error | undefined;

  constructor(readonly parts: JobTellerParts) {
    this.#inputs = new Set(parts.plan.topics);
  }

  /** Takes the counts from which rates are made. Called from time to time. */
  sample(): void {
    this.#rates.sample(this.parts.settings.clock.elapsed(), this.parts.owned());
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

  /** Explains what waits, the most urgent first. */
  async explain(stage: string | undefined): Promise<readonly Explanation[]> {
    if (stage !== undefined) this.#assertStage(stage);
    if (this.#failure !== undefined) return [explainStopped(stage, this.#failure.message)];
    if (this.#needsHeads()) await this.#readHeads();
    const { now, elapsed } = this.parts.settings.clock;
    const at = { now: now(), elapsed: elapsed() };
    const tasks = this.parts.owned().map((owned) => ({ owned, waiting: waitingOf(owned) }));
    const waiting = tasks.flatMap(({ owned, waiting }) =>
      waiting.flatMap((facts) => {
        if (facts.next === undefined || (stage !== undefined && facts.name !== stage)) return [];
        return [{ owned, facts: { ...facts, next: facts.next } }];
      })
    );
    const explained = waiting.map(({ owned, facts }) =>
      explainWaiting({
        ...{ now: at.now, task: owned.number, facts, tasks: this.parts.tasks.length },
        fired: this.#fired(facts, tasks.flatMap((task) => task.waiting)),
        queue: this.#queueOf(owned, facts, at.elapsed),
        held: this.#heldBy(owned),
      })
    );
    const elsewhere = this.#heads.size === 0
      ? []
      : explainElsewhere(this.#whole().tasks, { stage, age: at.elapsed - this.#readAt, now: at.now });
    return [...explained, ...elsewhere].sort((a, b) => URGENCY.indexOf(a.reason) - URGENCY.indexOf(b.reason));
  }

  #whole(): JobDetails {
    const { settings: { name, clock }, worker, tasks, owned, meter, troubles } = this.parts;
    const live = owned();
    const moment = { now: clock.now(), elapsed: clock.elapsed() };
    const rate = this.#rates.of(live, moment.elapsed);
    const whole = wholeOf({
      ...{ job: name, ...moment, worker, tasks, live, meter, rate },
      ...{ state: "running", trouble: troubles.text, failure: this.#failure?.message },
      ...{ inputs: this.#inputs, heads: this.#heads, stages: stagesOf(live) },
    });
    return { ...whole, state: this.#stateOf(whole) };
  }

  #stateOf({ trouble, lag = 0, records_per_second }: JobDetails): JobState {
    if (this.#ended !== undefined) return this.#ended;
    if (trouble !== undefined) return "waiting";
    return lag > records_per_second ? "catching up" : "running";
  }

  /** Whether tasks of other workers must be read anew. */
  #needsHeads(): boolean {
    const { owned, tasks, settings: { clock } } = this.parts;
    if (this.#ended !== undefined) return false;
    const all = owned().length === tasks.length;
    if (all) this.#heads = new Map();
    return !all && clock.elapsed() - this.#readAt >= DETAILS_HEADS_MS;
  }

  async #readHeads(): Promise<void> {
    const { store, settings: { name, clock }, owned, tasks } = this.parts;
    const mine = new Set(owned().map(({ number }) => number));
    const others = tasks.filter((task) => !mine.has(task));
    const heads = await Promise.all(others.map(async (task) => {
      return [task, (await readHead(store, { job: name, task }))?.head] as const;
    }));
    this.#heads = new Map(heads);
    this.#readAt = clock.elapsed();
  }

  #queueOf(owned: OwnedTask, { holder }: WaitingFacts, elapsed: number): QueueFacts | undefined {
    if (holder?.kind !== "partition") return undefined;
    const { slot } = holder.partition;
    const queue = owned.runner.queues.find((queue) => queue.slot === slot);
    if (queue === undefined) return undefined;
    const { position, latest } = queue;
    return {
      ...{ position, end: latest, rate: this.#rates.of([owned], elapsed) },
      quietFor: quietFor(owned.runner.task.idleSince[slot], elapsed),
    };
  }

  #heldBy({ runner: { outputs, task } }: OwnedTask): string | undefined {
    if (task.full > 0) return "a stage that can take no more records until it has answers";
    return outputs.full ? "the commit" : this.parts.held();
  }

  /** In how many tasks the result has come. */
  #fired({ operator, name, next }: WaitingFacts, live: readonly WaitingFacts[]): number {
    const same = live.filter((one) => one.operator === operator && one.name === name);
    const label = `${operator} "${name}"`;
    const committed = [...this.#heads.values()].filter((head) =>
      (head?.clocks[label]?.watermark ?? -Infinity) >= next!
    );
    return same.filter(({ watermark }) => watermark >= next!).length + committed.length;
  }

  #assertStage(stage: string): void {
    const { plan, settings } = this.parts;
    const names = new Set(plan.states.map(({ name }) => name.split("/")[0]));
    if (names.has(stage)) return;
    const shown = [...names].map((name) => JSON.stringify(name)).join(", ");
    throw new RangeError(`Job ${settings.name} has no stage "${stage}"; it has ${shown || "none"}`);
  }
}
