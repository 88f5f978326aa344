/** The page of a job in a real browser: what each view tells, how it changes, and who is let in. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import type { Job } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { ASSETS } from "../dashboard/_assets.ts";
import { assertContent, type Browser, findBrowser, type Page, startBrowser, Visitor } from "./support/browser.ts";
import { stand } from "./support/dashboard/asking.ts";
import { goTo, HEADINGS, VIEWS } from "./support/dashboard/looking.ts";
import { openScene, type Scene } from "./support/dashboard/scenes.ts";
import { until } from "./support/jobs.ts";

const found = findBrowser();
const ignore = !found.ok;
console.log(found.ok ? `Pages are shown by ${found.path}.` : `The tests of the page are ignored: ${found.reason}.`);

const TOKEN = "a-token-of-sixteen-letters";

let browser: Browser;
let busy: Scene;
Deno.test.beforeAll(async () => {
  if (ignore) return;
  browser = await startBrowser();
  busy = await openScene("busy");
});
Deno.test.afterAll(async () => {
  if (ignore) return;
  await browser.close();
  await busy[Symbol.asyncDispose]();
});

function test(name: string, fn: () => Promise<void>): void {
  // The busy job goes on from one test to the next.
  Deno.test({ name, ignore, sanitizeOps: false, sanitizeResources: false, fn });
}

const quiet = { port: 0, log: () => {} };

/** The number in a text: `1,204 since ...`. */
async function numberIn(page: Page, text: RegExp): Promise<number> {
  const shown = await page.getByText(text).first().innerText();
  return Number(/[\d,]+/.exec(shown)![0].replaceAll(",", ""));
}

/** What a function in the page sees. */
declare const document: { readonly body: { readonly innerText: string } };

/** Waits until the page shows more records than before. */
async function grown(page: Page, before: number): Promise<void> {
  await page.waitForFunction((before: number) => {
    const shown = /([\d,]+) since the job's first start/.exec(document.body.innerText);
    return shown !== null && Number(shown[1].replaceAll(",", "")) > before;
  }, before);
}

test("each view has its own address, title and content, and the browser finds nothing to complain of", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  for (const view of VIEWS) {
    await goTo(visitor.page, view);
    assertEquals(
      await visitor.page.locator('nav a[aria-current="page"]').innerText(),
      view[0].toUpperCase() + view.slice(1),
    );
    for (const heading of HEADINGS[view]) {
      await visitor.page.getByRole("heading", { name: heading, exact: true }).waitFor();
    }
  }
  assertEquals(await visitor.page.title(), "shop, running");
  assertEquals(await visitor.page.locator("h1").allInnerTexts(), ["shop"]);
  await visitor.page.reload();
  await visitor.page.getByRole("heading", { name: HEADINGS.events[0], exact: true }).waitFor();
  assertContent(visitor);
});

test("figures change while somebody looks, and are those of the job", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  const before = await numberIn(visitor.page, /since the job's first start/);
  await grown(visitor.page, before);
  assert(before <= busy.job.metrics.snapshot().records_in);
  await visitor.page.getByText(/^Keeping up with [\d,.]+ records a second/).waitFor();
  assertContent(visitor);
});

test("a window that waits for a partition is explained with its holder and its cure, on Now and on Time", async () => {
  await using scene = await openScene("waits for a partition");
  await using page = await dashboard(scene.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  const says = /visits\/3 has no record at all; no idleAfter is set, so it holds time for ever/;
  await visitor.page.locator(".attention").getByText(says).waitFor();
  await visitor.page.getByRole("link", { name: "Look at Time" }).click();
  await visitor.page.locator(".whys").getByText(says).first().waitFor();
  await visitor.page.locator(".whys").getByText(/Give watermark\(\) an idleAfter/).first().waitFor();
  await visitor.page.locator("tr.holds").getByText("visits/3").waitFor();
  const [{ sentence, cure }] = await scene.job.explain("activity");
  assertMatch(sentence, says);
  assertStringIncludes(await visitor.page.locator(".whys").innerText(), cure!);
  assertContent(visitor);
});

test("a job that has died tells its failure, and one that waits for its broker what it waits for", async () => {
  await using dead = await openScene("has died");
  await using away = await openScene("waits for the broker");
  await using first = await dashboard(dead.job, quiet);
  await using second = await dashboard(away.job, quiet);
  await using visitor = await Visitor.at(first.url, browser);
  await visitor.page.getByText("It has stopped, because of an error.").waitFor();
  await visitor.page.getByText(/the page "\/bad" has no name/).waitFor();
  assertEquals(await visitor.page.locator(".state").innerText(), "failed");
  await using other = await Visitor.at(second.url, browser);
  await other.page.getByText(/kafka\.example:9092 cannot be reached/).waitFor();
  assertEquals(await other.page.locator(".state").innerText(), "waiting");
  assertContent(visitor, other);
});

test("a page whose server has gone keeps the last figures, and goes on by itself when it is there again", async () => {
  const first = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(first.url, browser);
  await visitor.page.getByText(/since the job's first start/).waitFor();
  await first[Symbol.asyncDispose]();
  await visitor.page.getByText(/^not connected, as of \d\d:\d\d:\d\dZ$/).waitFor();
  const before = await numberIn(visitor.page, /since the job's first start/);
  await using _second = await dashboard(busy.job, { ...quiet, port: Number(new URL(first.url).port) });
  await visitor.page.getByText("live", { exact: true }).waitFor();
  await grown(visitor.page, before);
  visitor.complaints.length = 0; // That the server was away is an error of the console.
});

test("a page that is not seen reads nothing", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  await visitor.page.getByText("live", { exact: true }).waitFor();
  assertEquals(page.readers, 1);
  const show = (hidden: boolean) =>
    visitor.page.evaluate(`Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"))`);
  await show(true);
  await until("the stream to end", () => page.readers === 0);
  await show(false);
  await until("a new stream", () => page.readers === 1);
  assertContent(visitor);
});

test("a token is taken out of the address and is a cookie from then on; without it nothing is told", async () => {
  await using page = await dashboard(busy.job, { ...quiet, token: TOKEN });
  await using visitor = await Visitor.at(page.link, browser);
  await visitor.page.getByText(/since the job's first start/).waitFor();
  assertEquals(visitor.page.url(), `${page.url}#/now`);
  const [cookie] = await visitor.page.context().cookies();
  assertEquals([cookie.httpOnly, cookie.sameSite, cookie.value.includes(TOKEN)], [true, "Strict", false]);
  await visitor.page.reload();
  await visitor.page.getByText(/since the job's first start/).waitFor();
  assertContent(visitor);

  await using stranger = await Visitor.at(page.url, browser);
  await stranger.page.getByText("This page needs its token: open it by the address that was printed.").waitFor();
  assertEquals((await stranger.page.locator("body").innerText()).includes("shop"), false);
});

const HOSTILE = `<img src=x onerror="document.title='gotcha'"><script>document.title='gotcha'</script>`;

/** The same job, with names, topics and sentences that look like HTML. */
function hostile(job: Job): Job {
  const named = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value).replaceAll(/visits|activity|harbour-1|shop/g, JSON.stringify(HOSTILE).slice(1, -1)),
    );
  return {
    name: HOSTILE,
    finished: job.finished,
    metrics: job.metrics,
    events: job.events,
    rows: async (from) => named(await job.rows(from)),
    epochs: (after) => job.epochs(after),
    records: job.records,
    topology: named(job.topology),
    announcePage: () => Promise.resolve(),
    details: async () => ({ ...named(await job.details()), trouble: HOSTILE }),
    explain: async () => named(await job.explain()),
    state: (name) => job.state(name),
    stop: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

test("names of jobs, topics, stages and workers that look like HTML stay text in every view", async () => {
  await using page = await dashboard(hostile(busy.job), quiet);
  await using visitor = await Visitor.at(page.url, browser);
  for (const view of VIEWS) {
    await goTo(visitor.page, view);
    await visitor.page.getByRole("heading", { name: HEADINGS[view][0], exact: true }).waitFor();
    assertStringIncludes(await visitor.page.locator("h1").innerText(), HOSTILE);
    assertEquals([view, await visitor.page.locator("main img, main script").count()], [view, 0]);
  }
  assertEquals(await visitor.page.title(), `${HOSTILE}, ${(await busy.job.details()).state}`);
  assertContent(visitor);
});

test("everything is reached by keyboard: the skip link, the views, a figure, and its table", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  await visitor.page.getByText(/since the job's first start/).waitFor();
  const focused = () => visitor.page.evaluate<string>("document.activeElement.innerText || document.activeElement.id");
  await visitor.page.keyboard.press("Tab");
  assertEquals(await focused(), "Skip to the view");
  assertEquals(await visitor.page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
  await visitor.page.keyboard.press("Enter");
  assertEquals(await visitor.page.evaluate("[document.activeElement.id, location.hash]"), ["main", ""]);
  await visitor.page.getByRole("link", { name: "Time" }).focus();
  await visitor.page.keyboard.press("Enter");
  const figure = visitor.page.getByRole("group", { name: "Read the figure with the arrow keys" });
  await figure.focus();
  await visitor.page.keyboard.press("ArrowRight");
  await visitor.page.getByText(/^\d\d:\d\d:\d\dZ: watermark \d\d:\d\d:\d\dZ, .+ behind the clock$/).waitFor();
  await visitor.page.locator("summary").first().focus();
  await visitor.page.keyboard.press("Enter");
  await visitor.page.getByRole("table", { name: "Watermarks over time" }).waitFor();
  assertContent(visitor);
});

test("times are in UTC or in the reader's zone, and the browser remembers which", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(`${page.url}#/time`, browser);
  const times = visitor.page.locator(".reading-words");
  await visitor.page.getByText(/^\d\d:\d\d:\d\dZ to \d\d:\d\d:\d\dZ$/).waitFor();
  await visitor.page.getByRole("button", { name: "Times in UTC. Change" }).click();
  await visitor.page.getByText(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d$/).waitFor();
  await visitor.page.reload();
  await visitor.page.getByText(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d$/).waitFor();
  assertEquals(await times.count(), 1);
  await visitor.page.getByRole("button", { name: "Colours: system. Change" }).click();
  // The page takes the theme once it has drawn itself anew.
  await visitor.page.locator("html[data-theme=light]").waitFor();
  assertContent(visitor);
});

test("a job that stops says that it has, on a page that is open", async () => {
  await using place = await stand();
  await using visitor = await Visitor.at(place.page.url, browser);
  await visitor.page.getByText("It waits for its first record.").waitFor();
  place.log.append("clicks", [{ value: 1 }, { value: 2 }]);
  await visitor.page.getByText("2 since the job's first start").waitFor();
  await place.job.stop();
  await visitor.page.getByText("Stopped. Everything is committed and visible; nothing waits.").waitFor();
  assertContent(visitor);
});

test("all of the page together takes less than 100 KB, and less than 70 KB to fetch", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  await visitor.page.getByText(/since the job's first start/).waitFor();
  const files = await visitor.page.evaluate<[string, number, number][]>(`performance.getEntries()
    .filter(({ entryType, name }) => entryType === "navigation" || (entryType === "resource" && !name.includes("/api/")))
    .map(({ name, transferSize, decodedBodySize }) => [new URL(name).pathname, transferSize, decodedBodySize])`);
  assertEquals(new Set(files.map(([path]) => path)), new Set(ASSETS.keys()));
  const fetched = files.reduce((sum, [, size]) => sum + size, 0);
  const decoded = files.reduce((sum, [, , size]) => sum + size, 0);
  console.log(`The page takes ${fetched} bytes to fetch, and is ${decoded} bytes then.`);
  assertLess(fetched, 70_000);
  assertLess(decoded, 100_000);
  assertContent(visitor);
});

test("the style sheets as they are served have the rules that they are written with", async () => {
  await using page = await dashboard(busy.job, quiet);
  await using visitor = await Visitor.at(page.url, browser);
  const rules = (text: string) =>
    visitor.page.evaluate<string[]>(`(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(${JSON.stringify(text)});
      // Where a value has a var(), the browser keeps its spaces.
      return Array.from(sheet.cssRules, ({ cssText }) => cssText.replace(/,\\s+/g, ","));
    })()`);
  const sheets = [...ASSETS].filter(([path]) => path.endsWith(".css"));
  assert(sheets.length > 1);
  for (const [path, { source, text }] of sheets) {
    const written = await rules(source);
    assert(written.length > 2, `${written.length} rules of ${path}`);
    assertEquals(await rules(text), written);
  }
  assertContent(visitor);
});
