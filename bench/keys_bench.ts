/**
 * Measures the cost of similar keys: events of users whose keys have a common end or a common start, compared with the
 * same events with other keys. Also measures the cost of one more entry for a key with many entries. All run in one
 * process, in turns, so that other programs slow all equally.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../base/clock.ts";
import type { KeyedList, KeyedMap, KeyedState } from "../operators/keyed_state.ts";
import { TaskCheckpoint } from "../state/checkpoint.ts";
import { commitCuts } from "../state/commit.ts";
import { DurableStates } from "../state/durable_state.ts";
import { KvStore } from "../state/kv_store.ts";
import { judge, percentile, table } from "./support/report.ts";

const USERS = 10_000;
const EPOCH_EVENTS = 2000;
/**
 * The goals, as ratios: the largest epoch's bytes and all commits' p95, compared with other keys; an append to many
 * entries, compared with one to few.
 */
const GOALS = { bytes: 1.5, p95: 1.2, append: 2 } as const;

/**
 * Kinds of keys with a common end. Each is compared with its mirror image: keys of the same length and characters, with
 * a common start.
 */
const KINDS: Readonly<Record<string, (user: number) => string>> = {
  "urn:shop:N:europe-west1": (user) => `urn:shop:${user}:europe-west1`,
  "UUIDs of one machine": (user) => `${user.toString(16).padStart(8, "0")}-a24a-11ee-9c3e-0242ac120002`,
  "mail addresses": (user) => `user${user}@mail.example.com`,
};

function mirrored(key: string): string {
  return [...key].reverse().join("");
}

/** The cost of the events of one kind of keys. */
export interface KeysCost {
  readonly keys: string;
  readonly mirrored: boolean;
  readonly epochs: number;
  readonly largestBytes: number;
  readonly p50: number;
  readonly p95: number;
  readonly buckets: number;
}

/** Counts events, one epoch at a time, on a KV file of its own. */
class Subject {
  largest = 0;
  readonly times: number[] = [];

  private constructor(
    readonly kind: string,
    readonly mirrored: boolean,
    readonly keys: readonly string[],
    readonly store: KvStore,
    readonly checkpoint: TaskCheckpoint,
    readonly state: KeyedState,
  ) {}

  static async open(folder: string, kind: string, mirror: boolean): Promise<Subject> {
    const store = await KvStore.open(`${folder}/${Object.keys(KINDS).indexOf(kind)} ${mirror}.db`, systemClock);
    const states = new DurableStates();
    const claim = await TaskCheckpoint.claim(store, { job: "bench", task: 0, states, clock: systemClock });
    if (claim.full) throw new Error("Nobody publishes here");
    const state = states.open({ name: "counts", operator: "keyedReduce", namespaced: false });
    const keys = Array.from({ length: USERS }, (_, user) => mirror ? mirrored(KINDS[kind](user)) : KINDS[kind](user));
    return new Subject(kind, mirror, keys, store, claim.checkpoint, state);
  }

  async epoch(users: readonly number[]): Promise<void> {
    const { state, checkpoint, keys } = this;
    for (const user of users) {
      const cell = state.cell(keys[user]);
      state.touch(cell);
      state.write(cell, (cell.value as number ?? 0) + 1);
    }
    const began = performance.now();
    const { epoch } = checkpoint.head;
    const cut = checkpoint.cut({ offsets: { in: { 0: epoch + 1 } }, clocks: {}, counters: { in: epoch } });
    const { bytes } = await commitCuts(this.store, [cut], { clock: systemClock });
    this.times.push(performance.now() - began);
    this.largest = Math.max(this.largest, bytes);
  }

  cost(): KeysCost {
    const sorted = Float64Array.from(this.times).sort();
    const [p50, p95] = [0.5, 0.95].map((part) => percentile(sorted, part));
    const [{ buckets }] = this.checkpoint.head.states;
    return {
      keys: this.kind,
      mirrored: this.mirrored,
      epochs: sorted.length,
      largestBytes: this.largest,
      p50,
      p95,
      buckets,
    };
  }
}

/** Counts events with keys of each kind. The kinds take turns, epoch by epoch. */
export async function measureKeys(events: number): Promise<KeysCost[]> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  try {
    const subjects: Subject[] = [];
    for (const kind of Object.keys(KINDS)) {
      for (const mirror of [false, true]) subjects.push(await Subject.open(folder, kind, mirror));
    }
    for (let from = 0, turn = 0; from < events; from += EPOCH_EVENTS, turn++) {
      const users = Array.from({ length: EPOCH_EVENTS }, () => Math.floor(Math.random() * USERS));
      for (let i = 0; i < subjects.length; i++) await subjects[(turn + i) % subjects.length].epoch(users);
    }
    const costs = subjects.map((subject) => subject.cost());
    for (const { store } of subjects) store.close();
    return costs;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The cost of a change of one entry, in nanoseconds, by the number of entries of its key. */
export interface EntryCost {
  readonly change: string;
  readonly few: number;
  readonly many: number;
}

/** Measures appends and sets at keys with 10 and with 100,000 entries, in turns. */
export function measureEntries(rounds: number): EntryCost[] {
  const states = new DurableStates();
  const list = states.open({ name: "log", operator: "bench", kind: "list", namespaced: false }) as KeyedList;
  const map = states.open({ name: "cart", operator: "bench", kind: "map", namespaced: false }) as KeyedMap;
  for (const [key, size] of [["few", 10], ["many", 100_000]] as const) {
    for (let i = 0; i < size; i++) {
      list.cell(key).append(i);
      map.cell(key).set(i, i);
    }
  }
  const changes: Record<string, (key: string, i: number) => void> = {
    "append to a list": (key, i) => list.cell(key).append(i),
    "set an entry of a map": (key, i) => map.cell(key).set(i % 10, i),
  };
  return Object.entries(changes).map(([change, act]) => {
    const best = { few: Infinity, many: Infinity };
    for (let round = 0; round < rounds; round++) {
      for (const key of round % 2 === 0 ? ["few", "many"] as const : ["many", "few"] as const) {
        // The small list stays small.
        if (key === "few") list.cell(key).shift(list.cell(key).size - 10);
        states.cut();
        const began = performance.now();
        for (let i = 0; i < 1000; i++) act(key, i);
        // The cost of encoding is included.
        states.assertStorable();
        best[key] = Math.min(best[key], performance.now() - began);
      }
    }
    return { change, few: best.few * 1000, many: best.many * 1000 };
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, events: { type: "string" }, minutes: { type: "string" } },
  });
  const costs = await measureKeys(Number(values.events ?? (values.quick ? 100_000 : 1_000_000)));
  table(
    `Counts of ${USERS} users on a KV file, ${EPOCH_EVENTS} events an epoch, whose keys end alike, and as long ones that do not`,
    costs.filter(({ mirrored }) => !mirrored).map((cost) => {
      const other = costs.find(({ keys, mirrored }) => keys === cost.keys && mirrored)!;
      const [bytes, p95] = [cost.largestBytes / other.largestBytes, cost.p95 / other.p95];
      return {
        keys: cost.keys,
        epochs: cost.epochs,
        buckets: cost.buckets,
        "largest epoch, bytes": cost.largestBytes,
        "of other keys": other.largestBytes,
        [`at most ${GOALS.bytes} times`]: judge(bytes.toFixed(2), bytes <= GOALS.bytes),
        "p95 ms": cost.p95,
        "p95 of other keys": other.p95,
        [`at most ${GOALS.p95} times`]: judge(p95.toFixed(2), p95 <= GOALS.p95),
      };
    }),
  );
  table(
    "A change of one entry, in nanoseconds, where its key has 10 or 100,000",
    measureEntries(200).map(({ change, few, many }) => ({
      change,
      "of 10": few,
      "of 100,000": many,
      [`at most ${GOALS.append} times`]: judge((many / few).toFixed(2), many <= GOALS.append * few),
    })),
  );
}
