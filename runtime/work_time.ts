/**
 * What the loop of a worker spends its time on, in words that say what limits it.
 *
 * @module
 */
import { WORK_MS } from "./limits.ts";

/** Shares of the wall time of the last ten seconds, in per cent. Their sum is 100. */
export interface WorkShares {
  /** Pushing records through the pipelines. */
  readonly push: number;
  /** Waiting for a commit, because the epoch is full. */
  readonly commit: number;
  /** Waiting for results to be published, because too many wait. */
  readonly publish: number;
  /** Waiting for input. */
  readonly input: number;
  /** Everything else: the input and output of the process, timers, other work in it. */
  readonly other: number;
}

/** An activity that is measured. */
export type Activity = Exclude<keyof WorkShares, "other">;

const ACTIVITIES: readonly Activity[] = ["push", "commit", "publish", "input"];

interface Totals extends Readonly<Record<Activity, number>> {
  readonly at: number;
}

/** Sums up the time of each activity, in milliseconds. */
export class WorkTime implements Record<Activity, number> {
  push = 0;
  commit = 0;
  publish = 0;
  input = 0;
  /** Between those. */
  other = 0;
  #until = NaN;
  readonly #samples: Totals[] = [];

  /** An activity has ended. What lies between it and the one before is other time. Milliseconds of a monotonic clock. */
  spent(activity: Activity, began: number, ended: number): void {
    if (!Number.isNaN(this.#until)) this.other += began - this.#until;
    this[activity] += ended - began;
    this.#until = ended;
  }

  /** Remembers the sums. Called from time to time, with milliseconds of a monotonic clock. */
  sample(at: number): void {
    this.#samples.push(this.#totals(at));
    while (this.#samples.length > 1 && at - this.#samples[1].at >= WORK_MS) this.#samples.shift();
  }

  /** The shares since the oldest sample; `undefined` before there is one. */
  shares(at: number): WorkShares | undefined {
    const [since] = this.#samples;
    if (since === undefined || at <= since.at) return undefined;
    const now = this.#totals(at);
    // What began before the sample counts from its beginning on, so the sum may be a little more than the time.
    const all = ACTIVITIES.reduce((sum, activity) => sum + now[activity] - since[activity], 0);
    const total = Math.max(all, at - since.at);
    const share = (activity: Activity) => Math.round((now[activity] - since[activity]) / total * 1000) / 10;
    const [push, commit, publish, input] = [share("push"), share("commit"), share("publish"), share("input")];
    const other = Math.round((100 - push - commit - publish - input) * 10) / 10;
    return { push, commit, publish, input, other: Math.max(0, other) };
  }

  #totals(at: number): Totals {
    const { push, commit, publish, input } = this;
    return { at, push, commit, publish, input };
  }
}
