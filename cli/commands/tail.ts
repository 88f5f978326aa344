/**
 * `tail TOPIC`: the records of a topic.
 *
 * @module
 */
import type { InputRecord } from "../../connectors/connector.ts";
import type { CommandSpec, Context, Flags } from "../command.ts";
import { Interrupted, WrongUsage } from "../errors.ts";
import { lastRecords } from "../last.ts";
import { type BytesJson, bytesJson, headersJson, iso, shownBytes } from "../text.ts";
import type { Reading, Topics } from "../topics.ts";
import { timeOf, wholeOf } from "../values.ts";

/** `tail` */
export const tail: CommandSpec = {
  name: "tail",
  summary: "show the last records of a topic, and the new ones with --follow",
  words: [{ word: "<topic>", means: "the topic" }],
  flags: [
    { flag: "--follow", means: "go on with new records, until Ctrl+C" },
    { flag: "--last <n>", means: "how many records to begin with", default: "10" },
    { flag: "--from <where>", means: "begin at earliest, latest, a time or an offset, in place of the last ones" },
    { flag: "--partition <n>", means: "only this partition" },
    { flag: "--limit <n>", means: "end after so many records" },
  ],
  example: "tail user_activity --follow --json",
  needs: ["state", "brokers"],
  async run(context, [topic]) {
    const { place, world, flags } = context;
    const topics = await place.topics();
    const starts = await startsOf(topics, topic!, flags);
    const limit = flags.limit === undefined ? Infinity : wholeOf("--limit", flags.limit, 1);
    let shown = 0;
    const show = (record: InputRecord): boolean => {
      printRecord(context, record);
      return ++shown < limit;
    };
    const reading: Reading = { starts, signal: world.interrupted };
    const bounds = await topics.bounds(topic!);
    const ends = new Map([...starts.keys()].map((partition) => [partition, bounds[partition].latest]));
    if (flags.from === undefined) {
      const count = wholeOf("--last", flags.last);
      // Of several partitions, the newest records.
      const last = await lastRecords(topics, topic!, { count, ends, signal: world.interrupted });
      for (const record of count === 0 ? [] : last.slice(-count)) if (!show(record)) return;
      if (flags.follow) await topics.read(topic!, { ...reading, starts: ends }, show);
    } else await topics.read(topic!, flags.follow ? reading : { ...reading, ends }, show);
    if (world.interrupted.aborted) throw new Interrupted();
  },
};

/** The first offset to read of each partition. */
async function startsOf(topics: Topics, topic: string, { from, partition }: Flags): Promise<Map<number, number>> {
  const bounds = await topics.bounds(topic);
  const only = partition === undefined ? undefined : wholeOf("--partition", partition);
  if (only !== undefined && only >= bounds.length) {
    throw new WrongUsage(`--partition must be below ${bounds.length}, as ${topic} has it, current value is ${only}`);
  }
  const offsets = await offsetsOf(topics, topic, from);
  return new Map(
    offsets.map((offset, at) => [at, offset] as const).filter(([at]) => only === undefined || at === only),
  );
}

async function offsetsOf(
  topics: Topics,
  topic: string,
  from: unknown,
): Promise<readonly number[]> {
  const bounds = await topics.bounds(topic);
  if (from === "earliest") return bounds.map(({ earliest }) => earliest);
  if (from === "latest" || from === undefined) return bounds.map(({ latest }) => latest);
  if (/^\d+$/.test(String(from))) {
    return bounds.map(({ earliest, latest }) => Math.min(latest, Math.max(earliest, Number(from))));
  }
  return await topics.atTime(topic, timeOf("--from", String(from)));
}

/** Prints a record: one line. */
export function printRecord({ printer }: Pick<Context, "printer">, record: InputRecord): void {
  printer.line(recordJson(record), () => {
    const { topic, partition, offset, timestamp, key, value } = record;
    return `${shownBytes(encoder.encode(topic))}/${partition}@${offset}  ${iso(timestamp)}  ${shownBytes(key)}  ${
      shownBytes(value)
    }`;
  });
}

const encoder = new TextEncoder();

/** A record in a JSON document. */
export interface RecordJson {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: string | undefined;
  readonly key: BytesJson;
  readonly value: BytesJson;
  readonly headers: readonly (readonly [name: string, value: BytesJson])[];
}

/** A record as JSON. `produce --records` takes it back. */
export function recordJson({ topic, partition, offset, timestamp, key, value, headers }: InputRecord): RecordJson {
  return {
    ...{ topic, partition, offset, timestamp: iso(timestamp), key: bytesJson(key), value: bytesJson(value) },
    headers: headersJson(headers),
  };
}
