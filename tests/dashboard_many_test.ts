/** The page of a job with more tasks than a snapshot shows, in a real browser. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { dashboard } from "@tidemark/streams/dashboard";
import { assertContent, type Browser, findBrowser, type Page, startBrowser, Visitor } from "./support/browser.ts";
import { goTo, LOOKS } from "./support/dashboard/looking.ts";
import { type ManyTasks, manyTasks } from "./support/many.ts";

const found = findBrowser();
const ignore = !found.ok;
console.log(found.ok ? `Pages are shown by ${found.path}.` : `The tests of the pages are ignored: ${found.reason}.`);

let browser: Browser;
const jobs = new Map<number, ManyTasks>();
Deno.test.beforeAll(async () => {
  if (ignore) return;
  browser = await startBrowser();
  for (const tasks of [64, 256]) jobs.set(tasks, await manyTasks({ tasks, stages: 2 }));
});
Deno.test.afterAll(async () => {
  if (ignore) return;
  await browser.close();
  for (const job of jobs.values()) await job[Symbol.asyncDispose]();
});

function test(name: string, fn: () => Promise<void>): void {
  // The jobs go on from one test to the next.
  Deno.test({ name, ignore, sanitizeOps: false, sanitizeResources: false, fn });
}

const quiet = { port: 0, log: () => {} };

/** The first column of a table. */
async function firstColumn(page: Page, table: string): Promise<string[]> {
  return await page.getByRole("table", { name: table, exact: true }).locator("tbody th").allInnerTexts();
}

function numbers(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_none, nth) => String(first + nth));
}

test("all of 256 tasks are reached by keyboard, page by page, and the address names the page", async () => {
  await using page = await dashboard(jobs.get(256)!.job, quiet);
  await using visitor = await Visitor.at(`${page.url}#/tasks`, browser);
  const pages = visitor.page.getByRole("navigation", { name: "Pages of tasks" });
  const named = () => pages.getByRole("link").allInnerTexts();
  await pages.waitFor();
  assertEquals(await named(), ["most lag", "0–31", "32–63", "64–95", "96–127", "224–255"]);
  assertEquals(await pages.locator("[aria-current]").allInnerTexts(), ["most lag"]);
  const seen: string[] = [];
  for (let first = 0; first < 256; first += 32) {
    const name = `${first}–${first + 31}`;
    // From the second page on, Tab leads from the link of one page to that of the next.
    if (first === 0) await pages.getByRole("link", { name, exact: true }).focus();
    else await visitor.page.keyboard.press("Tab");
    await visitor.page.keyboard.press("Enter");
    await visitor.page.getByRole("rowheader", { name: String(first), exact: true }).last().waitFor();
    assertEquals(await visitor.page.evaluate("document.activeElement.innerText"), name);
    assertEquals(await pages.locator("[aria-current]").allInnerTexts(), [name]);
    assertEquals(visitor.page.url(), `${page.url}#/tasks/${first}`);
    seen.push(...await firstColumn(visitor.page, "Tasks"));
  }
  assertEquals(seen, numbers(0, 255));
  await visitor.page.reload();
  await visitor.page.getByRole("rowheader", { name: "255", exact: true }).waitFor();
  assertEquals(await firstColumn(visitor.page, "Tasks"), numbers(224, 255));
  await visitor.page.goBack();
  await visitor.page.getByRole("rowheader", { name: "192", exact: true }).waitFor();
  assertContent(visitor);
});

test("a page stays while the figures in it change, and shares are those of all tasks", async () => {
  const many = jobs.get(64)!;
  await using page = await dashboard(many.job, quiet);
  await using visitor = await Visitor.at(`${page.url}#/tasks/32`, browser);
  const table = visitor.page.getByRole("table", { name: "Tasks", exact: true });
  const records = table.getByRole("row").filter({
    has: visitor.page.getByRole("rowheader", { name: "40", exact: true }),
  })
    .getByRole("cell").nth(2);
  await records.waitFor();
  const link = visitor.page.getByRole("link", { name: "32–63" });
  await link.focus();
  const before = Number(await records.innerText());
  await many.touch();
  await records.filter({ hasText: new RegExp(`^${before + 1}$`) }).waitFor();
  await visitor.page.getByText(/^The records of the last minute are spread evenly over 64 tasks/).waitFor();
  assertEquals(await firstColumn(visitor.page, "Tasks"), numbers(32, 63));
  assertEquals(await visitor.page.locator(".skew .bar").count(), 64);
  assertEquals(await visitor.page.evaluate("document.activeElement.innerText"), "32–63");
  assertEquals(await visitor.page.evaluate("location.hash"), "#/tasks/32");
  assertContent(visitor);
});

test("partitions have pages as tasks have, and an address behind the last page is the last page", async () => {
  await using page = await dashboard(jobs.get(64)!.job, quiet);
  await using visitor = await Visitor.at(`${page.url}#/time/999`, browser);
  await visitor.page.getByRole("rowheader", { name: "user_events/63", exact: true }).waitFor();
  assertEquals(await firstColumn(visitor.page, "Partitions"), numbers(32, 63).map((nth) => `user_events/${nth}`));
  const pages = visitor.page.getByRole("navigation", { name: "Pages of partitions" });
  assertEquals(await pages.locator("[aria-current]").allInnerTexts(), ["32–63"]);
  await visitor.page.evaluate("scrollTo(0, document.body.scrollHeight)");
  const scrolled = await visitor.page.evaluate<number>("scrollY");
  await pages.getByRole("link", { name: "0–31" }).press("Enter");
  await visitor.page.getByRole("rowheader", { name: "user_events/0", exact: true }).waitFor();
  // The reader stays where the table is.
  assert(scrolled > 0 && await visitor.page.evaluate<number>("scrollY") > 0);
  assertContent(visitor);
});

for (const tasks of [64, 256]) {
  test(`the views of a job with ${tasks} tasks are accessible in ${LOOKS.join(", ")}`, async () => {
    const many = jobs.get(tasks)!;
    await using page = await dashboard(many.job, quiet);
    const wrong: string[] = [];
    for (const look of LOOKS) {
      const phone = look === "phone" ? { width: 390, height: 844 } : { height: 900 };
      await using visitor = await Visitor.at(page.url, browser, {
        colorScheme: look === "dark" ? "dark" : "light",
        ...phone,
      });
      for (const view of ["tasks", "time"] as const) {
        await goTo(visitor.page, view);
        await visitor.page.getByRole("link", { name: "32–63" }).click();
        await visitor.page.getByRole("rowheader", { name: view === "tasks" ? "63" : "user_events/63", exact: true })
          .waitFor();
        if (view === "tasks") {
          await many.touch();
          await visitor.page.getByText(new RegExp(`spread evenly over ${tasks} tasks`)).waitFor();
        }
        await visitor.picture(`page-many-${tasks}-${view}-${look}`, { fullPage: true });
        const found = [...await visitor.inaccessible(), ...visitor.complaints];
        const fits = await visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth");
        if (!fits) found.push("the page is wider than the screen");
        wrong.push(...found.map((one) => `${view}, ${look}: ${one}`));
      }
    }
    assertEquals(wrong, []);
  });
}

/** How many bytes of the heap are in use after a collection. */
async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize;
}

test("a page of 256 tasks that stays open keeps its heap small", async () => {
  const many = jobs.get(256)!;
  await using page = await dashboard(many.job, quiet);
  await using visitor = await Visitor.at(`${page.url}#/tasks/32`, browser);
  await visitor.page.getByRole("rowheader", { name: "63", exact: true }).waitFor();
  for (let snapshots = 0; snapshots < 5; snapshots++) {
    await visitor.page.waitForResponse((response) => response.url().includes("/api/rows"));
  }
  const heap = await heapOf(visitor.page);
  console.log(`The heap of the page is ${heap} bytes.`);
  assertLess(heap, 20_000_000);
  assertContent(visitor);
});
