/**
 * The form of encoded values, shared by writer and reader.
 *
 * | first byte | value |
 * |---|---|
 * | 0x80-0xff | an integer from 0 to 127 |
 * | 0x40-0x7f | an ASCII string of 0 to 63 characters |
 * | below | see {@linkcode Tag} |
 *
 * Objects of one shape (the same names in the same order) name their properties once in a stream.
 *
 * @module
 */

/** The first byte of a value that is not a small integer or a short string. */
export const Tag = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  /** Zigzag varint. */
  integer: 0x04,
  float: 0x05,
  ascii: 0x06,
  utf8: 0x07,
  /** Strings with lone surrogates, which UTF-8 cannot encode. */
  utf16: 0x08,
  /** The magnitude of a bigint, lowest byte first. */
  positive: 0x09,
  negative: 0x0a,
  bytes: 0x0b,
  array: 0x0c,
  /** The names follow. The shape gets the next number of the stream if {@linkcode isShared} allows it. */
  object: 0x0d,
  /** The same, for an object without a prototype. */
  bareObject: 0x0e,
  /** An object of a numbered shape. */
  shape: 0x0f,
  map: 0x10,
  set: 0x11,
  date: 0x12,
} as const;

/** The most shapes that a stream numbers. */
const SHAPES = 128;
/** The most names of a shape that gets a number. Larger objects are usually dictionaries. */
const SHAPE_NAMES = 24;
/** Whether a new shape gets a number, given the number of shapes so far. Writer and reader count in the same way. */
export function isShared(names: number, shapes: number): boolean {
  return names <= SHAPE_NAMES && shapes < SHAPES;
}
