/**
 * Measures how long the details of a job with many tasks take to make, and how large they are. They are made while somebody
 * looks, once a second.
 *
 * What a snapshot costs depends on how many tasks have had a record since the one before. At 100 epochs a second of one
 * task each, 100 have. Where records come faster, all have.
 */
import { manyTasks } from "../tests/support/many.ts";
import { judge, line, table } from "./support/report.ts";

/** The goals: milliseconds, and bytes of JSON. */
const GOAL = { ms: 1, bytes: 32_000 };
const STAGES = 20;
/** So many snapshots of each case, after some with which the code is compiled. */
const TURNS = 100;
const FIRST = 20;

interface Case {
  readonly tasks: number;
  /** So many of the tasks have a record between two snapshots. */
  readonly changed: number;
}

const CASES: readonly Case[] = [
  { tasks: 8, changed: 8 },
  { tasks: 64, changed: 64 },
  { tasks: 256, changed: 0 },
  { tasks: 256, changed: 100 },
  { tasks: 256, changed: 256 },
];

if (import.meta.main) {
  const rows = [];
  for (const { tasks, changed } of CASES) {
    const began = performance.now();
    await using test = await manyTasks({ tasks, stages: STAGES });
    const times: number[] = [];
    let bytes = 0;
    for (let turn = 0; turn < FIRST + TURNS; turn++) {
      if (changed > 0) await test.touch(changed);
      const before = performance.now();
      const details = await test.details();
      if (turn >= FIRST) times.push(performance.now() - before);
      bytes = JSON.stringify(details).length;
    }
    times.sort((a, b) => a - b);
    const [least, median] = [times[0], times[TURNS / 2]];
    rows.push({
      ...{ tasks, "changed since the last one": changed },
      "least ms": Number(least.toFixed(2)),
      "median ms": Number(median.toFixed(2)),
      bytes,
      goal: judge(`${GOAL.ms} ms, ${GOAL.bytes} bytes`, median < GOAL.ms && bytes < GOAL.bytes),
    });
    // A case may take a while, and one who waits sees that it goes on.
    line(`${tasks} tasks, ${changed} changed: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  table(`The details of a job with ${STAGES} stages`, rows);
}
