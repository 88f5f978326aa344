/**
 * Measures how long the details of a job with many tasks take to make, and how large they are. They are made while somebody
 * looks, once a second.
 *
 * What a snapshot costs depends on how many tasks have had a record since the one before. At 100 epochs a second of one
 * task each, 100 have. Where records come faster, all have.
 */
import { type ManyTasks, manyTasks } from "../tests/support/many.ts";
import { judge, table } from "./support/report.ts";

/** The goals: milliseconds, and bytes of JSON. */
const GOAL = { ms: 1, bytes: 32_000 };
const STAGES = 20;
/** So many snapshots of each case, after some with which the code is compiled: of tasks that stand still, then of the case. */
const TURNS = 50;
const FIRST = { still: 200, changed: 100 };

/** Jobs with so many tasks, of which so many have a record between two snapshots. */
const CASES: readonly { readonly tasks: number; readonly changed: readonly number[] }[] = [
  { tasks: 8, changed: [8] },
  { tasks: 64, changed: [64] },
  { tasks: 256, changed: [0, 64, 100, 256] },
];

/** The times of many snapshots, and the size of the last one. */
async function measure(test: ManyTasks, changed: number): Promise<{ times: number[]; bytes: number }> {
  const times: number[] = [];
  let bytes = 0;
  for (let turn = 0; turn < FIRST.still; turn++) await test.details();
  for (let turn = 0; turn < FIRST.changed + TURNS; turn++) {
    if (changed > 0) await test.touch(changed);
    const before = performance.now();
    const details = await test.details();
    if (turn >= FIRST.changed) times.push(performance.now() - before);
    bytes = JSON.stringify(details).length;
  }
  return { times: times.sort((a, b) => a - b), bytes };
}

if (import.meta.main) {
  const rows = [];
  for (const { tasks, changed: counts } of CASES) {
    await using test = await manyTasks({ tasks, stages: STAGES });
    for (const changed of counts) {
      const { times, bytes } = await measure(test, changed);
      const [least, median] = [times[0], times[TURNS / 2]];
      rows.push({
        ...{ tasks, "changed since the last one": changed },
        "least ms": Number(least.toFixed(2)),
        "median ms": Number(median.toFixed(2)),
        bytes,
        goal: judge(`${GOAL.ms} ms, ${GOAL.bytes} bytes`, median < GOAL.ms && bytes < GOAL.bytes),
      });
    }
  }
  table(`The details of a job with ${STAGES} stages`, rows);
}
