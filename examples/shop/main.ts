/**
 * A shop in which one can click, run by `deno task shop`: the recommender on the embedded log, a page that shows its
 * tables while they change, and other shoppers.
 *
 * However it ends, the next start goes on where it stopped.
 */
import { embeddedLog, type Job, run } from "@tidemark/streams";
import type { Dashboard } from "@tidemark/streams/dashboard";
import { KvStore } from "@tidemark/streams/state";
import { WrongFlags } from "../arguments.ts";
import { clock } from "../recommendations/on_embedded_log.ts";
import { Signals, Stopped } from "../recommendations/signals.ts";
import { CATALOGUE } from "./catalogue.ts";
import { type Flags, HELP, parseFlags } from "./flags.ts";
import { EVENTS, shopPipelines } from "./pipeline.ts";
import { type OpenShop, openShop } from "./server.ts";
import { REGULARS } from "./shoppers.ts";
import { appendTo, beginWithPast, shopOn } from "./traffic.ts";

const STATE = ".tidemark/shop.db";
/** Two are enough for one process, and enough for products and users to lie in different tasks. */
const PARTITIONS = 2;

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs the program for a command line. Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(args);
    if (flags === undefined) console.log(HELP);
    else await keepShop(flags);
    return 0;
  } catch (error) {
    if (error instanceof Stopped) return 0;
    console.error(sentence(error));
    if (!(error instanceof WrongFlags)) return 1;
    console.error("--help lists all flags.");
    return 2;
  }
}

/** Keeps the shop open until a signal closes it. */
async function keepShop({ port, rate, dashboard }: Flags): Promise<void> {
  using signals = new Signals();
  const { kv } = await signals.unlessAsked(KvStore.open(STATE, clock));
  using _closed = kv;
  const log = embeddedLog(kv, { path: STATE });
  if (!(await log.topics()).includes(EVENTS)) await log.create(EVENTS, { partitions: PARTITIONS });
  await using job = await signals.during((signal) =>
    run(shopPipelines(log), { name: "shop", state: kv, signal, log: console.error })
  );
  const shopping = { log, topic: EVENTS, rate };
  await beginWithPast(shopping);
  await using jobPage = dashboard === "off" ? undefined : await openPage(job, dashboard);
  await using shop = listen(() =>
    openShop({
      kv,
      catalogue: CATALOGUE,
      regulars: REGULARS,
      append: (clicks) => appendTo(shopping, clicks),
      port,
      jobPage: jobPage?.url,
      failed: (error) => console.error(sentence(error)),
    }), port);
  console.log(`The shop is open at ${shop.address}. Ctrl+C closes it.`);
  await untilAsked(job, signals.stop, (over) => shopOn(shopping, over));
  console.log("The shop is closed. Its lists are kept.");
}

/** Opens the page of the shop's job. */
async function openPage(job: Job, port: number | undefined): Promise<Dashboard> {
  const { dashboard } = await import("@tidemark/streams/dashboard");
  return await dashboard(job, { port });
}

/** Lets the other shoppers shop until a signal comes or the job fails. They have stopped when this returns. */
async function untilAsked(
  job: Job,
  stop: AbortSignal,
  others: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const shopping = others(AbortSignal.any([stop, over.signal]));
  const asked = Promise.withResolvers<void>();
  stop.addEventListener("abort", () => asked.resolve(), { once: true });
  if (stop.aborted) asked.resolve();
  try {
    // The others return when there are none, so only their failure counts.
    await Promise.race([asked.promise, job.finished, shopping.then(() => asked.promise)]);
  } finally {
    over.abort();
    await shopping;
  }
}

function listen(open: () => OpenShop, port: number): OpenShop {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(`Port ${port} is taken: give another one with --port, or 0 for any that is free`);
  }
}

/** An error as one sentence. */
function sentence(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim().replace(/\s*\n\s*/g, " ");
  return `${text.replace(/\.$/, "")}.`;
}
