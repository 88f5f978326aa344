/** Two of the ten questions on a real Kafka: why a window has not fired, and what is committed and not visible yet. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { count, eventTime, keyedReduce, minutes, run, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { kafka } from "@tidemark/streams/kafka";
import { type Browser, findBrowser, startBrowser } from "./support/browser.ts";
import { holdPublishing } from "./support/held_publishing.ts";
import { brokers, connect, ignore as noKafka, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";
import { detailsWhen, ThreeWays } from "./support/three_ways.ts";

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

/** So long the test waits for the holder and the cure from the moment at which the page is opened, in milliseconds. */
const PROMISED = 2_000;

interface Visit {
  readonly user: string;
  readonly at: number;
}

const begin = Date.UTC(2026, 0, 5, 12);

/** Topics with visits in some of their partitions: two in each, three minutes apart. */
async function topics(partitions: number, used: readonly number[]) {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  const connection = await connect();
  for (const topic of [input, output]) await connection.createTopic(topic, partitions);
  await connection.close();
  const producer = plainClient().producer();
  await producer.connect();
  const messages = used.flatMap((partition) =>
    [0, 3].map((minute) => {
      const value: Visit = { user: `user-${partition}`, at: begin + minutes(minute) };
      return { key: value.user, value: JSON.stringify(value), partition };
    })
  );
  await producer.send({ topic: input, messages });
  await producer.disconnect();
  return { name, input, output };
}

Deno.test({
  name: "the page of a job on Kafka with one silent partition of four shows the holder and the cure at once",
  ignore,
  // The browser goes on from one test to the next.
  ...{ sanitizeOps: false, sanitizeResources: false },
  async fn() {
    const { name, input, output } = await topics(4, [0, 1, 2]);
    const broker = kafka({ brokers });
    const pipeline = broker.source<Visit>(input, { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: seconds(10) }),
      tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() }),
      broker.sink(output, { key: ({ key }) => key }),
    );
    await using job = await run(pipeline, { name, state: ":memory:", tasks: "single", log: () => {} });
    await using page = await dashboard(job, { port: 0, log: () => {} });
    await detailsWhen(job, "each partition to be fetched", ({ records_in, lag }) => records_in === 6 && lag === 0);
    const [{ sentence, cure, holder }] = await job.explain("activity");
    assertEquals(holder, { topic: input, partition: 3, lastEvent: undefined, raisedBy: undefined });
    assertStringIncludes(sentence, `${input}/3 has no record at all; no idleAfter is set, so it holds time for ever`);
    // An empty tab, so that the time is that of the page and not that of the browser.
    const tab = await browser.newPage();
    const began = performance.now();
    const timeout = () => Math.max(1, PROMISED - (performance.now() - began));
    await tab.goto(page.url, { waitUntil: "commit", timeout: timeout() });
    const attention = tab.locator(".attention");
    await attention.getByText(sentence).waitFor({ timeout: timeout() });
    await attention.getByText(cure!).waitFor({ timeout: timeout() });
    console.log(`Holder and cure are seen ${Math.round(performance.now() - began)} ms after the page was opened.`);
    await tab.close();
  },
});

Deno.test({
  name: "question 9 on Kafka: an epoch that is committed and not visible yet, and when it is",
  ignore,
  ...{ sanitizeOps: false, sanitizeResources: false },
  async fn() {
    const { name, input, output } = await topics(1, [0]);
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
