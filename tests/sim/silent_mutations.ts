/**
 * Bugs in what the engine logs, and in when it ends: results stay right, but a user waits without knowing why.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

const PUBLISHER = "runtime/publisher.ts";
const EPOCHS = "runtime/epochs.ts";

export const SILENCES: readonly Mutation[] = [
  {
    name: "a partition that was paused for a task stays so when the task is lost and taken again",
    run: 34,
    families: ["prices"],
    edits: [{
      file: "runtime/assignment.ts",
      find: "    for (const queue of fresh) this.parts.resume(queue);\n",
      replace: "",
    }],
  },
  {
    name: "a takeover fails at what is only told, after its tasks are the worker's",
    run: 7_001_835,
    families: ["heard", "carts", "naps", "overlaps", "pairs"],
    edits: [
      {
        file: "runtime/assignment.ts",
        find: "    const { other, unread } = await this.#toTell(taken);\n",
        replace: "",
      },
      {
        file: "runtime/assignment.ts",
        find: "    epochs().publish();\n",
        replace: "    epochs().publish();\n    const { other, unread } = await this.#toTell(taken);\n",
      },
    ],
  },
  {
    name: "a reset is forgotten where other workers have all tasks",
    run: 30_000_832,
    families: ["stays"],
    resets: true,
    edits: [{
      file: "runtime/assignment.ts",
      find: "      if (this.#reset !== undefined) await this.#refuseReset(this.#reset);\n",
      replace: "      void this.#refuseReset;\n",
    }],
  },
  {
    name: "a permanent refusal is tried again and again in silence",
    run: 1598,
    masked: "publishing that takes long is told as well, whatever the reason",
    edits: [
      {
        file: PUBLISHER,
        find: "if (error instanceof MarkerError || error instanceof RefusedError || this.#abandoned) throw error;",
        replace: "void RefusedError;\n        if (error instanceof MarkerError || this.#abandoned) throw error;",
      },
      {
        file: PUBLISHER,
        find: "if (tries.count >= TRIES_UNTOLD || clock.elapsed() - began >= TOLD_AFTER_MS) trouble(error as Error);",
        replace: "void began, TRIES_UNTOLD, TOLD_AFTER_MS;",
      },
      {
        file: EPOCHS,
        find: "if (this.#publishing === undefined || !long(this.#publishingSince)) return;",
        replace: "if (!long(Infinity)) return;",
      },
    ],
  },
  {
    name: "a stop waits for ever",
    run: 326,
    edits: [{
      file: "runtime/ending.ts",
      find: "    this.#cancel = this.clock.after(ms, () => this.#passed.resolve(false));\n",
      replace: "    void ms;\n",
    }],
  },
  {
    name: "a trouble is overwritten by another",
    run: [23161, 23208],
    edits: [{
      file: "runtime/troubles.ts",
      find: "    if (!this.#open.delete(kind)) return;\n",
      replace: "    if (!this.#open.has(kind)) return;\n    this.#open.clear();\n",
    }],
  },
];
