/** Turns a record of an output topic into a row. */
import type { Output, Row } from "./rows.ts";

const decoder = new TextDecoder();

/** A record as any client returns it. */
export interface ReadRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly header: (name: string) => Uint8Array | null | undefined;
}

/** The source of a late record is kept without its topic, whose name differs in each run. */
export function readRow(output: Output, { key, value, header }: ReadRecord): Row {
  const text = (name: string) => {
    const bytes = header(name);
    return bytes === undefined || bytes === null ? undefined : decoder.decode(bytes);
  };
  return {
    output,
    key: key === null ? "nobody" : decoder.decode(key),
    value: value === null ? null : JSON.parse(decoder.decode(value)),
    time: Number(text("tidemark.time")),
    source: text("tidemark.source")?.split("/").pop(),
  };
}
