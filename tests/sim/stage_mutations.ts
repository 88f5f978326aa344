/**
 * Ways to get the stages of operators wrong: their timers, holds and lists, their calls, and what they find again.
 *
 * @module
 */
import type { Mutation } from "./mutation.ts";

const TIMERS = "operators/_timers.ts";
const ASYNC = "operators/_async_stage.ts";
const SESSIONS = "operators/_session_stage.ts";

export const STAGES: readonly Mutation[] = [
  {
    name: "a value that is set again ends when the deleted one would have ended",
    run: 5533,
    families: ["leaders"],
    edits: [{
      file: "operators/_ttl.ts",
      find: "(due !== undefined && due <= end)",
      replace: "due !== undefined",
    }],
  },
  {
    name: "the timers of a stage are forgotten when it is restored",
    run: 3,
    families: ["visits"],
    edits: [{
      file: TIMERS,
      find: "        this.#queue.push(time, cell.value!, cell);\n        if",
      replace: "        if",
    }],
  },
  {
    name: "a timer that has fired fires again after a restore",
    run: 3,
    families: ["visits"],
    edits: [{
      file: TIMERS,
      find: "    const sequence = cell.value!;\n    this.#state.write(cell, undefined);\n",
      replace: "    const sequence = cell.value!;\n",
    }],
  },
  {
    name: "what waits for its time is forgotten when it is restored",
    run: 3,
    families: ["partners", "versions"],
    edits: [{ file: "operators/_waiting.ts", find: "      this.add(cell);\n", replace: "" }],
  },
  {
    name: "the watermark passes a hold",
    run: 1,
    families: ["answers"],
    edits: [{
      file: "operators/_own_time.ts",
      find: "const watermark = free ? scope.watermark : Math.min(scope.watermark, holds.limit);",
      replace: "const watermark = scope.watermark;",
    }],
  },
  {
    name: "an element that is appended to a list is not in the delta",
    run: 3,
    families: ["carts"],
    edits: [{
      file: "state/durable_collections.ts",
      find: "    this.state.create(this, this.#base + this.#cells.length, listed(value, this.state.name));\n",
      replace: "    this.state.create(this, this.#base + this.#cells.length, listed(value, this.state.name));\n" +
        "    if (this.#size > 1) this.state.dirty.pop();\n",
    }],
  },
  {
    name: "a call that is in flight at the cut is forgotten when it is restored",
    run: 1,
    families: ["calls"],
    edits: [{
      file: ASYNC,
      find: "    for (const cell of cells) {\n      const kept",
      replace: "    for (const cell of cells.slice(1)) {\n      const kept",
    }],
  },
  {
    name: "a call whose result has come out is in flight again after a restore",
    run: 1,
    families: ["calls"],
    edits: [{
      file: ASYNC,
      find: "    this.#called--;\n    this.#state.write(flight.cell, undefined);\n",
      replace: "    this.#called--;\n",
    }],
  },
  {
    name: "a session is marked as fired before its cell keeps what an undo returns to",
    run: 3,
    families: ["sessions", "refusals"],
    edits: [{
      file: SESSIONS,
      find: "    if (session[5] === 0 && !plan.onClose) {\n",
      replace: "    if (session[5] === 0 && !plan.onClose) {\n      session[5] = 1;\n",
    }],
  },
  {
    name: "sessions are merged in place before their cells keep what an undo returns to",
    run: 906,
    families: ["sessions", "refusals"],
    edits: [{
      file: SESSIONS,
      find: "    for (const other of others) this.#state.touch(this.#sessions.cellOf(key, other));\n",
      replace: "",
    }],
  },
  {
    name: "a window that goes remembers its last result although an undo returns to it",
    run: 69,
    families: ["updates", "refusals"],
    edits: [{ file: "operators/_triggered_stage.ts", find: "      if (!kept) return;\n", replace: "" }],
  },
];
