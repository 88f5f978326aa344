/**
 * Text as UTF-8 and back, for values that are as short as records are.
 *
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder();

/** Short texts are laid into one block of this size after the other, in bytes: making an array costs more than filling it. */
const BLOCK_BYTES = 32 * 1024;
/** The longest text that is written character by character. */
const SHORT = 1024;
let block = new Uint8Array(BLOCK_BYTES);
let used = 0;

/** A text in UTF-8. Short ones share their memory with others: the bytes are to be read, and never written to. */
export function textBytes(text: string): Uint8Array {
  const { length } = text;
  if (length > SHORT) return encoder.encode(text);
  if (used + length > BLOCK_BYTES) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  const start = used;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return encoder.encode(text);
    block[start + index] = code;
  }
  used += length;
  return new Uint8Array(block.buffer, start, length);
}

/**
 * The text of bytes in UTF-8.
 *
 * @throws {TypeError} when they are not UTF-8
 */
export function bytesText(bytes: Uint8Array): string {
  const text = lenient.decode(bytes);
  // The strict decoder costs three times as much; where it would object, the lenient one has put its sign.
  return text.includes("\ufffd") ? strict.decode(bytes) : text;
}
