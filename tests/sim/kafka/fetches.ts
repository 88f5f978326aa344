/**
 * Fetches, including those that a broker holds back because there are no records yet.
 *
 * @module
 */
import type { FetchedPartition, FetchLimits, FetchPartition } from "../../../connectors/kafka/driver.ts";
import type { Scheduler } from "../scheduler.ts";
import { type Held, refusedConnection } from "./codes.ts";
import type { Rights } from "./rights.ts";
import type { Topics } from "./topics.ts";

interface Waiting {
  readonly leader: string;
  readonly partitions: readonly FetchPartition[];
  readonly limits: FetchLimits;
  readonly answer: Held<readonly FetchedPartition[]>;
  readonly cancel: () => void;
}

/** Answers fetches. */
export class Fetches {
  readonly #topics: Topics;
  readonly #scheduler: Scheduler;
  readonly #waiting = new Set<Waiting>();

  constructor(topics: Topics, scheduler: Scheduler, readonly rights: Rights) {
    this.#topics = topics;
    this.#scheduler = scheduler;
  }

  /** Answers at once when there is something to report. Otherwise later, or when the client's wait ends. */
  fetch(
    leader: string,
    partitions: readonly FetchPartition[],
    limits: FetchLimits,
  ): readonly FetchedPartition[] | Promise<readonly FetchedPartition[]> {
    const found = this.#read(leader, partitions, limits);
    if (limits.wait <= 0 || found.some(tells)) return found;
    const answer: Waiting["answer"] = Promise.withResolvers();
    const cancel = this.#scheduler.after(limits.wait, () => {
      this.#waiting.delete(waiting);
      answer.resolve(this.#read(leader, partitions, limits));
    });
    const waiting: Waiting = { leader, partitions, limits, answer, cancel };
    this.#waiting.add(waiting);
    return answer.promise;
  }

  /** Something has changed in this partition. */
  wake(topic: string, partition: number): void {
    for (const waiting of this.#waiting) {
      if (!waiting.partitions.some((one) => one.topic === topic && one.partition === partition)) continue;
      const found = this.#read(waiting.leader, waiting.partitions, waiting.limits);
      if (!found.some(tells)) continue;
      this.#waiting.delete(waiting);
      waiting.cancel();
      waiting.answer.resolve(found);
    }
  }

  /** The brokers are gone, and all connections with them. */
  drop(): void {
    for (const { answer, cancel } of this.#waiting) {
      cancel();
      answer.reject(refusedConnection());
    }
    this.#waiting.clear();
  }

  #read(leader: string, partitions: readonly FetchPartition[], limits: FetchLimits): FetchedPartition[] {
    let left = limits.bytes;
    return partitions.map(({ topic, partition, offset }) => {
      const log = this.rights.check({ to: "read", topic }) || this.#topics.served(topic, partition, leader);
      if (typeof log === "number") {
        return { topic, partition, error: log, end: -1, latest: -1, aborted: [], batches: new Uint8Array(0) };
      }
      const read = log.read(offset, Math.max(0, Math.min(left, limits.partitionBytes)));
      left -= read.batches.length;
      return { topic, partition, ...read };
    });
  }
}

function tells({ error, batches }: FetchedPartition): boolean {
  return error !== 0 || batches.length > 0;
}
