/**
 * Text as UTF-8 and back, for values that are as short as records are.
 *
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

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

const NAMES = 1000;
const names = new Map<string, Uint8Array>();
/** A byte that is no UTF-8 stands in a name as this and the byte: a lone surrogate, which no UTF-8 can be. */
const ESCAPE = 0xdc00;

/**
 * A name of few (a header's) in UTF-8, encoded once. {@linkcode bytesName} is its inverse, whatever the bytes were.
 */
export function nameBytes(name: string): Uint8Array {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = name.isWellFormed() ? encoder.encode(name) : unescaped(name);
    if (names.size < NAMES) names.set(name, bytes);
  }
  return bytes;
}

/** A name from its bytes. Bytes that are no UTF-8 are kept: other clients write names as they like. */
export function bytesName(bytes: Uint8Array): string {
  const name = lenient.decode(bytes);
  if (!name.includes("\ufffd")) return name;
  try {
    return strict.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : ESCAPE + byte)).join("");
  }
}

/** The bytes of a name with bytes that are no UTF-8, or with lone surrogates of the user's, which become U+FFFD. */
function unescaped(name: string): Uint8Array {
  const units = Array.from(name, (char) => char.charCodeAt(0));
  const escaped = units.every((unit) => unit < 0x80 || (unit >= ESCAPE + 0x80 && unit <= ESCAPE + 0xff));
  return escaped ? Uint8Array.from(units, (unit) => unit & 0xff) : encoder.encode(name);
}

/**
 * The text of bytes in UTF-8, a byte order mark at its beginning included.
 *
 * @throws {TypeError} when they are not UTF-8
 */
export function bytesText(bytes: Uint8Array): string {
  const text = lenient.decode(bytes);
  // The strict decoder costs three times as much; where it would object, the lenient one has put its sign.
  return text.includes("\ufffd") ? strict.decode(bytes) : text;
}
