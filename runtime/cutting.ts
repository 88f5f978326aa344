/**
 * Cutting a task: when it may be cut, and what happens when a state cannot be.
 *
 * @module
 */
import type { InCommit } from "../connectors/connector.ts";
import type { CutEpoch, OwnedTask } from "./owned_task.ts";
import type { TaskRunner } from "./task_runner.ts";

/** Whether a task has something to commit, and may be cut. */
export function canCut({ runner, lost }: OwnedTask): boolean {
  return runner.changed && !lost && isWhole(runner);
}

/**
 * Cuts a task; `undefined` when it has failed. A value that a state cannot store shows only at the cut: the record or
 * pane that caused it is then left out.
 */
export function cutOf(task: OwnedTask, inCommit: readonly InCommit[]): CutEpoch | undefined {
  const { runner } = task;
  for (;;) {
    runner.beforeCut();
    if (!isWhole(runner)) return undefined;
    try {
      return task.cut(inCommit);
    } catch (error) {
      if (!runner.refusedAtCut(error) || !isWhole(runner)) return undefined;
    }
  }
}

/** Whether a task may be cut: an epoch that is being processed again must be complete first. */
function isWhole({ task, again }: TaskRunner): boolean {
  return task.failure === undefined && again === undefined;
}
