/**
 * Operators of event time, as plain RxJS operators.
 *
 * @module
 */
export type { Registers } from "./_hyperloglog.ts";
export type { Sketch } from "./_sketch.ts";
export type { OverResult } from "./_over_stage.ts";
export type { TableChange } from "./_table_change.ts";
export type { Aggregate } from "./_aggregate.ts";
export * from "./aggregates.ts";
export * from "./async_map.ts";
export type { CallContext } from "./_async_call.ts";
export type { AsyncMapOptions, RetryOptions } from "./_async_options.ts";
export * from "./changes.ts";
export * from "./deduplicate.ts";
export * from "./broadcast_join.ts";
export * from "./calendar_window.ts";
export * from "./combined_aggregates.ts";
export * from "./count_window.ts";
export * from "./cumulative_window.ts";
export * from "./distinct_aggregates.ts";
export * from "./durations.ts";
export * from "./event_time.ts";
export * from "./interval_join.ts";
export type { Joined, JoinType, LeftOf, PairOptions, RightOf } from "./_join_options.ts";
export type { JoinWindow } from "./_join_windows.ts";
export * from "./histogram.ts";
export * from "./join_tables.ts";
export * from "./keyed_process.ts";
export * from "./global_window.ts";
export * from "./keyed_reduce.ts";
export type {
  Cell,
  Key,
  KeyedCollections,
  KeyedElements,
  KeyedEntries,
  KeyedList,
  KeyedMap,
  KeyedState,
  KeyedStateSpec,
  StateKind,
  StateOf,
} from "./keyed_state.ts";
export * from "./late_side_output.ts";
export type { LateOf, LateTyped } from "./_late.ts";
export * from "./process_state.ts";
export type {
  KeyTimers,
  ListState,
  MapState,
  ProcessContext,
  ProcessOptions,
  ProcessStateOptions,
  ProcessStateSpec,
  States,
  TimerContext,
  Typed,
  ValueState,
} from "./_process_types.ts";
export type { Ttl } from "./_ttl.ts";
export * from "./over_window.ts";
export * from "./ranked_aggregates.ts";
export * from "./record_info.ts";
export * from "./repartition.ts";
export * from "./session_window.ts";
export * from "./sliding_window.ts";
export * from "./statistical_aggregates.ts";
export * from "./table_join.ts";
export * from "./temporal_join.ts";
export * from "./to_table.ts";
export type { Present } from "./_tombstone.ts";
export type { Trigger, Triggers } from "./_trigger.ts";
export * from "./triggers.ts";
export * from "./top_n.ts";
export type { TopChange } from "./_top_stage.ts";
export type { Ranked, TopNOptions } from "./_top_aggregate.ts";
export * from "./tumbling_window.ts";
export type {
  CalendarWindows,
  CumulativeWindows,
  SessionWindows,
  SlidingWindows,
  TumblingWindows,
} from "./_window_kinds.ts";
export type { WindowOptions } from "./_window_options.ts";
export type { PaneKind, TimeWindow, WindowResult } from "./_window_result.ts";
export * from "./watermark.ts";
export * from "./window_join.ts";
