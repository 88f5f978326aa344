/** Two of the ten questions on a real Kafka: why a window has not fired, and what is committed and not visible yet. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { keyedReduce, run } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { kafka } from "@tidemark/streams/kafka";
import { type Browser, findBrowser, startBrowser } from "./support/browser.ts";
import { holdPublishing } from "./support/held_publishing.ts";
import { brokers, ignore as noKafka } from "./support/kafka.ts";
import { startSilentPartition, type Visit, visitTopics } from "./support/silent_partition.ts";
import { ThreeWays } from "./support/three_ways.ts";
import { PATIENCE } from "./support/patience.ts";

const found = findBrowser();
const ignore = noKafka || !found.ok;
if (!found.ok) console.log(`The ten questions on Kafka are ignored: ${found.reason}.`);
else if (noKafka) console.log("The ten questions on Kafka are ignored: there is no broker.");

let browser: Browser;
Deno.test.beforeAll(async () => {
  if (!ignore) browser = await startBrowser();
});
Deno.test.afterAll(async () => {
  if (!ignore) await browser.close();
});

Deno.test({
  name: "the page of a job on Kafka with one silent partition of four shows the holder and the cure at once",
  ignore,
  // The browser goes on from one test to the next.
  ...{ sanitizeOps: false, sanitizeResources: false },
  async fn() {
    const { job: started, input, why: { sentence, cure } } = await startSilentPartition();
    await using job = started;
    await using page = await dashboard(job, { port: 0, log: () => {} });
    assertStringIncludes(sentence, `${input}/3 has no record at all; no idleAfter is set, so it holds time for ever`);
    const tab = await browser.newPage();
    tab.setDefaultTimeout(PATIENCE);
    // The first answer has them, so no reader waits for a later one.
    const first = tab.waitForResponse((response) => response.url().endsWith("/api/why"));
    await tab.goto(page.url, { waitUntil: "commit" });
    const [said] = await (await first).json();
    assertEquals([said.sentence, said.cure], [sentence, cure]);
    const attention = tab.locator(".attention");
    await attention.getByText(sentence).waitFor();
    await attention.getByText(cure!).waitFor();
    await tab.close();
  },
});

Deno.test({
  name: "question 9 on Kafka: an epoch that is committed and not visible yet, and when it is",
  ignore,
  ...{ sanitizeOps: false, sanitizeResources: false },
  async fn() {
    const { name, input, output } = await visitTopics(1, [0]);
    const broker = kafka({ brokers });
    const gate = Promise.withResolvers<void>();
    holdPublishing(broker, gate.promise);
    const pipeline = broker.source<Visit>(input, { tombstones: "refuse" }).pipe(
      keyedReduce({ name: "totals", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
      broker.sink(output, { key: ({ key }) => key }),
    );
    await using job = await run(pipeline, { name, state: ":memory:", log: () => {} });
    try {
      await using three = await ThreeWays.to(job, browser);
      const { sentences: { visible } } = await three.when("the commit", ({ waiting, recentEpochs }) => {
        return waiting.epochs > 0 && recentEpochs.reduce((sum, { records }) => sum + records, 0) === 2;
      });
      assertMatch(
        visible,
        /^\d epochs? \([\d.]+ K?B\) (is|are) committed and not visible yet\. Stopping loses nothing: what is not read yet/,
      );
      await three.bothSay(visible, { view: "epochs", command: ["inspect"] });
      gate.resolve();
      const later = await three.when("all to be visible", ({ waiting }) => waiting.epochs === 0);
      assertMatch(later.sentences.visible, /^Everything that is committed is visible\. /);
      await three.bothSay(later.sentences.visible, { view: "epochs", command: ["inspect"] });
      three.assertContent();
    } finally {
      gate.resolve();
    }
  },
});
