/**
 * Ways to get a hop wrong, as patches of its source. They are some of those of the model of the hop.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

export const HOPS: readonly Mutation[] = [
  {
    name: "the watermarks of a hop's senders are not in the checkpoint",
    run: 50,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "operators/_hop_marks.ts",
      find: "    for (const [name, sender, highest, idle] of partitions) {",
      replace: "    for (const [name, sender, highest, idle] of partitions.slice(0, 0)) {",
    }],
  },
  {
    name: "a worker learns the run of the job late, and resets it once more than it was asked to",
    resets: true,
    run: 2055,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/opening.ts",
      find: "layout, entry, between, since })",
      replace: "layout, entry, between, since: since && undefined })",
    }],
  },
  {
    name: "an idle sender holds the time behind a hop back",
    run: 1,
    families: ["naps"],
    edits: [{
      file: "operators/_hop_marks.ts",
      find: '      if (status === "idle") furthest = Math.max(furthest, watermark);',
      replace: '      if (status === "none" as string) furthest = Math.max(furthest, watermark);',
    }],
  },
  {
    name: "where all senders of a hop are idle, the slowest one counts",
    run: 2,
    families: ["naps"],
    edits: [{
      file: "operators/_hop_marks.ts",
      find: "    if (!active) low = furthest;",
      replace: "    if (!active) low = Math.min(...[...this.#marks.values()].map((mark) => mark.watermark));",
    }],
  },
  {
    name: "a worker keeps the run that the job had when it was started, whatever others have reset since",
    resets: true,
    run: 4,
    families: ["places", "stays", "trips"],
    edits: [{ file: "runtime/takeover.ts", find: "  await learnRun(parts);\n", replace: "  void learnRun;\n" }],
  },
  {
    name: "two workers that are started with a reset both reset",
    resets: true,
    run: 25,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/hop_reset.ts",
      find: "  if ((await readJob(store, name, patience))?.run !== since) return;\n",
      replace: "",
    }, {
      file: "runtime/hop_reset.ts",
      find: "{ reset: from, since }",
      replace: "{ reset: from }",
    }, {
      file: "runtime/hop_reset.ts",
      find: "  const { since } = hops.run;\n",
      replace: "",
    }],
  },
  {
    name: "what a hop has from before a reset is read",
    masked: "a reset begins to read a hop behind all that it has",
    resets: true,
    run: 1,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/task_hops.ts",
      find: "if (!record.isOf(hop.run) || !hop",
      replace: "if (!hop",
    }, {
      file: "runtime/takeover.ts",
      find: '{ from: reset, hops: "latest" }',
      replace: '{ from: reset, hops: "earliest" }',
    }],
  },
  {
    name: "a task starts before every head carries the run of a reset",
    resets: true,
    run: 107,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/takeover.ts",
      find: "  await claimAll(await unreset(parts, numbers));\n",
      replace: "  void unreset;\n",
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
  {
    name: "a record of a hop that the task has had already is pushed again",
    run: 1,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "operators/_hop_marks.ts",
      find: "    if (sequence <= this.reached(sender)) return false;\n",
      replace: "",
    }],
  },
  {
    name: "what a task has had of a hop's senders is not in the checkpoint",
    run: 1,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "operators/_hop_marks.ts",
      find: "if (name === REACHED) this.#reached.set(sender, highest);",
      replace: "if (name === REACHED) void highest;",
    }],
  },
  {
    name: "a task numbers what it sends from the beginning again after a restart",
    run: 3,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "operators/_hop_told.ts",
      find: "    this.#sent = partitions.find(([name]) => name === SENT)?.[2] ?? 0;\n",
      replace: "",
    }],
  },
  {
    name: "what is handed over does not wait for what its sender has sent before",
    run: 1,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/hop_queue.ts",
      find: "} else if (reached >= waiting.after) {",
      replace: "} else {",
    }],
  },
  {
    name: "a task hands over what it sends first, although its last owner may have sent more before it",
    run: 65,
    families: ["places", "stays", "trips"],
    edits: [{
      file: "runtime/local_hops.ts",
      find: "      const after = last.get(place);\n",
      replace: "      const after = last.get(place) ?? 0;\n",
    }],
  },
  {
    name: "a task hands over an epoch that another owner has kept from being committed",
    run: 22741,
    families: ["trips", "places"],
    edits: [{
      file: "runtime/epochs.ts",
      find: '    if (outcome === "fenced") {\n',
      replace: '    if (outcome === "fenced") {\n      this.parts.local?.handOver(task, epoch.outputs.published);\n',
    }],
  },
  {
    name: "a record of a hop that goes to the dead letters counts as one that the task has not had",
    run: 1,
    families: ["refusals"],
    edits: [{
      file: "runtime/recovery.ts",
      find: "        runner.hops?.leaveOut(queue, record);\n",
      replace: "",
    }],
  },
  {
    name: "a reset begins to read a hop where a former owner may still delete",
    resets: true,
    run: 120200421,
    families: ["places"],
    edits: [{
      file: "runtime/takeover.ts",
      find: '{ from: reset, hops: "latest" }',
      replace: '{ from: reset, hops: "earliest" }',
    }],
  },
];
