/**
 * A state store as a file: every entry of it, so that what one version of the package has stored can be opened by a later one.
 *
 * The file is gzipped JSON: a list of `[key, bytes in base64]`, or `[key, null, value]` where the value is no bytes.
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

/** A store in memory that holds what was dumped. */
export async function loaded(bytes: Uint8Array): Promise<MemoryStore> {
  const store = new MemoryStore();
  const rows = JSON.parse(gunzipSync(bytes).toString()) as Row[];
  const sets = rows.map(([key, text, value]): Mutation => {
    return { type: "set", key, value: text === null ? value : new Uint8Array(Buffer.from(text, "base64")) };
  });
  for (const set of sets) await store.atomic([], [set]);
  return store;
}

/** Where the fixture of a format lies. */
export function fixtureOf(format: number, name: string): URL {
  return new URL(`../fixtures/${name}_format_${format}.json.gz`, import.meta.url);
}
