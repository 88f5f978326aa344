/**
 * What a newcomer does wrong with `deno task start`, and what the page of the job says about it: the program itself on a
 * real Kafka, and its page in a real browser.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertContent, type Browser, findBrowser, startBrowser, Visitor } from "./support/browser.ts";
import { goTo } from "./support/dashboard/looking.ts";
import { eventOf, type Given, startShop, wordsOfTask } from "./support/dashboard/started_shop.ts";
import { scratch } from "./support/jobs.ts";
import { ignore as noBroker } from "./support/kafka.ts";

const found = findBrowser();
const ignore = !found.ok || noBroker;
if (ignore) console.log(`The first mistakes are ignored: ${found.ok ? "there is no broker" : found.reason}.`);

let browser: Browser;
Deno.test.beforeAll(async () => {
  if (!ignore) browser = await startBrowser();
});
Deno.test.afterAll(async () => {
  if (!ignore) await browser.close();
});

const PARTITIONS = [0, 1, 2, 3];

/** Events of a user for each of these partitions, at these times. */
function events(partitions: readonly number[], times: readonly number[]): Given[] {
  return partitions.flatMap((partition) =>
    times.map((at) => ({ key: `user-${partition}`, value: eventOf(`user-${partition}`, at), partition }))
  );
}

/** What the page of a job with these records says on Now, from the sentence with these words on, and the cure below it. */
async function said(name: string, records: (now: number) => readonly Given[], words: RegExp) {
  await using shop = await startShop();
  await using visitor = await Visitor.at(shop.url, browser);
  await shop.produce(records(Date.now()));
  const item = visitor.page.locator(".attention .item", { hasText: words });
  await item.waitFor();
  const cure = await item.locator(".cure").innerText();
  const sentence = await item.locator("p").first().innerText();
  await visitor.picture(`page-mistake-${name}-now-light`, { fullPage: true });
  const place = await item.getByRole("link").innerText();
  const link = item.getByRole("link");
  const view = (await link.getAttribute("href"))!.replace(/^#\/(\w+).*$/, "$1");
  await link.click();
  await visitor.page.locator(`main.view-${view} h2`).first().waitFor();
  const whys = visitor.page.locator(".whys li", { hasText: words });
  // Both views ask for what they show when they are opened.
  const letters = visitor.page.locator("main h2", { hasText: "Dead letters" });
  await (place === "Look at Time" ? whys : letters).first().waitFor();
  await visitor.picture(`page-mistake-${name}-link-light`, { fullPage: true });
  const there = await visitor.page.locator("main").innerText();
  await goTo(visitor.page, "now");
  assertEquals(await visitor.page.locator(".state").innerText(), "running");
  assertContent(visitor);
  return { sentence, cure, there, input: shop.input };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore, fn });
}

test("event times in seconds: the page says what they most likely are, and how to read them", async () => {
  const inSeconds = (now: number) => events(PARTITIONS, [0, 60, 900].map((after) => Math.floor(now / 1000) + after));
  const { sentence, cure, there } = await said("seconds", inSeconds, /before 1973/);
  assertMatch(sentence, /last event 1970-01-\d\d .+; an event time before 1973 is most likely one in seconds\./);
  assertMatch(cure, /where the data counts in seconds, give eventTime\(\(value\) => value\.at \* 1000\)/);
  assertStringIncludes(there, cure);
});

test("a partition that stays silent: the page names it, though only windows of other tasks wait for it", async () => {
  const silent = (now: number) => events(PARTITIONS.slice(0, 3), [0, 60_000, 900_000].map((after) => now + after));
  const { sentence, cure, there, input } = await said("silent", silent, /has no record at all/);
  assertMatch(sentence, /^wanted-hour: window .+ of task \d waits: task 3, whose values go through repartition "/);
  assertStringIncludes(sentence, `holds time: ${input}/3 has no record at all; no idleAfter is set`);
  assertMatch(cure, /^Give watermark\(\) an idleAfter, such as idleAfter: minutes\(1\)/);
  assertStringIncludes(there, cure);
});

test("a record that is not JSON: the page says which one, why it was refused, and where it is", async () => {
  const broken = (now: number) => [...events(PARTITIONS, [now]), { key: "user-1", value: "hello {", partition: 1 }];
  const { sentence, cure, there, input } = await said("not-json", broken, /dead-letter topic/);
  assertStringIncludes(sentence, `1 record went to a dead-letter topic. The newest: ${input}/1@1 went to `);
  assertMatch(sentence, /"hello \{" is not valid JSON\.$/);
  assertMatch(cure, /^Correct what writes them or what refuses them, then send them again\.$/);
  assertStringIncludes(there, "Dead letters");
});

test("event times in microseconds: the page says that each of them was refused, and their most likely unit", async () => {
  const micro = (now: number) => events(PARTITIONS, [now * 1000]);
  const { sentence } = await said("microseconds", micro, /4 records went/);
  assertMatch(sentence, /: most likely microseconds, not milliseconds: its event time \d+ lies \d+ ms beyond/);
});

test("the first command of the README prints the address of the page", async () => {
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  const [, section] = readme.split("\n## Run it\n");
  const [, first] = /```sh\n(.+)\n/.exec(section)!;
  assert(first.startsWith("deno task start "), first);
  assertMatch(section, /`deno task start` also serves the \[live page\]\(docs\/dashboard\.md\) of its job, and prints/);
  await using folder = await scratch();
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...await wordsOfTask(), "--events", "2000", "--state", folder.path("state.db"), "--dashboard", "0"],
    cwd: new URL("../", import.meta.url),
    stdin: "null",
  }).output();
  assertMatch(new TextDecoder().decode(stderr), /its page is at http:\/\/127\.0\.0\.1:\d+\//);
});
