/** For tests of the state: a clock whose sleeps take no time, a store that fails on demand, and a task to commit. */
import {
  type AtomicResult,
  type Check,
  type Claim,
  commitCuts,
  type CutRequest,
  DurableStates,
  type DurableStatesOptions,
  type Mutation,
  type OutputRecord,
  type Store,
  type StoreEntry,
  type StoreKey,
  TaskCheckpoint,
  UnavailableError,
} from "../../state/mod.ts";
import type { WaitingClock } from "../../base/clock.ts";
import type { KeyedState } from "../../operators/keyed_state.ts";

/** A clock whose sleeps take no time, with a fixed sequence of pseudo-random numbers. */
export function testClock(seed = 1): WaitingClock {
  let now = 0;
  let state = seed >>> 0;
  return {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    random: () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      // The low bits of this generator are not random enough.
      return (state >>> 8) / 2 ** 24;
    },
  };
}

/** The outcome of one atomic. */
export type Fault =
  | "none"
  /** It took effect, and `ok: false` is returned, since the client repeated it. */
  | "done, said to have failed"
  /** It took effect, and the answer is lost. */
  | "done, answer lost"
  /** It did not take effect, and the caller cannot know. */
  | "request lost"
  /** It takes effect only when `deliver` is called. */
  | "request delayed";

/** A store whose atomics fail as requested. */
export class FaultStore implements Store {
  readonly #late: [readonly Check[], readonly Mutation[]][] = [];
  /** Called before each atomic. */
  fault: (checks: readonly Check[], mutations: readonly Mutation[]) => Fault = () => "none";
  /** How many atomics were sent. */
  atomics = 0;

  constructor(readonly inner: Store) {}

  get name(): string {
    return this.inner.name;
  }

  get<T>(key: StoreKey): Promise<StoreEntry<T> | undefined> {
    return this.inner.get<T>(key);
  }

  list<T>(prefix: StoreKey, range?: { start?: StoreKey; end?: StoreKey }): AsyncIterable<StoreEntry<T>> {
    return this.inner.list<T>(prefix, range);
  }

  async atomic(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult> {
    this.atomics++;
    const fault = this.fault(checks, mutations);
    if (fault === "request lost") throw new UnavailableError("The request was lost");
    if (fault === "request delayed") {
      this.#late.push([checks, mutations]);
      throw new UnavailableError("The request was delayed");
    }
    const result = await this.inner.atomic(checks, mutations);
    if (fault === "done, answer lost") throw new UnavailableError("The answer was lost");
    return fault === "none" ? result : { ok: false };
  }

  /** Delivers the delayed requests. Returns how many of them took effect. */
  async deliver(): Promise<number> {
    let effects = 0;
    for (const [checks, mutations] of this.#late.splice(0)) {
      if ((await this.inner.atomic(checks, mutations)).ok) effects++;
    }
    return effects;
  }

  close(): void {
    this.inner.close();
  }
}

/** A result with this text. */
export function result(text: string): OutputRecord {
  const value = new TextEncoder().encode(text);
  return { topic: "out", partition: 0, timestamp: 1, key: null, value, headers: undefined };
}

/** An owner of a task with one state of each kind. */
export interface Owner {
  readonly checkpoint: TaskCheckpoint;
  readonly states: DurableStates;
  readonly counts: KeyedState<string, unknown>;
  readonly windows: KeyedState<string, unknown>;
  /** Cuts and commits. Fields that the test does not set have default values. */
  commit(request?: Partial<CutRequest>): Promise<"committed" | "fenced">;
}

/** Options of {@linkcode own}. */
export interface OwnOptions extends DurableStatesOptions {
  readonly job?: string;
  readonly task?: number;
  readonly publisher?: string;
  readonly clock?: WaitingClock;
  /** In milliseconds of the test clock. */
  readonly patience?: number;
}

let owners = 0;

/** Claims a task and opens its states, as the runtime does. */
export async function own(store: Store, options: OwnOptions = {}): Promise<Owner> {
  const { job = "job", task = 0, publisher, clock = testClock(++owners), patience } = options;
  const states = new DurableStates(options);
  const { checkpoint } = taken(await TaskCheckpoint.claim(store, { job, task, states, publisher, clock, patience }));
  await checkpoint.restore();
  const counts = states.open({ name: "counts", operator: "keyedReduce", namespaced: false }) as KeyedState<
    string,
    unknown
  >;
  const windows = states.open({ name: "windows", operator: "tumblingWindow", namespaced: true }) as KeyedState<
    string,
    unknown
  >;
  return {
    checkpoint,
    states,
    counts,
    windows,
    async commit(request = {}) {
      const cut = checkpoint.cut({ ...request, ...filled(checkpoint, request) });
      return (await commitCuts(store, [cut], { clock, patience })).outcomes[0];
    },
  };
}

/** A complete request, with defaults for missing fields. */
export function filled(checkpoint: TaskCheckpoint, request: Partial<CutRequest> = {}): CutRequest {
  const { offsets = {}, clocks = checkpoint.head.clocks, counters = checkpoint.head.counters } = request;
  return { offsets, clocks, counters };
}

/** The checkpoint of a successful claim. */
export function taken(claim: Claim): Extract<Claim, { full: false }> {
  if (claim.full) throw new Error("The head is full of publishers");
  return claim;
}

/** Sets a key's value; `undefined` removes it. */
export function put(state: KeyedState<string, unknown>, key: string, value: unknown, namespace = 0): void {
  const cell = state.cell(key, namespace);
  state.touch(cell);
  state.write(cell, value);
}

/** All values of a state, by namespace and key. */
export function contents(state: Pick<KeyedState, "namespaces" | "cells">): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const namespace of state.namespaces()) {
    for (const { key, value } of state.cells(namespace)) all[`${namespace} ${typeof key} ${key}`] = value;
  }
  return all;
}

/** Every key below a prefix. */
export async function keysOf(store: Store, prefix: StoreKey): Promise<StoreKey[]> {
  const keys: StoreKey[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Commits an epoch; returns how many bytes its delta has. */
export async function commitDelta({ checkpoint }: { readonly checkpoint: TaskCheckpoint }): Promise<number> {
  const cut = checkpoint.cut({ offsets: {}, clocks: {}, counters: {} });
  let bytes = 0;
  for (const mutation of cut.ahead) {
    if (mutation.type === "set" && mutation.key[3] === "delta") bytes += (mutation.value as Uint8Array).length;
  }
  await commitCuts(checkpoint.store, [cut], checkpoint.options);
  return bytes;
}
