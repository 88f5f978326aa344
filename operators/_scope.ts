/**
 * The scope: how control travels beside values.
 *
 * RxJS subscribes from the bottom of a pipe to its top in one synchronous stack. A stage that needs something from above
 * (a watermark, the certainty of a source) opens a {@linkcode Scope} and subscribes its source inside it; whoever is
 * subscribed further up finds the open scope and attaches. Project Reactor's `Context` uses the same property.
 *
 * Invariants:
 * - a scope's watermark is the minimum over its providers that are not idle, and never goes back;
 * - a provider that wakes behind the scope's watermark does not hold it back until it has caught up;
 * - registers of the task belong to the push at hand: whoever changes one restores it in `finally`;
 * - nothing attaches after the task has started.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import type { Task } from "./_task.ts";

/** Something that knows how far event time has come: a `watermark()`, or a stage that fires first and then forwards. */
export class WatermarkProvider {
  watermark: number = BEGIN_OF_TIME;
  /** An idle provider does not hold the minimum back. */
  idle = false;
  /** It takes part in the minimum. One that wakes up behind the scope does so again when it has caught up. */
  aligned = true;
  /** Nothing will come from it any more: it is left out, whoever else is idle. */
  ended = false;
}

/** Where a stage sends values beside its results: a window what it refuses as late. */
export interface SideSlot {
  taken: boolean;
  push(value: unknown): void;
}

/** A source as the scopes above it see it. */
export interface AttachedSource {
  /** For messages: `user_events`, or `eventTime` where the source is a plain Observable. */
  readonly label: string;
  /** The input partitions that it reads, by the task's slots. May grow while it reads. */
  readonly slots: readonly InputSlot[];
  /** Its input has really ended. */
  ended?: boolean;
  /** It stands for sources behind a stage that emits by itself, or for a side output: no partition is known. */
  readonly derived?: boolean;
  /** It stands for a plain Observable without a job: whether inside a `connect()` or a `defer()`. */
  readonly inside?: boolean;
}

/** One input partition of a task. */
export interface InputSlot {
  readonly slot: number;
  readonly topic: string;
  readonly partition: number;
  /** Nothing will come from it any more. */
  readonly done?: boolean;
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
  /** How many stages stand directly above. */
  stages = 0;
  /** All sources above. */
  readonly sources: AttachedSource[] = [];
  /** Those of them that no `watermark()` covers. */
  readonly bare: AttachedSource[] = [];
  readonly providers: WatermarkProvider[] = [];
  /** What takes the values that stages above send beside their results, by name. */
  readonly sides: Map<string, SideSlot> = new Map();
  listener: ScopeListener | undefined;
  #updates = 0;

  /**
   * @param task the task that this scope belongs to
   * @param parent the scope of the stage below, which this one was opened in
   * @param opaque whether watermarks and late records of stages above end here; else they pass to the stage below
   */
  constructor(readonly task: Task, readonly parent: Scope | undefined, readonly opaque: boolean) {}

  /** A source above says that it is there. Every scope below learns it; only the nearest opaque one counts it as bare. */
  attachSource(source: AttachedSource): void {
    this.task.changes++;
    for (const slot of source.slots) this.task.inputs[slot.slot] = slot;
    this.#learn(source, false);
  }

  #learn(source: AttachedSource, covered: boolean): void {
    this.sourced = true;
    if (!this.sources.includes(source)) this.sources.push(source);
    if (this.opaque && !covered) this.bare.push(source);
    if (this.parent !== undefined) this.parent.#learn(source, covered || this.opaque);
  }

  /** A provider above attaches to the nearest scope that listens. Returns that scope. */
  attachProvider(provider: WatermarkProvider): Scope {
    if (!this.opaque && this.parent !== undefined) return this.parent.attachProvider(provider);
    this.providers.push(provider);
    return this;
  }

  /** Whether nothing can come from above any more. */
  get ended(): boolean {
    return this.sources.every((source) => source.ended === true);
  }

  /** What takes side values of that name below, or `undefined`; a stage with its own time between the two hides it. */
  findSide(name: string): SideSlot | undefined {
    const found = this.sides.get(name);
    return found !== undefined || this.opaque ? found : this.parent?.findSide(name);
  }

  /**
   * A provider has changed: finds the new minimum and tells the listener if it rose. The rules are those of Apache Flink's
   * `StatusWatermarkValve`, with FLINK-38454: where all are idle, the furthest of them counts, whichever fell silent last. And an idle
   * provider may move on with the wall clock.
   */
  update(): void {
    const { providers } = this;
    if (providers.length === 0) return;
    const update = ++this.#updates;
    let low = Infinity, furthest = BEGIN_OF_TIME;
    let active = false, idle = false;
    for (let i = 0; i < providers.length; i++) {
      const provider = providers[i];
      if (provider.ended) continue;
      const { watermark } = provider;
      if (provider.idle) {
        idle = true;
        provider.aligned = false;
        if (watermark > furthest) furthest = watermark;
        continue;
      }
      active = true;
      if (watermark >= this.watermark) provider.aligned = true;
      if (provider.aligned && watermark < low) low = watermark;
    }
    if (!active) low = idle ? furthest : END_OF_TIME;
    if (low > this.watermark && low !== Infinity) {
      this.watermark = low;
      this.listener?.advance(low);
      // What the listener did may have moved time further, and has told so.
      if (update !== this.#updates) return;
    }
    if (this.idle === (idle && !active)) return;
    this.idle = idle && !active;
    this.listener?.idle?.(this.idle);
  }

  /** The input has really ended: whatever its providers know, nothing more will come. */
  end(): void {
    if (this.watermark === END_OF_TIME) return;
    this.watermark = END_OF_TIME;
    this.listener?.advance(END_OF_TIME);
  }

  /** Takes over what the checkpoint knows, without telling anybody: what it caused is history. */
  restore(watermark: number): void {
    if (watermark > this.watermark) this.watermark = watermark;
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
