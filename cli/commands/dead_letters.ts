/**
 * `dead-letters JOB`: lists, shows and replays the records that a job refused.
 *
 * @module
 */
import { headerOf } from "../../connectors/headers.ts";
import { REASON_HEADER, SOURCE_HEADER } from "../../connectors/record_rows.ts";
import type { InputRecord } from "../../connectors/connector.ts";
import type { StoredJob } from "../../runtime/stored_job.ts";
import type { CommandSpec, Context } from "../command.ts";
import { WrongUsage } from "../errors.ts";
import { lastRecords } from "../last.ts";
import { lookAt } from "../look.ts";
import { clean, iso, shownBytes, textOf } from "../text.ts";
import type { Topics } from "../topics.ts";
import { positionOf, wholeOf } from "../values.ts";
import { recordJson } from "./tail.ts";

/** A dead letter. */
interface Letter {
  readonly record: InputRecord;
  readonly reason: string | undefined;
  /** Where the record came from. */
  readonly source: string | undefined;
}

/** `dead-letters` */
export const deadLetters: CommandSpec = {
  name: "dead-letters",
  summary: "list, show or replay the records that a job refused",
  words: [
    { word: "<job>", means: "the job" },
    { word: "[act]", means: "what to do; list where nothing is named", choices: ["list", "show"] },
    { word: "[position]", means: "the dead letter: TOPIC/PARTITION@OFFSET" },
  ],
  flags: [
    { flag: "--topic <topic>", means: "the topic of the dead letters (the one that has some)" },
    { flag: "--reason <text>", means: "only those whose reason has this text" },
    { flag: "--last <n>", means: "how many to list", default: "20" },
  ],
  example: "dead-letters recommendations show user_events_dead/0@12",
  needs: ["state", "brokers"],
  async run(context, [job, act = "list", position]) {
    const stored = await context.place.job(job!);
    const topics = await context.place.topics();
    if (act === "list") return await list(context, topics, stored);
    if (position === undefined) throw new WrongUsage(`dead-letters ${act} needs a position: TOPIC/PARTITION@OFFSET`);
    const letter = await letterAt(context, topics, position);
    return show(context, letter);
  },
};

async function list(context: Context, topics: Topics, job: StoredJob): Promise<void> {
  const { printer, flags } = context;
  const named = typeof flags.topic === "string" ? [flags.topic] : await topicsOf(context, topics, job);
  const count = wholeOf("--last", flags.last, 1);
  const letters: Letter[] = [];
  for (const topic of named) {
    const bounds = await topics.bounds(topic);
    const ends = new Map(bounds.map(({ latest }, partition) => [partition, latest]));
    const signal = context.world.interrupted;
    const look = (record: InputRecord): void => {
      const letter = letterOf(record);
      if (isWanted(letter, flags.reason)) letters.push(letter);
    };
    if (flags.reason === undefined) (await lastRecords(topics, topic, { count, ends, signal })).forEach(look);
    else {
      // Where only some are wanted, all have to be looked at.
      const starts = new Map(bounds.map(({ earliest }, partition) => [partition, earliest]));
      await topics.read(topic, { starts, ends, signal }, look);
    }
  }
  const shown = letters.sort((one, other) => one.record.timestamp - other.record.timestamp).slice(-count);
  printer.document(shown.map(letterJson), () => {
    if (shown.length === 0) {
      return `Job ${job.job} has no dead letter${named.length === 0 ? "" : ` in ${named.join(", ")}`}.`;
    }
    return printer.table(
      ["DEAD LETTER", "WRITTEN", "FROM", "REASON"],
      shown.map(({ record, reason, source }) => {
        return [`${record.topic}/${record.partition}@${record.offset}`, iso(record.timestamp), source, reason];
      }),
    );
  });
}

function isWanted({ reason, source }: Letter, wanted: unknown): boolean {
  if (reason === undefined && source === undefined) return false;
  return typeof wanted !== "string" || (reason ?? "").includes(wanted);
}

/** The topics that have dead letters: neither input nor results of the job, and their last record tells where it came from. */
async function topicsOf(
  context: Context,
  topics: Topics,
  { job, inputs, hops }: StoredJob,
): Promise<readonly string[]> {
  const { details } = await lookAt(context, job);
  const others = new Set([...Object.keys(inputs), ...Object.keys(details.outputs), ...hops]);
  const found: string[] = [];
  for (const { topic, records } of await topics.list()) {
    if (others.has(topic) || records === 0) continue;
    const bounds = await topics.bounds(topic);
    const ends = new Map(bounds.map(({ latest }, partition) => [partition, latest]));
    const last = await lastRecords(topics, topic, { count: 1, ends, signal: context.world.interrupted });
    const isOurs = last.some((record) => {
      const { source } = letterOf(record);
      return source !== undefined && Object.keys(inputs).some((input) => source.startsWith(`${input}/`));
    });
    if (isOurs) found.push(topic);
  }
  return found;
}

/** Reads one record. */
async function letterAt({ world }: Context, topics: Topics, position: string): Promise<Letter> {
  const { topic, partition, offset } = positionOf(position);
  const bounds = await topics.bounds(topic);
  let found: InputRecord | undefined;
  if (partition < bounds.length) {
    const reading = { starts: new Map([[partition, offset]]), ends: new Map([[partition, offset + 1]]) };
    await topics.read(topic, { ...reading, signal: world.interrupted }, (record) => {
      if (record.offset === offset) found = record;
      return false;
    });
  }
  if (found === undefined) throw new Error(`There is no record at ${clean(position)}`);
  return letterOf(found);
}

function letterOf(record: InputRecord): Letter {
  const header = (name: string) => {
    const value = headerOf(record.headers, name);
    return value === null || value === undefined ? undefined : textOf(value);
  };
  return { record, reason: header(REASON_HEADER), source: header(SOURCE_HEADER) };
}

function letterJson({ record, reason, source }: Letter) {
  return { ...recordJson(record), reason, source };
}

function show({ printer }: Context, letter: Letter): void {
  const { record, reason, source } = letter;
  printer.document(letterJson(letter), () =>
    [
      `position  ${clean(record.topic)}/${record.partition}@${record.offset}`,
      `written   ${iso(record.timestamp)}`,
      `from      ${clean(source ?? "unknown")}`,
      `reason    ${clean(reason ?? "unknown")}`,
      ...(record.headers ?? []).map(([name, value]) => `header    ${clean(name)}: ${shownBytes(value)}`),
      `key       ${shownBytes(record.key)}`,
      `value     ${shownBytes(record.value)}`,
    ].join("\n"));
}
