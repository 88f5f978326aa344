/**
 * Ways to get a hop wrong, as patches of its source. They are some of those of the model of the hop.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const HOPS: readonly Mutation[] = [
  {
    name: "the watermarks of a hop's senders are not in the checkpoint",
    run: 2,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "operators/_hop_marks.ts",
      find: "    for (const [name, sender, highest, idle] of partitions) {",
      replace: "    for (const [name, sender, highest, idle] of partitions.slice(0, 0)) {",
    }],
  },
  {
    name: "the end of a hop is told to one partition only",
    run: 5,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/task_hops.ts",
      find: "for (let partition = 0; partition < partitions; partition++) {",
      replace: 'for (let partition = 0; partition < (status === "ended" ? 1 : partitions); partition++) {',
    }],
  },
  {
    name: "a hop is deleted up to where it is read, and not to where that is committed",
    run: 35,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/hop_sweep.ts",
      find: "const offset = hop ? head.offsets[topic]?.[partition] ?? 0 : 0;",
      replace: "const offset = hop && head !== undefined ? position : 0;",
    }, {
      file: "runtime/hop_sweep.ts",
      find: "for (const { hop, topic, partition } of runner.queues) {",
      replace: "for (const { hop, topic, partition, position } of runner.queues) {",
    }],
  },
];
