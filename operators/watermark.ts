/**
 * @module
 */
import type { MonoTypeOperatorFunction } from "rxjs";
import { BEGIN_OF_TIME } from "./_limits.ts";
import { operate } from "./_operate.ts";
import type { Present } from "./_tombstone.ts";
import { WatermarkStage } from "./_watermark_stage.ts";

/** Options of {@linkcode watermark}: either a bound or `punctuated`. */
export interface WatermarkOptions<T> {
  /** How far a record may lie behind the furthest one of its partition, in milliseconds. */
  readonly maxOutOfOrderness?: number;
  /**
   * Takes watermarks from the data: the watermark that a value carries, in milliseconds, or `undefined`. It holds from after that value on.
   * A tombstone, the value `null`, whose fields it reads is a bad record.
   */
  readonly punctuated?: (value: T) => number | undefined;
  /**
   * When a partition has had nothing to read for more than that many milliseconds, it no longer holds the minimum back. It rejoins
   * with its next record and never pulls time back. Only a job knows what there is to read: without one nothing is ever idle.
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
   * How far a partition may be ahead of the slowest one of its task that is not idle, in milliseconds of event time. One that is
   * further ahead waits: where a task reads a backlog of several partitions, less has to be kept for the slower ones, and fewer
   * records are late. A partition without records holds the others back until it is idle, so give `idleAfter` as well. Only in a
   * job, where there is somebody to wait.
   *
   * @default Infinity
   */
  readonly maxDrift?: number;
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
 * @throws {TypeError} when neither or both of `maxOutOfOrderness` and `punctuated` are given, or `whenIdle` is neither
 * @throws {RangeError} when `maxOutOfOrderness` is no integer of at least 0, `idleAfter` not above 0 or `maxDrift` below 0
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
export function watermark<T>(options: WatermarkOptions<Present<T>>): MonoTypeOperatorFunction<T> {
  const { maxOutOfOrderness, punctuated, idleAfter = Infinity, whenIdle = "advance", maxDrift = Infinity, name } =
    options;
  validate(options);
  const lag = (maxOutOfOrderness ?? 0) + 1;
  const identity = {};

  return operate<T, T>(
    { operator: "watermark", name, time: "own", makesWatermarks: true, keeps: false, reads: punctuated },
    (stage) => {
      const { at, out } = stage;
      const marks = new WatermarkStage(stage, { idleAfter, advances: whenIdle === "advance", maxDrift });

      /** Every record says how far time has come. */
      function bounded(value: T): void {
        const { slot } = at;
        const time = stage.eventTime();
        out.next(value);
        marks.observe(slot, time - lag);
      }

      /** Only what the value carries says so. */
      function carried(value: T): void {
        const { slot } = at;
        const mark = punctuated!(value as Present<T>);
        if (mark !== undefined && !Number.isSafeInteger(mark)) {
          return stage.bad(
            `the watermark that it carries must be a safe integer of milliseconds, current value is ${String(mark)}`,
          );
        }
        out.next(value);
        marks.observe(slot, mark ?? BEGIN_OF_TIME);
      }

      return {
        open: () => marks.open(identity, name, String(maxOutOfOrderness ?? "punctuated")),
        next: punctuated === undefined ? bounded : carried,
        end: () => marks.end(),
      };
    },
  );
}

/** Throws what is wrong with the options, before anything is subscribed. */
function validate<T>(options: WatermarkOptions<T>): void {
  const { maxOutOfOrderness, punctuated, idleAfter = Infinity, whenIdle = "advance", maxDrift = Infinity } = options;
  const cannot = "Cannot create watermarks:";
  if ((maxOutOfOrderness === undefined) === (punctuated === undefined)) {
    throw new TypeError(`${cannot} give either maxOutOfOrderness or punctuated`);
  }
  if (maxOutOfOrderness !== undefined && !(maxOutOfOrderness >= 0)) {
    throw new RangeError(`${cannot} maxOutOfOrderness must be >= 0, current value is ${maxOutOfOrderness}`);
  }
  if (maxOutOfOrderness !== undefined && !Number.isSafeInteger(maxOutOfOrderness)) {
    throw new RangeError(
      `${cannot} maxOutOfOrderness must be an integer of milliseconds, current value is ${maxOutOfOrderness}`,
    );
  }
  if (punctuated !== undefined && typeof punctuated !== "function") {
    throw new TypeError(`${cannot} punctuated must be a function`);
  }
  if (!(idleAfter > 0)) throw new RangeError(`${cannot} idleAfter must be > 0, current value is ${idleAfter}`);
  if (!(maxDrift >= 0)) throw new RangeError(`${cannot} maxDrift must be >= 0, current value is ${maxDrift}`);
  if (whenIdle !== "advance" && whenIdle !== "hold") {
    throw new TypeError(`${cannot} whenIdle must be "advance" or "hold", current value is ${String(whenIdle)}`);
  }
}
