/**
 * The limits of the page.
 *
 * @module
 */

/** The port that is tried first. */
export const PORT = 8321;
/** How many ports are tried, one after the other, when no port was asked for. */
export const PORTS = 20;
/** How long at least lies between two snapshots, in milliseconds. */
export const SNAPSHOT_MS = 1_000;
/** How soon a page that has lost its stream comes back, in milliseconds. */
export const COME_BACK_MS = 1_000;
/** The most streams at once. */
export const MOST_READERS = 8;
/** The largest body of a request, in bytes. */
export const MOST_BODY_BYTES = 8_192;
/** The fewest characters of a token. */
export const TOKEN_LENGTH = 16;

/** For how long the loop of a worker may stand still before the worker counts as dead, in milliseconds. */
export const LIVE_MS = 30_000;

/** For how long a worker may wait for something before it counts as not ready, in milliseconds. */
export const READY_MS = 10_000;
/** The most that is shown of a value, in bytes. */
export const SHOWN_BYTES = 65_536;
/** How many dead letters are listed when no number was asked for. */
export const LETTERS_SHOWN = 50;
