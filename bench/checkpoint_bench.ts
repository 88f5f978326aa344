/**
 * Measures whether the cost of an epoch depends on the number of keys (the number of changed keys is constant), how
 * large the file grows, and how long a restore takes. On a real KV file.
 *
 * The small and the large state take turns, epoch by epoch, so that other programs on the machine slow both equally.
 */
import { parseArgs } from "node:util";
import type { KeyedState } from "../operators/keyed_state.ts";
import { systemClock } from "../base/clock.ts";
import { commitCuts, DurableStates, KvStore, TaskCheckpoint } from "../state/mod.ts";
import { judge, percentile, table } from "./support/report.ts";

const SMALL = 10_000;
const LARGE = 1_000_000;
const DIRTY = 500;
/** The goals of an epoch's cost, the file's size and a restore. */
const GOALS = { ratio: 1.5, size: 3, restoreMs: 5000 } as const;

/** The cost of epochs of one state. */
export interface EpochCost {
  readonly keys: number;
  readonly epochs: number;
  readonly bytesPerEpoch: number;
  /** Encoding and committing, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  /** Bytes of keys and values, and of the file with its log. */
  readonly liveBytes: number;
  readonly fileBytes: number;
  readonly restoreMs: number;
}

/** Options of {@linkcode measureCheckpoint}. */
export interface MeasureOptions {
  /** For how long epochs are committed. */
  readonly minutes: number;
  /** The keys of the large state. @default 1_000_000 */
  readonly large?: number;
}

class Subject {
  readonly times: number[] = [];
  bytes = 0;
  readonly #state: KeyedState;

  private constructor(
    readonly path: string,
    readonly keys: number,
    readonly store: KvStore,
    readonly checkpoint: TaskCheckpoint,
    states: DurableStates,
  ) {
    this.#state = states.open({ name: "counts", operator: "keyedReduce", namespaced: false });
  }

  static async open(folder: string, keys: number): Promise<{ subject: Subject; restoreMs: number }> {
    const path = `${folder}/${keys}.db`;
    const store = await KvStore.open(path, systemClock);
    const states = new DurableStates();
    const claim = await TaskCheckpoint.claim(store, { job: "bench", task: 0, states, clock: systemClock });
    if (claim.full) throw new Error("Nobody publishes here");
    const began = performance.now();
    await claim.checkpoint.restore();
    const restoreMs = performance.now() - began;
    return { subject: new Subject(path, keys, store, claim.checkpoint, states), restoreMs };
  }

  async fill(): Promise<void> {
    for (let from = 0; from < this.keys; from += 5000) {
      for (let i = from; i < Math.min(this.keys, from + 5000); i++) this.#count(i);
      await this.#commit();
    }
  }

  async epoch(): Promise<void> {
    for (let i = 0; i < DIRTY; i++) this.#count(Math.floor(Math.random() * this.keys));
    const began = performance.now();
    this.bytes += await this.#commit();
    this.times.push(performance.now() - began);
  }

  /** The sum of all counts, which must be the same after a restore. */
  total(): number {
    let total = 0;
    for (const cell of this.#state.cells(0)) total += cell.value as number;
    return total;
  }

  fileBytes(): number {
    return ["", "-wal"].reduce((sum, suffix) => sum + (statSize(this.path + suffix) ?? 0), 0);
  }

  /** The smallest size of a state with these keys: its encoded cells, without the overhead of updates. */
  liveBytes(): number {
    return this.checkpoint.head.states.reduce((sum, { baseBytes }) => sum + baseBytes, 0);
  }

  #count(i: number): void {
    const cell = this.#state.cell(`user-${i}`);
    this.#state.write(cell, (cell.value as number ?? 0) + 1);
  }

  async #commit(): Promise<number> {
    const { epoch } = this.checkpoint.head;
    const cut = this.checkpoint.cut({ offsets: { in: { 0: epoch + 1 } }, clocks: {}, counters: { in: epoch } });
    return (await commitCuts(this.store, [cut], { clock: systemClock })).bytes;
  }
}

function statSize(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}

/** Measures both states. */
export async function measureCheckpoint({ minutes, large = LARGE }: MeasureOptions): Promise<EpochCost[]> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-bench-" });
  try {
    const subjects: Subject[] = [];
    for (const keys of [SMALL, large]) {
      const { subject } = await Subject.open(folder, keys);
      await subject.fill();
      subjects.push(subject);
    }
    const end = performance.now() + minutes * 60_000;
    while (performance.now() < end) for (const subject of subjects) await subject.epoch();
    const costs: EpochCost[] = [];
    for (const subject of subjects) costs.push(await costOf(subject, folder));
    return costs;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function costOf(subject: Subject, folder: string): Promise<EpochCost> {
  const { keys, times, bytes } = subject;
  const [fileBytes, liveBytes, total] = [subject.fileBytes(), subject.liveBytes(), subject.total()];
  subject.store.close();
  const { subject: again, restoreMs } = await Subject.open(folder, keys);
  if (again.total() !== total) throw new Error(`The restored state of ${keys} keys is not what was committed`);
  again.store.close();
  const sorted = Float64Array.from(times).sort();
  const [p50, p95, p99, longest] = [0.5, 0.95, 0.99, 1].map((part) => percentile(sorted, part));
  const bytesPerEpoch = Math.round(bytes / times.length);
  return { keys, epochs: times.length, bytesPerEpoch, p50, p95, p99, longest, liveBytes, fileBytes, restoreMs };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, minutes: { type: "string" } } });
  const minutes = Number(values.minutes ?? (values.quick ? 0.25 : 1));
  const costs = await measureCheckpoint({ minutes });
  const [small, large] = costs;
  table(
    `An epoch of ${DIRTY} dirty keys on a KV file, for ${minutes} minutes`,
    costs.map((cost) => ({
      keys: cost.keys,
      epochs: cost.epochs,
      "bytes/epoch": cost.bytesPerEpoch,
      "p50 ms": cost.p50,
      "p95 ms": cost.p95,
      "p99 ms": cost.p99,
      "longest ms": cost.longest,
      "live MB": cost.liveBytes / 1e6,
      "file MB": cost.fileBytes / 1e6,
      "restore ms": Math.round(cost.restoreMs),
    })),
  );
  table("Goals", [
    {
      goal: "p95 of the large state / p95 of the small one",
      value: large.p95 / small.p95,
      reached: judge(`at most ${GOALS.ratio}`, large.p95 <= GOALS.ratio * small.p95),
    },
    {
      goal: "file / live state, large",
      value: large.fileBytes / large.liveBytes,
      reached: judge(`at most ${GOALS.size}`, large.fileBytes <= GOALS.size * large.liveBytes),
    },
    {
      goal: "restore of the large state, ms",
      value: large.restoreMs,
      reached: judge(`below ${GOALS.restoreMs}`, large.restoreMs < GOALS.restoreMs),
    },
  ]);
}
