/**
 * Measures the memory of a table that every task of one worker holds whole. Prints one line of JSON: the heap in bytes
 * that the job takes after it has read the table, and after a restart. Needs `--v8-flags=--expose-gc`.
 *
 * Arguments: rows, bytes of a row as JSON, tasks.
 */
import type { MemoryLog } from "../../connectors/memory.ts";
import { type Job, memory, run, tableJoin } from "../../mod.ts";

const PARTITIONS = 4;

interface Row {
  readonly id: number;
  readonly name: string;
  readonly city: string;
  readonly text: string;
}

/** The memory of everything that lives, in bytes: on the heap, and in buffers beside it. */
interface Taken {
  readonly heap: number;
  readonly buffers: number;
}

async function taken(): Promise<Taken> {
  // A second pass frees what finalizers have let go of.
  for (let pass = 0; pass < 3; pass++) {
    (globalThis as unknown as { gc(): void }).gc();
    await pause(20);
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return { heap: heapUsed, buffers: external };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function fill(log: MemoryLog, rows: number, bytes: number): void {
  log.create("rows", { partitions: PARTITIONS });
  const few = { id: 0, name: "user-000000", city: "city-00" };
  const rest = bytes - JSON.stringify({ ...few, text: "" }).length;
  for (let from = 0; from < rows; from += 1000) {
    log.append(
      "rows",
      Array.from({ length: Math.min(1000, rows - from) }, (_, n) => {
        const id = from + n;
        const value: Row = {
          id,
          name: `user-${id}`,
          city: `city-${id % 97}`,
          text: `${id} `.repeat(bytes).slice(0, rest),
        };
        return { key: `user-${id}`, value };
      }),
    );
  }
}

/** Waits until the job has read and committed everything. */
async function settled(job: Job, keys: number): Promise<void> {
  for (let before = -1;;) {
    const { epochs, keys: found, lag } = job.metrics.snapshot();
    if (found === keys && lag === 0 && epochs === before) return;
    before = epochs;
    await pause(500);
  }
}

const [rows, bytes, tasks] = Deno.args.map(Number);
const log = memory();
log.create("values", { partitions: tasks });
fill(log, rows, bytes);
const joined = log.source<string>("values").pipe(
  tableJoin(log.table<Row>("rows", { broadcast: true }), {
    name: "joined",
    key: (key) => key,
    join: (key, { city }) => `${key} ${city}`,
  }),
  log.sink("joined"),
);
const state = await Deno.makeTempFile({ suffix: ".db" });

/** Runs the job until it has settled. Returns the memory that it takes. */
async function measure(key: string): Promise<Taken> {
  const before = await taken();
  const job = await run(joined, { name: "memory", state, log: () => {} });
  await settled(job, rows * tasks);
  const after = await taken();
  log.append("values", [{ value: key, key }]);
  while (!log.read<string>("joined").some((row) => row?.startsWith(`${key} city-`))) await pause(20);
  await job.stop();
  return { heap: after.heap - before.heap, buffers: after.buffers - before.buffers };
}

try {
  console.log(JSON.stringify({ read: await measure("user-7"), restored: await measure("user-8") }));
} finally {
  for (const end of ["", "-shm", "-wal"]) await Deno.remove(state + end).catch(() => {});
}
