/**
 * The options that all window operators share, checked and completed.
 *
 * @module
 */
import { type Aggregate, keepingAll, keepsNothing, resultOf } from "./_aggregate.ts";
import { copyOf } from "./_own.ts";
import { EACH_RECORD, type Trigger, type Triggers, WATERMARK } from "./_trigger.ts";
import type { TimeWindow } from "./_window_result.ts";
import type { Key } from "./keyed_state.ts";

/** Options of every window operator. `aggregate` or `process` is required, and not both. */
export interface WindowOptions<T, K extends Key, A, R> {
  /** The name under which open windows are found again after a restart. Needed in a job, unique there. */
  readonly name?: string;
  /** The key of a value. */
  readonly key: (value: T) => K;
  /** The aggregate of a window: `count()`, `sum()` ..., or `{ seed, add, result }`. */
  readonly aggregate?: Aggregate<T, A, R>;
  /**
   * Computes the result from all values of a window, in the order in which they came. The window keeps every value until
   * it is gone, where an aggregate keeps one accumulator.
   */
  readonly process?: (values: T[], window: TimeWindow, key: K) => R;
  /**
   * How long after its end a window still accepts late records, in milliseconds.
   * @default 0
   */
  readonly allowedLateness?: number;
  /**
   * When a window emits, besides the pane that it emits when the watermark reaches its end. One trigger is for the time
   * before that end and after it; `{ early, late }` names two.
   *
   * @default atWatermark()
   */
  readonly trigger?: Trigger | Triggers;
  /**
   * What a pane contains. `accumulate`: all values of the window so far. `discard`: those since the last pane; nothing is
   * emitted when there are none. `retract`: all values so far, and before an update the result that it replaces is
   * emitted once more, with `retracts: true`.
   *
   * @default "accumulate"
   */
  readonly panes?: "accumulate" | "discard" | "retract";
  /**
   * `panes`: as the trigger says. `onClose`: one final result, `onTime`, when the window and its allowed lateness are
   * over. Its event time is then `allowedLateness` behind the watermark, so a window further down needs as much
   * lateness of its own.
   *
   * @default "panes"
   */
  readonly emit?: "panes" | "onClose";
  /**
   * How many windows a key may have open at once. A record that would open one more is an error of that record.
   *
   * @default no limit
   */
  readonly maxWindows?: number;
  /** The version of the accumulator's shape. @default 1 */
  readonly version?: number;
  /** Converts an accumulator written by an older version into the current one. */
  readonly migrate?: (value: unknown, version: number) => A;
}

/** The checked options of a window operator. */
export interface WindowPlan<T, K extends Key, A, R> {
  readonly aggregate: Aggregate<T, A, R>;
  /** Whether the aggregate keeps no reference to values, so that they need no copy. */
  readonly pure: boolean;
  /** The result of an accumulator. Later changes of the accumulator do not change it. */
  readonly valueOf: (accumulator: A, window: TimeWindow, key: K) => R;
  readonly allowedLateness: number;
  readonly early: Trigger;
  readonly late: Trigger;
  readonly panes: "accumulate" | "discard" | "retract";
  readonly onClose: boolean;
  /** Whether the watermark and each late record bring a pane with all values, as by default. */
  readonly plain: boolean;
  /** Whether windows that overlap can share accumulators: no pane differs from the window's whole. */
  readonly slices: boolean;
  readonly maxWindows: number;
  readonly version: number | undefined;
  readonly migrate: ((value: unknown, version: number) => A) | undefined;
}

/**
 * Checks the options that all windows share.
 *
 * @param cannot the beginning of each message: `Cannot create session windows:`
 * @param options the user's options
 * @param merges why the aggregate needs `merge`, or `undefined` when it does not
 */
export function planOf<T, K extends Key, A, R>(
  cannot: string,
  options: WindowOptions<T, K, A, R>,
  merges?: string,
): WindowPlan<T, K, A, R> {
  const { key, allowedLateness = 0, panes = "accumulate", emit = "panes", maxWindows = Infinity } = options;
  if (!(allowedLateness >= 0)) {
    throw new RangeError(`${cannot} allowedLateness must be >= 0, current value is ${allowedLateness}`);
  }
  if (typeof key !== "function") throw new TypeError(`${cannot} key must be a function`);
  oneOf(cannot, "panes", panes, ["accumulate", "discard", "retract"]);
  oneOf(cannot, "emit", emit, ["panes", "onClose"]);
  if (maxWindows !== Infinity && !(Number.isSafeInteger(maxWindows) && maxWindows > 0)) {
    throw new RangeError(`${cannot} maxWindows must be an integer above 0, current value is ${maxWindows}`);
  }
  const aggregate = aggregateOf(cannot, options, merges);
  const { process, version, migrate } = options;
  const onClose = emit === "onClose";
  if (onClose && (options.trigger !== undefined || panes !== "accumulate")) {
    throw new TypeError(`${cannot} emit: "onClose" emits one final result, so it takes neither a trigger nor panes`);
  }
  const { early, late } = triggersOf(cannot, options.trigger ?? WATERMARK);
  const eachLate = late.every === "records" && late.interval === 1;
  const whole = early.every === "watermark" && eachLate && panes === "accumulate";
  return {
    aggregate,
    pure: keepsNothing(aggregate),
    valueOf: process === undefined
      ? (accumulator) => resultOf(aggregate, accumulator)
      : (accumulator, window, key) => process(copyOf(accumulator) as unknown as T[], window, key),
    allowedLateness,
    early,
    late,
    panes,
    onClose,
    plain: whole && !onClose && process === undefined && maxWindows === Infinity,
    slices: whole,
    maxWindows,
    version,
    migrate,
  };
}

function aggregateOf<T, K extends Key, A, R>(
  cannot: string,
  { aggregate, process }: WindowOptions<T, K, A, R>,
  merges: string | undefined,
): Aggregate<T, A, R> {
  if (process !== undefined) {
    if (aggregate !== undefined) throw new TypeError(`${cannot} give aggregate or process, and not both`);
    if (typeof process !== "function") throw new TypeError(`${cannot} process must be a function`);
    return keepingAll() as unknown as Aggregate<T, A, R>;
  }
  if (typeof aggregate?.seed !== "function" || typeof aggregate.add !== "function") {
    throw new TypeError(
      `${cannot} aggregate must have seed and add, or be one of count(), sum(), min(), max(), average(), collect()`,
    );
  }
  if (merges !== undefined && typeof aggregate.merge !== "function") {
    throw new TypeError(`${cannot} aggregate must have merge, because ${merges}`);
  }
  return aggregate;
}

function triggersOf(cannot: string, trigger: Trigger | Triggers): { early: Trigger; late: Trigger } {
  const { early, late } = "every" in trigger ? { early: trigger, late: trigger } : trigger;
  for (const one of [early, late]) {
    if (one === undefined || KINDS.has(one.every)) continue;
    throw new TypeError(
      `${cannot} trigger must be made by atWatermark(), everyRecord(), everyCount(), everyEventTime() or everyProcessingTime(), ` +
        `or be { early, late } of these`,
    );
  }
  // After the end, the watermark has no more firing of its own: each late record updates the result.
  return {
    early: early ?? WATERMARK,
    late: late === undefined || late.every === "watermark" ? EACH_RECORD : late,
  };
}

const KINDS: ReadonlySet<string> = new Set(["watermark", "records", "eventTime", "processingTime"]);

function oneOf(cannot: string, name: string, value: string, options: readonly string[]): void {
  if (options.includes(value)) return;
  const shown = options.map((option) => `"${option}"`).join(" or ");
  throw new TypeError(`${cannot} ${name} must be ${shown}, current value is ${String(value)}`);
}
