/**
 * A task that was left in the middle of its work, as in the fixture of each stored format. `tests/fixtures/make.ts`
 * creates it, and `tests/stored_format_test.ts` opens it.
 */
import type { OutputRecord } from "../../state/outbox.ts";
import type { Store, TableRow } from "../../state/store.ts";
import { own, type Owner, put } from "./state.ts";

/** The job whose task was left in the middle of its work. */
export const TASK = { job: "shop", task: 0 } as const;
const PUBLISHER = "shop.0123456789abcdef";
const ROUNDS = 5;
/** Larger than an entry of the store, so that its base is stored in chunks. */
const LARGE = "w".repeat(70_000);
const encoder = new TextEncoder();

/** Keys of all kinds. The long ones differ only at their beginning. */
export function storedKey(i: number): string {
  return `user-${i.toString(36)}@${"mail.".repeat(i % 3 === 0 ? 8 : 1)}example.com`;
}

/** The value of a key after a round; `undefined` when it was removed. */
export function storedValue(i: number, round: number): unknown {
  if (i % 50 === 49) return undefined;
  if (i % 7 === 0) return { total: round, seen: new Set([round]), since: new Date(round), big: 2n ** 70n };
  return i % 7 === 1 ? [`${round}`, null, -0] : `${round} ${"x".repeat(200)}`;
}

const lastRound = (i: number): number => i % ROUNDS;

/** The content of the state `counts` at the end. */
export function storedCounts(): Record<string, unknown> {
  const found: Record<string, unknown> = { "0 string large": LARGE };
  for (let i = 0; i < 400; i++) {
    const value = storedValue(i, ROUNDS + lastRound(i));
    if (value !== undefined) found[`0 string ${storedKey(i)}`] = value;
  }
  return found;
}

/** The content of the state `windows` at the end. */
export function storedWindows(): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (let i = 0; i < 60; i++) {
    for (const start of [-60_000, 0, 60_000 * i]) found[`${start} string ${storedKey(i)}`] = [i, 0];
  }
  return found;
}

/** The committed results that are not published. */
export const STORED_RESULTS: readonly OutputRecord[] = [
  {
    topic: "counts",
    partition: 1,
    timestamp: 1_700_000_000_000,
    key: encoder.encode("ada"),
    value: encoder.encode("1"),
    headers: [["tidemark.time", encoder.encode("1700000000000")], ["", new Uint8Array([0, 255])]],
  },
  { topic: "counts", partition: 0, timestamp: 1_700_000_000_001, key: null, value: null, headers: undefined },
];

/** The clocks at the end. */
export const STORED_CLOCKS = {
  main: {
    watermark: 1_699_999_999_999,
    partitions: [["clicks", 0, 1_700_000_000_000, false], ["clicks", 1, 1_700_000_000_777, true]] as const,
  },
};

/** What the owner tells. Heads have it since format 4. */
export const STORED_TOLD = { at: 1_700_000_100_000, raisedBy: { main: { clicks: { 0: 4709, 1: 11 } } } };

/** The rows that follow the last epoch, because they do not fit into its atomic. Heads name them since format 3. */
export const STORED_ROWS: readonly TableRow[] = Array.from({ length: 1000 }, (_, i) => {
  return i % 10 === 9
    ? { key: ["prices", "gone", i], value: null, bytes: 0 }
    : { key: ["prices", i, i % 2 === 0, BigInt(i), new Uint8Array([i % 256])], value: { cents: i }, bytes: 30 };
});

/** Creates the task. */
export async function leaveTask(store: Store): Promise<void> {
  const owner = await own(store, { ...TASK, publisher: PUBLISHER });
  await owner.checkpoint.rewrite({ topics: { clicks: "0123456789abcdef0123456789abcdef" } });
  // Each key is written many times, so that there are bases and deltas.
  for (let round = 0; round < 2 * ROUNDS; round++) await leaveRound(owner, round);
  for (let i = 0; i < 60; i++) {
    for (const start of [-60_000, 0, 60_000 * i]) put(owner.windows, storedKey(i), [i, 0], start);
  }
  await owner.commit({
    offsets: { clicks: { 0: 4711, 1: 12 } },
    clocks: STORED_CLOCKS,
    counters: { records_in: 4723, late: 3, "outputs.counts": 2 },
    outbox: STORED_RESULTS,
    published: owner.checkpoint.head.epoch,
    writes: { ahead: [], last: [], rows: STORED_ROWS },
    told: STORED_TOLD,
  });
}

async function leaveRound(owner: Owner, round: number): Promise<void> {
  if (round % 2 === 0) put(owner.counts, "large", LARGE);
  for (let i = 0; i < 400; i++) {
    if (round >= ROUNDS && lastRound(i) !== round - ROUNDS) continue;
    put(owner.counts, storedKey(i), round < ROUNDS ? `${round} ${"y".repeat(200)}` : storedValue(i, round));
  }
  await owner.commit({
    offsets: { clicks: { 0: round, 1: 0 } },
    outbox: STORED_RESULTS,
    published: owner.checkpoint.head.epoch,
  });
}
