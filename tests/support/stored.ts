/**
 * Stores all entries of a state store in a file, so that a later version of the package can open what an earlier one
 * stored.
 *
 * The file is gzipped JSON: a list of `[key, bytes in base64]`, or `[key, null, value]` when the value is not bytes.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { Buffer } from "node:buffer";
import { MemoryStore } from "../../state/memory_store.ts";
import type { Mutation, Store, StoreKey } from "../../state/store.ts";

type Row = [key: StoreKey, bytes: string | null, value?: unknown];

/** All entries of a store, as the bytes of a file. */
export async function dumped(store: Store): Promise<Uint8Array> {
  const rows: Row[] = [];
  for await (const { key, value } of store.list(["job"])) {
    rows.push(value instanceof Uint8Array ? [key, Buffer.from(value).toString("base64")] : [key, null, value]);
  }
  return gzipSync(JSON.stringify(rows), { level: 9 });
}

/** A store in memory with the entries of a file. */
export async function loaded(bytes: Uint8Array): Promise<MemoryStore> {
  const store = new MemoryStore();
  const rows = JSON.parse(gunzipSync(bytes).toString()) as Row[];
  const sets = rows.map(([key, text, value]): Mutation => {
    return { type: "set", key, value: text === null ? value : new Uint8Array(Buffer.from(text, "base64")) };
  });
  for (const set of sets) await store.atomic([], [set]);
  return store;
}

/** The file of a format's fixture. */
export function fixtureOf(format: number, name: string): URL {
  return new URL(`../fixtures/${name}_format_${format}.json.gz`, import.meta.url);
}
