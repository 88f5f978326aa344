/**
 * Window operators made of a windower: which stage runs them follows from their options.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { operate } from "./_operate.ts";
import { SliceStage } from "./_slice_stage.ts";
import type { Slicer } from "./_slicers.ts";
import { TriggeredStage } from "./_triggered_stage.ts";
import type { WindowOptions, WindowPlan } from "./_window_options.ts";
import type { WindowResult } from "./_window_result.ts";
import { WindowStage } from "./_window_stage.ts";
import type { Windower } from "./_windower.ts";
import type { Key } from "./keyed_state.ts";

type Named<T, K extends Key> = Pick<WindowOptions<T, K, unknown, unknown>, "name" | "key">;
type Windows<T, K extends Key, R> = OperatorFunction<T | null, WindowResult<T, K, R>>;

/** The windows of a windower. */
export function assignedWindow<T, K extends Key, A, R>(
  operator: string,
  { name, key }: Named<T, K>,
  plan: WindowPlan<T, K, A, R>,
  windower: Windower<T>,
): Windows<T, K, R> {
  return operate<T, WindowResult<T, K, R>>(
    { operator, name, time: "own", keeps: true, needsWatermark: true, reads: key },
    (stage) => {
      if (!plan.plain) {
        const windows = new TriggeredStage<T, K, A, R>(stage, plan, windower);
        return { open: () => windows.open(), next: (value) => windows.add(value, key(value)) };
      }
      const windows = new WindowStage<T, K, A, R>(stage, { ...plan, windower });
      return { open: () => windows.open(), next: (value) => windows.add(value, key(value)) };
    },
  );
}

/** The windows of a slicer. They share slices unless a pane may differ from the window's whole. */
export function slicedWindow<T, K extends Key, A, R>(
  operator: string,
  { name, key }: Named<T, K>,
  plan: WindowPlan<T, K, A, R>,
  slicer: Slicer,
): Windows<T, K, R> {
  return operate<T, WindowResult<T, K, R>>(
    { operator, name, time: "own", keeps: true, needsWatermark: true, reads: key },
    (stage) => {
      if (!plan.slices) {
        const windows = new TriggeredStage<T, K, A, R>(stage, plan, slicer);
        return { open: () => windows.open(), next: (value) => windows.add(value, key(value)) };
      }
      const windows = new SliceStage<T, K, A, R>(stage, plan, slicer);
      return { open: () => windows.open(), next: (value) => windows.add(value, key(value)) };
    },
  );
}
