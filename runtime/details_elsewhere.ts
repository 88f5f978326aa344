/**
 * What holds a job back outside of this worker: tasks that others have, tasks that nobody has, and a failure.
 *
 * @module
 */
import { positionOf } from "../connectors/rows.ts";
import type { Explanation, HolderDetails, JobDetails, TaskDetails } from "./details.ts";
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

/**
 * One explanation for each worker that has unfinished tasks, and one for those that nobody has had.
 *
 * @param age how old the heads are, in milliseconds
 */
export function explainElsewhere(
  { tasks, partitions, at: now, state }: JobDetails,
  { stage, age }: { readonly stage: string | undefined; readonly age: number },
): Explanation[] {
  const others = tasks.filter(({ source, finished }) => source !== "live" && !finished);
  const groups = Map.groupBy(others, ({ source, worker }) => source === "none" ? undefined : worker ?? "");
  return [...groups].map(([worker, group]) => {
    const lowest = group.find(({ watermark }) => watermark === undefined) ??
      group.reduce((low, one) => one.watermark! < low.watermark! ? one : low);
    const holder = holderOf(lowest, partitions);
    return {
      ...{ ...NO_WINDOW, stage, reason: "elsewhere", holder },
      ...{ task: group.length > 1 ? undefined : lowest.task, watermark: lowest.watermark },
      cure: cureOf(worker, state),
      sentence: `${stage === undefined ? "" : `${stage}: `}${whose(group, worker, { now, age, state })}; ${
        timeOf(lowest, holder, now)
      }`,
    };
  });
}

function cureOf(worker: string | undefined, state: JobDetails["state"]): string {
  if (state === "stopped") return "Start the job; it goes on where it was";
  return worker === undefined
    ? "Start another worker, or wait until the group has assigned it"
    : "Ask that worker; where it is gone, its tasks move when the group notices";
}

/** `task 2 is with worker b, as of 3 s ago` */
function whose(
  group: readonly TaskDetails[],
  worker: string | undefined,
  { now, age, state }: { readonly now: number; readonly age: number; readonly state: JobDetails["state"] },
): string {
  if (worker === undefined) return `nobody has ${tasksOf(group)}`;
  const ages = group.flatMap(({ at }) => at === undefined ? [] : [now - at]);
  const ago = shownDuration(ages.length === 0 ? age : Math.min(...ages));
  const verb = group.length > 1 ? ["are", "were"] : ["is", "was"];
  const name = worker === "" ? "another worker" : `worker ${worker}`;
  return state === "stopped"
    ? `${tasksOf(group)} ${verb[1]} last with ${worker === "" ? "a worker" : name}, ${ago} ago`
    : `${tasksOf(group)} ${verb[0]} with ${name}, as of ${ago} ago`;
}

/** `the watermark of task 2 is 12:04:59.999, held by orders/2@4812` */
function timeOf({ task, watermark }: TaskDetails, holder: HolderDetails | undefined, now: number): string {
  if (watermark === undefined) return `task ${task} has no watermark yet`;
  const by = holder === undefined
    ? ""
    : `, held by ${
      holder.raisedBy === undefined
        ? `${holder.topic}/${holder.partition}`
        : positionOf({ ...holder, offset: holder.raisedBy })
    }`;
  return `the watermark of task ${task} is ${shownTime(watermark, now)}${by}`;
}

/** The partition with the lowest mark of a task, where the snapshot has it. */
function holderOf({ task }: TaskDetails, partitions: JobDetails["partitions"]): HolderDetails | undefined {
  for (const { task: own, topic, partition, marks } of partitions) {
    const mark = own === task ? marks.find(({ holds }) => holds) : undefined;
    if (mark !== undefined) return { topic, partition, lastEvent: undefined, raisedBy: mark.raisedBy };
  }
  return undefined;
}

/** `task 2`, `tasks 2, 3 and 7`, `12 tasks` */
function tasksOf(group: readonly TaskDetails[]): string {
  const numbers = group.map(({ task }) => String(task));
  if (numbers.length === 1) return `task ${numbers[0]}`;
  if (numbers.length > 8) return countOf(numbers.length, "task");
  return `tasks ${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
