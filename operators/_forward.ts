/**
 * How a stage with a clock of its own hands event time on: it acts first, then forwards.
 *
 * Invariant: what the stage has acted on is in the checkpoint, as a clock of its own. Its scope's watermark does not follow from
 * those of its providers alone: one that was idle then is not known to be idle after a restart.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import type { Stage } from "./_operate.ts";
import { type Scope, WatermarkProvider } from "./_scope.ts";
import type { ClockSnapshot } from "./_clock_snapshot.ts";
import type { ClockHandle } from "./_task.ts";

/** The provider that a stage is for the scope below it. */
export class Forwarder implements ClockHandle {
  readonly identity = this;
  readonly forwards = true;
  readonly #provider = new WatermarkProvider();
  #target: Scope | undefined;
  /** How far event time has come, the end of time left out. */
  #reached = BEGIN_OF_TIME;

  /** @param act what the stage does when the watermark has risen, before it is handed on */
  constructor(readonly stage: Stage<never>, act: (watermark: number) => void) {
    stage.scope.listener = {
      advance: (watermark) => {
        if (watermark !== END_OF_TIME) this.#reached = watermark;
        try {
          act(watermark);
        } catch (error) {
          stage.fail(error);
        }
      },
      idle: () => this.forward(),
    };
  }

  /** Attaches below, once everything above is bound: with a clock only where there is one above, so that its absence still shows below. */
  bound(): void {
    const { scope, below, task, label } = this.stage;
    scope.settle();
    for (const source of scope.bare) below.attachSource(source);
    if (scope.providers.length === 0) return;
    if (task.host !== undefined) {
      const restored = task.host.restoredClock(task.addClock(label, this));
      if (restored !== undefined) scope.restore(restored.watermark);
    }
    this.#reached = scope.watermark;
    this.#target = below.attachProvider(this.#provider);
    this.#provider.watermark = scope.watermark;
    this.#provider.idle = scope.idle;
  }

  /** Forwards the stage's own watermark, after what it caused. */
  forward(): void {
    if (this.#target === undefined) return;
    this.#provider.watermark = this.stage.scope.watermark;
    this.#provider.idle = this.stage.scope.idle;
    this.#target.update();
  }

  /** The subscription is over: nothing is done any more, even if time goes on above. */
  teardown(): void {
    this.stage.scope.listener = undefined;
  }

  snapshot(): ClockSnapshot {
    return { partitions: [], watermark: this.#reached };
  }

  tick(): void {}
}
