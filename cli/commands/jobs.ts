/**
 * `jobs`: the jobs of a state.
 *
 * @module
 */
import { messageOf } from "../../base/thrown.ts";
import type { JobDetails } from "../../runtime/details.ts";
import { shownCount } from "../../runtime/details_words.ts";
import { jobsOn } from "../../runtime/stored_job.ts";
import type { CommandSpec, Context } from "../command.ts";
import { lookAt } from "../look.ts";
import { iso } from "../text.ts";

interface Row {
  readonly job: string;
  readonly state: JobDetails["state"] | "unreadable";
  readonly from: "page" | "state" | undefined;
  readonly tasks: number;
  readonly records_in: number;
  readonly outputs: JobDetails["outputs"];
  readonly late: number;
  readonly dead_letters: number;
  readonly epochs: number;
  readonly last_commit: string | undefined;
  readonly failure: string | undefined;
}

/** `jobs` */
export const jobs: CommandSpec = {
  name: "jobs",
  summary: "list the jobs of a state",
  example: "jobs --state .tidemark/recommendations.db",
  needs: ["state"],
  async run(context) {
    const { printer, place, world } = context;
    const rows: Row[] = [];
    for (const job of await jobsOn(await place.store(), world.clock)) rows.push(await rowOf(context, job));
    printer.document(rows, () => {
      if (rows.length === 0) return "No job was started on this state.";
      return printer.table(
        ["JOB", "STATE", "TASKS", "RECORDS", "RESULTS", "LATE", "DEAD", "EPOCHS", "LAST COMMIT"],
        rows.map(({ job, state, tasks, records_in, outputs, late, dead_letters, epochs, last_commit }) => {
          const results = Object.values(outputs).reduce((sum, count) => sum + count, 0);
          const counts = [tasks, records_in, results, late, dead_letters, epochs].map(shownCount);
          return [job, state, ...counts, last_commit];
        }),
      );
    });
    for (const { job, failure } of rows) if (failure !== undefined) printer.say(`${job}: ${failure}`);
  },
};

async function rowOf(context: Context, job: string): Promise<Row> {
  try {
    const { details, from } = await lookAt(context, job);
    const { state, taskCount, records_in, outputs, late, dead_letters, epochs, failure, tasks } = details;
    const last = tasks.reduce((newest, { at = -Infinity }) => Math.max(newest, at), -Infinity);
    return {
      ...{ job, state, from, tasks: taskCount, records_in, outputs, late, dead_letters, epochs, failure },
      last_commit: last === -Infinity ? undefined : iso(last),
    };
  } catch (error) {
    return {
      ...{ job, state: "unreadable", from: undefined, tasks: 0, records_in: 0, outputs: {}, late: 0 },
      ...{ dead_letters: 0, epochs: 0, last_commit: undefined, failure: messageOf(error) },
    };
  }
}
