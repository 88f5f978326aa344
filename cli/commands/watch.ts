/**
 * `watch JOB`: a line each second.
 *
 * @module
 */
import { pause } from "../../base/backoff.ts";
import type { JobDetails } from "../../runtime/details.ts";
import { shownCount, shownDuration } from "../../runtime/details_words.ts";
import type { CommandSpec } from "../command.ts";
import { Interrupted } from "../errors.ts";
import { lookAt, type Seen } from "../look.ts";
import { clean } from "../text.ts";
import { wholeOf } from "../values.ts";

/** `watch` */
export const watch: CommandSpec = {
  name: "watch",
  summary: "follow a job: a line each second, until Ctrl+C or the job has ended",
  words: [{ word: "<job>", means: "the job" }],
  flags: [
    { flag: "--every <seconds>", means: "how often", default: "1" },
    { flag: "--limit <n>", means: "end after so many lines" },
  ],
  example: "watch recommendations",
  needs: ["state", "page"],
  async run(context, [job]) {
    const { printer, world, flags } = context;
    const every = wholeOf("--every", flags.every, 1) * 1000;
    const limit = flags.limit === undefined ? Infinity : wholeOf("--limit", flags.limit, 1);
    let before: JobDetails | undefined;
    for (let lines = 1;; lines++) {
      const { details, from } = await lookAt(context, job!);
      printer.line({ from, ...details }, () => lineOf(details, before, from));
      if (lines >= limit || details.state === "finished") return;
      before = details;
      await pause(world.clock, every, world.interrupted);
      if (world.interrupted.aborted) throw new Interrupted();
    }
  },
};

function lineOf(now: JobDetails, before: JobDetails | undefined, from: Seen["from"]): string {
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1000;
  const rate = seconds > 0 ? (now.records_in - before!.records_in) / seconds : now.records_per_second;
  const results = Object.values(now.outputs).reduce((sum, count) => sum + count, 0);
  const parts = [
    now.state,
    `${shownCount(now.records_in)} in (${shownCount(rate)}/s)`,
    `${shownCount(results)} out`,
    from === "state" || now.lag === undefined ? undefined : `lag ${shownCount(now.lag)}`,
    `epoch ${shownCount(now.epochs)}`,
    now.late === 0 ? undefined : `${shownCount(now.late)} late`,
    now.dead_letters === 0 ? undefined : `${shownCount(now.dead_letters)} dead`,
    ...now.watermarks.map(({ name, lag }) => lag === undefined ? undefined : `${name} ${shownDuration(lag)} behind`),
    now.trouble,
    now.failure,
  ];
  const line = parts.filter((part) => part !== undefined).join(" · ");
  return `${new Date(now.at).toISOString()}  ${clean(line)}`;
}
