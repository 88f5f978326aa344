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

/** Why a job stops at something that was refused and cannot be a dead letter either. */
export function undeliverable(reason: string, error: Error): string {
  return `${reason}; and it cannot be a dead letter: ${
    brief(error.message)
  }. Give the dead-letter topic a larger limit, or correct ` +
    `what is refused`;
}
