/**
 * Headers as users write them, and as records have them: a list, as in Kafka.
 *
 * @module
 */
import { varintSize } from "../base/bytes.ts";
import { nameBytes, textBytes } from "../base/text.ts";
import type { RecordHeader, RecordHeaders } from "./connector.ts";

/** What may be a header's value: text becomes UTF-8, `null` is a header without a value. */
export type HeaderValue = string | Uint8Array | null;

/** Headers as users write them: by name, or as a list where one name stands there several times. */
export type HeadersOption =
  | Readonly<Record<string, HeaderValue>>
  | readonly (readonly [name: string, value: HeaderValue])[];

/**
 * Makes headers as records have them.
 *
 * @throws {TypeError} when they are neither names with values nor a list of such pairs, or a value is none
 */
export function encodeHeaders(headers: HeadersOption): RecordHeaders {
  if (typeof headers !== "object" || headers === null) {
    throw new TypeError(`headers must be values by name, or a list of names with values, current value is ${headers}`);
  }
  const pairs = Array.isArray(headers) ? headers as readonly unknown[] : Object.entries(headers);
  return pairs.map(encodeHeader);
}

function encodeHeader(pair: unknown, index: number): RecordHeader {
  if (!Array.isArray(pair) || typeof pair[0] !== "string") {
    throw new TypeError(`headers[${index}] must be a name and a value`);
  }
  const [name, value] = pair;
  if (typeof value === "string") return [name, textBytes(value)];
  if (value === null || value instanceof Uint8Array) return [name, value];
  throw new TypeError(
    `the header ${JSON.stringify(name)} must be text, bytes or null, current value is of type ${typeof value}`,
  );
}

/** The value of a header: of several of one name, the last one's; `undefined` where there is none. */
export function headerOf(headers: RecordHeaders | undefined, name: string): Uint8Array | null | undefined {
  return headers?.findLast((header) => header[0] === name)?.[1];
}

/** Bytes of a record in the sense of size limits: key, value and headers, these with their lengths. */
export function recordBytes(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: RecordHeaders | undefined,
): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  if (headers === undefined) return bytes;
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    const name = nameBytes(header[0]).length;
    const content = header[1]?.length ?? 0;
    bytes += varintSize(2 * name) + name + varintSize(2 * content) + content;
  }
  return bytes;
}
