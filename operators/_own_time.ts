/**
 * Event time of a stage that has its own: the stage acts on a watermark first, then forwards it.
 *
 * Invariants:
 * - the watermark that the stage has acted on is in the checkpoint, as a clock of its own, because the providers'
 *   watermarks alone do not determine it;
 * - it acts on one watermark at a time; if its own action raises the watermark, it acts on the new one next;
 * - the watermark that it forwards stays below every hold, and a stage with a hold is not idle.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import { type AttachedSource, type ScopeListener, WatermarkProvider } from "./_scope.ts";
import type { Stage } from "./_stage.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { ClockHandle } from "./_task.ts";
import type { Holder } from "./_time_facts.ts";

/** The listener of a stage's scope, and its provider in the scope below. */
export class OwnTime implements ClockHandle, ScopeListener {
  readonly identity: object = this;
  readonly forwards = true;
  readonly #provider = new WatermarkProvider();
  /** The last watermark, the end of time left out. */
  #reached = BEGIN_OF_TIME;
  #acting = false;
  #over = false;

  /** @param act called with a risen watermark before the watermark is forwarded */
  constructor(readonly stage: Stage, readonly act: (watermark: number) => void) {
    stage.scope.listener = this;
  }

  /** Restores the watermark from the checkpoint, after everything above is bound. */
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

  /**
   * Attaches to the scope below. Does nothing without a clock above, so that the stage below can report the missing
   * `watermark()`.
   */
  attach(): void {
    const { scope, below } = this.stage;
    if (scope.providers.length === 0) return;
    below.attachProvider(this.#provider);
    this.#provider.holder = () => this.#holder();
    this.#provider.watermark = Math.min(scope.watermark, this.stage.holds.limit);
    this.#provider.idle = scope.idle && this.stage.holds.size === 0;
  }

  advance(watermark: number): void {
    if (watermark !== END_OF_TIME) this.#reached = watermark;
    if (this.#acting) return;
    // Most watermarks make nothing due in the stage and are only forwarded.
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

  /** The input has ended, whether or not a `watermark()` above has seen its end. */
  end(): void {
    this.#over = true;
    this.stage.scope.end();
  }

  /** Forwards the watermark, as far as the holds allow, and then the idle and ended flags. */
  forward(): void {
    if (this.#provider.below === undefined || this.#acting) return;
    const { scope, holds } = this.stage;
    const free = holds.size === 0;
    const watermark = free ? scope.watermark : Math.min(scope.watermark, holds.limit);
    // A watermark() above tells the end of time before the stage hears of its own end.
    const over = this.#over || (watermark === END_OF_TIME && scope.ended);
    this.#provider.tell(watermark, scope.idle && free, over && free);
  }

  /** The subscription is over: stops listening, even if the watermark above still rises. */
  close(): void {
    this.stage.scope.listener = undefined;
  }

  /** What keeps the forwarded watermark where it is: a value that the stage has in flight, or what is above. */
  #holder(): Holder | undefined {
    const { scope, holds, label } = this.stage;
    const { limit } = holds;
    return limit < scope.watermark ? { kind: "stage", stage: label, mark: limit } : scope.holder();
  }

  snapshot(): ClockSnapshot {
    return { partitions: [], watermark: this.#reached };
  }

  tick(): boolean {
    return false;
  }
}

/** A source as the stages below see it: its values come from the stage above and have no partition. */
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
