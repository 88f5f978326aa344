/**
 * Ways to read tables wrongly: those of which every task reads all, and those that a new task reads first.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const BROADCASTS: readonly Mutation[] = [
  {
    name: "a task takes again what it has had of a fetch that another one needs from further back",
    run: 48,
    families: ["ruled"],
    edits: [{
      file: "runtime/input_queue.ts",
      find: "const records = [...fetch.records].filter(({ offset }) => offset >= this.expected);",
      replace: "const records = [...fetch.records];",
    }],
  },
  {
    name: "a new task does not take the shared fetches back to its place, and what lies between is left out",
    run: 48,
    families: ["ruled"],
    masked: "a fetch that begins behind the place of a task is refused, and reading goes back to it",
    edits: [
      {
        file: "connectors/kafka/group_reader.ts",
        find: "else if (shared) this.#fetcher.seek(topic, partition, offset);",
        replace: "void shared;",
      },
      {
        file: "runtime/input_queue.ts",
        find: "return this.shared ? this.done || start <= this.expected : start === this.expected;",
        replace: "return this.shared || start === this.expected;",
      },
    ],
  },
  {
    name: "the ends to which a new task reads its tables are forgotten with its first epoch",
    run: 2,
    families: ["ruled"],
    edits: [{
      file: "runtime/owned_task.ts",
      find: "const tablesAreRead = tablesFirst?.done === true;",
      replace: "const tablesAreRead = tablesFirst !== undefined;",
    }],
  },
  {
    name: "a new task reads a hop to all tasks from the end that it has then",
    run: 105,
    families: ["heard"],
    edits: [{
      file: "runtime/takeover.ts",
      find: "    const begin = isHop ? hops : whole",
      replace: "    const toAll = plan.hops.some((hop) => hop.broadcast && hop.topic === topic);\n" +
        '    const begin = toAll ? "latest" : isHop ? hops : whole',
    }],
  },
  {
    name: "what one task has read of a hop to all tasks is deleted for the other tasks of its worker too",
    run: 22,
    families: ["heard"],
    edits: [{
      file: "runtime/hop_sweep.ts",
      find: "due.set(topic, offsets.set(partition, offset));",
      replace: "due.set(topic, offsets);\n" +
        "        for (const { number } of tasks) offsets.set(number, Math.max(offsets.get(number) ?? 0, offset));",
    }],
  },
  {
    name: "a value of a hop to all tasks goes only to the tasks that send into it",
    run: 1,
    families: ["heard", "places"],
    edits: [{
      file: "runtime/task_hops.ts",
      find: "const everyTask = [...new Array(partitions).keys()];",
      replace: "const everyTask = senders;",
    }],
  },
];
