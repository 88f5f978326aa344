/** The details of a job with many tasks and stages stay small. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { JobDetails } from "@tidemark/streams";
import { manyTasks } from "./support/many.ts";

function size(details: JobDetails): number {
  return new TextEncoder().encode(JSON.stringify(details)).length;
}

describe("the details of a job with 256 tasks and 20 stages", () => {
  it("are below 32 KB, tell how much is left out, and follow what the tasks do", async () => {
    await using test = await manyTasks({ tasks: 256, stages: 20 });
    const details = await test.details();
    assertLess(size(details), 32_000);
    assertEquals([details.taskCount, details.stages.length, details.late], [256, 20, 256 * 20]);
    assertEquals([details.tasks.length, details.leftOut.tasks], [32, 224]);
    assertEquals([details.partitions.length, details.leftOut.partitions], [32, 224]);
    assertEquals(details.lateRecords.length, 10);
    assert(details.recentEpochs.length > 0);
    const records = 256 * 4 + 60;
    assertEquals([details.records_in, details.stages[19].records_in], [records, records]);

    // Only the tasks that have changed are looked at again.
    await test.touch();
    const later = await test.details();
    assertEquals([later.records_in, later.stages[0].records_in], [records + 256, records + 256]);
    assertEquals(
      later.stages.map(({ keys, late }) => [keys, late]),
      details.stages.map(({ keys, late }) => [keys, late]),
    );
  });
});
