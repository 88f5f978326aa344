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
  /** How far a record's event time may be behind the highest one of its partition, in milliseconds. */
  readonly maxOutOfOrderness?: number;
  /**
   * Takes watermarks from the data: returns the watermark that a value carries, in milliseconds, or `undefined`. The
   * watermark takes effect after that value. A tombstone, the value `null`, is a bad record if this function reads its
   * fields.
   */
  readonly punctuated?: (value: T) => number | undefined;
  /**
   * A partition that has had nothing to read for more than this time is idle: it no longer holds the minimum back, in
   * milliseconds. It rejoins with its next record and never pulls the watermark back. Without a job no partition is
   * ever idle, because only a job knows whether there are records to read.
   *
   * @default Infinity
   */
  readonly idleAfter?: number;
  /**
   * What happens when all partitions are idle: `advance` raises the watermark with the wall clock, so that the windows
   * of a quiet topic fire; `hold` leaves it where it is.
   *
   * @default "advance"
   */
  readonly whenIdle?: "advance" | "hold";
  /**
   * How far a partition may be ahead of the slowest one of its task that is not idle, in milliseconds of event time.
   * The job pauses a partition that is further ahead. When a task reads a backlog of several partitions, this keeps
   * less state for the slower ones and makes fewer records late. A partition without records holds the others back
   * until it is idle, so give `idleAfter` as well. It has no effect without a job.
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
 * Generates watermarks. After each record, a partition's watermark is its highest event time minus `maxOutOfOrderness`
 * minus 1 ms; the stage's watermark is the minimum over the task's partitions. It never goes back. Emits every value
 * unchanged; stages below see the watermark after the record that caused it.
 *
 * Keeps one number for each partition, in the checkpoint, so that a restart does not change which records are late. The
 * rule is that of Apache Flink's `BoundedOutOfOrdernessWatermarks`.
 *
 * ```text
 * event time --5-----9-----7-----20--
 *            watermark({ maxOutOfOrderness: 3 })
 * watermark  --1-----5-----5-----16--
 * ```
 *
 * @param options the bound, or how to read watermarks from the data
 * @returns an operator that passes values on
 * @throws {TypeError} when neither or both of `maxOutOfOrderness` and `punctuated` are given, or `whenIdle` is not one
 * of its options
 * @throws {RangeError} when `maxOutOfOrderness` is not an integer of at least 0, `idleAfter` is not above 0, or
 * `maxDrift` is below 0
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

      /** The event time of every record advances the clock. */
      function bounded(value: T): void {
        const { slot } = at;
        const time = stage.eventTime();
        out.next(value);
        marks.observe(slot, time - lag);
      }

      /** Only the watermark that a value carries advances the clock. */
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
        open: () => marks.open(identity, name, maxOutOfOrderness),
        next: punctuated === undefined ? bounded : carried,
        end: () => marks.end(),
      };
    },
  );
}

/** Throws when the options are invalid, before anything is subscribed. */
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
