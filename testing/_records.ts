/**
 * Records as tests read them.
 *
 * @module
 */
import type { RecordCodec } from "../connectors/codec.ts";
import type { InputRecord } from "../connectors/connector.ts";
import { headerOf } from "../connectors/headers.ts";
import { TIME_HEADER } from "../connectors/record_rows.ts";

/** A result in its topic. */
export interface TestRecord<T = unknown> {
  /** The key as text, `null` if there is none. */
  readonly key: string | null;
  /** The value, decoded; `null`: a tombstone. */
  readonly value: T;
  /** The partition it went to. */
  readonly partition: number;
  /** Its event time, in milliseconds since 1970. */
  readonly timestamp: number;
  /**
   * Its headers as text, by name; "" for one without a value. In a late record or a dead letter, `tidemark.reason` is
   * the reason, and `tidemark.source` the position of the original record: `topic/partition@offset`.
   */
  readonly headers: Readonly<Record<string, string>>;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decodes a value with the codec. Without one it decodes JSON, or returns the text if it is not JSON, because a dead
 * letter may hold any text.
 */
export function valueOf(bytes: Uint8Array | null, codec?: RecordCodec<unknown>): unknown {
  if (bytes === null) return null;
  if (codec !== undefined) return codec.decode(bytes);
  const text = decoder.decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A record as tests read it. */
export function readable(record: InputRecord, codec?: RecordCodec<unknown>): TestRecord {
  const { key, value, partition, timestamp, headers = [] } = record;
  const time = headerOf(headers, TIME_HEADER);
  const others = headers.filter(([name]) => name !== TIME_HEADER);
  return {
    key: key === null ? null : decoder.decode(key),
    value: valueOf(value, codec),
    partition,
    timestamp: !(time instanceof Uint8Array) ? timestamp : Number(decoder.decode(time)),
    headers: Object.fromEntries(others.map(([name, bytes]) => [name, bytes === null ? "" : decoder.decode(bytes)])),
  };
}
