/**
 * The hash of keys in stores of format 1. It uses only the end of a string. Bases of that layout are read with it, and
 * rewritten by the first commit.
 *
 * @module
 */
import type { Key } from "../operators/keyed_state.ts";
import { mix } from "./hash.ts";

/** How many characters at the end of a string are hashed. Similar names mostly differ there. */
const HASHED_CHARACTERS = 12;
const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const SECOND = 0x9e3779b1;

/** A hash of a key, 32 bits without sign. */
export function hashKeyOfFormat1(key: Key): number {
  switch (typeof key) {
    case "string":
      return mix(hashString(key, key.length > HASHED_CHARACTERS ? key.length - HASHED_CHARACTERS : 0));
    case "number":
      return mix(hashNumber(key));
    case "bigint":
      return mix(hashString(key.toString(16), 0) ^ SECOND);
    case "boolean":
      return mix(key ? 0x51ed270b : 0x2545f491);
  }
}

function hashString(text: string, from: number): number {
  let hash = OFFSET ^ text.length;
  for (let at = from; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash;
}

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);

function hashNumber(value: number): number {
  if ((value | 0) === value) return Math.imul(value, SECOND);
  // All bit patterns of NaN are one key.
  float[0] = Number.isNaN(value) ? 0 : value;
  return Math.imul(halves[0], PRIME) ^ Math.imul(halves[1], SECOND);
}
