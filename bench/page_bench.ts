/**
 * Measures what the page costs: how much the heaps of a page and of its job grow while it is open, and how much slower a
 * job is while somebody reads. And how soon it tells why a window has not fired: on a Kafka with one silent partition of
 * four.
 *
 * `deno run -A --no-lock bench/page_bench.ts [--minutes N] [--pairs N] [--seconds N] [--only heap|pairs|why]`: for how long
 * the page is open (10), how many pairs of runs with and without a reader there are (10), and how long each run is (20).
 */
import { parseArgs } from "node:util";
import { dashboard } from "../dashboard/mod.ts";
import { type Browser, startBrowser } from "../tests/support/browser.ts";
import { Child } from "./support/child.ts";
import { judge, table } from "./support/report.ts";

/** The goals: growth in bytes, the median of the pairs' quotients, and milliseconds. */
const GOAL = { growth: 2_000_000, quotient: 0.97, why: 2_000 };
/** How often a page is opened. */
const OPENED = 11;
const RATE = 20_000;
/** The rings of the page are full after this time, in milliseconds: what it grows by before is no leak. */
const FULL = 310_000;
const GC = ["--v8-flags=--expose-gc"];

interface Asked {
  readonly heapUsed: number;
  readonly records: number;
}

/** A job with a page, in a process of its own. */
async function startJob(rate: number | undefined): Promise<{ child: Child; page: string; ask: () => Promise<Asked> }> {
  const child = new Child("page_job", { rate }, { flags: GC });
  const page = String((await child.hears("open")).url);
  const url = String((await child.hears("asked")).url);
  return { child, page, ask: async () => await (await fetch(url)).json() };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The heap of a page after a collection. */
async function heapOf(page: Awaited<ReturnType<Browser["newPage"]>>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

async function benchHeap(minutes: number): Promise<void> {
  const { child, page: url, ask } = await startJob(RATE);
  await using _job = child;
  const browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(`${url}#/time`);
  const rows = [];
  const half = Math.min(FULL, minutes * 30_000);
  const began = performance.now();
  for (const at of [Math.min(30_000, half / 2), half, minutes * 60_000]) {
    await pause(Math.max(0, began + at - performance.now()));
    const [heap, { heapUsed, records }] = [await heapOf(page), await ask()];
    const seconds = Math.round((performance.now() - began) / 1000);
    rows.push({ seconds, "page bytes": heap, "job bytes": heapUsed, records });
  }
  await browser.close();
  const [, before, after] = rows;
  const [page_, job] = [after["page bytes"] - before["page bytes"], after["job bytes"] - before["job bytes"]];
  table(`The page open beside a job with ${RATE} records a second`, rows);
  table("Growth since its rings were full, or since half of the time", [
    { what: "page", bytes: page_, goal: judge("2 MB", page_ < GOAL.growth) },
    { what: "job", bytes: job, goal: judge("2 MB", job < GOAL.growth) },
  ]);
}

/** Asks what the page asks, until it is stopped: the stream, and after each snapshot why nothing has fired. */
async function read(url: string, signal: AbortSignal): Promise<number> {
  let snapshots = 0;
  try {
    const { body } = await fetch(`${url}api/events`, { signal });
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      if (!chunk.includes("event: details")) continue;
      snapshots++;
      await (await fetch(`${url}api/why`, { signal })).text();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return snapshots;
}

/** Records a second of one run. */
async function throughput(seconds: number, reader: boolean): Promise<number> {
  const { child, page, ask } = await startJob(undefined);
  await using _job = child;
  const stop = new AbortController();
  const reading = reader ? read(page, stop.signal) : undefined;
  await pause(3_000);
  const [first, began] = [await ask(), performance.now()];
  await pause(seconds * 1000);
  const [last, ended] = [await ask(), performance.now()];
  stop.abort();
  if (reader && await reading! < seconds / 2) throw new Error("The reader was given too few snapshots");
  return (last.records - first.records) / (ended - began) * 1000;
}

async function benchPairs(pairs: number, seconds: number): Promise<void> {
  const rows = [];
  for (let pair = 0; pair < pairs; pair++) {
    const first = await throughput(seconds, pair % 2 === 0);
    const second = await throughput(seconds, pair % 2 === 1);
    const [reader, alone] = pair % 2 === 0 ? [first, second] : [second, first];
    rows.push({
      pair: pair + 1,
      "with /s": Math.round(reader),
      "without /s": Math.round(alone),
      quotient: reader / alone,
    });
  }
  table("Records a second with a reader and without", rows);
  const sorted = rows.map(({ quotient }) => quotient).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  table("The median", [{ quotient: median, goal: judge(`${GOAL.quotient}`, median >= GOAL.quotient) }]);
}

/** From the moment at which a page is opened until it shows the holder and the cure, in milliseconds. */
async function benchWhy(): Promise<void> {
  // Finds a broker when it is loaded, which the other parts do not need.
  const { startSilentPartition } = await import("../tests/support/silent_partition.ts");
  const { job: started, why: { sentence, cure } } = await startSilentPartition();
  await using job = started;
  await using page = await dashboard(job, { port: 0, log: () => {} });
  const browser = await startBrowser();
  const times: number[] = [];
  for (let opened = 0; opened < OPENED; opened++) {
    // An empty tab, so that the time is that of the page and not that of the browser.
    const tab = await browser.newPage();
    const began = performance.now();
    await tab.goto(page.url, { waitUntil: "commit" });
    for (const text of [sentence, cure!]) await tab.locator(".attention").getByText(text).waitFor();
    times.push(performance.now() - began);
    await tab.close();
  }
  await browser.close();
  times.sort((a, b) => a - b);
  const worst = times[OPENED - 1];
  table(`Until the page shows the holder and the cure, opened ${OPENED} times, in ms`, [
    { median: times[OPENED >> 1], worst, goal: judge(`${GOAL.why} ms`, worst < GOAL.why) },
  ]);
}

if (import.meta.main) {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { minutes: text, pairs: text, seconds: text, only: text } });
  const isAsked = (part: string) => values.only === undefined || values.only === part;
  if (isAsked("why")) await benchWhy();
  if (isAsked("heap")) await benchHeap(Number(values.minutes ?? 10));
  if (isAsked("pairs")) await benchPairs(Number(values.pairs ?? 10), Number(values.seconds ?? 20));
  // The broker that the first part finds would keep this process.
  Deno.exit();
}
