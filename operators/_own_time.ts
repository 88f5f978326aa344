/**
 * Event time of a stage that has its own: it acts first, then hands the watermark on.
 *
 * Invariants:
 * - what the stage has acted on is in the checkpoint, as a clock of its own: its scope's watermark does not follow from those of
 *   its providers alone;
 * - it acts on one watermark at a time; one that rises meanwhile, because of what it did, is acted on next;
 * - the watermark that it hands on stays below every hold, and a stage that holds is not idle.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import { type AttachedSource, type Scope, type ScopeListener, WatermarkProvider } from "./_scope.ts";
import type { Stage } from "./_stage.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { ClockHandle } from "./_task.ts";

/** The listener of a stage's scope, and its provider in the scope below. */
export class OwnTime implements ClockHandle, ScopeListener {
  readonly identity: object = this;
  readonly forwards = true;
  readonly #provider = new WatermarkProvider();
  #target: Scope | undefined;
  /** How far event time has come, the end of time left out. */
  #reached = BEGIN_OF_TIME;
  #acting = false;
  #over = false;

  /** @param act what the stage does when the watermark has risen, before it is handed on */
  constructor(readonly stage: Stage, readonly act: (watermark: number) => void) {
    stage.scope.listener = this;
  }

  /** Everything above is bound: takes over what the checkpoint knows. */
  restore(): void {
    const { scope, below, task, label } = this.stage;
    scope.settle();
    for (const source of scope.bare) below.attachSource(derivedFrom(source));
    if (scope.providers.length === 0) return;
    if (task.host !== undefined) {
      const restored = task.host.restoredClock(task.addClock(label, this));
      if (restored !== undefined) scope.restore(restored.watermark);
    }
    this.#reached = scope.watermark;
  }

  /** Attaches below, only where there is a clock above, so that its absence still shows below. */
  attach(): void {
    const { scope, below } = this.stage;
    if (scope.providers.length === 0) return;
    this.#target = below.attachProvider(this.#provider);
    this.#provider.watermark = Math.min(scope.watermark, this.stage.holds.limit);
    this.#provider.idle = scope.idle && this.stage.holds.size === 0;
  }

  advance(watermark: number): void {
    if (watermark !== END_OF_TIME) this.#reached = watermark;
    if (this.#acting) return;
    // Most watermarks are nobody's: they are handed on, and nothing else.
    if (this.stage.acts(watermark)) this.#actOn();
    this.forward();
  }

  #actOn(): void {
    const { scope } = this.stage;
    this.#acting = true;
    try {
      let acted = NaN;
      while (acted !== scope.watermark && !this.stage.closed) this.act(acted = scope.watermark);
    } catch (error) {
      this.stage.fail(error);
    } finally {
      this.#acting = false;
    }
  }

  idle(): void {
    this.forward();
  }

  /** The input has really ended, whether or not a `watermark()` has seen the end. */
  end(): void {
    this.#over = true;
    this.stage.scope.end();
  }

  /** Hands the watermark on, as far as the holds allow; then that nobody is there. */
  forward(): void {
    if (this.#target === undefined || this.#acting) return;
    const { scope, holds } = this.stage;
    const provider = this.#provider;
    const free = holds.size === 0;
    const watermark = free ? scope.watermark : Math.min(scope.watermark, holds.limit);
    const idle = scope.idle && free;
    if (watermark !== provider.watermark || (provider.idle && !idle)) {
      provider.watermark = watermark;
      provider.idle &&= idle;
      this.#target.update();
    }
    const ended = this.#over && free;
    if (provider.idle === idle && provider.ended === ended) return;
    provider.idle = idle;
    provider.ended = ended;
    this.#target.update();
  }

  /** The subscription is over: nothing is done any more, even if time goes on above. */
  close(): void {
    this.stage.scope.listener = undefined;
  }

  snapshot(): ClockSnapshot {
    return { partitions: [], watermark: this.#reached };
  }

  tick(): boolean {
    return false;
  }
}

/** A source as the stages below see it: what comes is the stage's, and of no partition. */
function derivedFrom(source: AttachedSource): AttachedSource {
  return {
    label: source.label,
    slots: [],
    derived: true,
    get ended() {
      return source.ended;
    },
  };
}
