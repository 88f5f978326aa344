/**
 * The store on Deno KV: a local file, memory, or a server.
 *
 * @module
 */
import { pauseAfter } from "../base/backoff.ts";
import type { WaitingClock } from "../base/clock.ts";
import { UnavailableError } from "./errors.ts";
import { CALL_LIMIT_MS, CALL_TOLD_MS, LOCKED_RETRIES, RETRY_PAUSE } from "./limits.ts";
import type { AtomicResult, Check, Mutation, Store, StoreEntry, StoreKey } from "./store.ts";

/**
 * Deno KV as a {@linkcode Store}. `database is locked` is tried again: such an atomic was surely not done. Every other failure
 * is an `UnavailableError`: what became of the atomic is then unknown.
 *
 * @example Open a store in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { KvStore } from "@tidemark/streams/state";
 *
 * const clock = { now: () => 0, sleep: () => Promise.resolve(), random: () => 0.5 };
 * const store = await KvStore.open(":memory:", clock);
 * await store.atomic([], [{ type: "set", key: ["greeting"], value: "hello" }]);
 * assertEquals((await store.get(["greeting"]))?.value, "hello");
 * store.close();
 * ```
 */
export class KvStore implements Store {
  /** Told of a call that goes unanswered for longer than a moment, and with `undefined` when that is over. */
  waits: (error: Error | undefined) => void = () => {};
  #closed = false;
  /** Ends the waits of the calls under way. */
  readonly #waiting = new Set<(error: Error) => void>();

  /**
   * Makes a store of an open KV.
   *
   * @param kv an open KV; `close` closes it
   * @param name where it is, for messages
   * @param clock for waiting while a file is locked
   */
  constructor(readonly kv: Deno.Kv, readonly name: string, readonly clock: WaitingClock) {}

  /**
   * Opens a store.
   *
   * @param where the path of a file (made where it is missing, with its folder), the URL of a server, `:memory:`, or an open KV
   * @param clock for waiting while a file is locked
   * @throws {Error} one sentence, when it cannot be opened
   */
  static async open(where: string | Deno.Kv, clock: WaitingClock): Promise<KvStore> {
    if (typeof where !== "string") return new KvStore(where, "the given Deno KV", clock);
    if (typeof Deno.openKv !== "function") {
      throw new Error(
        `Cannot open the state at ${where}: Deno KV is not switched on. Add "unstable": ["kv"] to deno.json, or run with --unstable-kv`,
      );
    }
    try {
      if (isPath(where)) await makeFolder(where);
      const kv = await whileLocked(clock, () => Deno.openKv(where));
      const store = new KvStore(kv, where, clock);
      try {
        await store.get(["job"]);
      } catch (error) {
        store.close();
        throw error;
      }
      return store;
    } catch (error) {
      throw new Error(`Cannot open the state at ${where}: ${whyNotOpened(where, error)}`, { cause: error });
    }
  }

  /** The value of a key, or `undefined`. */
  async get<T = unknown>(key: StoreKey): Promise<StoreEntry<T> | undefined> {
    const entry = await this.#retry("read", () => this.kv.get<T>(key));
    return entry.versionstamp === null ? undefined : entry as StoreEntry<T>;
  }

  async *list<T = unknown>(
    prefix: StoreKey,
    range: { start?: StoreKey; end?: StoreKey } = {},
  ): AsyncIterable<StoreEntry<T>> {
    const entries = this.kv.list<T>(selectorOf(prefix, range), { batchSize: 250 });
    for (;;) {
      // A batch that could not be read was not passed over, so it may be asked for again.
      const next = await this.#retry("read", () => entries.next());
      if (next.done) return;
      yield next.value as StoreEntry<T>;
    }
  }

  async atomic(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult> {
    const result = await this.#retry("written", () => {
      const atomic = this.kv.atomic();
      for (const check of checks) atomic.check(check);
      for (const mutation of mutations) {
        if (mutation.type === "set") atomic.set(mutation.key, mutation.value);
        else atomic.delete(mutation.key);
      }
      return atomic.commit();
    });
    return result.ok ? { ok: true, versionstamp: result.versionstamp } : { ok: false };
  }

  /** Closes the KV. Calls under way are answered no more: they are given up. */
  close(): void {
    if (this.#closed) return;
    this.letGo();
    this.kv.close();
  }

  /** The same, but the KV stays open: it is somebody else's. */
  letGo(): void {
    this.#closed = true;
    for (const giveUp of [...this.#waiting]) giveUp(this.#closedError());
  }

  #closedError(): Error {
    return new Error(`The state at ${this.name} is closed`);
  }

  async #retry<T>(what: "read" | "written", act: () => Promise<T>): Promise<T> {
    try {
      return await whileLocked(this.clock, () => {
        if (this.#closed) throw this.#closedError();
        return this.#answered(what, act());
      });
    } catch (error) {
      if (this.#closed || !isPassing(error)) throw error;
      throw new UnavailableError(`The state at ${this.name} cannot be ${what}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /**
   * Gives a call up that is not answered, as one whose connection broke: it may still take effect. Well before that somebody is told
   * that it is waited for, and of the end of that wait.
   */
  async #answered<T>(what: string, call: Promise<T>): Promise<T> {
    const { clock } = this;
    if (clock.after === undefined) return await call;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    const unanswered = (ms: number) => `it has not answered for ${ms / 1000} s`;
    let told = false;
    const cancelTelling = clock.after(CALL_TOLD_MS, () => {
      told = true;
      this.waits(new UnavailableError(`The state at ${this.name} cannot be ${what}: ${unanswered(CALL_TOLD_MS)}`));
    });
    const cancel = clock.after(CALL_LIMIT_MS, () => reject(new Error(unanswered(CALL_LIMIT_MS))));
    call.then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
      cancelTelling();
      cancel();
      if (told) this.waits(undefined);
    }
  }
}

/** Tries again while the file is locked, for then surely nothing was done; throws on what stays. */
async function whileLocked<T>(clock: WaitingClock, act: () => Promise<T>): Promise<T> {
  for (let failures = 0;; failures++) {
    try {
      return await act();
    } catch (error) {
      if (!isLocked(error) || failures >= LOCKED_RETRIES) throw error;
      await clock.sleep(pauseAfter(Math.min(failures, 4), RETRY_PAUSE, clock.random()));
    }
  }
}

function selectorOf(prefix: StoreKey, { start, end }: { start?: StoreKey; end?: StoreKey }): Deno.KvListSelector {
  if (start !== undefined) return end !== undefined ? { start, end } : { prefix, start };
  return end !== undefined ? { prefix, end } : { prefix };
}

function isPath(where: string): boolean {
  return where !== ":memory:" && !/^https?:\/\//.test(where);
}

async function makeFolder(path: string): Promise<void> {
  const folder = path.replace(/[/\\][^/\\]*$/, "");
  if (folder !== path && folder !== "") await Deno.mkdir(folder, { recursive: true });
}

/** A locked file is told by a TypeError, as if the caller were to blame. */
function isLocked(error: unknown): boolean {
  return error instanceof Error && /database (table )?is locked/.test(error.message);
}

/**
 * What SQLite says when the machine has no space left or cannot write just now. Deno gives these as `TypeError`s, which it also
 * gives for a key or a value that is wrong.
 */
const MACHINE_TROUBLE =
  /database or disk is full|disk I\/O error|database (table |schema )?is locked|unable to open database file/;

/** Whether it may be otherwise next time: a key or value that is too large, or a missing permission, stays as it is. */
function isPassing(error: unknown): boolean {
  if (error instanceof Error && MACHINE_TROUBLE.test(error.message)) return true;
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.PermissionDenied);
}

/** The reason, and what to do about it. Deno's own advice, to allow a program everything, is not passed on. */
function whyNotOpened(where: string, error: unknown): string {
  if (where === ":memory:") return reasonOf(error);
  if (error instanceof Deno.errors.NotCapable) {
    return isPath(where)
      ? "Deno does not let this program use that path; name a file in a folder of your own, which it may read and write " +
        "(--allow-read, --allow-write)"
      : "Deno does not let this program reach that server; allow it (--allow-net), and its access token " +
        "(--allow-env=DENO_KV_ACCESS_TOKEN)";
  }
  if (!isPath(where)) {
    return `${reasonOf(error)}; check that the server runs and that DENO_KV_ACCESS_TOKEN is its token`;
  }
  const reason = reasonOf(error);
  return /is not a database/.test(reason)
    ? `${reason}; name another file, or move this one away`
    : `${reason}; name a file in a folder that exists or can be made, and that this user may write to`;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].replace(/\.$/, "");
}
