/** The page of a job whose Kafka is killed and comes back: it says what it waits for, since when, and that all is well. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { kafka } from "@tidemark/streams/kafka";
import { findBroker, startBroker } from "./support/broker.ts";
import { type Browser, findBrowser, startBrowser, Visitor } from "./support/browser.ts";
import { lookAtAll } from "./support/dashboard/looking.ts";
import { connectTo } from "./support/kafka_clients.ts";
import { NO_STORE } from "./support/no_store.ts";
import { publish, record } from "./support/recording_reader.ts";
import { detailsWhen } from "./support/three_ways.ts";

const found = findBrowser();
const own = await findBroker({ own: true });
const ignore = !found.ok || own.kind === "none";
if (ignore) console.log(`The page of a job without its broker is ignored: ${found.ok ? own.reason : found.reason}.`);

let browser: Browser;
Deno.test.beforeAll(async () => {
  if (!ignore) browser = await startBrowser();
});
Deno.test.afterAll(async () => {
  if (!ignore) await browser.close();
});

Deno.test({
  name: "a job whose broker is killed says so with since when, and is well again when the broker is there",
  ignore,
  async fn() {
    await using broker = await startBroker({ partitions: 1 });
    const connection = await connectTo(broker.brokers);
    for (const topic of ["clicks", "out"]) await connection.createTopic(topic, 1);
    const click = (text: string) =>
      publish({ connection, store: NO_STORE }, [
        record("clicks", { partition: 0, text: JSON.stringify(text), timestamp: Date.now() }),
      ]);
    const log = kafka({ brokers: broker.brokers });
    await using job = await run(log.source("clicks", { tombstones: "refuse" }).pipe(log.sink("out")), {
      ...{ name: "clicks", state: ":memory:", log: () => {} },
    });
    await using page = await dashboard(job, { port: 0, log: () => {} });
    await using visitor = await Visitor.at(page.url, browser);
    await click("before");
    await detailsWhen(job, "the first record", ({ records_in }) => records_in === 1);
    await visitor.page.getByText("1 since the job's first start").waitFor();
    const killed = Date.now();
    await broker.kill();
    await detailsWhen(job, "the trouble", ({ trouble = "" }) => trouble.includes("no Kafka broker answers"));

    const item = visitor.page.locator(".attention .item.is-bad");
    await item.getByText(`no Kafka broker answers at ${broker.brokers[0]}`).waitFor();
    const headline = await visitor.page.locator(".headline").innerText();
    assertMatch(headline, /^It has waited since \d\d:\d\d:\d\d(\.\d+)?, and goes on by itself when it can\.$/);
    const { waitsSince, trouble } = await job.details();
    assert(waitsSince! >= killed && waitsSince! <= Date.now(), `${waitsSince}`);
    assertStringIncludes(headline, new Date(waitsSince!).toISOString().slice(11, 19));
    assertStringIncludes(trouble!, "no Kafka broker answers");
    assertEquals(await visitor.page.locator(".state").innerText(), "waiting");
    const wrong: string[] = [];
    for await (const looked of lookAtAll({ browser, url: page.url, name: "broker killed" })) {
      const complaints = looked.visitor.complaints.splice(0);
      wrong.push(...complaints, ...await looked.visitor.inaccessible());
      const fits = await looked.visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth");
      if (!fits) wrong.push(`${looked.view}, ${looked.look}: the page is wider than the screen`);
    }
    assertEquals(wrong, []);

    await broker.start();
    await click("after");
    // How soon the client asks again depends on the machine. The page has it a second later.
    await detailsWhen(job, "the next record", ({ records_in, trouble }) => records_in === 2 && trouble === undefined);
    await visitor.page.getByText("2 since the job's first start").waitFor();
    await visitor.page.locator(".state", { hasText: "running" }).waitFor();
    await visitor.page.locator(".attention .calm").waitFor();
    assertEquals((await job.details()).waitsSince, undefined);
    await connection.close();
  },
});
