/**
 * Pictures of event time: what happened to records, watermarks and windows in a pipeline, as SVG, as marbles in a
 * terminal, and in a notebook.
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
  TraceWatermark,
} from "./events.ts";
export type { PaneKind, TimeWindow } from "../operators/_window_result.ts";
export { type MarbleOptions, type SvgOptions, Trace, trace, type TraceDisplay, type TraceOptions } from "./trace.ts";
