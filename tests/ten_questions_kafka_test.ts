/** Why a window has not fired, on a real Kafka: the page shows the silent partition and the cure as soon as it is opened. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { count, eventTime, minutes, run, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { kafka } from "@tidemark/streams/kafka";
import { findBrowser, startBrowser } from "./support/browser.ts";
import { brokers, connect, ignore as noKafka, plainClient } from "./support/kafka.ts";
import { freshTopic } from "./support/recording_reader.ts";
import { detailsWhen } from "./support/three_ways.ts";

const found = findBrowser();
if (!found.ok) console.log(`The page on Kafka is ignored: ${found.reason}.`);

/** So long the test waits for the holder and the cure from the moment at which the page is opened, in milliseconds. */
const PROMISED = 2_000;

interface Visit {
  readonly user: string;
  readonly at: number;
}

/** A topic of four partitions, of which the last has no record. */
async function topics() {
  const [name, input, output] = [freshTopic(), freshTopic(), freshTopic()];
  const connection = await connect();
  for (const topic of [input, output]) await connection.createTopic(topic, 4);
  await connection.close();
  const producer = plainClient().producer();
  await producer.connect();
  const begin = Date.UTC(2026, 0, 5, 12);
  const messages = [0, 1, 2].flatMap((partition) =>
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
  ignore: noKafka || !found.ok,
  async fn() {
    const { name, input, output } = await topics();
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
    const browser = await startBrowser();
    try {
      // An empty tab, so that the time is that of the page and not that of the browser.
      const tab = await browser.newPage();
      const began = performance.now();
      const timeout = () => Math.max(1, PROMISED - (performance.now() - began));
      await tab.goto(page.url, { waitUntil: "commit", timeout: timeout() });
      const attention = tab.locator(".attention");
      await attention.getByText(sentence).waitFor({ timeout: timeout() });
      await attention.getByText(cure!).waitFor({ timeout: timeout() });
      console.log(`Holder and cure are seen ${Math.round(performance.now() - began)} ms after the page was opened.`);
    } finally {
      await browser.close();
    }
  },
});
