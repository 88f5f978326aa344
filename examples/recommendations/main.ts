/**
 * The example job, run by `deno task start`: recommends products to a shop's users after each of their events, and counts
 * events per user and minute, exactly once.
 *
 * Without `--brokers` it generates the shop's traffic itself and runs on the embedded log; with it the job runs on
 * Kafka. However the job ends, the next start continues where it stopped.
 */
import { deadLetter, type Job, type JobEnd, run } from "@tidemark/streams";
import { WrongFlags } from "../arguments.ts";
import { type Flags, help, helpWith, parseFlags } from "./flags.ts";
import { onEmbeddedLog } from "./on_embedded_log.ts";
import { onKafka } from "./on_kafka.ts";
import { type Results, results } from "./pipeline.ts";
import type { Place } from "./place.ts";
import { Progress } from "./progress.ts";
import { Signals, Stopped } from "./signals.ts";
import { someUser } from "./some_user.ts";
import { type Summary, summaryJson, summaryTable } from "./summary.ts";

// main() disposes of everything before it returns. Deno.exit() inside it would skip that.
if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs the program for a command line. Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const asked = parseFlags(args, Deno.env.get("KAFKA_BROKERS"));
    if ("show" in asked) console.log(asked.show === "help" ? help() : await version());
    else await start(asked.run);
    return 0;
  } catch (error) {
    console.error(sentence(error));
    if (error instanceof Stopped) return 0;
    if (!(error instanceof WrongFlags)) return 1;
    console.error(helpWith(error));
    return 2;
  }
}

async function start(flags: Flags): Promise<void> {
  using signals = new Signals();
  using progress = new Progress();
  const opening = flags.brokers === undefined ? onEmbeddedLog(flags) : onKafka(flags, flags.brokers);
  await using place = await signals.unlessAsked(opening);
  const pipelines = chosen(results(place.broker, flags.topics, place.tasks === "single"), flags.only);
  await using job = await signals.during((signal) =>
    run(pipelines, {
      name: flags.job,
      state: place.state,
      tasks: place.tasks,
      worker: flags.worker,
      from: flags.from,
      until: flags.untilEnd ? "end" : undefined,
      onBadRecord: deadLetter(place.broker.sink(flags.topics.deadLetter)),
      log: (line) => progress.log(line),
      signal,
    })
  );
  await using _page = flags.dashboard === "off" ? undefined : await openPage(job, flags.dashboard, progress);

  const { epochs } = job.metrics.snapshot();
  progress.follow(job.metrics);
  const { reason: ended } = await work(job, place, signals.stop);
  progress[Symbol.dispose]();
  const metrics = job.metrics.snapshot();
  if (ended === "finished" && metrics.epochs === epochs) {
    console.error(
      `Job ${flags.job} is finished already: all of its input was processed before, and nothing is left to do.`,
    );
  }
  report({ metrics, ended, topics: flags.topics, user: await someUser(place.state) }, flags);
}

/** Opens the live page. It is loaded only here. */
async function openPage(job: Job, port: number | undefined, progress: Progress): Promise<AsyncDisposable> {
  const { dashboard } = await import("@tidemark/streams/dashboard");
  return await dashboard(job, { port, log: (line) => progress.log(line) });
}

/** The pipelines of the results that were asked for. */
function chosen({ recommended, activity, counts }: Results, only: Flags["only"]) {
  switch (only) {
    case "counts":
      return counts;
    case "activity":
      return activity;
    case "recommendations":
      return recommended;
    default:
      return [recommended, activity];
  }
}

/** Runs the job and the generator of its input, until the job has ended or the signal stops it. */
async function work(job: Job, place: Place, stop: AbortSignal): Promise<JobEnd> {
  const over = new AbortController();
  const feeding = place.feed(job, AbortSignal.any([stop, over.signal]));
  // Stops the traffic first, then the job, so that the generator does not append to a closed log.
  const halt = async () => {
    await feeding.catch(() => {});
    await job.stop();
  };
  stop.addEventListener("abort", halt, { once: true });
  if (stop.aborted) void halt();
  feeding.catch(halt);
  try {
    return await job.finished;
  } finally {
    over.abort();
    await feeding;
  }
}

/** The package's name and version. */
async function version(): Promise<string> {
  const { name, version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  return `${name} ${version}`;
}

function report(summary: Summary, { json }: Flags): void {
  console.log(json ? summaryJson(summary) : summaryTable(summary));
}

/** An error as one sentence. */
function sentence(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim().replace(/\s*\n\s*/g, " ");
  // The engine does not know this program's flags, so their advice is added here.
  const advice = /there is no such topic/.test(text) ? "; --create-topics makes it" : "";
  return `${text.replace(/\.$/, "")}${advice}.`;
}
