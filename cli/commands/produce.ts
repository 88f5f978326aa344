/**
 * `produce TOPIC FILE`: adds records to a topic.
 *
 * @module
 */
import type { AppendRecord } from "../../connectors/local/append.ts";
import { countOf } from "../../runtime/details_words.ts";
import type { CommandSpec, Context } from "../command.ts";
import { WrongUsage } from "../errors.ts";
import { linesOf } from "../lines.ts";
import { holdingFile } from "../running.ts";
import { clean } from "../text.ts";

/** How many records are sent together. */
const TOGETHER = 5000;
const encoder = new TextEncoder();

/** `produce` */
export const produce: CommandSpec = {
  name: "produce",
  summary: "add records to a topic: each line of a file is a value",
  words: [
    { word: "<topic>", means: "the topic" },
    { word: "<file>", means: "a file of lines, or - for stdin" },
  ],
  flags: [
    { flag: "--key <field>", means: "take the record's key from this field of a JSON value" },
    { flag: "--records", means: "each line is a whole record, as tail --json prints it" },
  ],
  example: "produce user_events events.jsonl --key user_id",
  needs: ["state", "brokers", "file"],
  changes: "at once",
  async run(context, [topic, file]) {
    const { place, printer, world, flags } = context;
    if (flags.records === true && flags.key !== undefined) {
      throw new WrongUsage("--records and --key exclude each other: a whole record has its own key");
    }
    const topics = await place.topics();
    await topics.bounds(topic!);
    using _held = flags.brokers === undefined && flags.dryRun !== true
      ? await holdingFile(await place.state(), `Cannot add to ${clean(topic!)}`)
      : undefined;
    let produced = 0, number = 0;
    let together: AppendRecord[] = [];
    const send = async () => {
      produced += flags.dryRun === true ? together.length : await topics.append(topic!, together);
      together = [];
    };
    for await (const line of await linesOf(world, file!)) {
      number++;
      if (world.interrupted.aborted) break;
      if (line.trim() === "") continue;
      together.push(recordOf(context, line, `${file} line ${number}`));
      if (together.length === TOGETHER) await send();
    }
    await send();
    const verb = flags.dryRun === true ? "would add" : "added";
    printer.document({ topic, records: produced, dry_run: flags.dryRun === true }, () => {
      return `${verb} ${countOf(produced, "record")} to ${clean(topic!)}`;
    });
  },
};

function recordOf({ flags }: Context, line: string, where: string): AppendRecord {
  if (flags.records === true) return wholeRecord(parsed(line, where), where);
  const value = encoder.encode(line.replace(/\r$/, ""));
  if (flags.key === undefined) return { value };
  const key = (parsed(line, where) as Record<string, unknown> | null)?.[String(flags.key)];
  if (typeof key === "string" || typeof key === "number") return { value, key };
  throw new Error(`Cannot add ${where}: it has no text or number in the field ${JSON.stringify(flags.key)}`);
}

function parsed(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`Cannot add ${where}: it is no JSON (${(error as Error).message})`, { cause: error });
  }
}

/** A record as `tail --json` prints it. Where it came from is not kept; its partition is chosen anew. */
function wholeRecord(line: unknown, where: string): AppendRecord {
  const { key = null, value, timestamp, headers = [] } = line as Record<string, unknown>;
  if (value === undefined) throw new Error(`Cannot add ${where}: it has no value; a tombstone has "value": null`);
  const time = timestamp === undefined ? undefined : Date.parse(String(timestamp));
  if (Number.isNaN(time)) throw new Error(`Cannot add ${where}: its timestamp is no time in ISO 8601`);
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers as object);
  return {
    ...{ key: bytesOf(key, where), value: bytesOf(value, where), timestamp: time },
    headers: pairs.map(([name, content]) => [String(name), bytesOf(content, where)] as const),
  };
}

/** The inverse of `bytesJson`. Any other JSON value is written as JSON. */
function bytesOf(value: unknown, where: string): Uint8Array | null {
  if (value === null) return null;
  if (typeof value === "string") return encoder.encode(value);
  const base64 = (value as { readonly base64?: unknown }).base64;
  if (typeof base64 !== "string") return encoder.encode(JSON.stringify(value));
  try {
    return Uint8Array.fromBase64(base64);
  } catch (error) {
    throw new Error(`Cannot add ${where}: ${JSON.stringify(base64)} is no base64`, { cause: error });
  }
}
