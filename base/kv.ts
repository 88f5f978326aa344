/**
 * Deno KV's keys and limits, with units.
 *
 * @module
 */
import { KIB } from "./limits.ts";

/** A key: parts that sort as Deno KV sorts them. */
export type KvKey = readonly (string | number | bigint | boolean | Uint8Array)[];

/** The largest encoded key that Deno KV writes, in bytes. */
export const KV_KEY_BYTES = 2048;

/** The largest value that Deno KV takes, in bytes after serialization. */
export const KV_VALUE_BYTES: number = 64 * KIB;

/** The most mutations that Deno KV takes in one atomic. */
export const KV_ATOMIC_MUTATIONS = 1000;

/** The most bytes that Deno KV takes in one atomic: values, and each key twice. */
export const KV_ATOMIC_BYTES: number = 800 * KIB;

/** The most bytes of keys that Deno KV takes in the sets of one atomic. */
export const KV_ATOMIC_KEY_BYTES: number = 80 * KIB;

/** The most checks in one atomic. A local file takes 100, but a server only 10. */
export const KV_ATOMIC_CHECKS = 10;

/** How many bytes a key has in the store. */
export function keyBytes(key: KvKey): number {
  let bytes = 0;
  for (const part of key) bytes += partBytes(part);
  return bytes;
}

function partBytes(part: KvKey[number]): number {
  switch (typeof part) {
    case "string":
      return 2 + utf8Bytes(part) + zeros(part);
    case "number":
      return 9;
    case "boolean":
      return 1;
    case "bigint":
      return 2 + Math.ceil(part.toString(16).replace("-", "").length / 2);
    default:
      return 2 + part.length + part.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  }
}

/** How many bytes a text has in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

function zeros(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\0"); at !== -1; at = text.indexOf("\0", at + 1)) count++;
  return count;
}

/** A key as text, for messages. */
export function showKey(key: KvKey): string {
  return JSON.stringify(key, (_, part) => typeof part === "bigint" ? `${part}n` : part);
}
