/**
 * Keys, values and times as they are shown in a terminal.
 *
 * @module
 */
import type { RecordHeaders } from "../connectors/connector.ts";

/** Control characters, and those that change the direction of the text after them. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text on one line, without control characters: whoever wrote a key or a value cannot move the cursor or change colours. */
export function clean(text: string): string {
  return text.replace(CONTROLS, (found) => found === "\n" || found === "\t" ? " " : "");
}

/** The same for a text of several lines. */
export function cleanLines(text: string): string {
  return text.split("\n").map((line) => clean(line)).join("\n");
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text; `undefined` when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes in a JSON document: as text, or `{ base64 }` when they are not UTF-8. */
export type BytesJson = string | null | { readonly base64: string };

/** Bytes for a JSON document. */
export function bytesJson(bytes: Uint8Array | null): BytesJson {
  if (bytes === null) return null;
  return textOf(bytes) ?? { base64: bytes.toBase64() };
}

/** Bytes in a line of text. */
export function shownBytes(bytes: Uint8Array | null): string {
  if (bytes === null) return "null";
  const text = textOf(bytes);
  return text === undefined ? `0x${bytes.toHex()}` : clean(text);
}

/** Headers in a JSON document: a list of pairs, since a name may occur several times. */
export function headersJson(headers: RecordHeaders | undefined): (readonly [string, BytesJson])[] {
  return (headers ?? []).map(([name, value]) => [name, bytesJson(value)]);
}

/** A time as ISO 8601 in UTC. One that no calendar has stays a number. */
export function iso(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

/** A value of a state, or any other, on one line. Text is quoted, so that it cannot be mistaken for something else. */
export function shownValue(value: unknown): string {
  return clean(typeof value === "string" ? value : JSON.stringify(value, plain) ?? String(value));
}

/** Replaces what JSON has no form for. */
export function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return bytesJson(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Map) {
    return [...value.keys()].every((key) => typeof key === "string") ? Object.fromEntries(value) : [...value];
  }
  return value;
}

/** A JSON text that a terminal can print: characters that it might obey are escaped. */
export function jsonText(document: unknown, indent?: number): string {
  return (JSON.stringify(document, plain, indent) ?? "null").replace(
    CONTROLS,
    (found) => found === "\n" ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
