/**
 * Ways to get the recovery from a failure wrong: an epoch is undone and processed again, without what failed.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

const RUNNER = "runtime/task_runner.ts";

export const RECOVERIES: readonly Mutation[] = [
  {
    name: "the end of the input is repeated before the records of an epoch that is processed again",
    run: 5,
    families: ["fines", "answers"],
    edits: [{
      file: RUNNER,
      find: "this.task.failure !== undefined && this.#recover(undefined) && this.again === undefined",
      replace: "this.task.failure !== undefined && this.#recover(undefined)",
    }],
  },
  {
    name: "new records are pushed before those of an epoch that is processed again",
    run: 25,
    families: ["refusals", "calls"],
    edits: [
      {
        file: RUNNER,
        find: "while (this.task.failure === undefined && this.again === undefined && !this.outputs.full",
        replace: "while (this.task.failure === undefined && !this.outputs.full",
      },
      {
        file: RUNNER,
        find: "      this.catchUp();\n      if (elapsed()",
        replace:
          '      if (this.task.woken && this.task.failure === undefined) this.#act("later");\n      if (elapsed()',
      },
    ],
  },
  {
    name: "a large epoch that is processed again is not gone on with",
    run: 120_503_699,
    families: ["updates", "answers", "places", "prices", "refusals"],
    edits: [{
      file: "runtime/loop.ts",
      find: "      else if (owned.runner.again !== undefined) owned.runner.catchUp();\n",
      replace: "",
    }],
  },
];
