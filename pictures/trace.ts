/**
 * @module
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import { operate } from "../operators/_operate.ts";
import type { TraceEvent } from "./events.ts";
import { TRACE_EVENTS } from "./_limits.ts";
import { marblesOf } from "./_marbles.ts";
import { EventLog, Recorder } from "./_recorder.ts";
import { sceneOf } from "./_scene.ts";
import { drawn } from "./_svg.ts";
import { htmlOf } from "./_html.ts";

/** Options of {@linkcode trace}. */
export interface TraceOptions {
  /** The title of its pictures. @default the names of the stages */
  readonly title?: string;
  /**
   * The label of a record in pictures, from the value that reaches the `watermark()`, or the window that refuses it. At
   * most 18 characters are shown. @default its event time
   */
  // deno-lint-ignore no-explicit-any -- a trace may watch stages of different values
  readonly label?: (value: any) => unknown;
  /**
   * The label of a result that comes from no window, in one or two parts. @default key and value; of other results the
   * first field, and the other ones
   */
  // deno-lint-ignore no-explicit-any -- a trace may watch stages of different results
  readonly result?: (value: any) => readonly unknown[];
  /** The most events that are kept; later ones are counted in `leftOut`. @default 10_000 */
  readonly limit?: number;
}

/** Options of {@linkcode Trace.svg}. */
export interface SvgOptions {
  /** The title. @default that of the trace */
  readonly title?: string;
}

/** Options of {@linkcode Trace.marbles}. */
export interface MarbleOptions {
  /** The longest line, in characters; longer pictures are continued below. @default 100 */
  readonly width?: number;
}

/** The pictures of a trace by their media types, as a notebook takes them. */
export interface TraceDisplay {
  /** The marbles. */
  readonly "text/plain": string;
  /** The picture. */
  readonly "image/svg+xml": string;
  /** The picture with all events as a table. */
  readonly "text/html": string;
}

/** What has happened in a pipeline. Made by {@linkcode trace}. It draws itself in a notebook. */
export class Trace {
  readonly #log: EventLog;
  readonly #title: string | undefined;

  /** Use {@linkcode trace}. */
  constructor({ title, label, result, limit = TRACE_EVENTS }: TraceOptions = {}) {
    for (const [name, given] of Object.entries({ label, result })) {
      if (given !== undefined && typeof given !== "function") {
        throw new TypeError(`Cannot trace: ${name} must be a function`);
      }
    }
    if (!(Number.isSafeInteger(limit) && limit > 0)) {
      throw new RangeError(`Cannot trace: limit must be an integer above 0, current value is ${limit}`);
    }
    if (title !== undefined && typeof title !== "string") throw new TypeError("Cannot trace: title must be a string");
    this.#title = title;
    this.#log = new EventLog(limit, { label, result });
  }

  /** The events, in the order in which they happened. */
  get events(): readonly TraceEvent[] {
    return this.#log.events;
  }

  /** How many events came after the trace was full. */
  get leftOut(): number {
    return this.#log.leftOut;
  }

  /**
   * An operator that records what happens in the stages above it. It emits every value unchanged. One trace may watch
   * several pipelines, and all tasks of a job.
   *
   * @returns the operator
   */
  watch<T>(): MonoTypeOperatorFunction<T> {
    return operate<T, T>({ operator: "trace", time: "passes", keeps: false, traces: true }, (stage) => {
      const { scope, task } = stage;
      scope.watcher = new Recorder(this.#log, task, scope.watcher);
      return { next: (value) => stage.emit(value) };
    });
  }

  /**
   * Draws the trace as SVG: from left to right the order in which records and panes came, from bottom to top event time.
   * The text needs nothing else: no script, no font, no style sheet. It follows the light or dark theme of its reader,
   * and has a title and a description for screen readers.
   */
  svg({ title = this.#title }: SvgOptions = {}): string {
    return drawn(sceneOf(this.#log, title));
  }

  /**
   * Draws the trace as lines of text: event times by partition, the watermark after each of them, late records and panes.
   *
   * @throws {RangeError} when `width` is not an integer of at least 40
   */
  marbles(options: MarbleOptions = {}): string {
    return marblesOf(this.#log, options);
  }

  /** The marbles. */
  toString(): string {
    return this.marbles();
  }

  /** The marbles, for `console.log`. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.marbles();
  }

  /** The pictures for a Jupyter notebook. */
  [Symbol.for("Jupyter.display")](): TraceDisplay {
    const svg = this.svg();
    return { "text/plain": this.marbles(), "image/svg+xml": svg, "text/html": htmlOf(svg, this.#log) };
  }
}

/**
 * Records what happens to event time in a pipeline, and draws it. Subscribes a pipeline over an array at once; what it
 * emits is discarded. For a test or a job, make a trace without a pipeline and put its `watch()` at the end of the
 * pipeline, below a sink too: `testPipeline(pipeline.pipe(picture.watch()))`.
 *
 * It records each record that reaches a `watermark()`, the watermark of each partition and their minimum, idle
 * partitions, the firings and panes of windows, the results of joins, reductions and other stages that keep state, and late
 * records. What stands above a `repartition()` in a job has a
 * trace of its own. A pipeline without a trace has no work with it.
 *
 * ```text
 * records                  --5--12-----------------7--20----------------------------------|
 * watermark                --4--11--------------------19----------------------------------|
 * tumblingWindow           ---------(k [0,10): 1)---------(k [10,20): 1)--(k [20,30): 1)--|
 * late for tumblingWindow  ------------------------7--------------------------------------|
 * ```
 *
 * @param pipeline a pipeline that needs no job
 * @param options labels and limits
 * @returns the trace
 * @throws {Error} the error of the pipeline
 * @throws {TypeError} when `label` or `result` is not a function, or `title` is not a string
 * @throws {RangeError} when `limit` is not an integer above 0
 *
 * @example A late record in a picture
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { count, eventTime, tumblingWindow, watermark } from "@tidemark/streams";
 * import { trace } from "@tidemark/streams/pictures";
 *
 * const picture = trace(
 *   from([5, 12, 7, 20]).pipe(
 *     eventTime((time) => time),
 *     watermark({ maxOutOfOrderness: 0 }),
 *     tumblingWindow({ key: () => "k", size: 10, aggregate: count() }),
 *   ),
 * );
 * assertEquals(picture.events.filter(({ kind }) => kind === "late").length, 1);
 * console.log(picture.marbles());
 * Deno.writeTextFileSync(Deno.makeTempFileSync({ suffix: ".svg" }), picture.svg());
 * ```
 */
export function trace(pipeline: Observable<unknown>, options?: TraceOptions): Trace;
/** Makes a trace that records nothing yet. Its `watch()` is an operator. */
export function trace(options?: TraceOptions): Trace;
export function trace(first?: Observable<unknown> | TraceOptions, options?: TraceOptions): Trace {
  if (first === undefined || !("subscribe" in first)) return new Trace(first);
  const picture = new Trace(options);
  let failure: { readonly error: unknown } | undefined;
  first.pipe(picture.watch()).subscribe({ error: (error) => failure = { error } });
  if (failure !== undefined) throw failure.error;
  return picture;
}
