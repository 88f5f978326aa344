/**
 * With a task for each partition, a stage must use the same key as its topic. Otherwise records of one key come to
 * several tasks.
 *
 * Keys are compared as values. The source may have a codec for keys; without one they are read as text. A key that
 * decodes to an object or to bytes cannot be the key of a stage, so it is not compared.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import type { SourceSpec } from "../connectors/connector.ts";
import { json } from "../connectors/json.ts";
import { int32, int64, text } from "../connectors/plain_codecs.ts";
import type { Key } from "../operators/keyed_state.ts";
import type { RecordAtHand, Task } from "../operators/_task.ts";
import { HopRecord } from "./hop_records.ts";
import { positionOf } from "../connectors/rows.ts";

/** Codecs to suggest in a message for keys that are not text, by their source text. */
const OTHERS = { "int64()": int64(), "int32()": int32(), "json()": json<unknown>() };
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** How many characters of a key a message shows. */
const SHOWN = 100;

/** A key that a stage sees for the first time, and the source that the record at hand came from. */
export interface KeyAtHand {
  readonly key: Key;
  readonly stage: string;
  readonly source: SourceSpec | undefined;
}

/**
 * Compares a key that a stage sees for the first time with the key of the record, or of the window above. Throws when
 * they differ.
 *
 * @param task the task of the current record
 * @param at the key, the stage, and the source that the record came from
 */
export function guardKey(task: Task, { key, stage, source }: KeyAtHand): void {
  const { record, pane } = task;
  if (record === undefined) {
    if (pane === undefined || pane.key === key || pane.call?.keyed === false) return;
    const [shown, other] = shownBoth(key, pane.key);
    throw misused(
      task,
      `${stage} is keyed by ${shown}, the window above it by ${other}: results of one key come from several tasks. ` +
        'Run the job with tasks: "single", or put repartition({ name, key }) between the two',
      stage,
    );
  }
  if (source?.key === undefined && isAscii(record.key, key)) return;
  const own = readKey(record, source);
  if (typeof own === "object" && own !== null) return;
  if (isSame(own, key) || (source?.key === undefined && own === String(key))) return;
  throw misused(task, reasonOf(record, { key, own, stage, readsAsText: source?.key === undefined }), stage);
}

/**
 * Whether bytes are the ASCII of a key. Decides most keys without decoding them, because windows meet a key anew in each
 * window.
 */
function isAscii(bytes: Uint8Array | null, key: Key): boolean {
  if (bytes === null || typeof key !== "string" || bytes.length !== key.length) return false;
  for (let at = 0; at < bytes.length; at++) {
    const code = key.charCodeAt(at);
    if (code !== bytes[at] || code > 0x7f) return false;
  }
  return true;
}

/** The key of a record, decoded with the source's codec, or as text when the source has none. */
function readKey({ key }: RecordAtHand, source: SourceSpec | undefined): unknown {
  if (key === null) return null;
  if (source?.key === undefined) return decoder.decode(key);
  try {
    return source.key.decode(key);
  } catch (error) {
    throw new TypeError(`its key cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether two keys are equal. Numbers are equal whichever type holds them. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === "bigint" && Number.isInteger(other)) return one === BigInt(other as number);
  if (typeof other === "bigint" && Number.isInteger(one)) return other === BigInt(one as number);
  return one === other;
}

interface Difference {
  readonly key: unknown;
  readonly own: unknown;
  readonly stage: string;
  readonly readsAsText: boolean;
}

function reasonOf(record: RecordAtHand, { key, own, stage, readsAsText }: Difference): string {
  const { topic } = record;
  const [shown, other] = shownBoth(key, own);
  const head = `${stage} is keyed by ${shown}, but the record ${positionOf(record)} has the key ${other}`;
  const codec = readsAsText && record.key !== null ? codecThatReads(record.key, key) : undefined;
  if (codec !== undefined) {
    return `${head} as text. As ${codec} it is the same: say how the topic's keys read with source("${topic}", { key: ${codec} })`;
  }
  const cure = record instanceof HopRecord
    ? `Give the repartition() above it the same key`
    : `Key the topic ${topic} by it, or run the job with tasks: "single", or put repartition({ name, key }) above the stage`;
  if (readsAsText && record.key !== null && !isText(record.key)) {
    return `${head}, which is no text. Say how the topic's keys read with source("${topic}", { key }). If it is keyed by something else, ` +
      `records of one key would be spread over several tasks: ${`${cure[0].toLowerCase()}${cure.slice(1)}`}`;
  }
  return `${head}${hintOf(key, own)}: records of one key would be spread over several tasks. ${cure}`;
}

/** The codec that decodes the bytes to this key, if there is one. */
function codecThatReads(bytes: Uint8Array, key: unknown): string | undefined {
  return Object.entries(OTHERS).find(([, codec]) => {
    try {
      return isSame(codec.decode(bytes), key);
    } catch {
      return false;
    }
  })?.[0];
}

function isText(bytes: Uint8Array): boolean {
  try {
    // Names have no control characters, but the bytes of small integers are control characters.
    return !/\p{Cc}/u.test(text().decode(bytes));
  } catch {
    return false;
  }
}

/** Names a difference between two keys that is easily overlooked. */
function hintOf(key: unknown, own: unknown): string {
  if (typeof key !== "string" || typeof own !== "string") {
    return own !== null && String(key) === String(own) ? ` (one is a ${typeof key}, the other a ${typeof own})` : "";
  }
  if (key.replaceAll("\ufeff", "") === own.replaceAll("\ufeff", "")) return " (they differ in a byte order mark)";
  if (key.trim() === own.trim()) return " (they differ in spaces at an end)";
  if (key.normalize() === own.normalize()) return " (they differ in how Unicode composes characters)";
  if (key.toLowerCase() === own.toLowerCase()) return " (they differ in case)";
  return "";
}

/**
 * Shows two keys so that their difference is visible: writes out invisible characters, and cuts long keys to the place
 * where they differ.
 */
function shownBoth(one: unknown, other: unknown): [string, string] {
  if (typeof one !== "string" || typeof other !== "string") return [shownKey(one, 0), shownKey(other, 0)];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = one.length > SHOWN || other.length > SHOWN ? Math.max(0, at - SHOWN / 2) : 0;
  const composed = one.normalize() === other.normalize() ? ESCAPED_ALL : ESCAPED;
  return [shownKey(one, from, composed), shownKey(other, from, composed)];
}

/** Everything except letters, digits, signs and plain spaces. */
const ESCAPED = /\p{C}|(?! )\p{Z}/gu;
/** Everything but ASCII. */
const ESCAPED_ALL = /[^\x20-\x7e]/gu;

/** A key as a message shows it. */
export function shownKey(key: unknown, from = 0, escaped: RegExp = ESCAPED): string {
  if (typeof key === "bigint") return `${key}n`;
  if (typeof key !== "string") return String(key);
  const part = key.slice(from, from + SHOWN);
  const shown = JSON.stringify(part).replace(
    escaped,
    (mark) => Array.from(mark.split(""), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
  return `${from > 0 ? "..." : ""}${shown}${from + SHOWN < key.length ? "..." : ""}`;
}

/** The job is put together wrongly; no record is at fault. The task has failed before the error is thrown. */
function misused(task: Task, reason: string, stage: string): Error {
  return task.fail(new TypeError(reason), stage, "misuse");
}
