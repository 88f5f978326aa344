/**
 * The committed offsets of groups.
 *
 * Invariant: offsets of a transaction stay invisible until its control record has reached the group. Until then a read
 * of stable offsets gets no answer.
 *
 * @module
 */
import type { StartOffset } from "../../../connectors/connector.ts";
import type { CommittedOffset, NotedOffset } from "../../../connectors/kafka/driver.ts";
import { SERVER } from "./codes.ts";

interface Committed extends CommittedOffset {
  /** When it was written. Of two committed offsets the one that was written later counts. */
  readonly order: number;
}

interface GroupOffsets {
  readonly committed: Map<string, Committed>;
  /** Offsets that open transactions have written, by producer id. */
  readonly pending: Map<number, Map<string, Committed>>;
  /** The highest epoch of each producer seen here. */
  readonly epochs: Map<number, number>;
}

/** Offsets of all groups. */
export class Offsets {
  readonly #groups = new Map<string, GroupOffsets>();
  #order = 0;

  commit(group: string, offsets: readonly StartOffset[], note = ""): void {
    this.#write(this.#group(group).committed, offsets, note);
  }

  /** Whether a transaction of this life has written here. Then its coordinator is not asked again. */
  hasOpen(group: string, producer: number, epoch: number): boolean {
    const found = this.#groups.get(group);
    return found !== undefined && found.pending.has(producer) && found.epochs.get(producer) === epoch;
  }

  /** Takes the offsets of a transaction. Returns Kafka's error code, or 0. */
  commitInTransaction(
    group: string,
    life: { producer: number; epoch: number },
    offsets: readonly NotedOffset[],
  ): number {
    const { epochs, pending } = this.#group(group);
    const { producer, epoch } = life;
    if (epoch < (epochs.get(producer) ?? 0)) return SERVER.invalidProducerEpoch;
    epochs.set(producer, epoch);
    let written = pending.get(producer);
    if (written === undefined) pending.set(producer, written = new Map());
    this.#write(written, offsets);
    return 0;
  }

  /** The control record of a transaction reaches a group. */
  finish(group: string, { producer, epoch, commit }: { producer: number; epoch: number; commit: boolean }): void {
    const { committed, pending, epochs } = this.#group(group);
    epochs.set(producer, Math.max(epoch, epochs.get(producer) ?? 0));
    const written = pending.get(producer);
    pending.delete(producer);
    if (!commit || written === undefined) return;
    for (const [key, offset] of written) {
      if (offset.order > (committed.get(key)?.order ?? -1)) committed.set(key, offset);
    }
  }

  /** The committed offsets of those partitions that have one. */
  read(group: string, topic: string, partitions: readonly number[]): Map<number, CommittedOffset> {
    const committed = this.#groups.get(group)?.committed;
    const found = new Map<number, CommittedOffset>();
    for (const partition of partitions) {
      const one = committed?.get(`${topic}/${partition}`);
      if (one !== undefined) found.set(partition, { offset: one.offset, note: one.note });
    }
    return found;
  }

  /** Whether a transaction under way has an offset of any of these partitions. */
  isUnstable(group: string, topic: string, partitions: readonly number[]): boolean {
    for (const written of this.#groups.get(group)?.pending.values() ?? []) {
      if (partitions.some((partition) => written.has(`${topic}/${partition}`))) return true;
    }
    return false;
  }

  /** The offsets of a group expire, except those that a transaction under way has. */
  expire(group: string): void {
    const found = this.#groups.get(group);
    if (found === undefined) return;
    for (const key of [...found.committed.keys()]) {
      if (![...found.pending.values()].some((written) => written.has(key))) found.committed.delete(key);
    }
  }

  /** A topic is deleted, with every group's offsets on it. */
  forgetTopic(topic: string): void {
    for (const { committed, pending } of this.#groups.values()) {
      for (const offsets of [committed, ...pending.values()]) {
        for (const key of [...offsets.keys()]) {
          if (key.slice(0, key.lastIndexOf("/")) === topic) offsets.delete(key);
        }
      }
    }
  }

  #write(into: Map<string, Committed>, offsets: readonly NotedOffset[], note = ""): void {
    for (const { topic, partition, offset, note: own = note } of offsets) {
      into.set(`${topic}/${partition}`, { offset, note: own, order: this.#order++ });
    }
  }

  #group(name: string): GroupOffsets {
    let group = this.#groups.get(name);
    if (group === undefined) {
      this.#groups.set(name, group = { committed: new Map(), pending: new Map(), epochs: new Map() });
    }
    return group;
  }
}
