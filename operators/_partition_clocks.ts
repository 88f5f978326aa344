/**
 * The clock of one `watermark()`: one watermark for each partition that it reads, and their minimum.
 *
 * Invariants: the watermark never goes back; a partition that is not idle and has not been read yet holds it at the
 * beginning of time; a partition that becomes active again holds it where it is, and does not pull it back. The rules
 * are those of Apache Flink's `WatermarkOutputMultiplexer` and `WatermarksWithIdleness`; only the advance with the wall
 * clock while all partitions are idle is an addition.
 *
 * @module
 */
import { gapOf, nextSeed } from "../base/sampling.ts";
import { BEFORE_1973, BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import type { Scope } from "./_scope.ts";
import { Spans } from "./_spans.ts";
import type { ClockSnapshot, PartitionMark } from "./_clock_snapshot.ts";
import type { Task } from "./_task.ts";
import type { PartitionFacts, RaisedBy } from "./_time_facts.ts";

/** One value in so many is looked at. */
const SEEN_IN = 16;

/** The mark of a partition before its first record. */
const BEGUN: PartitionMark = ["", 0, BEGIN_OF_TIME, false];

/** When a partition is idle, and what happens when all of them are. */
export interface IdleRule {
  /** A partition that has had nothing to read for more than this time is idle, in milliseconds. */
  readonly idleAfter: number;
  /** Whether the watermark advances with the wall clock while all partitions are idle. */
  readonly advances: boolean;
  /** How far a partition may be ahead of the slowest, in milliseconds. @default Infinity */
  readonly maxDrift?: number;
}

/** A partition of a clock. What it tells is as it is at the moment of each question. */
class ClockedPartition implements PartitionFacts {
  readonly topic: string;
  readonly partition: number;
  readonly #clocks: PartitionClocks;

  constructor(clocks: PartitionClocks, readonly slot: number) {
    this.#clocks = clocks;
    ({ topic: this.topic, partition: this.partition } = clocks.task.inputs[slot] ?? { topic: "", partition: -1 });
  }

  get mark(): number {
    return this.#clocks.markOf(this.slot + 1);
  }

  get idle(): boolean {
    return this.#clocks.isIdle(this.slot + 1);
  }

  get raisedBy(): number {
    return this.#clocks.raisedBy(this.slot + 1);
  }

  get disorder(): Spans | undefined {
    return this.#clocks.disorderOf(this.slot + 1);
  }
}

/** Per-partition watermarks; index 0 is for values that no partition sent, partition slots follow. */
export class PartitionClocks {
  watermark: number = BEGIN_OF_TIME;
  idle = false;
  /** NaN where no partition has that index. The array has no holes, because every record reads it. */
  readonly #marks: number[] = [NaN];
  readonly #idle: boolean[] = [false];
  /** The offset of the record that raised each mark last; NaN where it is not known. */
  readonly #raisedBy: number[] = [NaN];
  /** Indices that take part in the minimum, unless they are idle. */
  #members: number[] = [];
  /** Marks of the checkpoint whose partition no source reads yet. */
  readonly #unclaimed = new Map<string, PartitionMark>();
  /**
   * Partitions that were idle in the checkpoint. They stay idle until their next record, or until idleness is measured
   * again.
   */
  readonly #restoredIdle = new Set<number>();
  /** What the checkpoint knows of the records that raised the marks. */
  #restored: ClockSnapshot["raisedBy"];
  /** How far events were behind the latest one of their partition, of one value in sixteen. */
  readonly #disorder: (Spans | undefined)[] = [];
  /** Without a job nobody asks for the disorder. */
  readonly #sampled: boolean;
  /** How many values come until one is looked at. */
  #unseen = 1;
  #seed = 1;
  #changes = -1;
  #low = BEGIN_OF_TIME;
  #allIdleSince = NaN;
  #allIdleFrom = BEGIN_OF_TIME;
  /** What it told last, and which changes and how many members there were then. */
  #told: readonly PartitionFacts[] = [];
  #toldAt = -1;
  #toldOf = -1;

  constructor(readonly task: Task, readonly scope: Scope, readonly rule: IdleRule) {
    this.#sampled = task.host !== undefined;
  }

  /** A record of that slot carried this watermark. Returns whether something may have changed. */
  observe(slot: number, mark: number): boolean {
    const index = slot + 1;
    if (this.#sampled && --this.#unseen === 0) this.#measure(index, mark);
    if (mark < BEFORE_1973) this.task.tellEarly(this.task.timestamp);
    // Most records do not raise the mark of their partition and change nothing.
    if (mark <= this.#marks[index] && !this.#idle[index] && this.task.changes === this.#changes) return false;
    return this.#move(index, mark);
  }

  /** Samples by how much a value is out of order in its partition. */
  #measure(index: number, mark: number): void {
    this.#unseen = gapOf(this.#seed = nextSeed(this.#seed), SEEN_IN);
    const highest = this.#marks[index];
    // Before the first value there is nothing to be behind of.
    if (!(highest > BEGIN_OF_TIME)) return;
    (this.#disorder[index] ??= new Spans()).add(Math.max(0, highest - mark));
  }

  #move(index: number, mark: number): boolean {
    const joined = this.task.changes !== this.#changes;
    if (joined) this.#join();
    if (!this.#has(index)) this.#add(index);
    const before = this.#marks[index];
    const woke = this.#idle[index];
    if (woke) this.#wake(index);
    if (mark > before) {
      this.#marks[index] = mark;
      this.#raisedBy[index] = this.task.record === undefined ? NaN : this.task.record.offset;
    }
    // Only the partition that was the slowest can move the minimum.
    if (!joined && !woke && before !== this.#low) return false;
    this.#settle();
    return true;
  }

  /** Whether a partition is too far ahead of the slowest one that is neither idle nor ended. */
  isAhead(slot: number): boolean {
    const { maxDrift = Infinity } = this.rule;
    if (this.task.changes !== this.#changes) this.#join();
    const mark = this.#marks[slot + 1];
    // Most partitions are within `maxDrift` of the minimum. A slot of another clock has no mark.
    if (!(mark - this.#low > maxDrift)) return false;
    for (const index of this.#members) {
      if (this.#idle[index] || this.task.inputs[index - 1]?.done === true) continue;
      if (mark - this.#marks[index] > maxDrift) return true;
    }
    return false;
  }

  /**
   * Finds out which slots have become idle or have ended, and advances the watermark while all are idle. Returns
   * whether anything has changed.
   */
  tick(now: number): boolean {
    const { idleAfter, advances } = this.rule;
    const joined = this.task.changes !== this.#changes;
    if (joined) this.#join();
    if (idleAfter === Infinity) return joined && this.#settle();
    let changed = false;
    for (const index of this.#members) {
      const idle = this.#isQuiet(index, now);
      if (idle !== this.#idle[index]) changed = true;
      this.#idle[index] = idle;
    }
    const before = this.watermark;
    if (this.#settle()) changed = true;
    if (!this.idle) this.#allIdleSince = NaN;
    else if (Number.isNaN(this.#allIdleSince)) {
      this.#allIdleSince = now;
      this.#allIdleFrom = this.watermark;
    }
    // Before the first record there is no event time to advance from.
    if (this.idle && advances && this.#allIdleFrom > BEGIN_OF_TIME) {
      // Event time is whole milliseconds, and a monotonic clock has parts of them.
      this.watermark = Math.max(this.watermark, this.#allIdleFrom + Math.floor(now - this.#allIdleSince));
    }
    return changed || this.watermark !== before;
  }

  /** The partitions that it reads, those before their first record included, and not those that have ended. */
  explain(): readonly PartitionFacts[] {
    const changes = this.task.changes + this.#changes, { length } = this.#members;
    // Both counts of changes only grow, and a member leaves only with one of them.
    if (changes !== this.#toldAt || length !== this.#toldOf) {
      [this.#toldAt, this.#toldOf] = [changes, length];
      this.#told = this.#facts();
    }
    return this.#told;
  }

  #facts(): PartitionFacts[] {
    const slots = this.#members.map((index) => index - 1).filter((slot) => !this.task.hasEnded(slot));
    for (const { slots: bare } of this.scope.bare) {
      for (const { slot } of bare) {
        // Two sources may read one topic.
        if (!this.#has(slot + 1) && !this.task.hasEnded(slot) && !slots.includes(slot)) slots.push(slot);
      }
    }
    return slots.map((slot) => new ClockedPartition(this, slot));
  }

  /** What is known of a partition: its own mark, or that of the checkpoint, which it has not joined yet. */
  markOf(index: number): number {
    return this.#has(index) ? this.#marks[index] : this.#unclaimedOf(index)[2];
  }

  isIdle(index: number): boolean {
    return this.#has(index) ? this.#idle[index] : this.#unclaimedOf(index)[3];
  }

  raisedBy(index: number): number {
    return this.#raisedBy[index] ?? NaN;
  }

  disorderOf(index: number): Spans | undefined {
    return this.#disorder[index];
  }

  #unclaimedOf(index: number): PartitionMark {
    const slot = this.task.inputs[index - 1];
    return this.#unclaimed.get(placeOf(slot?.topic ?? "", slot?.partition ?? -1)) ?? BEGUN;
  }

  /** The offsets of the records that raised its marks, where they are known. */
  raised(): RaisedBy[] {
    const raised: RaisedBy[] = [];
    for (const index of this.#members) {
      const slot = this.task.inputs[index - 1], offset = this.#raisedBy[index];
      if (slot !== undefined && !Number.isNaN(offset)) raised.push([slot.topic, slot.partition, offset]);
    }
    return raised;
  }

  snapshot(): ClockSnapshot {
    const partitions: PartitionMark[] = [...this.#unclaimed.values()];
    this.#marks.forEach((mark, index) => {
      const slot = this.task.inputs[index - 1];
      const known = mark > BEGIN_OF_TIME || this.#idle[index];
      if (Number.isNaN(mark) || !known || (index > 0 && slot === undefined)) return;
      partitions.push([slot?.topic ?? "", slot?.partition ?? -1, storable(mark), this.#idle[index]]);
    });
    return { partitions, watermark: storable(this.watermark) };
  }

  restore(snapshot: ClockSnapshot): void {
    for (const entry of snapshot.partitions) this.#unclaimed.set(placeOf(entry[0], entry[1]), entry);
    this.#restored = snapshot.raisedBy;
    this.watermark = snapshot.watermark;
    if (this.#unclaimed.has(placeOf("", -1))) this.#add(0);
    this.#join();
    this.#settle();
  }

  /** Adds partitions that a source will read, before their first record, and removes those that have ended. */
  #join(): void {
    this.#changes = this.task.changes;
    for (const { slots } of this.scope.bare) {
      for (const { slot } of slots) if (!this.#has(slot + 1)) this.#add(slot + 1);
    }
    // Of sources that another watermark() above covers, those are known that have had a record, now or in the checkpoint.
    for (const { slots } of this.#unclaimed.size > 0 ? this.scope.sources : []) {
      for (const { slot, topic, partition } of slots) {
        if (!this.#has(slot + 1) && this.#unclaimed.has(placeOf(topic, partition))) this.#add(slot + 1);
      }
    }
    this.#members = this.#members.filter((index) => !this.task.hasEnded(index - 1));
  }

  #has(index: number): boolean {
    return index < this.#marks.length && !Number.isNaN(this.#marks[index]);
  }

  #add(index: number): void {
    while (this.#marks.length <= index) {
      this.#marks.push(NaN);
      this.#idle.push(false);
      this.#raisedBy.push(NaN);
    }
    const slot = this.task.inputs[index - 1];
    const place = placeOf(slot?.topic ?? "", slot?.partition ?? -1);
    const [, , mark, idle] = this.#unclaimedOf(index);
    this.#marks[index] = mark;
    this.#raisedBy[index] = slot === undefined ? NaN : this.#restored?.[slot.topic]?.[slot.partition] ?? NaN;
    this.#unclaimed.delete(place);
    this.#idle[index] = idle === true && index > 0;
    if (this.#idle[index]) this.#restoredIdle.add(index);
    this.#members.push(index);
    this.#low = Math.min(this.#low, this.#marks[index]);
  }

  #isQuiet(index: number, now: number): boolean {
    if (index === 0) return false;
    const idle = now - this.task.idleSince[index - 1] > this.rule.idleAfter;
    if (idle) this.#restoredIdle.delete(index);
    return idle || this.#restoredIdle.has(index);
  }

  #wake(index: number): void {
    this.#restoredIdle.delete(index);
    this.#idle[index] = false;
    this.idle = false;
    this.#allIdleSince = NaN;
  }

  /**
   * Computes the minimum again. While all partitions are idle, the highest mark counts, in whatever order they became
   * idle. Without partitions the watermark stays where it is. Returns whether anything has changed.
   */
  #settle(): boolean {
    const { watermark, idle } = this;
    let low = Infinity, furthest = BEGIN_OF_TIME;
    for (let i = 0; i < this.#members.length; i++) {
      const index = this.#members[i];
      const mark = this.#marks[index];
      if (this.#idle[index]) {
        if (mark > furthest) furthest = mark;
      } else if (mark < low) low = mark;
    }
    this.#low = low;
    this.idle = low === Infinity && this.#members.length > 0;
    if (this.idle) low = furthest;
    if (low > this.watermark && low !== Infinity) this.watermark = low;
    return watermark !== this.watermark || idle !== this.idle;
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/**
 * The end of time is never stored. A record may have carried it, but only the end of the input means the end of time.
 */
function storable(mark: number): number {
  return Math.min(mark, END_OF_TIME - 1);
}
