/**
 * For tests of running jobs: time that passes only when a test moves it, lines and results to wait for, and a KV whose
 * process can die.
 */
import type { RecordHeaders } from "../../connectors/connector.ts";
import { headerOf } from "../../connectors/headers.ts";
import { assert, assertEquals } from "@std/assert";
import { type Observable, take, toArray } from "rxjs";
import type { Job, RunOptions } from "@tidemark/streams";
import { systemClock } from "../../base/clock.ts";
import type { Clock } from "../../base/clock.ts";
import { runWith } from "../../runtime/run.ts";
import { PATIENCE } from "./patience.ts";

/** Time that stands still until a test moves it. Timers fire in order. */
export class ManualClock implements Clock {
  #now: number;
  readonly #began: number;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  constructor(start = 1_700_000_000_000) {
    this.#now = start;
    this.#began = start;
  }

  readonly now = (): number => this.#now;
  readonly elapsed = (): number => this.#now - this.#began;
  readonly random = (): number => systemClock.random();
  readonly id = (): string => systemClock.id();
  readonly turn = (): Promise<void> => systemClock.turn();
  readonly sleep = (ms: number): Promise<void> => new Promise((resolve) => this.after(ms, resolve));

  readonly after = (ms: number, run: () => void): () => void => {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets so many milliseconds pass, and gives what wakes up by them its turn before the next timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers.delete(due);
      due.run();
      await settled();
    }
    this.#now = end;
    await settled();
  }
}

/** Lets everything run that waits only for its turn. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await systemClock.turn();
}

/** The lines that a job logs. */
export class Lines {
  readonly all: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly log = (line: string): void => {
    this.all.push(line);
    for (const look of [...this.#waiting]) look();
  };

  /** The first line that matches, from the `from`th on. */
  find(pattern: RegExp, from = 0): string | undefined {
    return this.all.slice(from).find((line) => pattern.test(line));
  }

  /** Resolves with the first line that matches, when it comes. */
  line(pattern: RegExp): Promise<string> {
    return waitFor(`a line like ${pattern}`, () => this.find(pattern), (look) => {
      this.#waiting.add(look);
      return () => this.#waiting.delete(look);
    });
  }
}

/** Resolves with what `look` finds. */
function waitFor<T>(
  what: string,
  look: () => T | undefined,
  watch: (look: () => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      clearTimeout(deadline);
      unwatch();
      then();
    };
    const check = () => {
      const found = look();
      if (found !== undefined) settle(() => resolve(found));
    };
    const deadline = setTimeout(() => settle(() => reject(new Error(`Waited for ${what} in vain.`))), PATIENCE);
    const unwatch = watch(check);
    check();
  });
}

/**
 * Resolves when a condition holds. It is checked in each turn of the event loop, for values in memory that give no
 * signal. A job that fails meanwhile rejects.
 */
export async function until(what: string, holds: () => boolean, job?: Job): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  let failure: Error | undefined;
  job?.finished.catch((error) => failure = error);
  while (!holds()) {
    if (failure !== undefined) throw failure;
    if (performance.now() > deadline) throw new Error(`Waited for ${what} in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Resolves when a job has committed so many input records since it was started. */
export async function untilCommitted(job: Job, records: number): Promise<void> {
  const committed = () => job.epochs().reduce((sum, epoch) => sum + epoch.records, 0);
  await until(`${records} records to be committed`, () => committed() >= records, job);
}

/** The first `count` values of a source, read without a job. A job that fails meanwhile rejects. */
export function first<T>(source: Observable<T>, count: number, job?: Job): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(
      () => settle(() => reject(new Error(`Waited for ${count} results in vain.`))),
      PATIENCE,
    );
    const settle = (then: () => void) => {
      clearTimeout(deadline);
      subscription.unsubscribe();
      then();
    };
    job?.finished.catch((error) => settle(() => reject(error)));
    const subscription = source.pipe(take(count), toArray()).subscribe({
      // In a microtask: a source that pushes at once has not returned its subscription yet.
      next: (values) => queueMicrotask(() => settle(() => resolve(values))),
      error: (error) => queueMicrotask(() => settle(() => reject(error))),
    });
  });
}

/** Why a job stopped. */
export async function failureOf(job: Job): Promise<string> {
  let message: string | undefined;
  try {
    await job.finished;
  } catch (error) {
    message = (error as Error).message;
  }
  assert(message !== undefined, "the job ended without an error");
  assertSentence(message);
  return message;
}

/** Why a job does not start, or stops by itself. */
export async function refusal(
  pipelines: Observable<unknown> | readonly Observable<unknown>[],
  options: RunOptions,
  clock: Clock = systemClock,
): Promise<string> {
  let job: Job;
  try {
    job = await runWith(pipelines, { log: () => {}, ...options }, clock);
  } catch (error) {
    assertSentence((error as Error).message);
    return (error as Error).message;
  }
  try {
    return await failureOf(job);
  } finally {
    await job.stop();
  }
}

/** A message must be one or more sentences, without a stack trace. */
export function assertSentence(message: string): void {
  assert(!message.includes("\n"), `more than one line: ${message}`);
  assert(!/\bat .*\.ts:\d+/.test(message), `a stack trace: ${message}`);
  assert(/^[A-Z"]/.test(message), `no sentence: ${message}`);
}

/** How a process dies: at which commit, and whether that commit takes effect. */
export interface Death {
  /** This many commits succeed before. */
  readonly after: number;
  /** Whether the last commit takes effect and only its answer is lost. */
  readonly takesEffect: boolean;
}

/** One process's view of a KV that outlives it. */
export interface MortalKv {
  readonly kv: Deno.Kv;
  readonly dead: boolean;
  /** From now on, commits are counted. */
  die(death: Death): void;
}

/** A KV that works until its process dies. Afterwards nothing reaches the real KV. */
export function mortal(real: Deno.Kv): MortalKv {
  let left = Infinity;
  let takesEffect = false;
  let dead = false;
  const alive = () => {
    // Must not be an error that the engine waits out.
    if (dead) throw new TypeError("This process is dead");
  };
  const atomic = () => {
    alive();
    const operation = real.atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = async () => {
      alive();
      if (left-- > 0) return await commit();
      dead = true;
      if (takesEffect) await commit();
      throw new TypeError("This process is dead");
    };
    return operation;
  };
  const kv = new Proxy(real, {
    get(target, name) {
      if (name === "atomic") return atomic;
      if (name === "close") return () => {};
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...words: unknown[]) => {
        alive();
        return value.apply(target, words);
      };
    },
  });
  return {
    kv,
    get dead() {
      return dead;
    },
    die(death) {
      left = death.after;
      takesEffect = death.takesEffect;
    },
  };
}

/** A directory for state files, removed at the end. */
export async function scratch(): Promise<AsyncDisposable & { readonly path: (name: string) => string }> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-job-" });
  return {
    path: (name) => `${folder}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const decoder = new TextDecoder();

/** A header's text. */
export function header(record: { headers: RecordHeaders | undefined }, name: string): string {
  const bytes = headerOf(record.headers, name);
  assert(bytes instanceof Uint8Array, `no header ${name}`);
  return decoder.decode(bytes);
}

/** The values of each key, in order. Counts must be 1, 2, 3 ... */
export function byKey<V>(rows: Iterable<{ readonly key: string; readonly value: V } | null>): Record<string, V[]> {
  const values: Record<string, V[]> = {};
  for (const row of rows) (values[row!.key] ??= []).push(row!.value);
  return values;
}

/** Checks that each key's counts are 1, 2, 3 ... up to the number of its records. */
export function assertCounted(
  rows: Iterable<{ readonly key: string; readonly value: number } | null>,
  users: Iterable<string>,
): void {
  const expected: Record<string, number[]> = {};
  for (const user of users) (expected[user] ??= []).push((expected[user]?.length ?? 0) + 1);
  assertEquals(byKey(rows), expected);
}
