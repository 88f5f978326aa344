/**
 * Conversion between text and UTF-8, made fast for short texts such as record values.
 *
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Short texts share blocks of this size, in bytes, because allocating an array costs more than filling it. */
const BLOCK_BYTES = 32 * 1024;
/** The longest text that is written character by character, in UTF-16 code units. */
const SHORT = 1024;
let block = new Uint8Array(BLOCK_BYTES);
let used = 0;

/** A text in UTF-8. Short texts share their memory with others, so the caller must not write to the bytes. */
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

/** Whole numbers from here on are not written digit by digit. */
const LARGEST = 1e15;

/** The decimal digits of a number. Times are written without a string, which costs more than the digits. */
export function decimalBytes(value: number): Uint8Array {
  if (!(Number.isInteger(value) && value > 0 && value < LARGEST)) return textBytes(String(value));
  let length = 1;
  for (let power = 10; power <= value; power *= 10) length++;
  const bytes = reserve(length);
  // Halves of at most nine digits are integers of 32 bits, which divide fast.
  let low = value % 1e8 | 0, high = Math.floor(value / 1e8) | 0;
  let at = length;
  for (let left = Math.min(8, length); left > 0; left--, low = low / 10 | 0) bytes[--at] = 0x30 + low % 10;
  for (; at > 0; high = high / 10 | 0) bytes[--at] = 0x30 + high % 10;
  return bytes;
}

/** A part of the current block. */
function reserve(length: number): Uint8Array {
  if (used + length > BLOCK_BYTES) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  used += length;
  return new Uint8Array(block.buffer, used - length, length);
}

const NAMES = 1000;
const names = new Map<string, Uint8Array>();
/**
 * A byte that is not UTF-8 is kept in a name as this number plus the byte. The sum is a lone surrogate, which valid
 * UTF-8 never decodes to.
 */
const ESCAPE = 0xdc00;

/**
 * The UTF-8 bytes of a name, such as a header's. They are cached, because there are few names. {@linkcode bytesName} is
 * its inverse for all bytes.
 */
export function nameBytes(name: string): Uint8Array {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = name.isWellFormed() ? encoder.encode(name) : unescaped(name);
    if (names.size < NAMES) names.set(name, bytes);
  }
  return bytes;
}

/** Decodes a name. Bytes that are not UTF-8 are kept, because other clients may write any bytes. */
export function bytesName(bytes: Uint8Array): string {
  const name = lenient.decode(bytes);
  if (!name.includes("\ufffd")) return name;
  try {
    return strict.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : ESCAPE + byte)).join("");
  }
}

/**
 * The bytes of a name with lone surrogates. They stand for bytes that are not UTF-8, or come from the user and become
 * U+FFFD.
 */
function unescaped(name: string): Uint8Array {
  const units = Array.from(name, (char) => char.charCodeAt(0));
  const escaped = units.every((unit) => unit < 0x80 || (unit >= ESCAPE + 0x80 && unit <= ESCAPE + 0xff));
  return escaped ? Uint8Array.from(units, (unit) => unit & 0xff) : encoder.encode(name);
}

/**
 * Decodes UTF-8. A byte order mark at the start is kept.
 *
 * @throws {TypeError} when the bytes are not UTF-8
 */
export function bytesText(bytes: Uint8Array): string {
  const text = lenient.decode(bytes);
  // The strict decoder takes three times as long. It is needed only when the lenient one has found invalid bytes and
  // written U+FFFD.
  return text.includes("\ufffd") ? strict.decode(bytes) : text;
}
