/**
 * The simulated Deno KV: one store in memory that all processes share. Its requests can be lost, late or repeated. The
 * engine's own `KvStore` works on it as on a real KV, with its retries and errors.
 *
 * @module
 */
import { type Check, MemoryStore, type Mutation, type StoreEntry, type StoreKey } from "../../state/mod.ts";
import type { Caller } from "./caller.ts";

/** How many entries a list returns at once: few, so that other writes come between two batches. */
const BATCH = 12;

/** Receives the writes of each atomic that took effect. */
export type Written = (mutations: readonly Mutation[], versionstamp: string, by: string) => void;

/** The content of a KV at one moment. */
export type KvCopy = readonly Pick<StoreEntry, "key" | "value">[];

/** The KV on its server. */
export class SimKv {
  /** The store itself, for checks at the end of a run. */
  readonly store = new MemoryStore();
  /** Called for every atomic that took effect, in order. */
  written: Written = () => {};

  /** The KV as one process sees it. */
  handle(caller: Caller, name: string): Deno.Kv {
    const kv = {
      get: (key: StoreKey) => caller.call(`kv read ${nameOf(key)}`, () => this.#get(key), lost),
      list: (selector: Deno.KvListSelector) => this.#list(caller, selector),
      atomic: () => this.#atomic(caller, name),
      close() {},
    };
    return kv as unknown as Deno.Kv;
  }

  /** The present content. */
  async copy(): Promise<KvCopy> {
    const entries: KvCopy[number][] = [];
    for await (const { key, value } of this.store.list([])) entries.push({ key, value });
    return entries;
  }

  /** Replaces the whole content by a copy, with new versionstamps, as restoring a backup does. */
  async restore(copy: KvCopy): Promise<void> {
    for (const { key } of await this.copy()) await this.store.atomic([], [{ type: "delete", key }]);
    for (const { key, value } of copy) await this.store.atomic([], [{ type: "set", key, value }]);
  }

  async #get(key: StoreKey): Promise<unknown> {
    return await this.store.get(key) ?? { key, value: null, versionstamp: null };
  }

  #list(caller: Caller, selector: Deno.KvListSelector): AsyncIterator<StoreEntry> {
    const { prefix = [], start, end } = selector as { prefix?: StoreKey; start?: StoreKey; end?: StoreKey };
    let batch: StoreEntry[] = [];
    let at = 0;
    let last: StoreKey | undefined;
    let over = false;
    const next = async (): Promise<IteratorResult<StoreEntry>> => {
      if (at === batch.length && !over) {
        const what = `kv list ${nameOf(prefix.length > 0 ? prefix : start ?? [])}`;
        batch = await caller.call(what, () => this.#batch(prefix, { start, end, last }), lost);
        at = 0;
        over = batch.length < BATCH;
        last = batch.at(-1)?.key ?? last;
      }
      return at < batch.length ? { done: false, value: batch[at++] } : { done: true, value: undefined };
    };
    return { next };
  }

  async #batch(
    prefix: StoreKey,
    { start, end, last }: { start?: StoreKey; end?: StoreKey; last?: StoreKey },
  ): Promise<StoreEntry[]> {
    const found: StoreEntry[] = [];
    for await (const entry of this.store.list(prefix, { start: last ?? start, end })) {
      if (last !== undefined && same(entry.key, last)) continue;
      found.push(entry);
      if (found.length === BATCH) break;
    }
    return found;
  }

  #atomic(caller: Caller, name: string): unknown {
    const checks: Check[] = [];
    const mutations: Mutation[] = [];
    const atomic = {
      check(check: Check) {
        checks.push(check);
        return atomic;
      },
      set(key: StoreKey, value: unknown) {
        mutations.push({ type: "set", key, value });
        return atomic;
      },
      delete(key: StoreKey) {
        mutations.push({ type: "delete", key });
        return atomic;
      },
      commit: () => {
        // Copies: the values at the time of the request are written, whatever the caller does with them later.
        const asked = mutations.map(copied);
        return caller.call(`kv write ${asked.map(nameOfMutation).join(" ")}`, async () => {
          const result = await this.store.atomic(checks, asked);
          if (result.ok) this.written(asked, result.versionstamp, name);
          return result;
        }, lost);
      },
    };
    return atomic;
  }
}

/** The error of Deno's client when the connection breaks: whether the request took effect is unknown. */
function lost(): Error {
  return new Error("error sending request: the connection was closed before the message was completed");
}

function copied(mutation: Mutation): Mutation {
  if (mutation.type === "delete") return mutation;
  const { key, value } = mutation;
  return { type: "set", key, value: value instanceof Uint8Array ? value.slice() : structuredClone(value) };
}

function nameOfMutation({ type, key }: Mutation): string {
  return type === "delete" ? `-${nameOf(key)}` : nameOf(key);
}

/** A key without the parts that all keys share. Rows of tables have keys of their own. */
function nameOf(key: StoreKey): string {
  if (key[0] !== "job") return "row";
  return key.slice(2).map((part) => typeof part === "string" && part.length === 16 ? part.slice(0, 4) : String(part))
    .join("/");
}

function same(one: StoreKey, other: StoreKey): boolean {
  return one.length === other.length && one.every((part, i) => part === other[i]);
}
