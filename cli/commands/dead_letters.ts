/**
 * `dead-letters JOB`: lists, shows and replays the records that a job refused.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import { letterOf } from "../../runtime/letter_headers.ts";
import type { CommandSpec, Context } from "../command.ts";
import { WrongUsage } from "../errors.ts";
import { findLetters, type Letter } from "../letters.ts";
import { replay } from "../replay.ts";
import { clean, iso, shownBytes } from "../text.ts";
import type { Topics } from "../topics.ts";
import { positionOf, wholeOf } from "../values.ts";
import { type RecordJson, recordJson } from "./tail.ts";

/** `dead-letters` */
export const deadLetters: CommandSpec = {
  name: "dead-letters",
  summary: "list, show or replay the records that a job refused",
  words: [
    { word: "<job>", means: "the job" },
    { word: "[act]", means: "what to do; list where nothing is named", choices: ["list", "show", "replay"] },
    { word: "[position]", means: "the dead letter: TOPIC/PARTITION@OFFSET" },
  ],
  flags: [
    { flag: "--topic <topic>", means: "the topic of the dead letters (the one that has some)" },
    { flag: "--reason <text>", means: "only those whose reason has this text" },
    { flag: "--last <n>", means: "how many to list", default: "20" },
    { flag: "--again", means: "replay also one whose earlier replay died in between, so that it may be there twice" },
  ],
  example: "dead-letters recommendations replay user_events_dead/0@12",
  needs: ["state", "brokers", "page"],
  changes: "asks",
  async run(context, [name, act = "list", position]) {
    const job = await context.place.job(name!);
    const topics = await context.place.topics();
    if (act === "replay") return await replay(context, topics, { job, position });
    if (act === "show") {
      if (position === undefined) throw new WrongUsage("dead-letters show needs a position: TOPIC/PARTITION@OFFSET");
      return show(context, await recordAt(context, topics, position));
    }
    const { topic, reason, last } = context.flags as { topic?: string; reason?: string; last?: string };
    const letters = await findLetters(context, topics, job, { topic, reason, count: wholeOf("--last", last, 1) });
    list(context, job.job, letters);
  },
};

function list({ printer }: Context, job: string, letters: readonly Letter[]): void {
  printer.document(letters.map(letterJson), () => {
    if (letters.length === 0) return `Job ${job} has no dead letter.`;
    return printer.table(
      ["DEAD LETTER", "WRITTEN", "FROM", "REASON", "REPLAYED"],
      letters.map(({ record, told: { reason, source, replayed } }) => {
        const sent = replayed === undefined ? "" : replayed.state === "done" ? iso(replayed.at) : "perhaps";
        return [`${record.topic}/${record.partition}@${record.offset}`, iso(record.timestamp), source, reason, sent];
      }),
    );
  });
}

function letterJson({ record, told: { reason, stage, source, replayOf, replayed } }: Letter): RecordJson {
  const again = replayed && { ...replayed, at: iso(replayed.at) };
  return { ...recordJson(record), ...{ reason, stage, source, replayOf, replayed: again } };
}

/** Reads one record. */
async function recordAt({ world }: Context, topics: Topics, position: string): Promise<InputRecord> {
  const { topic, partition, offset } = positionOf(position);
  const bounds = await topics.bounds(topic);
  let found: InputRecord | undefined;
  if (partition < bounds.length && offset < bounds[partition].latest) {
    const reading = { starts: new Map([[partition, offset]]), ends: new Map([[partition, offset + 1]]) };
    await topics.read(topic, { ...reading, signal: world.interrupted }, (record) => {
      if (record.offset === offset) found = record;
      return false;
    });
  }
  if (found === undefined) throw new Error(`There is no record at ${clean(position)}`);
  return found;
}

function show({ printer }: Context, record: InputRecord): void {
  const told = letterOf(record, undefined);
  printer.document({ ...recordJson(record), reason: told?.reason, stage: told?.stage, source: told?.source }, () =>
    [
      `position  ${clean(record.topic)}/${record.partition}@${record.offset}`,
      `written   ${iso(record.timestamp)}`,
      `from      ${clean(told?.source ?? "unknown")}`,
      `stage     ${clean(told?.stage ?? "none")}`,
      `reason    ${clean(told?.reason ?? "unknown")}`,
      ...(record.headers ?? []).map(([name, value]) => `header    ${clean(name)}: ${shownBytes(value)}`),
      `key       ${shownBytes(record.key)}`,
      `value     ${shownBytes(record.value)}`,
    ].join("\n"));
}
