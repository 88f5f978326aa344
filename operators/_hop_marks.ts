/**
 * What a hop's reader knows of the hop's senders: the watermark and the status that each has sent last, up to which of its
 * records the task has had them, and the hop's watermark.
 *
 * The hop's watermark is the minimum over the active senders. Left out is a sender that became active behind the hop's
 * watermark, until it has caught up. While no sender is active, the highest watermark of the idle ones counts. Senders
 * that have ended do not count. The watermark never goes back, so a record that was not late where it was sent is not
 * late where it is read, unless time went on while its sender was idle. These are the rules of Apache Flink's
 * `StatusWatermarkValve`, as in {@linkcode Scope.update}.
 *
 * All of it is a clock of the checkpoint: a restarted reader continues with the same watermark.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "./_limits.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { HopStatus } from "./_host.ts";
import type { Holder } from "./_time_facts.ts";

/** The "topic" of a mark in a snapshot, by status: a sender that has ended has another name than the others. */
const ENDED = "ended";
/** The "topic" of what a sender's records have reached, which stands in the place of a mark. */
const REACHED = "reached";

/** The senders of one hop, in one task. */
export class HopMarks {
  watermark: number = BEGIN_OF_TIME;
  readonly #marks = new Map<number, { watermark: number; status: HopStatus }>();
  /** The sequence of the last record that the task has had, by sender. */
  readonly #reached = new Map<number, number>();

  /** @param senders the numbers of the tasks that send */
  constructor(senders: readonly number[]) {
    for (const sender of senders) this.#marks.set(sender, { watermark: BEGIN_OF_TIME, status: "active" });
  }

  /** Whether no sender is active, and at least one is idle. */
  get idle(): boolean {
    let idle = false;
    for (const { status } of this.#marks.values()) {
      if (status === "active") return false;
      if (status === "idle") idle = true;
    }
    return idle;
  }

  /** Whether every sender has ended. */
  get ended(): boolean {
    for (const { status } of this.#marks.values()) if (status !== "ended") return false;
    return true;
  }

  /** The active senders that have sent no watermark yet, while others have: they hold all time behind the hop back. */
  get silent(): readonly number[] {
    const marks = [...this.#marks];
    if (!marks.some(([, { watermark }]) => watermark > BEGIN_OF_TIME)) return [];
    const silent = marks.filter(([, { watermark, status }]) => status === "active" && watermark === BEGIN_OF_TIME);
    return silent.map(([sender]) => sender);
  }

  /** The active sender with the lowest watermark. */
  holder(hop: string): Holder | undefined {
    let lowest: Extract<Holder, { kind: "sender" }> | undefined;
    for (const [task, { watermark: mark, status }] of this.#marks) {
      if (status !== "active" || (lowest !== undefined && mark >= lowest.mark)) continue;
      lowest = { kind: "sender", hop, task, mark };
    }
    return lowest;
  }

  /** The sequence of the last record of this sender that the task has had; 0: none. */
  reached(sender: number): number {
    return this.#reached.get(sender) ?? 0;
  }

  /**
   * A record of this sender comes. Returns `false` when the task has had it. A record may come twice, since the task can
   * have it before the broker shows it; each time it comes in the sender's order.
   */
  takes(sender: number, sequence: number): boolean {
    // Records of before there were sequences came once.
    if (sequence === 0) return true;
    if (sequence <= this.reached(sender)) return false;
    this.#reached.set(sender, sequence);
    return true;
  }

  /** A sender has sent its watermark and status. */
  hear(sender: number, watermark: number, status: HopStatus): void {
    const mark = this.#marks.get(sender);
    if (mark === undefined) throw new RangeError(`A hop has no sender ${sender}`);
    if (mark.status === "ended") return;
    mark.status = status;
    if (watermark > mark.watermark) mark.watermark = watermark;
    this.#settle();
  }

  #settle(): void {
    let low = Infinity, furthest = BEGIN_OF_TIME;
    let active = false;
    for (const { watermark, status } of this.#marks.values()) {
      if (status === "ended") continue;
      if (status === "idle") furthest = Math.max(furthest, watermark);
      else {
        active = true;
        if (watermark >= this.watermark) low = Math.min(low, watermark);
      }
    }
    if (!active) low = furthest;
    if (low !== Infinity && low > this.watermark) this.watermark = low;
  }

  snapshot(): ClockSnapshot {
    const partitions = [...this.#marks].map(([sender, { watermark, status }]) =>
      [status === "ended" ? ENDED : "", sender, watermark, status === "idle"] as const
    );
    const reached = [...this.#reached].map(([sender, sequence]) => [REACHED, sender, sequence, false] as const);
    return { partitions: [...partitions, ...reached], watermark: this.watermark };
  }

  restore({ partitions, watermark }: ClockSnapshot): void {
    for (const [name, sender, highest, idle] of partitions) {
      if (name === REACHED) this.#reached.set(sender, highest);
      else this.#marks.set(sender, { watermark: highest, status: name === ENDED ? "ended" : idle ? "idle" : "active" });
    }
    this.watermark = watermark;
  }
}
