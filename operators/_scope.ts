/**
 * The scope: how watermarks and late records travel beside the stream of values.
 *
 * RxJS subscribes from the bottom of a pipe to its top in one synchronous stack. A stage that needs something from
 * above (a watermark, or proof that there is a source) opens a {@linkcode Scope} and subscribes its source inside it.
 * Stages and sources further up find the open scope and attach to it. Project Reactor's `Context` uses the same
 * property.
 *
 * Invariants:
 * - a scope's watermark is the minimum over its providers that are not idle, and never goes back;
 * - a provider that becomes active behind the scope's watermark does not count until it has caught up;
 * - registers of the task belong to the current push; code that changes a register restores it in `finally`;
 * - nothing attaches after the task has started.
 *
 * @module
 */
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import type { StageWatcher } from "./_host.ts";
import type { Task } from "./_task.ts";
import type { Holder } from "./_time_facts.ts";

/** A provider of watermarks: a `watermark()`, or a stage that fires first and then forwards. */
export class WatermarkProvider {
  watermark: number = BEGIN_OF_TIME;
  /** An idle provider does not hold the minimum back. */
  idle = false;
  /**
   * Whether it takes part in the minimum. A provider that becomes active behind the scope's watermark must catch up
   * first.
   */
  aligned = true;
  /** Nothing will come from it any more. It is left out of the minimum, even if all others are idle. */
  ended = false;
  /** What holds its watermark where it is, for a job that explains itself. */
  holder: (() => Holder | undefined) | undefined = undefined;
  /** The scope that it provides watermarks to. */
  below: Scope | undefined;

  /**
   * Tells the scope below: first of the watermark, then of idleness. The end is told at once with the watermark, which
   * would otherwise be the minimum while all others are idle.
   */
  tell(watermark: number, idle: boolean, ended = false): void {
    if (this.ended) return;
    if (!ended && (watermark !== this.watermark || (this.idle && !idle))) {
      this.watermark = watermark;
      this.idle &&= idle;
      this.below!.update();
    }
    if (this.idle === idle && !ended) return;
    this.watermark = watermark;
    this.idle = idle;
    this.ended = ended;
    this.below!.update();
  }
}

/** Where a stage sends values beside its results. A window sends its late records there. */
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
  /** Whether every task of the job reads all of it. */
  readonly broadcast?: boolean;
  /** Its input has ended, not only this subscription. */
  ended?: boolean;
  /** It represents sources above a stage with its own time, or a side output. Its values have no known partition. */
  readonly derived?: boolean;
  /** Set for a hop that brings its own watermark: the stage to name. */
  readonly hop?: string;
  /** Set for a plain Observable without a job: whether it is inside a `connect()` or a `defer()`. */
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

/** The notifications of a scope to the stage that opened it. */
export interface ScopeListener {
  /** The scope's watermark has risen. */
  advance(watermark: number): void;
  /** Called when all of the scope's providers have become idle, or no longer are. */
  idle?(idle: boolean): void;
}

/** One stage's view of everything above it. */
export class Scope {
  watermark: number = BEGIN_OF_TIME;
  idle = false;
  /** A source has attached somewhere above. */
  sourced = false;
  /** How many stages are directly above. */
  stages = 0;
  /** All sources above. */
  readonly sources: AttachedSource[] = [];
  /** The sources that no `watermark()` covers. */
  readonly bare: AttachedSource[] = [];
  readonly providers: WatermarkProvider[] = [];
  /** The side outputs for stages above, by name. */
  readonly sides: Map<string, SideSlot> = new Map();
  listener: ScopeListener | undefined;
  /** What watches the stages in this scope and in those above it. */
  watcher: StageWatcher | undefined;
  #updates = 0;

  /**
   * @param task the task that this scope belongs to
   * @param parent the scope of the stage below, in which this one was opened
   * @param opaque whether watermarks and late records of stages above end here; else they pass to the stage below
   */
  constructor(readonly task: Task, readonly parent: Scope | undefined, readonly opaque: boolean) {
    this.watcher = parent?.watcher;
  }

  /**
   * Attaches a source above. Every scope below learns of it, but only the nearest opaque one counts it as bare, and none
   * does when it is `covered`: it brings its own watermark.
   */
  attachSource(source: AttachedSource, covered = false): void {
    this.task.changes++;
    for (const slot of source.slots) this.task.inputs[slot.slot] = slot;
    this.#learn(source, covered);
  }

  #learn(source: AttachedSource, covered: boolean): void {
    this.sourced = true;
    if (!this.sources.includes(source)) this.sources.push(source);
    if (this.opaque && !covered) this.bare.push(source);
    if (this.parent !== undefined) this.parent.#learn(source, covered || this.opaque);
  }

  /** Attaches a provider above to the nearest opaque scope. */
  attachProvider(provider: WatermarkProvider): void {
    if (!this.opaque && this.parent !== undefined) return this.parent.attachProvider(provider);
    this.providers.push(provider);
    provider.below = this;
  }

  /** Whether nothing can come from above any more. */
  get ended(): boolean {
    return this.sources.every((source) => source.ended === true);
  }

  /** Finds the side output of that name below, or `undefined`. A stage with its own time in between hides it. */
  findSide(name: string): SideSlot | undefined {
    const found = this.sides.get(name);
    return found !== undefined || this.opaque ? found : this.parent?.findSide(name);
  }

  /**
   * A provider has changed: finds the new minimum and tells the listener if it rose. The rules are those of Apache
   * Flink's `StatusWatermarkValve`, with FLINK-38454: while all are idle, the highest watermark counts, in whatever
   * order they became idle. An idle provider may also advance with the wall clock.
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
      // The listener may have caused a newer update, which has notified it already.
      if (update !== this.#updates) return;
    }
    if (this.idle === (idle && !active)) return;
    this.idle = idle && !active;
    this.listener?.idle?.(this.idle);
  }

  /** What holds the watermark where it is: the lowest provider that counts knows. */
  holder(): Holder | undefined {
    let lowest: WatermarkProvider | undefined;
    for (const provider of this.providers) {
      if (provider.ended || (provider.idle !== this.idle) || (!provider.idle && !provider.aligned)) continue;
      if (lowest === undefined || provider.watermark < lowest.watermark) lowest = provider;
    }
    const holder = lowest?.holder?.();
    return holder !== undefined && this.providers.length > 1 ? { ...holder, side: true } : holder;
  }

  /** The input has ended: nothing more will come, whatever the providers' watermarks are. */
  end(): void {
    if (this.watermark === END_OF_TIME) return;
    this.watermark = END_OF_TIME;
    this.listener?.advance(END_OF_TIME);
  }

  /**
   * Restores the watermark of the checkpoint without notifying the listener, because its effects are in the checkpoint
   * already.
   */
  restore(watermark: number): void {
    if (watermark > this.watermark) this.watermark = watermark;
  }

  /**
   * Takes over the providers' current watermarks without notifying the listener. After a restore their effects are in
   * the checkpoint already.
   */
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
