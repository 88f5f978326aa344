/**
 * What a `watermark()` is for the stages below it: the provider of its clocks' minimum.
 *
 * @module
 */
import { END_OF_TIME } from "./_limits.ts";
import type { Stage } from "./_operate.ts";
import { type IdleRule, PartitionClocks } from "./_partition_clocks.ts";
import { type Scope, WatermarkProvider } from "./_scope.ts";

/** The clocks of one subscription, and who hears of them. */
export class WatermarkStage {
  readonly #provider = new WatermarkProvider();
  readonly #target: Scope;
  readonly #clocks: PartitionClocks;

  constructor(readonly stage: Pick<Stage<never>, "task" | "scope" | "below">, rule: IdleRule) {
    this.#target = stage.below.attachProvider(this.#provider);
    this.#clocks = new PartitionClocks(stage.task, stage.scope, rule);
    if (rule.maxDrift !== undefined && rule.maxDrift < Infinity) stage.task.drifts.push(this.#clocks);
  }

  /** Everything above is bound: the clock gets its name, and what the checkpoint has under it. */
  bound(identity: object, name: string | undefined, bound: string): void {
    const { task, scope } = this.stage;
    const reads = [...new Set(scope.bare.map((source) => source.label))].sort();
    const clockName = task.addClock(name ?? `${reads.join("+")}:${bound}`, {
      identity,
      reads,
      snapshot: () => this.#clocks.snapshot(),
      tick: (now) => {
        this.#clocks.tick(now);
        task.enter(() => this.#publish());
      },
    });
    const restored = task.host?.restoredClock(clockName);
    if (restored !== undefined) this.#clocks.restore(restored);
    // Nobody is told: what a restored watermark caused had happened before the checkpoint.
    this.#provider.watermark = this.#clocks.watermark;
  }

  /** A record of that slot carried this watermark, and has gone by. */
  observe(slot: number, mark: number): void {
    if (this.#clocks.observe(slot, mark)) this.#publish();
  }

  /** The input has really ended. */
  complete(): void {
    this.#provider.watermark = END_OF_TIME;
    this.#provider.idle = false;
    this.#target.update();
  }

  /** Tells the stages below, where something has changed: first how far time has come, then that nobody is there. */
  #publish(): void {
    const provider = this.#provider, clocks = this.#clocks;
    if (provider.watermark !== clocks.watermark || (provider.idle && !clocks.idle)) {
      provider.watermark = clocks.watermark;
      provider.idle &&= clocks.idle;
      this.#target.update();
    }
    if (provider.idle === clocks.idle) return;
    provider.idle = clocks.idle;
    this.#target.update();
  }
}
