/**
 * `reset JOB --to earliest|latest|TIME|OFFSETS`: asks for a reset, which the next start carries out.
 *
 * @module
 */
import { askReset } from "../../runtime/asked_reset.ts";
import { countOf } from "../../runtime/details_words.ts";
import type { StoredJob } from "../../runtime/stored_job.ts";
import type { ResetFrom } from "../../state/mod.ts";
import type { CommandSpec, Context } from "../command.ts";
import { Failed, WrongUsage } from "../errors.ts";
import { isAgreed } from "../question.ts";
import { holdingJob } from "../running.ts";
import { clean } from "../text.ts";
import type { Topics } from "../topics.ts";
import { positionOf, timeOf } from "../values.ts";

/** Where one partition would be read from. */
interface Start {
  readonly topic: string;
  readonly partition: number;
  /** The least position that the tasks have now; `undefined` where none was committed. */
  readonly position: number | undefined;
  readonly to: number;
}

/** `reset` */
export const reset: CommandSpec = {
  name: "reset",
  summary: "let the next start of a job forget its state, and read its input anew",
  words: [{ word: "<job>", means: "the job, which must be stopped" }],
  flags: [{
    flag: "--to <where>",
    means: "earliest, latest, a time, or TOPIC/PARTITION@OFFSET with commas between several",
  }],
  example: "reset recommendations --to 2026-01-31T12:00:00Z --brokers localhost:9092",
  needs: ["state", "brokers"],
  changes: "asks",
  async run(context, [job]) {
    const { place, printer, flags, world } = context;
    if (flags.to === undefined) throw new WrongUsage("reset needs --to: earliest, latest, a time or offsets");
    const stored = await place.job(job!);
    const topics = await inputTopics(context, stored);
    const from = fromOf(String(flags.to), stored);
    const starts = await startsOf(topics, stored, from);
    const cannot = `Cannot reset job ${job}`;
    using _held = flags.dryRun === true ? undefined : await holdingJob(place, job!, cannot);
    const forgets = [...new Set(stored.heads.flatMap(({ states }) => states.map(({ name }) => name)))];
    const waiting = stored.heads.reduce((sum, { waiting }) => sum + waiting.epochs, 0);
    const done = { job, to: from, starts, forgets, waiting_epochs: waiting, dry_run: flags.dryRun === true };
    if (flags.dryRun === true) return printer.document({ ...done, asked: false }, () => textOf(done, "would"));
    printer.say(textOf(done, "will"));
    if (!isAgreed(context, `Reset job ${job}?`)) {
      printer.say("Nothing was changed.");
      throw new Failed();
    }
    await askReset(await place.store(), { job: job!, from, clock: world.clock });
    printer.document({ ...done, asked: true }, () => `Job ${job} is reset by its next start.`);
  },
};

/** The topics of the input. They may be in the state, or in the Kafka that `--brokers` names. */
async function inputTopics({ place, flags }: Context, { job, inputs }: StoredJob): Promise<Topics> {
  const topics = await place.topics();
  const known = new Set((await topics.list()).map(({ topic }) => topic));
  const missing = Object.keys(inputs).filter((topic) => !known.has(topic));
  if (missing.length === 0) return topics;
  const what = `its input ${missing.map(clean).join(", ")} is not on ${topics.where}`;
  if (flags.brokers === undefined) {
    throw new WrongUsage(`Cannot reset job ${job}: ${what}. Name its brokers with --brokers`);
  }
  throw new Error(`Cannot reset job ${job}: ${what}`);
}

function fromOf(to: string, { inputs }: StoredJob): ResetFrom {
  if (to === "earliest" || to === "latest") return to;
  if (!/\/\d+@\d+/.test(to)) return timeOf("--to", to);
  const offsets: Record<string, Record<number, number>> = Object.create(null);
  for (const text of to.split(",")) {
    const { topic, partition, offset } = positionOf(text.trim());
    if (!Object.hasOwn(inputs, topic)) {
      throw new WrongUsage(
        `The job does not read ${clean(topic)}; it reads ${Object.keys(inputs).map(clean).join(", ")}`,
      );
    }
    if (partition >= inputs[topic]) {
      throw new WrongUsage(
        `${clean(topic)} has ${countOf(inputs[topic], "partition")}, current value is ${clean(text)}`,
      );
    }
    (offsets[topic] ??= {})[partition] = offset;
  }
  for (const [topic, own] of Object.entries(offsets)) {
    const left = Array.from({ length: inputs[topic] }, (_none, at) => at).filter((at) => own[at] === undefined);
    if (left.length === 0) continue;
    throw new WrongUsage(
      `--to names some partitions of ${clean(topic)} and not ${
        left.join(", ")
      }: name all of them, as nothing else says where those begin`,
    );
  }
  return { ...offsets };
}

/** Where each partition would be read from, as far as it is known before the pipeline is: a table is read from its beginning. */
async function startsOf(topics: Topics, { inputs, heads }: StoredJob, from: ResetFrom): Promise<readonly Start[]> {
  const starts: Start[] = [];
  for (const topic of Object.keys(inputs)) {
    const bounds = await topics.bounds(topic);
    const named = typeof from === "object" && Object.hasOwn(from, topic) ? from[topic] : undefined;
    const offsets = typeof from === "number"
      ? await topics.atTime(topic, from)
      : bounds.map(({ earliest, latest }, at) => from === "latest" ? latest : named?.[at] ?? earliest);
    for (const [partition, { earliest, latest }] of bounds.entries()) {
      const to = offsets[partition];
      if (to < earliest || to > latest) {
        throw new WrongUsage(
          `${clean(topic)}/${partition} has the offsets ${earliest} to ${latest}, current value is ${to}`,
        );
      }
      const read = heads.flatMap((head) => head.offsets)
        .filter((one) => one.topic === topic && one.partition === partition).map(({ offset }) => offset);
      starts.push({ topic, partition, position: read.length === 0 ? undefined : Math.min(...read), to });
    }
  }
  return starts;
}

function textOf(
  { job, starts, forgets, waiting_epochs }: {
    readonly job?: string;
    readonly starts: readonly Start[];
    readonly forgets: readonly string[];
    readonly waiting_epochs: number;
  },
  verb: "will" | "would",
): string {
  const waiting = waiting_epochs === 0
    ? ""
    : ` The results of ${countOf(waiting_epochs, "epoch")} that may not be visible yet are dropped.`;
  return [
    `The next start of job ${job} ${verb} forget ${
      forgets.length === 0 ? "its clocks" : `${forgets.join(", ")} and its clocks`
    }.${waiting}`,
    `It ${verb} read its input anew; results that were published stay, and come again:`,
    ...starts.map(({ topic, partition, position, to }) => {
      return `  ${clean(topic)}/${partition}  from ${to}${position === undefined ? "" : ` (now at ${position})`}`;
    }),
    "A topic that is read as a table is read from its beginning.",
  ].join("\n");
}
