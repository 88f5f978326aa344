/**
 * What a task has told the readers of a hop: its watermark and status above the hop, as they were sent last. A clock of
 * the checkpoint, so that nothing is sent twice and the end is sent once. It also numbers all that the task sends.
 *
 * A changed status is sent with the next cut. A risen watermark is sent at most once an interval, so that the number of
 * control records is bounded; until it is sent, it is itself a reason for an epoch.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { ClockHandle, HopPort, HopStatus } from "./_host.ts";
import type { Scope } from "./_scope.ts";

/** The shortest interval while the task is idle, in milliseconds: its watermark then advances with the wall clock only. */
const IDLE_INTERVAL = 1000;

/** The "topic" of a row in a snapshot: how many records were sent stands in the place of a mark. */
const SENT = "sent";

/** The sending side of a hop's watermarks. */
export class HopTold implements ClockHandle {
  readonly identity: object = this;
  readonly forwards = true;
  #watermark = BEGIN_OF_TIME;
  #status: HopStatus = "active";
  #at = -Infinity;
  /** How many records were sent, values and control records. */
  #sent = 0;

  /** @param scope everything above the hop */
  constructor(readonly port: HopPort, readonly scope: Scope) {}

  /** The sequence of the next record. */
  next(): number {
    return ++this.#sent;
  }

  /** An epoch is about to be cut, and all of its data has been sent. */
  cut(): void {
    if (!this.port.sends || !this.#due(this.port.elapsed())) return;
    this.#tell(this.#reached, this.scope.idle ? "idle" : "active");
  }

  /** The input above the hop has ended, and all that fires at the end was sent. */
  end(): void {
    if (this.port.sends && this.#status !== "ended") this.#tell(this.#reached, "ended");
  }

  tick(now: number): boolean {
    return this.port.sends && this.#due(now);
  }

  snapshot(): ClockSnapshot {
    const name = this.#status === "ended" ? "ended" : "";
    return {
      partitions: [[name, 0, this.#watermark, this.#status === "idle"], [SENT, 0, this.#sent, false]],
      watermark: this.#watermark,
    };
  }

  restore({ partitions, watermark }: ClockSnapshot): void {
    const [name, , , idle] = partitions.find(([name]) => name !== SENT)!;
    this.#sent = partitions.find(([name]) => name === SENT)?.[2] ?? 0;
    this.#watermark = watermark;
    this.#status = name === "ended" ? "ended" : idle ? "idle" : "active";
  }

  /** The watermark to send. The end of time is never sent: a reader knows the end by the status. */
  get #reached(): number {
    const { watermark } = this.scope;
    return watermark === END_OF_TIME ? this.#watermark : Math.max(this.#watermark, watermark);
  }

  #due(now: number): boolean {
    if (this.#status === "ended") return false;
    const { idle } = this.scope;
    if (idle !== (this.#status === "idle")) return true;
    const interval = idle ? Math.max(IDLE_INTERVAL, this.port.interval) : this.port.interval;
    return this.#reached > this.#watermark && now - this.#at >= interval;
  }

  #tell(watermark: number, status: HopStatus): void {
    this.#watermark = watermark;
    this.#status = status;
    this.#at = this.port.elapsed();
    this.port.tell(watermark, status, this.next());
  }
}
