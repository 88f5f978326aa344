/**
 * The store on Deno KV: a local file, memory, or a server.
 *
 * @module
 */
import { pauseAfter } from "../base/backoff.ts";
import type { WaitingClock } from "../base/clock.ts";
import { UnavailableError } from "./errors.ts";
import { CALL_LIMIT_MS, CALL_TOLD_MS, LOCKED_RETRIES, RETRY_PAUSE } from "./limits.ts";
import { type Patience, waitOrThrow } from "./retry.ts";
import type { AtomicResult, Check, Mutation, Store, StoreEntry, StoreKey } from "./store.ts";

/**
 * Deno KV as a {@linkcode Store}. After `database is locked` a call is repeated, because such an atomic was certainly
 * not executed. Every other failure is an `UnavailableError`, and the outcome of the atomic is unknown.
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
  /** Called when a call has waited for several seconds, with the reason, and with `undefined` when calls succeed again. */
  waits: (error: Error | undefined) => void = () => {};
  readonly #closed = new AbortController();
  /** Ends the waits of the calls under way. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** What was told: the calls that still wait, by what tells it, and what has failed since it last succeeded. */
  readonly #troubled = new Set<Deed | (() => void)>();

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
   * @param where the path of a file (created with its folder if it is missing), the URL of a server, `:memory:`, or an
   * open KV
   * @param clock for waiting while a file is locked
   * @throws {Error} when it cannot be opened; the message is one sentence
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
      const kv = await whileLocked({ clock }, () => Deno.openKv(where));
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
      // A batch that could not be read was not skipped, so it can be requested again.
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
    if (this.#closed.signal.aborted) return;
    this.letGo();
    this.kv.close();
  }

  /** The same, but the KV stays open: it is somebody else's. */
  letGo(): void {
    this.#closed.abort();
    for (const giveUp of [...this.#waiting]) giveUp(this.#closedError());
  }

  #closedError(): Error {
    return new Error(`The state at ${this.name} is closed`);
  }

  async #retry<T>(what: Deed, act: () => Promise<T>): Promise<T> {
    const { clock } = this;
    const { signal } = this.#closed;
    let reason = unanswered(CALL_TOLD_MS);
    let told = false;
    const tell = () => {
      told = true;
      this.#troubled.add(tell);
      this.waits(this.#cannotBe(what, reason));
    };
    const cancelTelling = clock.after?.(CALL_TOLD_MS, tell);
    const locked = (error: Error) => {
      reason = reasonOf(error);
      if (told) tell();
    };
    try {
      const answer = await whileLocked({ clock, signal }, () => {
        if (signal.aborted) throw this.#closedError();
        return this.#answered(act());
      }, locked);
      // What can be written can be read. A file that is locked can be read only.
      this.#over(tell, "read", what);
      return answer;
    } catch (error) {
      if (signal.aborted || !isPassing(error)) {
        this.#over(tell);
        throw error;
      }
      // The trouble goes on until a call of this kind succeeds.
      if (this.#troubled.delete(tell)) this.#troubled.add(what);
      throw this.#cannotBe(what, reasonOf(error), error);
    } finally {
      cancelTelling?.();
    }
  }

  #cannotBe(what: Deed, reason: string, cause?: unknown): UnavailableError {
    return new UnavailableError(`The state at ${this.name} cannot be ${what}: ${reason}`, { cause });
  }

  /** These are troubles no more. Others may be: a single call may hang. */
  #over(...troubles: (Deed | (() => void))[]): void {
    const were = this.#troubled.size;
    for (const trouble of troubles) this.#troubled.delete(trouble);
    if (this.#troubled.size === 0 && were > 0) this.waits(undefined);
  }

  /** Gives up a call that is not answered, as if its connection had broken; it may still take effect. */
  async #answered<T>(call: Promise<T>): Promise<T> {
    const { clock } = this;
    if (clock.after === undefined) return await call;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    const cancel = clock.after(CALL_LIMIT_MS, () => reject(new Error(unanswered(CALL_LIMIT_MS))));
    call.then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
      cancel();
    }
  }
}

/** What is done with the state, as a message names it. */
type Deed = "read" | "written";

function unanswered(ms: number): string {
  return `it has not answered for ${ms / 1000} s`;
}

/**
 * Repeats a call while the file is locked, because then nothing was executed. Throws all other errors.
 *
 * @param locked called each time
 */
async function whileLocked<T>(
  patience: Patience,
  act: () => Promise<T>,
  locked: (error: Error) => void = () => {},
): Promise<T> {
  for (let failures = 0;; failures++) {
    try {
      return await act();
    } catch (error) {
      if (!isLocked(error) || failures >= LOCKED_RETRIES) throw error;
      locked(error);
      const wait = pauseAfter(Math.min(failures, 4), RETRY_PAUSE, patience.clock.random());
      await waitOrThrow(patience, wait, error);
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

/** Deno reports a locked file as a TypeError. */
function isLocked(error: unknown): error is Error {
  return error instanceof Error && /database (table )?is locked/.test(error.message);
}

/**
 * SQLite's messages when the machine has no space left or cannot write at the moment. Deno reports them as
 * `TypeError`s, as it does for an invalid key or value.
 */
const MACHINE_TROUBLE =
  /database or disk is full|disk I\/O error|database (table |schema )?is locked|unable to open database file/;

/** Whether a repeated call may succeed. It cannot for a key or value that is too large, or without a permission. */
function isPassing(error: unknown): boolean {
  if (error instanceof Error && MACHINE_TROUBLE.test(error.message)) return true;
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.PermissionDenied);
}

/** The reason, and the cure. Deno's own advice, to grant all permissions, is left out. */
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
