/**
 * Converts headers from the form of users to the form of records, which is a list as in Kafka.
 *
 * @module
 */
import { varintSize } from "../base/bytes.ts";
import { nameBytes, textBytes } from "../base/text.ts";
import type { RecordHeader, RecordHeaders } from "./connector.ts";

/** The value of a header. Text becomes UTF-8; `null` is a header without a value. */
export type HeaderValue = string | Uint8Array | null;

/** Headers in the form of users: by name, or as a list when a name occurs several times. */
export type HeadersOption =
  | Readonly<Record<string, HeaderValue>>
  | readonly (readonly [name: string, value: HeaderValue])[];

/**
 * Converts headers to the form of records.
 *
 * @throws {TypeError} when they are neither names with values nor a list of such pairs, or a value has another type
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

/** The value of a header, or of the last one when several have the name; `undefined` when there is none. */
export function headerOf(headers: RecordHeaders | undefined, name: string): Uint8Array | null | undefined {
  return headers?.findLast((header) => header[0] === name)?.[1];
}

let lastName = "";
let lastNameLength = 0;

/** The length of a name in UTF-8. Most records have the header of the record before. */
function nameLength(name: string): number {
  if (name !== lastName) {
    lastNameLength = nameBytes(name).length;
    lastName = name;
  }
  return lastNameLength;
}

/** The size of a record as limits count it, in bytes: key, value and headers, the headers with their lengths. */
export function recordBytes(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: RecordHeaders | undefined,
): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  if (headers === undefined) return bytes;
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    const name = nameLength(header[0]);
    const content = header[1]?.length ?? 0;
    bytes += varintSize(2 * name) + name + varintSize(2 * content) + content;
  }
  return bytes;
}
