/**
 * What holds a job back outside of this worker: tasks that others have, tasks that nobody has, and a failure.
 *
 * @module
 */
import type { Explanation, TaskDetails } from "./details.ts";
import { countOf, shownDuration, shownTime } from "./details_words.ts";

const NO_WINDOW = {
  ...{ operator: "", task: undefined, sideReason: undefined, window: undefined, waiting: 0, watermark: undefined },
  ...{ needs: undefined, holder: undefined, moment: undefined },
};

/** A job that has failed does nothing more. */
export function explainStopped(stage: string | undefined, failure: string): Explanation {
  return {
    ...{ ...NO_WINDOW, stage, reason: "stopped" },
    cure: "Correct the cause and start the job again; it goes on where it was",
    sentence: failure,
  };
}

/** One explanation for each worker that has unfinished tasks, and one for those that nobody has had. */
export function explainElsewhere(
  tasks: readonly TaskDetails[],
  { stage, age, now }: { readonly stage: string | undefined; readonly age: number; readonly now: number },
): Explanation[] {
  const others = tasks.filter(({ source, finished }) => source !== "live" && !finished);
  const groups = Map.groupBy(others, ({ source, worker }) => source === "none" ? undefined : worker ?? "");
  return [...groups].map(([worker, group]) => {
    const lowest = group.find(({ watermark }) => watermark === undefined) ??
      group.reduce((low, one) => one.watermark! < low.watermark! ? one : low);
    const at = lowest.watermark === undefined
      ? `task ${lowest.task} has no watermark yet`
      : `the watermark of task ${lowest.task} is ${shownTime(lowest.watermark, now)}`;
    const many = group.length > 1;
    const whose = worker === undefined
      ? `nobody has ${tasksOf(group)}`
      : `${tasksOf(group)} ${many ? "are" : "is"} with ${worker === "" ? "another worker" : `worker ${worker}`}`;
    return {
      ...{ ...NO_WINDOW, stage, reason: "elsewhere" },
      ...{ task: many ? undefined : lowest.task, watermark: lowest.watermark },
      cure: worker === undefined
        ? "Start another worker, or wait until the group has assigned it"
        : `Ask that worker; where it is gone, its tasks move when the group notices`,
      sentence: `${stage === undefined ? "" : `${stage}: `}${whose}, as of ${shownDuration(age)} ago; ${at}`,
    };
  });
}

/** `task 2`, `tasks 2, 3 and 7`, `12 tasks` */
function tasksOf(group: readonly TaskDetails[]): string {
  const numbers = group.map(({ task }) => String(task));
  if (numbers.length === 1) return `task ${numbers[0]}`;
  if (numbers.length > 8) return countOf(numbers.length, "task");
  return `tasks ${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
