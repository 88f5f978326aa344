/**
 * How panes leave a window stage: in a job each of them is a firing that can be blamed and skipped, and a stage that
 * retracts takes back what it replaces.
 *
 * @module
 */
import type { WindowPlan } from "./_window_options.ts";
import type { PaneKind, TimeWindow, WindowResult } from "./_window_result.ts";
import { copyOf } from "./_own.ts";
import type { Stage } from "./_stage.ts";
import type { Key } from "./keyed_state.ts";

/** A result that was emitted and may be taken back: plain data for the checkpoint. */
export type Shown = [start: number, end: number, value: unknown, pane: PaneKind, index: number];

/** Emits the panes of one stage. */
export class PaneOutput<T, K extends Key, A, R> {
  /**
   * @param stage the stage
   * @param state the name of its state, for messages
   * @param plan its options
   * @param endless whether windows have no end, so that a result has the time that its pane is given
   */
  constructor(
    readonly stage: Stage<WindowResult<T, K, R>>,
    readonly state: string,
    readonly plan: Pick<WindowPlan<T, K, A, R>, "valueOf">,
    readonly endless: boolean = false,
  ) {}

  /**
   * Emits a pane.
   *
   * @param id what its window is found by
   * @param time its event time
   */
  emit(
    key: K,
    id: number,
    window: TimeWindow,
    accumulator: A,
    pane: PaneKind,
    index: number,
    time: number = window.end - 1,
  ): void {
    const { stage } = this;
    const { valueOf } = this.plan;
    if (stage.alone) {
      return stage.emitAt({ key, window, value: valueOf(accumulator, window, key), pane, index }, time);
    }
    const at = { state: this.state, key, namespace: id, index, result: accumulator };
    stage.atTimer(at, time, () => {
      stage.emit({ key, window, value: valueOf(accumulator, window, key), pane, index });
    });
  }

  /**
   * Emits a pane and before it, once more, those that it replaces.
   *
   * @param before the results to take back
   * @param keep called with what may be taken back after this, before anything is emitted
   */
  replace(
    key: K,
    id: number,
    window: TimeWindow,
    accumulator: A,
    pane: PaneKind,
    index: number,
    before: readonly Shown[],
    keep: (shown: Shown) => void,
    time: number = window.end - 1,
  ): void {
    const { stage, endless } = this;
    const at = { state: this.state, key, namespace: id, index, result: accumulator };
    // If the pane is skipped because it cannot be delivered, the results that it replaces stay in force.
    stage.atTimer(at, time, () => {
      const value = this.plan.valueOf(accumulator, window, key);
      keep([window.start, window.end, copyOf(value), pane, index]);
      for (const [start, end, value, pane, index] of before) {
        if (stage.closed) return;
        const retracted = { key, window: { start, end }, value: value as R, pane, index, retracts: true } as const;
        stage.emitAt(retracted, endless ? time : end - 1);
      }
      if (!stage.closed) stage.emitAt({ key, window, value, pane, index }, time);
    });
  }
}
