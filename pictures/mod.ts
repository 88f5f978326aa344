/**
 * Pictures of streams, in a notebook and in a terminal: what happened to records, watermarks and windows in a pipeline by
 * `trace()`, and what an Observable emits by `table()` and `chart()`.
 *
 * @module
 */
export type {
  TraceEnd,
  TraceEvent,
  TraceFiring,
  TraceIdle,
  TraceLate,
  TraceMark,
  TraceMoment,
  TracePane,
  TracePlace,
  TraceRecord,
  TraceResult,
  TraceWatermark,
} from "./events.ts";
export { chart, type ChartOptions } from "./chart.ts";
export { table, type TableOptions } from "./table.ts";
export type { View, ViewOptions } from "./view.ts";
export type { PaneKind, TimeWindow } from "../operators/_window_result.ts";
export { type MarbleOptions, type SvgOptions, Trace, trace, type TraceDisplay, type TraceOptions } from "./trace.ts";
