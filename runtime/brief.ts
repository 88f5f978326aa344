/**
 * Shortens reasons for headers and logs.
 *
 * @module
 */
import { REASON_CHARACTERS } from "./limits.ts";

/** Puts a message on one line and cuts out its middle when it is too long for headers and logs. */
export function brief(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  if (line.length <= REASON_CHARACTERS) return line;
  const half = (REASON_CHARACTERS - 5) / 2;
  return `${line.slice(0, Math.ceil(half))} ... ${line.slice(-Math.floor(half))}`;
}
