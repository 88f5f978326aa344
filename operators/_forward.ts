/**
 * How a stage with a clock of its own hands event time on: it acts first, then forwards.
 *
 * @module
 */
import type { Stage } from "./_operate.ts";
import { type Scope, WatermarkProvider } from "./_scope.ts";

/** The provider that a stage is for the scope below it. */
export class Forwarder {
  readonly #provider = new WatermarkProvider();
  #target: Scope | undefined;

  constructor(readonly stage: Stage<never>) {}

  /** Attaches below, once everything above is bound: with a clock only where there is one above, so that its absence still shows below. */
  bound(): void {
    const { scope, below } = this.stage;
    scope.settle();
    for (const source of scope.bare) below.attachSource(source);
    if (scope.providers.length === 0) return;
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
}
