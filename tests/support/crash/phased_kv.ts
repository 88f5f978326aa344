/** A Deno KV that reports when a job claims tasks, reads its state and commits. */
import type { Points } from "./points.ts";

/** The position of the kind in the job's keys: `["job", name, task, kind, ...]`. */
const KIND = 3;
const STATE_KINDS: readonly unknown[] = ["delta", "base", "bucket"];

/** The options of the wrapper. */
export interface PhasedKvOptions {
  readonly points: Points;
  /**
   * In a commit of several atomics, each atomic after the first waits until no transaction is under way. So
   * transactions end while some tasks have committed their epoch and others have not.
   */
  readonly slow: boolean;
}

/** Wraps an open KV. Otherwise it does what that KV does. */
export function phasedKv(kv: Deno.Kv, { points, slow }: PhasedKvOptions): Deno.Kv {
  // Results may be written in atomics before the one with the head.
  const epoch: Epoch = { results: false, slow, tasks: new Set() };
  return new Proxy(kv, {
    get(target, name) {
      if (name === "atomic") return () => phasedAtomic(target.atomic(), { points, epoch, sets: [] });
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "list") return member.bind(target);
      return (selector: Deno.KvListSelector, options?: Deno.KvListOptions) => {
        readingState(points, "prefix" in selector ? selector.prefix : selector.start);
        return target.list(selector, options);
      };
    },
  });
}

interface Epoch {
  results: boolean;
  readonly slow: boolean;
  /** Tasks whose head this commit has written. */
  readonly tasks: Set<unknown>;
}

interface Watched {
  readonly points: Points;
  readonly epoch: Epoch;
  readonly sets: Deno.KvKey[];
}

function readingState(points: Points, key: Deno.KvKey): void {
  if (key[0] !== "job" || !STATE_KINDS.includes(key[KIND])) return;
  points.turn("claim", "restore");
  if (points.during("restore")) points.reach("restoring");
}

function phasedAtomic(atomic: Deno.AtomicOperation, watched: Watched): Deno.AtomicOperation {
  const proxy: Deno.AtomicOperation = new Proxy(atomic, {
    get(target, name) {
      if (name === "commit") return () => commit(target, watched);
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...words: unknown[]) => {
        if (name === "set") watched.sets.push(words[0] as Deno.KvKey);
        member.apply(target, words);
        return proxy;
      };
    },
  });
  return proxy;
}

async function commit(
  atomic: Deno.AtomicOperation,
  { points, epoch, sets }: Watched,
): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
  const kinds = new Set(sets.filter(([first]) => first === "job").map((key) => key[KIND]));
  if (kinds.has("outbox")) epoch.results = true;
  if (!kinds.has("head")) return await atomic.commit();
  if (!points.during("push")) return await claim(atomic, points);
  const { results } = epoch;
  epoch.results = false;
  if (!results && !kinds.has("delta")) {
    // A running worker that gets more tasks writes their heads without an epoch. Deleting garbage writes heads too.
    const taking = points.during("claim") || points.during("restore");
    return taking ? await claim(atomic, points) : await atomic.commit();
  }
  points.begin("KV commit");
  const tasks = sets.filter((key) => key[0] === "job" && key[KIND] === "head").map(([, , task]) => task);
  if (tasks.some((task) => epoch.tasks.has(task))) epoch.tasks.clear();
  if (epoch.slow && epoch.tasks.size > 0) await points.quiet();
  for (const task of tasks) epoch.tasks.add(task);
  const committing = atomic.commit();
  points.reach("committing");
  const result = await committing;
  if (result.ok) {
    if (results) points.begin("committed, not sent");
    points.reach("committed");
  }
  points.end("KV commit");
  return result;
}

async function claim(
  atomic: Deno.AtomicOperation,
  points: Points,
): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
  points.turn("restore", "claim");
  const result = await atomic.commit();
  if (result.ok) points.reach("claimed");
  return result;
}
