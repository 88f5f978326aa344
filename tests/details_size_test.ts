/** The details of a job with many tasks and stages stay small. */
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { JobDetails, JobRows } from "@tidemark/streams";
import { manyTasks } from "./support/many.ts";

function size(details: JobDetails | JobRows): number {
  return new TextEncoder().encode(JSON.stringify(details)).length;
}

/** The details as they are when the job has run for years: each count that it shows, but for its rows, has ten digits more. */
function withLongNumbers(details: JobDetails): JobDetails {
  const longer = (value: unknown): unknown => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value < 1e9) return value + 1e9;
    if (Array.isArray(value)) return value.map(longer);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, longer(one)]));
  };
  const { tasks, partitions, ...rest } = details;
  return { ...longer(rest) as Omit<JobDetails, "tasks" | "partitions">, tasks, partitions };
}

describe("the details of a job with 256 tasks and 20 stages", () => {
  it("are below 32 KB, tell how much is left out, and follow what the tasks do", async () => {
    await using test = await manyTasks({ tasks: 256, stages: 20 });
    const details = await test.details();
    assertLess(size(withLongNumbers(details)), 32_000);
    assertEquals([details.taskCount, details.stages.length, details.late], [256, 20, 256 * 20]);
    for (
      const [rows, left] of [[details.tasks, details.leftOut.tasks], [
        details.partitions,
        details.leftOut.partitions,
      ]] as const
    ) {
      assert(rows.length >= 24 && rows.length <= 32, `${rows.length} rows`);
      assertEquals(rows.length + left, 256);
    }
    assertEquals(details.lateRecords.length, 10);
    assert(details.recentEpochs.length > 0);
    const records = 256 * 4 + 60;
    assertEquals([details.records_in, details.stages[19].records_in], [records, records]);

    // Only the tasks that have changed are looked at again.
    await test.touch();
    const later = await test.details();
    assertEquals([later.records_in, later.stages[0].records_in], [records + 256, records + 256]);
    const rows = await test.job.rows(224);
    assertEquals(rows.tasks.map(({ task }) => task), Array.from({ length: 32 }, (_none, nth) => 224 + nth));
    assertEquals(rows.partitions.map(({ partition }) => partition), rows.tasks.map(({ task }) => task));
    assertEquals(rows.records_in.reduce((sum, one) => sum + one), later.records_in);
    assertEquals(rows.tasks[31].records_in, rows.records_in[255]);
    assertLess(size(rows), 32_000);
    assertEquals((await test.job.rows(256)).tasks, []);
    assertEquals((await test.job.rows()).tasks[0].task, 0);
    for (const from of [-1, 0.5, NaN]) {
      await assertRejects(() => test.job.rows(from), RangeError, "from must be an integer >= 0");
    }
    assertEquals(
      later.stages.map(({ keys, late }) => [keys, late]),
      details.stages.map(({ keys, late }) => [keys, late]),
    );
  });
});
