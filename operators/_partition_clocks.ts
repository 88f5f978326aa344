/**
 * The clock of one `watermark()`: one watermark for each partition that it reads, and their minimum.
 *
 * Invariants: the watermark never goes back; a partition that is not idle and has not been read yet holds it at the beginning
 * of time; a partition that wakes does not pull it back. The rules of idleness are those of Apache Flink's `WatermarksWithIdleness`.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "./_limits.ts";
import type { Scope } from "./_scope.ts";
import type { ClockSnapshot, Task } from "./_task.ts";

interface IdleRule {
  /** Milliseconds without anything to read. */
  readonly idleAfter: number;
  /** Whether time moves on with the wall clock when all partitions are idle. */
  readonly advances: boolean;
}

/** Per-partition watermarks; index 0 is for values that no partition sent, partition slots follow. */
export class PartitionClocks {
  watermark: number = BEGIN_OF_TIME;
  idle = false;
  readonly #marks: number[] = [];
  readonly #idle: boolean[] = [];
  /** Indices that take part in the minimum. */
  readonly #members: number[] = [];
  #seenSources = -1;
  #low = BEGIN_OF_TIME;
  #allIdleSince = NaN;
  #allIdleFrom = BEGIN_OF_TIME;

  constructor(readonly task: Task, readonly scope: Scope, readonly rule: IdleRule) {}

  /** A record of that slot carried this watermark. Returns whether something changed. */
  observe(slot: number, mark: number): boolean {
    const index = slot + 1;
    if (this.scope.bare.length !== this.#seenSources) this.#join();
    let before = this.#marks[index];
    if (before === undefined) {
      this.#add(index);
      before = BEGIN_OF_TIME;
    }
    const woke = this.#idle[index];
    if (woke) this.#wake(index);
    if (mark <= before) return woke && this.#settle();
    this.#marks[index] = mark;
    // Only the partition that was the slowest can move the minimum.
    return (before === this.#low || woke) && this.#settle();
  }

  /** Finds out which slots have become idle, and lets time go on where all have. */
  tick(now: number): void {
    if (this.rule.idleAfter === Infinity) return;
    if (this.scope.bare.length !== this.#seenSources) this.#join();
    let all = this.#members.length > 0;
    for (const index of this.#members) {
      this.#idle[index] = index > 0 && now - this.task.idleSince[index - 1] >= this.rule.idleAfter;
      if (!this.#idle[index]) all = false;
    }
    this.idle = all;
    if (!all) {
      this.#allIdleSince = NaN;
    } else if (Number.isNaN(this.#allIdleSince)) {
      this.#allIdleSince = now;
      this.#allIdleFrom = this.#highest();
    } else if (this.rule.advances && this.#allIdleFrom > BEGIN_OF_TIME) {
      this.watermark = Math.max(this.watermark, this.#allIdleFrom + now - this.#allIdleSince);
    }
    this.#settle();
  }

  snapshot(): ClockSnapshot {
    const partitions: [string, number, number][] = [];
    if (this.#marks[0] !== undefined) partitions.push(["", -1, this.#marks[0]]);
    for (const { slots } of this.scope.bare) {
      for (const { slot, topic, partition } of slots) {
        const mark = this.#marks[slot + 1];
        if (mark !== undefined && mark > BEGIN_OF_TIME) partitions.push([topic, partition, mark]);
      }
    }
    return { partitions, watermark: this.watermark };
  }

  restore(snapshot: ClockSnapshot): void {
    this.#join();
    for (const [topic, partition, mark] of snapshot.partitions) {
      if (partition < 0) this.#set(0, mark);
      for (const { slots } of this.scope.bare) {
        for (const slot of slots) if (slot.topic === topic && slot.partition === partition) this.#set(slot.slot + 1, mark);
      }
    }
    this.watermark = snapshot.watermark;
    this.#settle();
  }

  #set(index: number, mark: number): void {
    if (this.#marks[index] === undefined) this.#add(index);
    this.#marks[index] = mark;
  }

  /** Partitions that a source will read take part before their first record. */
  #join(): void {
    this.#seenSources = this.scope.bare.length;
    for (const { slots } of this.scope.bare) {
      for (const { slot } of slots) if (this.#marks[slot + 1] === undefined) this.#add(slot + 1);
    }
  }

  #add(index: number): void {
    this.#marks[index] = BEGIN_OF_TIME;
    this.#idle[index] = false;
    this.#members.push(index);
    this.#low = BEGIN_OF_TIME;
  }

  #wake(index: number): void {
    this.#idle[index] = false;
    this.idle = false;
    this.#allIdleSince = NaN;
  }

  #highest(): number {
    let high = this.watermark;
    for (const index of this.#members) high = Math.max(high, this.#marks[index]);
    return high;
  }

  /** Takes the minimum anew. */
  #settle(): boolean {
    let low = Infinity, slowest = Infinity;
    for (let i = 0; i < this.#members.length; i++) {
      const index = this.#members[i], mark = this.#marks[index];
      if (mark < slowest) slowest = mark;
      if (!this.#idle[index] && mark < low) low = mark;
    }
    this.#low = low;
    if (low === Infinity) low = this.#allIdleFrom;
    if (low > this.watermark) this.watermark = low;
    return true;
  }
}
