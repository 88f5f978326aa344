/**
 * Headers as users write them, and as records have them.
 *
 * @module
 */
import type { RecordHeaders } from "./connector.ts";

const encoder = new TextEncoder();

/** Makes bytes of every header; text becomes UTF-8. */
export function encodeHeaders(headers: Readonly<Record<string, string | Uint8Array>>): RecordHeaders {
  const encoded: Record<string, Uint8Array> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value !== "string" && !(value instanceof Uint8Array)) {
      throw new TypeError(`header ${JSON.stringify(name)} must be text or bytes, current value is ${String(value)}`);
    }
    encoded[name] = typeof value === "string" ? encoder.encode(value) : value;
  }
  return encoded;
}
