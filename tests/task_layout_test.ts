/** Which task reads what. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { countingTask, layOut, refuseUneven, type TaskKind } from "../runtime/task_layout.ts";

const TOPICS = new Map([["clicks", 3], ["users", 3]]);

describe("layOut()", () => {
  it("perPartition: a task for each partition number, which reads it of every topic", () => {
    const layout = layOut("perPartition", TOPICS);
    assertEquals(layout.tasks, [0, 1, 2]);
    assertEquals(layout.inputsOf(1), [{ topic: "clicks", partition: 1 }, { topic: "users", partition: 1 }]);
  });

  it("perPartition: topics with different numbers of partitions are refused, with the cures", () => {
    assertThrows(
      () => refuseUneven(layOut("perPartition", new Map([["clicks", 3], ["users", 2]]))),
      Error,
      "its topics must have the same number of partitions, and clicks has 3, users has 2. Give them the same number, bring one " +
        'of them through repartition({ name, key, partitions }), read a small table with broadcast: true, or run the job with tasks: "single"',
    );
  });

  it("single takes topics of different numbers", () => {
    refuseUneven(layOut("single", new Map([["clicks", 3], ["users", 2]])));
  });

  it("single: one task, which reads everything, however many partitions there are", () => {
    const layout = layOut("single", new Map([["clicks", 2], ["users", 1]]));
    assertEquals(layout.tasks, [0]);
    assertEquals(layout.inputsOf(0), [
      { topic: "clicks", partition: 0 },
      { topic: "clicks", partition: 1 },
      { topic: "users", partition: 0 },
    ]);
  });

  it("perPartition: every task reads all of a broadcast topic, whose number may differ, and one task counts each part", () => {
    const layout = layOut("perPartition", new Map([["clicks", 2], ["rules", 3]]), new Set(["rules"]));
    refuseUneven(layout);
    assertEquals(layout.tasks, [0, 1]);
    const rules = [0, 1, 2].map((partition) => ({ topic: "rules", partition }));
    assertEquals(layout.inputsOf(1), [{ topic: "clicks", partition: 1 }, ...rules]);
    assertEquals([layout.taskOf("clicks", 1), layout.taskOf("rules", 1)], [1, undefined]);
    assertEquals(rules.map((place) => countingTask(layout, place)), [0, 1, 0]);
  });

  it("single: a broadcast topic is as all others", () => {
    const partitions = new Map([["clicks", 2], ["rules", 3]]);
    const { inputsOf, broadcast, taskOf } = layOut("single", partitions, new Set(["rules"]));
    assertEquals(inputsOf(0), layOut("single", partitions).inputsOf(0));
    assertEquals([broadcast.size, taskOf("rules", 2)], [0, 0]);
  });

  for (const kind of ["perPartition", "single"] satisfies TaskKind[]) {
    it(`${kind}: every partition has exactly one task, and taskOf says which`, () => {
      const { tasks, inputsOf, taskOf } = layOut(kind, TOPICS);
      const read = tasks.flatMap((task) => inputsOf(task).map(({ topic, partition }) => [topic, partition, task]));
      assertEquals(read.length, 6);
      for (const [topic, partition, task] of read) assertEquals(taskOf(topic as string, partition as number), task);
    });

    it(`${kind}: a topic that is no input has no task, nor has a partition that came later`, () => {
      const { taskOf } = layOut(kind, TOPICS);
      assertEquals([taskOf("other", 0), taskOf("clicks", 3), taskOf("clicks", -1)], [undefined, undefined, undefined]);
    });
  }
});
