/** The details of a job with many tasks and stages stay small. */
import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { manyTasks } from "./support/many.ts";

describe("the details of a job with 64 tasks and 20 stages", () => {
  it("are below 32 KB, and tell how much is left out", async () => {
    await using test = await manyTasks({ tasks: 64, stages: 20 });
    const details = await test.details();
    const { length } = new TextEncoder().encode(JSON.stringify(details));
    assertLess(length, 32_000);
    assertEquals([details.taskCount, details.stages.length, details.late], [64, 20, 64 * 20]);
    assertEquals(details.tasks.length + details.leftOut.tasks, 64);
    assertEquals(details.partitions.length + details.leftOut.partitions, 64);
    assertEquals([details.lateRecords.length, details.recentEpochs.length], [10, 24]);
  });
});
