/** What a person can do on the page, in a real browser: look up, inspect, send again, copy a report, stop. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dashboard } from "@tidemark/streams/dashboard";
import { assertContent, type Browser, findBrowser, startBrowser, Visitor } from "./support/browser.ts";
import { goTo } from "./support/dashboard/looking.ts";
import { openScene, type Scene } from "./support/dashboard/scenes.ts";

const found = findBrowser();
const ignore = !found.ok;
console.log(
  found.ok ? `Pages are shown by ${found.path}.` : `The tests of the page's acts are ignored: ${found.reason}.`,
);

let browser: Browser;
Deno.test.beforeAll(async () => {
  if (!ignore) browser = await startBrowser();
});
Deno.test.afterAll(async () => {
  if (!ignore) await browser.close();
});

const HOSTILE = `<img src=x onerror="document.title='gotcha'">`;
const quiet = { port: 0, log: () => {} };

/** A quiet job with one visit whose user looks like HTML, and one letter. */
async function scene(): Promise<Scene> {
  const scene = await openScene("quiet");
  const at = Date.now();
  scene.log.append("visits", [
    { key: HOSTILE, partition: 0, value: { user: HOSTILE, page: "/product/1", at }, timestamp: at },
    { key: "user-1", partition: 1, value: { user: "user-1", page: "/bad", at }, timestamp: at },
  ]);
  return scene;
}

Deno.test({
  name: "a key is looked up, and what it is and what it has stay text",
  ignore,
  async fn() {
    await using own = await scene();
    await using page = await dashboard(own.job, quiet);
    await using visitor = await Visitor.at(`${page.url}#/state`, browser);
    const stage = visitor.page.getByRole("row").filter({
      has: visitor.page.getByRole("rowheader", { name: "visits-of-user" }),
    });
    const cells = stage.getByRole("cell");
    assertEquals(await cells.first().innerText(), "keyedReduce");
    // It comes with what the page asks once, after the first figures.
    await cells.nth(1).getByText("1", { exact: true }).waitFor();
    await visitor.page.getByRole("combobox", { name: "State" }).selectOption("visits-of-user");
    const key = visitor.page.getByRole("textbox", { name: "Key" });
    await key.fill(HOSTILE);
    await key.press("Enter");
    await visitor.page.getByText(`visits-of-user, ${HOSTILE}`).waitFor();
    assertEquals(await visitor.page.locator(".value-text").innerText(), "1");
    await key.fill("nobody");
    await key.press("Enter");
    await visitor.page.getByText("No task of this worker has a value for visits-of-user, nobody.").waitFor();
    await visitor.page.getByRole("combobox", { name: "It is" }).selectOption("number");
    await key.press("Enter");
    await visitor.page.getByText('The key "nobody" is no number.').waitFor();
    visitor.complaints.splice(0); // The browser tells of an answer that is a refusal.
    assertEquals(await visitor.page.locator("main img").count(), 0);
    assertContent(visitor);
  },
});

Deno.test({
  name: "a record is inspected in a dialog, which gives the focus back",
  ignore,
  async fn() {
    await using own = await scene();
    await using page = await dashboard(own.job, quiet);
    await using visitor = await Visitor.at(`${page.url}#/records`, browser);
    await visitor.page.getByLabel("Offset").fill(
      String(own.log.records("visits").findLast(({ partition }) => partition === 0)!.offset),
    );
    const name = visitor.page.locator("#look-at-a-record").locator("..").getByRole("button");
    await name.focus();
    await visitor.page.keyboard.press("Enter");
    const dialog = visitor.page.getByRole("dialog");
    await dialog.getByText(/"page": ?"\/product\/1"/).waitFor();
    assertStringIncludes(await dialog.innerText(), HOSTILE);
    assertEquals(await visitor.inaccessible(), []);
    await visitor.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" }).catch(() => dialog.waitFor({ state: "hidden" }));
    assertMatch(await visitor.page.evaluate<string>("document.activeElement.innerText"), /^visits\/0@\d+$/);
    assertEquals(await visitor.page.locator("main img").count(), 0);
    assertContent(visitor);
  },
});

Deno.test({
  name: "a dead letter is shown with its reason, and sent again after a question",
  ignore,
  async fn() {
    await using own = await scene();
    await using page = await dashboard(own.job, quiet);
    await using visitor = await Visitor.at(`${page.url}#/records`, browser);
    await visitor.page.getByRole("cell", { name: /the page "\/bad" has no name/ }).waitFor();
    const before = own.log.records("visits").length;
    await visitor.page.getByRole("button", { name: "Replay", exact: true }).click();
    const dialog = visitor.page.getByRole("dialog", { name: /^Send visits_dead\/\d@\d+ again\?$/ });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assertEquals(own.log.records("visits").length, before);
    await visitor.page.getByRole("button", { name: "Replay", exact: true }).click();
    await dialog.getByRole("button", { name: "Send it" }).click();
    await visitor.page.getByRole("cell", { name: /^sent \d\d:\d\d:\d\dZ$/ }).first().waitFor();
    assertEquals(own.log.records("visits").length, before + 1);
    assert(own.log.records("visits").at(-1)!.headers !== undefined);
    assertContent(visitor);
  },
});

Deno.test({
  name: "a report is copied, and has no key and no value",
  ignore,
  async fn() {
    await using own = await scene();
    await using page = await dashboard(own.job, quiet);
    await using visitor = await Visitor.at(`${page.url}#/events`, browser);
    await visitor.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await visitor.page.getByRole("button", { name: "Copy a report" }).click();
    await visitor.page.getByRole("button", { name: "Copied" }).waitFor();
    const report = await visitor.page.evaluate<string>("navigator.clipboard.readText()");
    assertMatch(report, /^# Job shop, running, \d{4}-\d\d-\d\dT\d\d:\d\dZ\n/);
    for (const part of ["## Events", "## About", "## Topology", "## Details"]) assertStringIncludes(report, part);
    assertEquals([report.includes(HOSTILE), report.includes("/product/"), report.includes("user-1")], [
      false,
      false,
      false,
    ]);
    assertContent(visitor);
  },
});

Deno.test({
  name: "the job is stopped after a question, and the page says that nothing waits",
  ignore,
  async fn() {
    await using own = await scene();
    await using page = await dashboard(own.job, quiet);
    await using visitor = await Visitor.at(`${page.url}#/epochs`, browser);
    await visitor.page.getByRole("button", { name: "Stop the job" }).click();
    await visitor.page.getByRole("dialog", { name: "Stop the job shop?" }).getByRole("button", { name: "Stop it" })
      .click();
    assertEquals(await own.job.finished, { reason: "stopped" });
    await goTo(visitor.page, "now");
    await visitor.page.getByText("Stopped. Everything is committed and visible; nothing waits.").waitFor();
    assertContent(visitor);
  },
});
