/** Asks one job in three ways: by its API, on its page in a real browser, and by the command line. */
import { assertMatch, assertStringIncludes } from "@std/assert";
import type { Job, JobDetails } from "@tidemark/streams";
import { type Dashboard, dashboard } from "@tidemark/streams/dashboard";
import { assertContent, type Browser, type Page, Visitor } from "./browser.ts";
import { goTo, type View } from "./dashboard/looking.ts";
import { command } from "./terminal.ts";
import { PATIENCE } from "./patience.ts";

/** Where an answer is read. */
export interface Where {
  readonly view: View;
  /** The words of the command, such as `["inspect"]`: the job's name is added after the first. */
  readonly command: readonly [name: string, ...words: string[]];
}

/** How often details are looked at, in milliseconds. */
const LOOK_AGAIN = 20;

/** The details of a job, when they are as they have to be. They are looked at every few milliseconds. */
export async function detailsWhen(
  job: Job,
  what: string,
  holds: (details: JobDetails) => boolean,
): Promise<JobDetails> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const details = await job.details();
    if (holds(details)) return details;
    if (performance.now() > deadline) throw new Error(`Waited for ${what} in vain: ${JSON.stringify(details)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
}

/** A job with a page that is open in a browser. Disposing of it closes the page, not the job. */
export class ThreeWays implements AsyncDisposable {
  private constructor(readonly job: Job, readonly dashboard: Dashboard, readonly visitor: Visitor) {}

  /** Serves the page of a job, and opens it. */
  static async to(job: Job, browser: Browser): Promise<ThreeWays> {
    const page = await dashboard(job, { port: 0, log: () => {} });
    return new ThreeWays(job, page, await Visitor.at(page.url, browser));
  }

  /** What the browser shows. */
  get page(): Page {
    return this.visitor.page;
  }

  /** The details, when they are as they have to be. */
  when(what: string, holds: (details: JobDetails) => boolean): Promise<JobDetails> {
    return detailsWhen(this.job, what, holds);
  }

  /** The page shows the words in a view, and a command prints them. A pattern is for words with figures that pass. */
  async bothSay(words: string | RegExp, { view, command }: Where): Promise<void> {
    await this.shows(view, words);
    const printed = await this.prints(...command);
    if (typeof words === "string") assertStringIncludes(printed, words);
    else assertMatch(printed, words);
  }

  /** Waits until the page shows the words in a view. */
  async shows(view: View, words: string | RegExp): Promise<void> {
    await goTo(this.page, view);
    await this.page.locator("main").getByText(words).first().waitFor();
  }

  /** What a command prints that asks the page. */
  async prints(name: string, ...words: readonly string[]): Promise<string> {
    const { code, out, err } = await command([name, this.job.name, ...words, "--page", this.dashboard.url]);
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${err}`);
    return out;
  }

  /** Nothing went wrong in the browser. */
  assertContent(): void {
    assertContent(this.visitor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.visitor[Symbol.asyncDispose]();
    await this.dashboard[Symbol.asyncDispose]();
  }
}
