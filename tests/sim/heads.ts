/**
 * Checks every write to the KV when it takes effect: which changes of a head are forbidden.
 *
 * @module
 */
import type { Head, Mutation, StoreKey } from "../../state/mod.ts";
import { decodeHead } from "../../state/head_codec.ts";
import { assertSuccessor } from "../../state/successor.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import type { KvCopy } from "./kv.ts";
import { JOB } from "./pipelines.ts";
import { Kept } from "./kept.ts";
import { INPUT } from "./traffic.ts";

/** A violated invariant. */
export class Violation extends Error {
  override name = "Violation";
}

/** The topic that has a partition for each of the job's tasks. */
export const MARKERS = `${JOB}.tidemark`;

/** Whether the topic exists. */
export function isTopic(kafka: KafkaWorld, topic: string): boolean {
  try {
    return kafka.partitionsOf(topic) > 0;
  } catch {
    return false;
  }
}

/** What is known of a task. */
interface Watched {
  head: Head | undefined;
  /** The process that claimed it last. */
  owner: string | undefined;
  /** All fences that it had, the present one last. */
  readonly fences: Set<string>;
  /** When its present owner took it over. */
  since: number;
  /** The last epoch that had results. */
  results: number;
}

export class Heads {
  readonly tasks = new Map<number, Watched>();
  /** How many times a task got another owner. */
  takeovers = 0;
  /** The random part of the job's entry, which is in the name of the markers' group. */
  #incarnation: string | undefined;
  readonly #kept = new Kept();
  /** A person has set the group's offsets, so they cannot be checked any more. */
  shownIsAnybodys = false;
  /** The run of the job, which a reset changes. */
  run: string | undefined;
  /** How many times the job was reset. */
  resets = 0;

  constructor(readonly kafka: KafkaWorld, readonly now: () => number) {}

  /** Called when a reset has begun. */
  onReset: () => void = () => {};

  /** Checks an atomic that has taken effect. Throws what is wrong with it. */
  written(mutations: readonly Mutation[], by: string): void {
    for (const { type, key } of mutations) if (type === "set") this.#touched(key, `${by} wrote over`);
    for (const mutation of mutations) {
      const { key } = mutation;
      if (key[2] === "entry" && mutation.type === "set") {
        this.#entered(mutation.value as { readonly incarnation: string; readonly run: string });
      }
      if (key[0] !== "job" || typeof key[2] !== "number") continue;
      if (key[3] === "head") {
        if (mutation.type === "delete") throw new Violation(`${by} deleted the head of task ${key[2]}`);
        this.#moved(key[2], decodeHead(mutation.value as Uint8Array), by);
      }
    }
    for (const { type, key } of mutations) if (type === "delete") this.#touched(key, `${by} deleted`);
    const wrong = this.#kept.written(mutations);
    if (wrong !== undefined) throw new Violation(`${wrong} by ${by}`);
  }

  /** How many control records the job has sent into its hops. */
  get control(): number {
    const counters = [...this.tasks.values()].flatMap(({ head }) => Object.entries(head?.counters ?? {}));
    return counters.reduce((sum, [name, count]) => name.startsWith("told:") ? sum + count : sum, 0);
  }

  /** The marker of each task, from the present group of the markers. */
  markers(): Map<number, number> {
    if (!isTopic(this.kafka, MARKERS)) return new Map();
    const own = this.kafka.groupOffsets(this.markerGroup, MARKERS);
    return own.size > 0 ? own : this.kafka.groupOffsets(JOB, MARKERS);
  }

  /** The group whose offsets are the markers. */
  get markerGroup(): string {
    return `${JOB}.${this.#incarnation}.epochs`;
  }

  /** The markers are gone. They need not exist until there are new results. */
  forgotten(): void {
    for (const watched of this.tasks.values()) watched.results = 0;
  }

  /** The KV was replaced, so all that was known of it is forgotten. The offsets in the group belong to the lost KV. */
  restored(copy: KvCopy): void {
    this.tasks.clear();
    this.run = undefined;
    this.#kept.clear();
    this.shownIsAnybodys = true;
    this.written(copy.map((entry) => ({ type: "set", ...entry })), "the copy");
  }

  /** The job's entry was written. */
  #entered({ incarnation, run }: { readonly incarnation: string; readonly run: string }): void {
    this.#incarnation = incarnation;
    const isReset = this.run !== undefined && this.run !== run;
    if (isReset && ++this.resets > 1) throw new Violation("the job was reset again");
    this.run = run;
    if (isReset) this.onReset();
  }

  #moved(task: number, head: Head, by: string): void {
    let watched = this.tasks.get(task);
    if (watched === undefined) {
      this.tasks.set(task, watched = { head: undefined, owner: undefined, fences: new Set(), since: 0, results: 0 });
    }
    const before = watched.head;
    const wrong = (what: string) => new Violation(`task ${task}, written by ${by}: ${what}`);
    const isReset = this.resets > 0 && before !== undefined && head.era > before.era;
    if (isReset) watched.results = 0;
    if (before !== undefined) {
      if (head.fence !== before.fence && watched.fences.has(head.fence)) throw wrong("a former owner wrote the head");
      // The pipelines of a run are always the same, and so are their clocks.
      const gone = Object.keys(before.clocks).find((name) => !(name in head.clocks));
      if (gone !== undefined && !isReset) throw wrong(`clock ${gone} is gone`);
      try {
        assertSuccessor(before, head, isReset);
      } catch (error) {
        throw wrong((error as Error).message);
      }
    }
    if (before !== undefined && head.epoch > before.epoch && head.extensions.run === this.run && this.resets > 0) {
      for (const [other, { head: its }] of this.tasks) {
        // It could be sent something by a task that has not been reset yet, and pass over what that task must get. A head
        // without offsets was only created: its owner has claimed it, and reads the run before it begins.
        if (other === task || Object.keys(its!.offsets).length === 0) continue;
        if (its!.extensions.run !== this.run) throw wrong(`task ${other} has not been reset yet`);
      }
    }
    if (before?.fence !== head.fence) {
      this.takeovers++;
      watched.since = this.now();
      watched.owner = by;
    }
    const gone = before?.publishers.filter((id) => !head.publishers.includes(id)) ?? [];
    for (const { transactionalId, state, began } of gone.length > 0 ? this.kafka.openTransactions() : []) {
      // A later transaction belongs to a life that has read the heads since, with results of tasks that it still owns.
      if (state !== "open" || !gone.includes(transactionalId) || began >= watched.since) continue;
      throw wrong(
        `publisher ${transactionalId} left the head while its transaction was open, so readers are held back`,
      );
    }
    watched.fences.add(head.fence);
    watched.head = head;
    watched.results = Math.max(watched.results, head.outbox.at(-1)?.epoch ?? 0);
    this.checkShown(task);
  }

  /** Checks that the offsets shown in the job's group are never ahead of the committed ones. */
  checkShown(task: number): void {
    if (this.shownIsAnybodys) return;
    const offsets = this.tasks.get(task)?.head?.offsets[INPUT] ?? {};
    const shown = this.kafka.groupOffsets(JOB, INPUT);
    for (const [partition, offset] of Object.entries(offsets)) {
      const there = shown.get(Number(partition));
      if (there !== undefined && there > offset) {
        throw new Violation(`the group shows offset ${there} of partition ${partition}, the head is at ${offset}`);
      }
    }
  }

  /** Checks that entries which the head names are never deleted or written again. */
  #touched(key: StoreKey, how: string): void {
    const [room, , task, kind, fence] = key;
    const attempt = Number(key[5]);
    const head = room === "job" ? this.tasks.get(task as number)?.head : undefined;
    if (head === undefined) return;
    const live = kind === "delta"
      ? head.ranges.some((range) => range.fence === fence && range.first <= attempt && attempt <= range.last)
      : kind === "outbox"
      ? head.outbox.some((entry) => entry.fence === fence && entry.attempt === attempt)
      : kind === "rows"
      ? head.unwritten?.fence === fence && head.unwritten.attempt === attempt
      : false;
    if (live) throw new Violation(`${how} ${kind} ${fence}/${attempt} of task ${task}, which the head names`);
  }
}
