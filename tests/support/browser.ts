/**
 * A real Chromium for tests of pages, by Playwright.
 */
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { findBrowser } from "./run/find_browser.ts";
import { PATIENCE } from "./patience.ts";

export { findBrowser };
export type { Browser, Locator, Page };

/** Where screenshots go, below the top of the repository. */
const SCREENSHOTS = new URL("../../.tidemark/screenshots/", import.meta.url);

/**
 * Starts the browser. To be called outside of a test, in `beforeAll`: it takes half a second, and is one process for
 * all tests of a file.
 */
export async function startBrowser(): Promise<Browser> {
  const found = findBrowser();
  if (!found.ok) throw new Error(`No browser: ${found.reason}`);
  // Its sandbox needs rights that containers and root do not have. It is shown our own pages only.
  return await chromium.launch({ executablePath: found.path, args: ["--no-sandbox"] });
}

/** How a visitor sees a page. */
export interface Looks {
  /** @default "light" */
  readonly colorScheme?: "light" | "dark";
  /** In pixels. @default 1280 */
  readonly width?: number;
  /** In pixels. @default 860 */
  readonly height?: number;
  /** Whether the visitor wants things to stand still. @default false */
  readonly still?: boolean;
}

/** A page in a browser of its own: no other page shares its storage. What goes wrong in it is kept. */
export class Visitor implements AsyncDisposable {
  /** Errors and warnings of the console, errors that nobody caught, and requests to other places. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {}

  /** Opens a page at an address. */
  static async at(address: string, browser: Browser, looks: Looks = {}): Promise<Visitor> {
    const { colorScheme = "light", width = 1280, height = 860, still = false } = looks;
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      reducedMotion: still ? "reduce" : "no-preference",
    });
    context.setDefaultTimeout(PATIENCE);
    const visitor = new Visitor(await context.newPage());
    await visitor.#open(address);
    return visitor;
  }

  /** Opens another page of the same browser, which shares its storage. */
  async another(address: string): Promise<Visitor> {
    const visitor = new Visitor(await this.page.context().newPage());
    await visitor.#open(address);
    return visitor;
  }

  async #open(address: string): Promise<void> {
    const { origin } = new URL(address);
    this.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(`${message.type()}: ${message.text()}`);
    });
    this.page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.message}`));
    this.page.on("request", (request) => {
      if (new URL(request.url()).origin !== origin) this.complaints.push(`asked ${request.url()}`);
    });
    await this.page.goto(address);
  }

  /** What axe finds wrong with the page as it is: one line for each rule and element. */
  async inaccessible(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(`axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }).then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ": " + help + ": " + target.join(" ") + ": " + failureSummary)))`);
    return found as string[];
  }

  /** Keeps a picture of what is seen, for people to look at. */
  async picture(name: string, { fullPage = false }: { readonly fullPage?: boolean } = {}): Promise<void> {
    await Deno.mkdir(SCREENSHOTS, { recursive: true });
    await Deno.writeFile(new URL(`${name}.png`, SCREENSHOTS), await this.page.screenshot({ fullPage }));
  }

  /** Closes the page and its browser context. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

/** Nothing went wrong in the pages. */
export function assertContent(...visitors: readonly Visitor[]): void {
  assertEquals(visitors.flatMap(({ complaints }) => complaints), []);
}
