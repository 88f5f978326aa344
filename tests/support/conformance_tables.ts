/** Drives the conformance cases about streams that are joined with a table. */
import { tap } from "rxjs";
import { recordInfo, tableJoin, toTable } from "@tidemark/streams/operators";
import type { Case, Happening, Step } from "./conformance_case.ts";
import { DurableTask } from "./durable_task.ts";
import { jobSource } from "./task_host.ts";

/** The join in a job. */
export function driveTableJoin({ steps }: Case): Happening[] {
  const happened: Happening[] = [];
  let after = 0;
  const task = new DurableTask(() =>
    jobSource<Step>("stream").pipe(
      tableJoin(
        jobSource<Step>("table").pipe(toTable({ key: ({ key }) => key!, value: ({ value }) => value ?? undefined })),
        {
          name: "join",
          key: ({ key }) => key!,
          join: ({ key, value }, row) => ({ key, value: `${value}+${row}` }),
        },
      ),
      tap((row) => happened.push({ after, type: "result", ...row, ts: recordInfo().timestamp })),
    )
  );
  for (const [index, step] of steps.entries()) {
    after = index;
    if (step.type === "snapshot-restore") task.restart();
    else task.push(step.side!, step, { timestamp: step.ts as number });
    if (task.failure !== undefined) throw task.failure;
  }
  return happened;
}
