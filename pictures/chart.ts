/**
 * @module
 */
import type { ObservableInput } from "rxjs";
import { chartLook } from "./_chart_look.ts";
import { CHART_LINES, CHART_POINTS } from "./_limits.ts";
import type { Display } from "./_notebook.ts";
import { isSpan } from "./_rows.ts";
import { counted, wordOf } from "./_words.ts";
import { checkView, View, type ViewContent, type ViewOptions } from "./view.ts";

/** Options of {@linkcode chart}. */
export interface ChartOptions<T> extends ViewOptions {
  /**
   * The event time of a value, in milliseconds.
   *
   * @default the start of the window, for results of windows; the order in which they come, for other values
   */
  readonly x?: (value: T) => number;
  /** The number that is drawn. @default the value, or its field `value` */
  readonly y?: (value: T) => number;
  /** The line to which a value belongs; at most 8 are drawn. @default its field `key`; without one there is one line */
  readonly line?: (value: T) => unknown;
  /** The most points of each line. The one with the lowest `x` leaves first. @default 200 */
  readonly limit?: number;
}

/**
 * Shows the numbers that an Observable emits as lines. It subscribes at once. Results of windows need no options: each key
 * is a line, and a later pane of a window corrects its point. Keeps as many points as it shows.
 *
 * In a notebook it displays itself as the last value of a cell, and goes on to change until the Observable ends or
 * `stop()` is called. In a terminal, `console.log()` prints what is there, and `await chart(values).show()` shows it until
 * the Observable ends.
 *
 * @param source the Observable; an array, a promise, an async iterable and a stream will do as well
 * @param options what is drawn, and limits
 * @returns the chart
 * @throws {TypeError} when `x`, `y` or `line` is not a function, or `title` is not a string
 * @throws {RangeError} when `limit` is not an integer from 1 to 1,000, or `interval` is below 0
 *
 * @example Clicks a minute
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, minutes, tumblingWindow, watermark } from "@tidemark/streams";
 * import { chart } from "@tidemark/streams/pictures";
 *
 * const perMinute = from([5, 20, 70, 75, 80, 130].map((second) => ({ user: "ada", at: second * 1_000 }))).pipe(
 *   eventTime((click) => click.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   tumblingWindow({ key: (click) => click.user, size: minutes(1), aggregate: count() }),
 * );
 * const clicks = chart(perMinute, { title: "clicks a minute" });
 * console.log(clicks);
 * assertEquals(
 *   String(clicks),
 *   [
 *     "clicks a minute",
 *     "ada  ▅█▁  1",
 *     "0:00 to 2:00, from 1 to 3",
 *     "3 values, ended",
 *   ].join("\n"),
 * );
 * ```
 */
export function chart<T>(source: ObservableInput<T>, options: ChartOptions<T> = {}): View<T> {
  const { x, y, line, limit = CHART_POINTS } = options;
  checkView(options, limit, "Cannot show a chart");
  for (const [name, given] of Object.entries({ x, y, line })) {
    if (given !== undefined && typeof given !== "function") {
      throw new TypeError(`Cannot show a chart: ${name} must be a function`);
    }
  }
  return new View(source, new ChartContent(options, limit), options);
}

/** A result of a window or of a reduction, as far as it can be told from its fields. */
interface Result {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly window?: unknown;
  readonly retracts?: unknown;
}

/** The points of each line, in the order of `x`. */
class ChartContent<T> implements ViewContent<T> {
  readonly #lines = new Map<string, { x: number; y: number }[]>();
  #taken = 0;
  #left = 0;
  #timed: boolean;

  constructor(readonly options: ChartOptions<T>, readonly limit: number) {
    this.#timed = options.x !== undefined;
  }

  take(value: T): void {
    const { x, y, line } = this.options;
    const order = this.#taken++;
    const result: Result = typeof value === "object" && value !== null ? value : { value };
    // The pane that takes its place follows.
    if (y === undefined && result.retracts === true) return;
    if (x === undefined && isSpan(result.window)) this.#timed = true;
    const at = x?.(value) ?? (isSpan(result.window) ? result.window.start : order);
    const height = y === undefined ? result.value : y(value);
    for (const [name, number] of [["x", at], ["y", height]] as const) {
      if (typeof number === "number" && Number.isFinite(number)) continue;
      throw new TypeError(`Cannot show a chart: ${name} must be a number, current value is ${wordOf(number)}`);
    }
    const key = line === undefined ? result.key : line(value);
    this.#set(key === undefined ? "" : wordOf(key), at, height as number);
  }

  #set(name: string, x: number, y: number): void {
    let points = this.#lines.get(name);
    if (points === undefined) {
      if (this.#lines.size >= CHART_LINES) return void this.#left++;
      this.#lines.set(name, points = []);
    }
    // From the right, because values mostly come in the order of time.
    let place = points.length;
    while (place > 0 && points[place - 1].x > x) place--;
    if (place > 0 && points[place - 1].x === x) points[place - 1].y = y;
    else points.splice(place, 0, { x, y });
    if (points.length > this.limit) points.shift();
  }

  draw(status: string): Display {
    const left = this.#left > 0 ? `; ${counted(this.#left, "value")} of further lines left out` : "";
    const lines = [...this.#lines].map(([name, points]) => ({ name, points }));
    return chartLook({ title: this.options.title, status: `${status}${left}`, lines, timed: this.#timed });
  }
}
