/**
 * Operators of event time, as plain RxJS operators.
 *
 * @module
 */
export type { Aggregate } from "./_aggregate.ts";
export * from "./aggregates.ts";
export * from "./async_map.ts";
export type { CallContext } from "./_async_call.ts";
export type { AsyncMapOptions, RetryOptions } from "./_async_options.ts";
export * from "./durations.ts";
export * from "./event_time.ts";
export * from "./keyed_process.ts";
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
export * from "./record_info.ts";
export * from "./session_window.ts";
export type { Present } from "./_tombstone.ts";
export type { Trigger, Triggers } from "./_trigger.ts";
export * from "./triggers.ts";
export * from "./tumbling_window.ts";
export type { WindowOptions } from "./_window_options.ts";
export type { PaneKind, TimeWindow, WindowResult } from "./_window_result.ts";
export * from "./watermark.ts";
