/**
 * Bugs in writing the rows of tables in the job's KV.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

const CHECKPOINT = "state/checkpoint.ts";

export const TABLES: readonly Mutation[] = [
  {
    name: "rows that follow their epoch are written without a check of the head",
    run: 286,
    families: ["prices"],
    edits: [{
      file: "state/checked_writes.ts",
      find: "const result = await send([check], piece);",
      replace: "const result = await send([], piece);",
    }],
  },
  {
    name: "an epoch counts as written when the first of its rows are",
    run: 1,
    families: ["prices"],
    edits: [{
      file: "state/commit.ts",
      find: "const written = await writeChecked(this.#headOf(cut, versionstamp), cut.after, this.options, this.#try);",
      replace:
        "const written = await writeChecked(this.#headOf(cut, versionstamp), cut.after.slice(0, 9), this.options, this.#try);",
    }],
  },
  {
    name: "the next owner takes the rows of the last epoch for written",
    run: 94,
    families: ["prices"],
    edits: [
      {
        file: CHECKPOINT,
        find: "this.#written = entry.head.unwritten === undefined;",
        replace: "this.#written = true;",
      },
    ],
  },
  {
    name: "the first head that a new owner writes forgets the rows that are not written",
    run: 94,
    families: ["prices"],
    edits: [
      {
        file: "state/decide.ts",
        find: "unwritten: written ? undefined : head.unwritten,",
        replace: "unwritten: undefined,",
      },
      {
        file: CHECKPOINT,
        find: "if (unwritten === undefined || this.#written) return 0;",
        replace: "if (unwritten === undefined || this.#written) return void (this.#written = true) ?? 0;",
      },
    ],
  },
  {
    name: "of several rows of a key the first one is written",
    run: 1,
    families: ["prices"],
    edits: [{
      file: "runtime/outputs.ts",
      find: "        rows.set(name, row);\n",
      replace: "        rows.set(name, before ?? row);\n",
    }],
  },
];
