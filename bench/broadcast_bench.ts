/**
 * Measures the memory of a table that every task holds whole: the heap that a job with eight tasks in one worker takes,
 * and that of a job with one task, after the table was read and after a restart. Beside it, the memory of buffers, which
 * hold no rows: what was encoded last. Each job runs in a process of its own.
 */
import { parseArgs } from "node:util";
import { judge, table } from "./support/report.ts";

const ROWS = 100_000, TASKS = 8;
/** The bytes of a row as JSON. */
const SIZES = [200, 1000];
/** The goal: how much more memory eight tasks may take than one. */
const GOAL = 2;

interface Taken {
  readonly heap: number;
  readonly buffers: number;
}

async function measure(
  rows: number,
  bytes: number,
  tasks: number,
): Promise<{ readonly read: Taken; readonly restored: Taken }> {
  const script = new URL("./support/table_memory_main.ts", import.meta.url);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-lock", "--v8-flags=--expose-gc,--max-old-space-size=8192"],
      ...[script.href, String(rows), String(bytes), String(tasks)],
    ],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`The job with ${tasks} tasks failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

const { values: { quick } } = parseArgs({ options: { quick: { type: "boolean" } } });
const rows = quick ? ROWS / 10 : ROWS;
const measured = [];
for (const bytes of SIZES) {
  const one = await measure(rows, bytes, 1), all = await measure(rows, bytes, TASKS);
  for (const when of ["read", "restored"] as const) {
    const ratio = all[when].heap / one[when].heap;
    measured.push({
      "bytes of a row": bytes,
      when: when === "read" ? "after reading" : "after a restart",
      "MiB, 1 task": one[when].heap / 2 ** 20,
      [`MiB, ${TASKS} tasks`]: all[when].heap / 2 ** 20,
      ratio,
      goal: judge(`<= ${GOAL}`, ratio <= GOAL),
      "MiB of buffers, 1 task": one[when].buffers / 2 ** 20,
      [`${TASKS} tasks`]: all[when].buffers / 2 ** 20,
    });
  }
}
table(`Memory of a table of ${rows.toLocaleString("en-US")} rows that every task of one worker holds whole`, measured);
