/** The views of the page, for those who look at them. */
import { type Browser, type Page, Visitor } from "../browser.ts";

/** The views, in their order. */
export const VIEWS = ["now", "time", "epochs", "tasks", "state", "records", "events"] as const;

/** One of them. */
export type View = (typeof VIEWS)[number];

/** Headings that a view of a busy job has. */
export const HEADINGS: Readonly<Record<View, readonly string[]>> = {
  now: ["What needs attention", "Pipeline"],
  time: ["Event time against the clock", "Why has it not fired?", "Partitions"],
  epochs: ["Commits of the last minute", "What is visible", "Where the time goes", "The last minute"],
  tasks: ["Is one task hot?", "4 tasks", "Hot keys", "1 worker"],
  state: ["What the stages keep", "Look up a key"],
  records: ["Late records", "Dead letters", "Records with no result", "Look at a record"],
  events: ["What happened", "A report"],
};

/** Goes to a view of a page that is open. */
export async function goTo(page: Page, view: View): Promise<void> {
  await page.evaluate(`location.hash = "#/${view}"`);
  await page.locator(`main.view-${view}`).waitFor();
}

/** How visitors see pages. */
export const LOOKS = ["light", "dark", "phone"] as const;

/** A view as one visitor sees it. */
export interface Looked {
  readonly visitor: Visitor;
  readonly view: View;
  readonly look: (typeof LOOKS)[number];
}

/** Where to look. */
export interface Looking {
  readonly browser: Browser;
  readonly url: string;
  /** The name of the situation, for its pictures. */
  readonly name: string;
  /** For how long the page is open before its pictures are taken, in milliseconds. @default until three snapshots have come */
  readonly open?: number;
}

/** Shows every view in every look, and keeps a picture of each. */
export async function* lookAtAll({ browser, url, name, open }: Looking): AsyncGenerator<Looked, void, undefined> {
  const visitors = await Promise.all(LOOKS.map(async (look) => {
    const phone = look === "phone" ? { width: 390, height: 844 } : { height: 900 };
    const visitor = await Visitor.at(url, browser, { colorScheme: look === "dark" ? "dark" : "light", ...phone });
    return { look, visitor };
  }));
  await using stack = new AsyncDisposableStack();
  for (const { visitor } of visitors) stack.use(visitor);
  for (const { visitor } of visitors) await visitor.page.locator(".headline, .line-stroke").first().waitFor();
  if (open !== undefined) await visitors[0].visitor.page.waitForTimeout(open);
  for (const { look, visitor } of visitors) {
    for (const view of VIEWS) {
      await goTo(visitor.page, view);
      await visitor.picture(`page-${name.replaceAll(" ", "-")}-${view}-${look}`, { fullPage: true });
      yield { visitor, view, look };
    }
  }
}
