/**
 * The stage of a `watermark()`: it provides the minimum of its partition clocks to the stages below.
 *
 * @module
 */
import { END_OF_TIME } from "./_limits.ts";
import * as misuse from "./_misuse.ts";
import type { Stage } from "./_stage.ts";
import { type IdleRule, PartitionClocks } from "./_partition_clocks.ts";
import { WatermarkProvider } from "./_scope.ts";
import type { ClockFacts, Holder, PartitionFacts } from "./_time_facts.ts";

/** What a `watermark()` tells, as it is at the moment of each question. */
class ClockOfStage implements ClockFacts {
  readonly idleAfter: number;
  readonly advances: boolean;
  readonly #clocks: PartitionClocks;

  constructor(readonly name: string, readonly bound: number | undefined, clocks: PartitionClocks) {
    ({ idleAfter: this.idleAfter, advances: this.advances } = clocks.rule);
    this.#clocks = clocks;
  }

  get watermark(): number {
    return this.#clocks.watermark;
  }

  get partitions(): readonly PartitionFacts[] {
    return this.#clocks.explain();
  }
}

/** The clocks of one subscription, and the scope that they report to. */
export class WatermarkStage {
  /** The stages below are being notified. A value that arrives meanwhile was caused by one of them. */
  #telling = false;
  /** All values come from partitions: no stage above emits by itself. */
  #partitionsOnly = false;
  readonly #provider = new WatermarkProvider();
  readonly #clocks: PartitionClocks;

  constructor(readonly stage: Stage, rule: IdleRule) {
    stage.below.attachProvider(this.#provider);
    this.#clocks = new PartitionClocks(stage.task, stage.scope, rule);
    if (rule.maxDrift !== undefined && rule.maxDrift < Infinity) stage.task.drifts.push(this.#clocks);
  }

  /** Registers the clock under its name and restores it from the checkpoint, after everything above is bound. */
  open(identity: object, name: string | undefined, bound: number | undefined): void {
    const { task, scope, label } = this.stage;
    for (const { hop } of scope.sources) if (hop !== undefined) throw misuse.watermarkBelowHop(label, hop);
    this.#partitionsOnly = task.host !== undefined && scope.providers.length === 0 && scope.bare.length > 0 &&
      scope.bare.every((source) => source.derived !== true);
    const reads = [...new Set(scope.bare.map((source) => source.label))].sort();
    const clockName: string = task.addClock(name ?? `${reads.join("+")}:${bound ?? "punctuated"}`, {
      identity,
      reads,
      snapshot: () => this.#clocks.snapshot(),
      explain: () => facts,
      raised: () => this.#clocks.raised(),
      tick: (now) => this.#tick(now),
    });
    const facts = new ClockOfStage(clockName, bound, this.#clocks);
    const { node } = this.stage.parts;
    if (node !== undefined) node.watermark ??= clockName;
    this.#provider.holder = () => holderOf(facts);
    const restored = task.host?.restoredClock(clockName);
    if (restored !== undefined) this.#clocks.restore(restored);
    // The scope below is not notified: the effects of a restored watermark are in the checkpoint already.
    this.#provider.watermark = this.#clocks.watermark;
    this.#provider.idle = this.#clocks.idle;
  }

  /**
   * A value of that slot carried this watermark and has been emitted. A value without a partition that was caused by a
   * firing below comes in a loop. It says nothing about the progress of the inputs and is ignored.
   */
  observe(slot: number, mark: number): void {
    if (slot < 0 && (this.#telling || this.#partitionsOnly)) return;
    if (this.#clocks.observe(slot, mark)) this.#publish();
  }

  /** The input has ended. */
  end(): void {
    this.#tell(END_OF_TIME, false, true);
  }

  #tick(now: number): boolean {
    const clocks = this.#clocks;
    if (this.#provider.ended || !clocks.tick(now)) return false;
    this.stage.task.enter(() => this.#publish());
    return true;
  }

  #publish(): void {
    this.#tell(this.#clocks.watermark, this.#clocks.idle);
  }

  #tell(watermark: number, idle: boolean, ended = false): void {
    const telling = this.#telling;
    this.#telling = true;
    try {
      this.#provider.tell(watermark, idle, ended);
    } finally {
      this.#telling = telling;
    }
  }
}

/** The partition with the lowest mark that is not idle. */
function holderOf(clock: ClockFacts): Holder | undefined {
  const active = clock.partitions.filter(({ idle }) => !idle);
  if (active.length === 0) return clock.partitions.length === 0 ? undefined : { kind: "idle", clock };
  return { kind: "partition", clock, partition: active.reduce((low, one) => one.mark < low.mark ? one : low) };
}
