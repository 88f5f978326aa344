/**
 * Connectors: topics in memory, topics in Deno KV, tables in the job's own KV, and the port that every connector
 * implements. The Kafka connector is in `@tidemark/streams/kafka`.
 *
 * @module
 */
export * from "./codec.ts";
export type * from "./connector.ts";
export * from "./embedded/log.ts";
export { headerOf, type HeadersOption, type HeaderValue } from "./headers.ts";
export * from "./json.ts";
export { kvTable, type KvTableKeyPart, type KvTableOptions } from "./kv_table.ts";
export * from "./memory.ts";
export * from "./plain_codecs.ts";
export type { CheckTombstones, KeepTombstones, RecordKey, SinkOptions, SourceOptions } from "./verbs.ts";
export type { TableOptions } from "./_tables.ts";
export type { AppendRecord } from "./local/append.ts";
