/**
 * Measures how long the details of a job with many tasks take to make, and how large they are. They are made while somebody
 * looks, once a second.
 */
import { manyTasks } from "../tests/support/many.ts";
import { judge, table } from "./support/report.ts";

/** The goals: milliseconds, and bytes of JSON. */
const GOAL = { ms: 1, bytes: 32_000 };
const TURNS = 200;

if (import.meta.main) {
  const rows = [];
  for (const [tasks, active] of [[8, true], [64, true], [256, false], [256, true]] as const) {
    await using test = await manyTasks({ tasks, stages: 20 });
    const times: number[] = [];
    let bytes = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      if (active) await test.touch();
      const began = performance.now();
      const details = await test.details();
      times.push(performance.now() - began);
      bytes = JSON.stringify(details).length;
    }
    times.sort((a, b) => a - b);
    const [least, median] = [times[0], times[TURNS / 2]];
    rows.push({
      tasks,
      "each has had a record": active ? "yes" : "no",
      "least ms": Number(least.toFixed(2)),
      "median ms": Number(median.toFixed(2)),
      bytes,
      goal: judge(`${GOAL.ms} ms, ${GOAL.bytes} bytes`, median < GOAL.ms && bytes < GOAL.bytes),
    });
  }
  table("The details of a job with 20 stages", rows);
}
