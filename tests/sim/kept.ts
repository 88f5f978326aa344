/**
 * Checks the rows of tables in the job's KV: while they are written, and at the end.
 *
 * @module
 */
import type { Mutation, StoreKey } from "../../state/mod.ts";
import { FAMILIES } from "./families/all.ts";
import type { KeptRow } from "./families/family.ts";
import type { SimKv } from "./kv.ts";
import { rowKey } from "./truth.ts";

const NAMES: ReadonlySet<unknown> = new Set(FAMILIES.filter(({ kept }) => kept).map(({ name }) => name));

export class Kept {
  /** The number of the row that was last written under a key. */
  readonly #last = new Map<string, number>();

  /** Returns what is wrong with an atomic that has taken effect. A row must never be written over by an older one. */
  written(mutations: readonly Mutation[]): string | undefined {
    for (const mutation of mutations) {
      const name = nameOf(mutation.key);
      if (name === undefined || mutation.type === "delete") continue;
      const { n } = mutation.value as KeptRow;
      const last = this.#last.get(name) ?? n;
      if (n < last) return `row ${n} of ${name} was written over row ${last}`;
      this.#last.set(name, n);
    }
    return undefined;
  }

  /** The KV was replaced by a copy. */
  clear(): void {
    this.#last.clear();
  }
}

/** The rows that a reader sees, as the truth has them. */
export async function rowsIn({ store }: SimKv): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for await (const { key, value } of store.list([])) {
    const name = nameOf(key);
    if (name !== undefined) rows.set(name, JSON.stringify(value));
  }
  return rows;
}

/** Whether a list of rows is that of a table. */
export function isOfTable(name: string): boolean {
  return NAMES.has(name.split(" ", 1)[0]);
}

/** Whether a row deletes its key. */
export function isGone(row: string | undefined): boolean {
  return row === undefined || (JSON.parse(row) as KeptRow).gone === true;
}

function nameOf([table, key]: StoreKey): string | undefined {
  return NAMES.has(table) ? rowKey(String(table), String(key)) : undefined;
}
