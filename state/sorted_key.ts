/**
 * Keys as strings that sort as Deno KV sorts its keys: by part, and by type within a part (bytes, string, bigint, number, boolean).
 *
 * @module
 */
import type { StoreKey } from "./store.ts";

const view = new DataView(new ArrayBuffer(8));
const encoder = new TextEncoder();

/** A key as a string, with one character for each byte. */
export function sortedKey(key: StoreKey): string {
  let text = "";
  for (const part of key) text += sortedPart(part);
  return text;
}

/** Compares for `sort`, by code unit, as `sortedKey` requires. */
export function compareSorted(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedPart(part: StoreKey[number]): string {
  switch (typeof part) {
    case "string":
      return `\x02${escaped(encoder.encode(part))}\0`;
    case "number":
      return `\x21${sortedNumber(part)}`;
    case "bigint":
      return sortedBigint(part);
    case "boolean":
      return part ? "\x27" : "\x26";
    default:
      return `\x01${escaped(part)}\0`;
  }
}

function escaped(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte === 0 ? "\0\xff" : String.fromCharCode(byte);
  return text;
}

/** The eight bytes of a float, changed so that they sort as the numbers do. */
function sortedNumber(value: number): string {
  view.setFloat64(0, value);
  const negative = (view.getUint8(0) & 0x80) !== 0;
  let text = "";
  for (let at = 0; at < 8; at++) {
    const byte = view.getUint8(at);
    text += String.fromCharCode(negative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte);
  }
  return text;
}

function sortedBigint(value: bigint): string {
  const hex = (value < 0n ? -value : value).toString(16);
  const bytes = hex.length % 2 === 0 ? hex : `0${hex}`;
  const length = value === 0n ? 0 : bytes.length / 2;
  let text = "";
  for (let at = 0; at < 2 * length; at += 2) {
    const byte = parseInt(bytes.slice(at, at + 2), 16);
    text += String.fromCharCode(value < 0n ? byte ^ 0xff : byte);
  }
  const size = String.fromCharCode(length >> 8, length & 0xff);
  const below = String.fromCharCode(0xff - (length >> 8), 0xff - (length & 0xff));
  return value < 0n ? `\x13${below}${text}` : `\x14${size}${text}`;
}
