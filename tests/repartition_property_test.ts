/** repartition() against a recomputation of the whole input, whatever the tasks do in which order. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { map } from "rxjs";
import {
  broadcastJoin,
  count,
  eventTime,
  repartition,
  toTable,
  tumblingWindow,
  watermark,
} from "@tidemark/streams/operators";
import { HopTasks } from "./support/hop_tasks.ts";
import { jobSink, jobSource } from "./support/task_host.ts";

interface View {
  readonly product: string;
  readonly at: number;
}

const TASKS = 3;
const SIZE = 50;
const DISORDER = 40;

const counted = jobSource<View>("views").pipe(
  eventTime((view) => view.at),
  watermark({ maxOutOfOrderness: DISORDER }),
  repartition({ name: "by-product", key: (view) => view.product }),
  tumblingWindow({ name: "counts", key: (view) => view.product, size: SIZE, aggregate: count() }),
  map(({ key, window, value }) => `${key} ${window.start} ${value}`),
  jobSink<string>("counts"),
);

/** What happens next: a task gets a view, reads from the hop, is cut or starts anew. */
const step = fc.record({
  task: fc.nat(TASKS - 1),
  what: fc.constantFrom("push", "push", "push", "read", "read", "cut", "restart"),
  product: fc.nat(4),
  behind: fc.nat(DISORDER),
  ms: fc.nat(120),
});

/** The windows of the whole input, each once. */
function windowsOf(views: readonly View[]): string[] {
  const counts = new Map<string, number>();
  for (const { product, at } of views) {
    const window = `${product} ${Math.floor(at / SIZE) * SIZE}`;
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return [...counts].map(([window, n]) => `${window} ${n}`).sort();
}

Deno.test("windows behind a hop are those of the whole input, nothing is late, and every task ends", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.constantFrom(0, 50, 400), (steps, interval) => {
      const tasks = new HopTasks(counted, { tasks: TASKS, interval });
      const views: View[] = [];
      const reached = Array.from({ length: TASKS }, () => 1000);
      for (const { task, what, product, behind, ms } of steps) {
        if (what === "read") tasks.read(task);
        else if (what === "cut") tasks.cut(task, ms);
        else if (what === "restart") tasks.restart(task);
        else {
          reached[task] += ms;
          const view = { product: `product-${product}`, at: Math.max(0, reached[task] - behind) };
          views.push(view);
          tasks.push(task, "views", view, view.at);
        }
      }
      tasks.end("views");
      assertEquals([...tasks.written].sort(), windowsOf(views));
      assertEquals([tasks.late, tasks.ends], [0, TASKS]);
    }),
    { numRuns: 1_000 },
  );
});

const told = jobSource<number>("asked").pipe(
  broadcastJoin(
    jobSource<{ key: string; n: number }>("told").pipe(
      toTable({ key: (row) => row.key, value: (row) => row.n }),
      repartition({ name: "to-all", broadcast: true }),
    ),
    { name: "answers", join: (task, rows) => JSON.stringify([task, ...rows]) },
  ),
  jobSink<string>("answers"),
);

Deno.test("a table that goes to all tasks is the same in each of them once it has come, whatever they do in which order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const tasks = new HopTasks(told, { tasks: TASKS, interval: 50 });
      const table = new Map<string, number>();
      for (const [n, { task, what, product, ms }] of steps.entries()) {
        if (what === "read") tasks.read(task);
        else if (what === "cut") tasks.cut(task, ms);
        else if (what === "restart") tasks.restart(task);
        else {
          // As in a job, the rows of one key come from one task.
          const key = `${task}-${product}`;
          table.set(key, n);
          tasks.push(task, "told", { key, n }, n);
        }
      }
      tasks.settle();
      for (let task = 0; task < TASKS; task++) tasks.push(task, "asked", task, 0);
      tasks.end("asked", "told");
      const rows = [...table].sort(([one], [other]) => one < other ? -1 : 1);
      assertEquals([...tasks.written].sort(), [0, 1, 2].map((task) => JSON.stringify([task, ...rows])));
      assertEquals(tasks.ends, TASKS);
    }),
    { numRuns: 300 },
  );
});
