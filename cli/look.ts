/**
 * Looks at a job: through the page of a running worker where there is one, otherwise in its state.
 *
 * @module
 */
import { readFrom } from "../runtime/details_read.ts";
import type { Explanation, JobDetails } from "../runtime/details.ts";
import type { Context } from "./command.ts";
import { WrongUsage } from "./errors.ts";
import { type Page, PageAway } from "./page.ts";
import { didYouMean } from "./values.ts";

/** A job at this moment. */
export interface Seen {
  /** Where the details are from. `state`: as of the last commits. */
  readonly from: "page" | "state";
  /** The page that was asked. */
  readonly page: Page | undefined;
  readonly details: JobDetails;
  readonly explanations: readonly Explanation[];
}

/**
 * Looks at a job.
 *
 * @param stage only the explanations of this stage
 * @throws {WrongUsage} when the job has no such stage
 */
export async function lookAt(context: Context, job: string, stage?: string): Promise<Seen> {
  const { place, printer, flags } = context;
  for (const page of await place.pages(job)) {
    try {
      return await lookAtPage(page, job, stage);
    } catch (error) {
      const isAway = error instanceof PageAway || error instanceof Deno.errors.NotCapable;
      if (!isAway || flags.page !== undefined) throw error;
      printer.say(`${error.message}. What follows is from the state, as of the last commits`);
    }
  }
  return await lookInState(context, job, stage);
}

async function lookAtPage(page: Page, job: string, stage: string | undefined): Promise<Seen> {
  const details = await page.details();
  if (details.job !== job) throw new WrongUsage(`The page at ${page.url} is that of job ${details.job}, not of ${job}`);
  if (stage !== undefined) assertStage(job, stage, details.stages.map((one) => one.stage));
  return { from: "page", page, details, explanations: await page.why(stage) };
}

async function lookInState({ place, world }: Context, job: string, stage: string | undefined): Promise<Seen> {
  const { heads } = await place.job(job);
  if (stage !== undefined) assertStage(job, stage, heads.flatMap(({ states }) => states.map(({ name }) => name)));
  const { details, explanations } = await readFrom(await place.store(), job, world.clock);
  return { from: "state", page: undefined, details, explanations };
}

function assertStage(job: string, stage: string, stages: readonly string[]): void {
  const names = [...new Set(stages)];
  if (names.includes(stage)) return;
  const there = names.length === 0 ? "none" : names.join(", ");
  throw new WrongUsage(
    `Job ${job} has no stage ${JSON.stringify(stage)} that keeps state; it has ${there}${didYouMean(stage, names)}`,
  );
}
