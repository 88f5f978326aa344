/**
 * The scope: how control travels beside values.
 *
 * RxJS subscribes from the bottom of a pipe to its top in one synchronous stack. A stage that needs something from above
 * (a watermark, the certainty of a source) opens a {@linkcode Scope} and subscribes its source inside it; whoever is
 * subscribed further up finds the open scope and attaches. Project Reactor's `Context` uses the same property.
 *
 * Invariants:
 * - a scope's watermark is the minimum over its providers that are not idle, and never goes back;
 * - registers of the task belong to the push at hand: whoever changes one restores it in `finally`;
 * - nothing attaches after the task has started.
 *
 * @module
 */
import { BEGIN_OF_TIME } from "./_limits.ts";
import type { Task } from "./_task.ts";

/** Something that knows how far event time has come: a `watermark()`, or a stage that fires first and then forwards. */
export class WatermarkProvider {
  watermark: number = BEGIN_OF_TIME;
  /** An idle provider does not hold the minimum back. */
  idle = false;
}

/** Where a window sends what it refuses. */
export interface LateSlot {
  taken: boolean;
  push(value: unknown): void;
}

/** A source as the scopes above it see it. */
export interface AttachedSource {
  /** For messages: `user_events`, or `eventTime` where the source is a plain Observable. */
  readonly label: string;
  /** The input partitions that it reads, by the task's slots. */
  readonly slots: readonly InputSlot[];
}

/** One input partition of a task. */
export interface InputSlot {
  readonly slot: number;
  readonly topic: string;
  readonly partition: number;
}

/** What the stage that opened a scope wants to hear. */
export interface ScopeListener {
  /** The scope's watermark has risen. */
  advance(watermark: number): void;
  /** Whether all of the scope's providers are idle has changed. */
  idle?(idle: boolean): void;
}

/** What one stage sees of everything above it. */
export class Scope {
  watermark: number = BEGIN_OF_TIME;
  idle = false;
  /** A source has attached somewhere above. */
  sourced = false;
  /** Sources that no `watermark()` covers. */
  readonly bare: AttachedSource[] = [];
  readonly providers: WatermarkProvider[] = [];
  lateSlot: LateSlot | undefined;
  listener: ScopeListener | undefined;

  /**
   * @param task the task that this scope belongs to
   * @param parent the scope of the stage below, which this one was opened in
   * @param opaque whether watermarks and late records of stages above end here; else they pass to the stage below
   */
  constructor(readonly task: Task, readonly parent: Scope | undefined, readonly opaque: boolean) {}

  /** A source above says that it is there. Every scope below learns it; only the nearest opaque one counts it as bare. */
  attachSource(source: AttachedSource): void {
    let covered = false;
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      scope.sourced = true;
      if (scope.opaque && !covered) {
        scope.bare.push(source);
        covered = true;
      }
    }
  }

  /** A provider above attaches to the nearest scope that listens. Returns that scope. */
  attachProvider(provider: WatermarkProvider): Scope {
    let scope: Scope = this;
    while (!scope.opaque && scope.parent !== undefined) scope = scope.parent;
    scope.providers.push(provider);
    return scope;
  }

  /** The late slot of the stage below, or `undefined`; another window between the two hides it. */
  findLateSlot(): LateSlot | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.lateSlot !== undefined) return scope.lateSlot;
      if (scope.opaque) return undefined;
    }
    return undefined;
  }

  /** A provider has changed: finds the new minimum and tells the listener if it rose. */
  update(): void {
    const { providers } = this;
    let low = Infinity, high = BEGIN_OF_TIME;
    for (let i = 0; i < providers.length; i++) {
      const provider = providers[i];
      if (provider.watermark > high) high = provider.watermark;
      if (!provider.idle && provider.watermark < low) low = provider.watermark;
    }
    const idle = low === Infinity && providers.length > 0;
    // Where everybody is idle nobody holds time back: it is as late as the furthest of them knows.
    const next = idle ? high : low;
    if (next > this.watermark && next !== Infinity) {
      this.watermark = next;
      this.listener?.advance(next);
    }
    if (idle !== this.idle) {
      this.idle = idle;
      this.listener?.idle?.(idle);
    }
  }

  /** Takes the providers' present watermarks over without telling anybody: after a restore, what they caused is history. */
  settle(): void {
    const { listener } = this;
    this.listener = undefined;
    this.update();
    this.listener = listener;
  }
}

let open: Scope | undefined;

/** The scope that is open in this subscribe stack, or `undefined` outside one. */
export function openScope(): Scope | undefined {
  return open;
}

/** Runs a function with a scope open. */
export function within<R>(scope: Scope | undefined, run: () => R): R {
  const before = open;
  open = scope;
  try {
    return run();
  } finally {
    open = before;
  }
}
