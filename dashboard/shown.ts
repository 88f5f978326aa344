/**
 * Values as the page shows them: as JSON, as text, or as hexadecimal digits.
 *
 * @module
 */
import { SHOWN_BYTES } from "./limits.ts";

/** A value as it is shown. */
export interface Shown {
  /** `hidden`: the page does not show values. */
  readonly as: "json" | "text" | "hex" | "hidden";
  /** At most 64 KB of it. */
  readonly text: string;
  /** How many bytes the whole value has. */
  readonly bytes: number;
  /** Whether there is more of it. */
  readonly cut: boolean;
}

/** How values are shown. */
export interface Showing {
  readonly values: "show" | "hide";
  /** What is shown of a value. */
  readonly redact: (value: unknown, topic: string) => unknown;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The bytes of a record's key, value or header; `null` where there are none. */
export function shownBytes(bytes: Uint8Array | null, topic: string, { values, redact }: Showing): Shown | null {
  if (values === "hide") return bytes === null ? null : { as: "hidden", text: "", bytes: bytes.length, cut: false };
  const { as, value, whole } = decoded(bytes);
  const kept = redact(value, topic);
  if (kept !== value) return shownValue(kept, topic, { values, redact: (same) => same });
  if (bytes === null) return null;
  return { as, ...cutText(whole), bytes: bytes.length };
}

/** A value of a state. */
export function shownValue(value: unknown, topic: string, { values, redact }: Showing): Shown {
  const text = json(value);
  const bytes = encoder.encode(text).length;
  if (values === "hide") return { as: "hidden", text: "", bytes, cut: false };
  const kept = redact(value, topic);
  const shown = kept === value ? text : json(kept);
  return { as: "json", ...cutText(shown), bytes: kept === value ? bytes : encoder.encode(shown).length };
}

/** What bytes are: JSON, text with no control characters, or neither. */
function decoded(bytes: Uint8Array | null): { as: "json" | "text" | "hex"; value: unknown; whole: string } {
  if (bytes === null) return { as: "text", value: null, whole: "" };
  try {
    const text = decoder.decode(bytes);
    // deno-lint-ignore no-control-regex -- these are what no text has
    if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) return hexOf(bytes);
    try {
      return { as: "json", value: JSON.parse(text), whole: text };
    } catch {
      return { as: "text", value: text, whole: text };
    }
  } catch {
    return hexOf(bytes);
  }
}

function hexOf(bytes: Uint8Array): { as: "hex"; value: Uint8Array; whole: string } {
  // More than what is shown at the end need not be made.
  return { as: "hex", value: bytes, whole: bytes.subarray(0, SHOWN_BYTES).toHex() };
}

/** The text, or as much of it as is shown. A character is not cut in two. */
function cutText(text: string): { readonly text: string; readonly cut: boolean } {
  if (text.length * 3 <= SHOWN_BYTES) return { text, cut: false };
  const bytes = encoder.encode(text);
  if (bytes.length <= SHOWN_BYTES) return { text, cut: false };
  return { text: new TextDecoder().decode(bytes.subarray(0, SHOWN_BYTES)).replace(/\ufffd$/, ""), cut: true };
}

/** JSON that also shows values for which JSON has no form. */
function json(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (part instanceof Map || part instanceof Set) return [...part];
    if (part instanceof Uint8Array) return part.toHex();
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    return typeof part === "bigint" || typeof part === "symbol" || typeof part === "function" ? String(part) : part;
  }, 2) ?? "undefined";
}
