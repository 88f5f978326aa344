/**
 * Finds the result of a call after which an epoch cannot be cut. Results of calls do not come again while an epoch is
 * processed again on trial, so each of those that come next is followed by a trial of the cut. A failure there is blamed
 * on that result.
 *
 * @module
 */
import type { OwnedTask } from "./owned_task.ts";
import type { TaskRunner } from "./task_runner.ts";

/** Tries the cut after each result of the calls that are under way now. Returns `false` when there are none. */
export function watchCalls({ runner, states }: OwnedTask): boolean {
  let left = runner.task.held;
  if (left === 0) return false;
  runner.afterCall = () => {
    const { task } = runner;
    if (--left === 0) runner.afterCall = undefined;
    for (const hook of task.cutHooks) if (task.failure === undefined) hook();
    if (task.failure !== undefined) return;
    try {
      states.assertStorable();
    } catch (error) {
      task.fail(error, "", "state");
    }
  };
  return true;
}

/** Whether the cut is tried after each result already. */
export function isWatched({ afterCall }: TaskRunner): boolean {
  return afterCall !== undefined;
}
