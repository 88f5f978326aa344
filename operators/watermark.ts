/**
 * @module
 */
import type { MonoTypeOperatorFunction } from "rxjs";
import { BEGIN_OF_TIME, END_OF_TIME } from "./_limits.ts";
import { operate } from "./_operate.ts";
import { PartitionClocks } from "./_partition_clocks.ts";
import { type Scope, WatermarkProvider } from "./_scope.ts";

/** Options of {@linkcode watermark}: either a bound or `punctuated`. */
export interface WatermarkOptions<T> {
  /** How far a record may lie behind the furthest one of its partition, in milliseconds. */
  readonly maxOutOfOrderness?: number;
  /** Takes watermarks from the data: the watermark that a value carries, in milliseconds, or `undefined`. */
  readonly punctuated?: (value: T) => number | undefined;
  /**
   * After how many milliseconds with nothing to read a partition no longer holds the minimum back. It rejoins with its next
   * record and never pulls time back.
   *
   * @default Infinity
   */
  readonly idleAfter?: number;
  /**
   * What happens when all partitions are idle: `advance` moves event time on with the wall clock, so that the windows of a quiet
   * topic fire; `hold` waits.
   *
   * @default "advance"
   */
  readonly whenIdle?: "advance" | "hold";
  /**
   * The name under which its clock is found again after a restart.
   *
   * @default what it reads and its bound
   */
  readonly name?: string;
}

/**
 * Measures how far event time has come: after each record, the highest event time of a partition less `maxOutOfOrderness` less
 * 1 ms, and over a task's partitions the minimum. It never goes back. Emits every value unchanged; stages below see the watermark
 * after the record that caused it.
 *
 * Keeps one number for each partition, in the checkpoint: after a restart nothing that was decided is decided again.
 * The rule is that of Apache Flink's `BoundedOutOfOrdernessWatermarks`.
 *
 * ```text
 * event time --5-----9-----7-----20--
 *            watermark({ maxOutOfOrderness: 3 })
 * watermark  --1-----5-----5-----16--
 * ```
 *
 * @param options the bound, or where the data carries its watermarks
 * @returns an operator that passes values on
 * @throws {TypeError} when neither or both of `maxOutOfOrderness` and `punctuated` are given
 * @throws {RangeError} when a number is below 0
 *
 * @example Windows fire when the watermark passes their end
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from, map } from "rxjs";
 * import { count, eventTime, tumblingWindow, watermark } from "@tidemark/streams";
 *
 * const starts: number[] = [];
 * from([{ at: 1 }, { at: 12 }, { at: 9 }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 5 }),
 *   tumblingWindow({ key: () => "all", size: 10, aggregate: count() }),
 * ).subscribe(({ window, value }) => starts.push(window.start, value));
 * assertEquals(starts, [0, 2, 10, 1]);
 * ```
 */
export function watermark<T>(options: WatermarkOptions<T>): MonoTypeOperatorFunction<T> {
  const { maxOutOfOrderness, punctuated, idleAfter = Infinity, whenIdle = "advance", name } = options;
  if ((maxOutOfOrderness === undefined) === (punctuated === undefined)) {
    throw new TypeError("Cannot create watermarks: give either maxOutOfOrderness or punctuated");
  }
  if (maxOutOfOrderness !== undefined && !(maxOutOfOrderness >= 0)) {
    throw new RangeError(`Cannot create watermarks: maxOutOfOrderness must be >= 0, current value is ${maxOutOfOrderness}`);
  }
  if (!(idleAfter > 0)) throw new RangeError(`Cannot create watermarks: idleAfter must be > 0, current value is ${idleAfter}`);
  const lag = (maxOutOfOrderness ?? 0) + 1;
  const identity = {};

  return operate<T, T>({ operator: "watermark", name, opaque: true, keeps: false }, ({ task, scope, below, out, label }) => {
    const provider = new WatermarkProvider();
    const target: Scope = below.attachProvider(provider);
    const clocks = new PartitionClocks(task, scope, { idleAfter, advances: whenIdle === "advance" });

    /** Tells the stages below, where something has changed. */
    function publish(): void {
      if (clocks.watermark === provider.watermark && clocks.idle === provider.idle) return;
      provider.watermark = clocks.watermark;
      provider.idle = clocks.idle;
      target.update();
    }

    return {
      bound() {
        const reads = [...new Set(scope.bare.map((source) => source.label))].sort().join("+");
        const clockName = task.addClock(name ?? `${reads}:${maxOutOfOrderness ?? "punctuated"}`, {
          identity,
          snapshot: () => clocks.snapshot(),
          tick: (now) => {
            clocks.tick(now);
            publish();
          },
        });
        const restored = task.host?.restoredClock(clockName);
        if (restored !== undefined) clocks.restore(restored);
        // Nobody is told: what a restored watermark caused had happened before the checkpoint.
        provider.watermark = clocks.watermark;
      },
      next(value) {
        const { timestamp, slot } = task;
        const mark = punctuated === undefined ? timestamp - lag : punctuated(value) ?? BEGIN_OF_TIME;
        if (Number.isNaN(mark)) throw new TypeError(`A value without event time reached ${label}: put eventTime(...) above it`);
        out.next(value);
        if (clocks.observe(slot, mark)) publish();
      },
      complete() {
        provider.watermark = END_OF_TIME;
        provider.idle = false;
        target.update();
      },
    };
  });
}
