/**
 * What the headers of a dead letter say, and the record that it was made of.
 *
 * @module
 */
import type { InputRecord, RecordHeaders } from "../connectors/connector.ts";
import { headerOf } from "../connectors/headers.ts";
import { REASON_HEADER, SOURCE_HEADER, STAGE_HEADER, TIME_HEADER } from "../connectors/record_rows.ts";
import { positionOf } from "../connectors/rows.ts";
import { textBytes } from "../base/text.ts";
import type { DeadLetterRecord, RecordPlace, Replayed } from "./records.ts";

/** The header of a record that was sent again: the dead letter that it was, as `topic/partition@offset`. */
export const REPLAYED_HEADER = "tidemark.replayed";

const decoder = new TextDecoder();

/** What a dead letter says of itself; `undefined` for a record that is none. */
export function letterOf(record: InputRecord, replayed: Replayed | undefined): DeadLetterRecord | undefined {
  const { topic, partition, offset, timestamp, headers } = record;
  const reason = textOf(headers, REASON_HEADER);
  if (reason === undefined) return undefined;
  return {
    ...{ topic, partition, offset, timestamp, reason, replayed },
    stage: textOf(headers, STAGE_HEADER),
    source: textOf(headers, SOURCE_HEADER),
    replayOf: textOf(headers, REPLAYED_HEADER),
  };
}

/** Where the record of a dead letter was: its offset is `undefined` for a result that was never published. */
export function placeOf(source: string): Omit<RecordPlace, "offset"> & { readonly offset?: number } | undefined {
  const found = /^(.+)\/(\d+)(?:@(\d+))?$/s.exec(source);
  if (found === null) return undefined;
  const [, topic, partition, offset] = found;
  return { topic, partition: Number(partition), ...(offset === undefined ? {} : { offset: Number(offset) }) };
}

/** The headers that a dead letter's record had itself: those before the ones that say why it was refused. */
export function ownHeaders(headers: RecordHeaders = []): RecordHeaders {
  const reason = headers.findLastIndex(([name]) => name === REASON_HEADER);
  if (reason === -1) return headers;
  // A result that was never published has its own time there.
  const timed = headers[reason - 1]?.[0] === TIME_HEADER &&
    placeOf(textOf(headers, SOURCE_HEADER) ?? "")?.offset !== undefined;
  return headers.slice(0, timed ? reason - 1 : reason);
}

/** The headers of a record that is sent again. */
export function replayHeaders(own: RecordHeaders, letter: RecordPlace): RecordHeaders {
  const earlier = own.filter(([name]) => name !== REPLAYED_HEADER);
  return [...earlier, [REPLAYED_HEADER, textBytes(positionOf(letter))]];
}

function textOf(headers: RecordHeaders | undefined, name: string): string | undefined {
  const bytes = headerOf(headers, name);
  return bytes === undefined || bytes === null ? undefined : decoder.decode(bytes);
}
