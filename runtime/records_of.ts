/**
 * Puts the records of a running job together.
 *
 * @module
 */
import type { Store } from "../state/mod.ts";
import { RunningRecords } from "./job_records.ts";
import { JobTopics } from "./job_topics.ts";
import type { OpenJob } from "./opening.ts";
import { policySinks, type Settings } from "./options.ts";
import type { OwnedTask } from "./owned_task.ts";
import type { Plan } from "./plan.ts";
import type { JobRecords } from "./records.ts";
import { ReplayMarks } from "./replay_marks.ts";

/** What belongs to a running job. */
export interface RunningJobParts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly store: Store;
  readonly open: OpenJob;
  /** Under which name records are appended. */
  readonly owner: string;
  readonly owned: () => readonly OwnedTask[];
}

/** The records of a job. */
export function recordsOf({ settings, plan, store, open, owner, owned }: RunningJobParts): JobRecords {
  const { name: job, clock } = settings;
  const written = plan.sinks.filter(({ target }) => target !== "table").map(({ topic }) => topic);
  return new RunningRecords({
    ...{ job, store, clock, now: clock.now, owner, owned },
    topics: new JobTopics(job, () => open.connections),
    marks: new ReplayMarks(store, job),
    targets: new Set([...plan.topics, ...written]),
    letterTopics: [...new Set(policySinks(settings).map(({ topic }) => topic))],
    tasksOf: (topic, partition) => {
      const task = open.layout.taskOf(topic, partition);
      return task !== undefined ? [task] : open.layout.broadcast.has(topic) ? open.layout.tasks : [];
    },
  });
}
