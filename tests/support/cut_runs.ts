/** Runs a pipeline of a hand-made job over rows, with restarts between some of them. */
import { type Observable, tap } from "rxjs";
import { HandMadeTask } from "./task_host.ts";

interface Timed {
  readonly time: number;
}

/** A run of a pipeline that was cut and restarted before the rows with these numbers. */
export interface CutRun<R> {
  readonly seen: R[];
  /** The last task. */
  readonly job: HandMadeTask;
}

/** Pushes all rows to the source `rows`; `after` is called after each. */
export function runWithCuts<T extends Timed, R>(
  rows: readonly T[],
  cuts: readonly number[],
  pipeline: () => Observable<R>,
  after: (run: CutRun<R>, row: T) => void = () => {},
): CutRun<R> {
  const seen: R[] = [];
  const begin = (task: HandMadeTask) => task.run(pipeline().pipe(tap((one) => void seen.push(one))));
  let job = begin(new HandMadeTask());
  for (const [index, row] of rows.entries()) {
    if (cuts.includes(index)) job = begin(new HandMadeTask(job.cut()));
    job.push("rows", row, { timestamp: row.time });
    if (job.task.failure !== undefined) throw job.task.failure.error;
    after({ seen, job }, row);
  }
  return { seen, job };
}

/** How many cells the states of a task hold, by their names. */
export function cellsOf(job: HandMadeTask, ...names: string[]): number {
  return names.reduce((sum, name) => sum + job.cut().states.get(name)!.size, 0);
}
