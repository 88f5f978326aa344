/**
 * Stores all entries of a state store in a file, so that a later version of the package can open what an earlier one
 * stored.
 *
 * The file is gzipped JSON: a list of `[key, bytes in base64]`, or `[key, null, value]` when the value is not bytes.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { Buffer } from "node:buffer";
import { MemoryStore } from "../../state/memory_store.ts";
import type { StoreKey } from "../../state/store.ts";

/** An entry of a store or of Deno KV. */
interface Entry {
  readonly key: readonly unknown[];
  readonly value: unknown;
}

type Row = [key: Entry["key"], bytes: string | null, value?: unknown];

/** Entries, as the bytes of a file. */
export async function dumped(entries: AsyncIterable<Entry>): Promise<Uint8Array> {
  const rows: Row[] = [];
  for await (const { key, value } of entries) {
    rows.push(value instanceof Uint8Array ? [key, Buffer.from(value).toString("base64")] : [key, null, value]);
  }
  return gzipSync(JSON.stringify(rows), { level: 9 });
}

/** The entries of a file. */
export function entriesOf(bytes: Uint8Array): Entry[] {
  const rows = JSON.parse(gunzipSync(bytes).toString()) as Row[];
  return rows.map(([key, text, value]) => {
    return { key, value: text === null ? value : new Uint8Array(Buffer.from(text, "base64")) };
  });
}

/** A store in memory with the entries of a file. */
export async function loaded(bytes: Uint8Array): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const { key, value } of entriesOf(bytes)) {
    await store.atomic([], [{ type: "set", key: key as StoreKey, value }]);
  }
  return store;
}

/** The file of a format's fixture. */
export function fixtureOf(format: number, name: string): URL {
  return new URL(`../fixtures/${name}_format_${format}.json.gz`, import.meta.url);
}
