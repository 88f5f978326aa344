/**
 * Looks at a job: through the page of a running worker where there is one, otherwise in its state.
 *
 * @module
 */
import { readFrom } from "../runtime/details_read.ts";
import type { Explanation, JobDetails } from "../runtime/details.ts";
import type { Context } from "./command.ts";
import { WrongUsage } from "./errors.ts";
import { didYouMean } from "./values.ts";

/** A job at this moment. */
export interface Seen {
  /** Where the details are from. `state`: as of the last commits. */
  readonly from: "page" | "state";
  readonly details: JobDetails;
  readonly explanations: readonly Explanation[];
}

/** Looks at a job. */
export async function lookAt({ place, world }: Context, job: string, stage?: string): Promise<Seen> {
  const { heads } = await place.job(job);
  const names = [...new Set(heads.flatMap(({ states }) => states.map(({ name }) => name)))];
  if (stage !== undefined && !names.includes(stage)) {
    const there = names.length === 0 ? "none" : names.join(", ");
    throw new WrongUsage(
      `Job ${job} has no stage ${JSON.stringify(stage)} that keeps state; it has ${there}${didYouMean(stage, names)}`,
    );
  }
  const { details, explanations } = await readFrom(await place.store(), job, world.clock);
  return { from: "state", details, explanations };
}
