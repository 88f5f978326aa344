/**
 * Reads a file of ratings, such as `u.data` of MovieLens 100k, as events of a shop. A line is
 * `user<TAB>item<TAB>rating<TAB>seconds`.
 *
 * A rating is an event `purchase` of its item, so that what a user has rated is not recommended to that user any more.
 * What was rated counts, not how: each rating weighs the same.
 */
import type { UserEvent } from "../../examples/recommendations/schema.ts";

const FORMAT = "user<TAB>item<TAB>rating<TAB>seconds";
/** The longest part of a wrong line that a message shows. */
const SHOWN = 60;

/** The events of a file in the order of their times. Those of one time stay in the order of the file. */
export async function readRatings(path: string): Promise<UserEvent[]> {
  const events = parseRatings(await textOf(path), path);
  if (events.length === 0) throw new Error(`The file ${path} has no ratings: a line is ${FORMAT}`);
  return events;
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`Cannot read the ratings of ${path}: ${(error as Error).message}`);
  }
}

/**
 * The events of a text.
 *
 * @param path the name of its file for messages
 * @throws {Error} when a line is not a rating
 */
export function parseRatings(text: string, path: string): UserEvent[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, nth) => {
    const event = ratingOf(line);
    if (event !== undefined) return event;
    const shown = JSON.stringify(line.length > SHOWN ? `${line.slice(0, SHOWN)}...` : line);
    throw new Error(
      `Line ${nth + 1} of ${path} must be ${FORMAT} with numbers in the last two, current value is ${shown}`,
    );
  }).sort((a, b) => a.timestamp_ms - b.timestamp_ms);
}

function ratingOf(line: string): UserEvent | undefined {
  const fields = line.split("\t");
  const [user, item, rating, seconds] = fields;
  if (fields.length !== 4 || user === "" || item === "" || !isNumber(rating) || !isNumber(seconds)) return undefined;
  const timestamp_ms = Math.round(Number(seconds) * 1000);
  if (!Number.isSafeInteger(timestamp_ms)) return undefined;
  return { user_id: user, product_id: item, category: "rated", event_type: "purchase", timestamp_ms };
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
