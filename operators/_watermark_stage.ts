/**
 * What a `watermark()` is for the stages below it: the provider of its clocks' minimum.
 *
 * @module
 */
import { END_OF_TIME } from "./_limits.ts";
import type { Stage } from "./_stage.ts";
import { type IdleRule, PartitionClocks } from "./_partition_clocks.ts";
import { type Scope, WatermarkProvider } from "./_scope.ts";

/** The clocks of one subscription, and who hears of them. */
export class WatermarkStage {
  /** The stages below are being told: a value that comes now is caused by what they do. */
  #telling = false;
  /** Only partitions send to it: no stage above emits by itself. */
  #partitionsOnly = false;
  readonly #provider = new WatermarkProvider();
  readonly #target: Scope;
  readonly #clocks: PartitionClocks;

  constructor(readonly stage: Stage, rule: IdleRule) {
    this.#target = stage.below.attachProvider(this.#provider);
    this.#clocks = new PartitionClocks(stage.task, stage.scope, rule);
    if (rule.maxDrift !== undefined && rule.maxDrift < Infinity) stage.task.drifts.push(this.#clocks);
  }

  /** Everything above is bound: the clock gets its name, and what the checkpoint has under it. */
  open(identity: object, name: string | undefined, bound: string): void {
    const { task, scope } = this.stage;
    this.#partitionsOnly = task.host !== undefined && scope.providers.length === 0 && scope.bare.length > 0 &&
      scope.bare.every((source) => source.derived !== true);
    const reads = [...new Set(scope.bare.map((source) => source.label))].sort();
    const clockName = task.addClock(name ?? `${reads.join("+")}:${bound}`, {
      identity,
      reads,
      snapshot: () => this.#clocks.snapshot(),
      tick: (now) => this.#tick(now),
    });
    const restored = task.host?.restoredClock(clockName);
    if (restored !== undefined) this.#clocks.restore(restored);
    // Nobody is told: what a restored watermark caused had happened before the checkpoint.
    this.#provider.watermark = this.#clocks.watermark;
    this.#provider.idle = this.#clocks.idle;
  }

  /**
   * A value of that slot carried this watermark, and has gone by. One that no partition sent and that a firing below has caused comes in a
   * loop: it says nothing of how far the inputs are.
   */
  observe(slot: number, mark: number): void {
    if (slot < 0 && (this.#telling || this.#partitionsOnly)) return;
    if (this.#clocks.observe(slot, mark)) this.#publish();
  }

  /** The input has really ended. */
  end(): void {
    this.#provider.watermark = END_OF_TIME;
    this.#provider.idle = false;
    this.#provider.ended = true;
    this.#tell();
  }

  #tick(now: number): boolean {
    const clocks = this.#clocks;
    if (this.#provider.ended || !clocks.tick(now)) return false;
    this.stage.task.enter(() => this.#publish());
    return true;
  }

  #tell(): void {
    const telling = this.#telling;
    this.#telling = true;
    try {
      this.#target.update();
    } finally {
      this.#telling = telling;
    }
  }

  /** Tells the stages below, where something has changed: first how far time has come, then that nobody is there. */
  #publish(): void {
    const provider = this.#provider, clocks = this.#clocks;
    if (provider.ended) return;
    if (provider.watermark !== clocks.watermark || (provider.idle && !clocks.idle)) {
      provider.watermark = clocks.watermark;
      provider.idle &&= clocks.idle;
      this.#tell();
    }
    if (provider.idle === clocks.idle) return;
    provider.idle = clocks.idle;
    this.#tell();
  }
}
