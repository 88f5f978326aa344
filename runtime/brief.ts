/**
 * Reasons, as short as whoever carries them needs them.
 *
 * @module
 */
import { REASON_CHARACTERS } from "./limits.ts";

/** A message on one line, of a length that headers and logs can bear: of a longer one the middle is left out. */
export function brief(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  if (line.length <= REASON_CHARACTERS) return line;
  const half = (REASON_CHARACTERS - 5) / 2;
  return `${line.slice(0, Math.ceil(half))} ... ${line.slice(-Math.floor(half))}`;
}
