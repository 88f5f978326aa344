/** repartition() against a recomputation of the whole input, whatever the tasks do in which order. */
import { assert, assertEquals } from "@std/assert";
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
import { HopTasks, type Sent } from "./support/hop_tasks.ts";
import { jobSink, jobSource } from "./support/task_host.ts";

interface View {
  readonly product: string;
  readonly at: number;
  /** The watermark of its task when it was pushed. */
  readonly watermark: number;
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
          // One that is slow falls behind the others while it is idle.
          reached[task] += ms * (1 + 3 * task);
          const at = Math.max(0, reached[task] - behind);
          const view = { product: `product-${product}`, at, watermark: -Infinity };
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

/** After how long without a record a sender is idle, in milliseconds. */
const IDLE = 100;

const sleepy = jobSource<View>("views").pipe(
  eventTime((view) => view.at),
  watermark({ maxOutOfOrderness: DISORDER, idleAfter: IDLE, whenIdle: "hold" }),
  repartition({ name: "by-product", key: (view) => view.product }),
  tumblingWindow({ name: "counts", key: (view) => view.product, size: SIZE, aggregate: count() }),
  map(({ key, window, value }) => `${key} ${window.start} ${value}`),
  jobSink<string>("counts"),
);

/** What a reader of the hop must do: the rules of a hop's watermark as sentences, and windows in the simplest way. */
class Reader {
  readonly marks = Array.from({ length: TASKS }, () => ({ watermark: -Infinity, status: "active" }));
  readonly windows = new Map<string, { readonly end: number; n: number }>();
  readonly written: string[] = [];
  watermark = -Infinity;
  late = 0;

  read(sent: Sent): void {
    if ("value" in sent) this.#take(sent.value as View, sent.sender);
    else this.#hear(sent.sender, sent);
  }

  #take({ product, at, watermark }: View, sender: number): void {
    const mark = this.marks[sender];
    const caughtUp = mark.status === "active" && mark.watermark >= this.watermark;
    if (at > watermark && caughtUp) assert(at > this.watermark, `${at} became late on its way, at ${this.watermark}`);
    const start = Math.floor(at / SIZE) * SIZE;
    if (start + SIZE - 1 <= this.watermark) return void this.late++;
    const window = this.windows.get(`${product} ${start}`) ?? { end: start + SIZE, n: 0 };
    this.windows.set(`${product} ${start}`, window);
    window.n++;
  }

  #hear(sender: number, { watermark, status }: { readonly watermark: number; readonly status: string }): void {
    const mark = this.marks[sender];
    mark.status = status;
    mark.watermark = Math.max(mark.watermark, watermark);
    const [active, idle] = ["active", "idle"].map((wanted) => this.marks.filter(({ status }) => status === wanted));
    const caughtUp = active.filter(({ watermark }) => watermark >= this.watermark);
    if (caughtUp.length > 0) this.#advance(Math.min(...caughtUp.map(({ watermark }) => watermark)));
    else if (active.length === 0) this.#advance(Math.max(-Infinity, ...idle.map(({ watermark }) => watermark)));
    if (this.marks.every(({ status }) => status === "ended")) this.#advance(Infinity);
  }

  #advance(watermark: number): void {
    this.watermark = Math.max(this.watermark, watermark);
    for (const [name, { end, n }] of this.windows) {
      if (end - 1 > this.watermark) continue;
      this.windows.delete(name);
      this.written.push(`${name} ${n}`);
    }
  }
}

const sleepyStep = fc.record({
  task: fc.nat(TASKS - 1),
  what: fc.constantFrom("push", "push", "push", "push", "read", "read", "read", "read", "sleep", "cut", "restart"),
  product: fc.nat(4),
  behind: fc.nat(2 * DISORDER),
  ms: fc.nat(120),
});

Deno.test("where senders fall idle and wake, a reader's time follows the rules, and no record becomes late by crossing", () => {
  let slept = 0, late = 0;
  fc.assert(
    fc.property(
      fc.array(sleepyStep, { minLength: 60, maxLength: 120 }),
      fc.constantFrom(0, 50, 400),
      (steps, interval) => {
        const readers = Array.from({ length: TASKS }, () => new Reader());
        const reads = (reader: number, sent: Sent) => {
          if ("status" in sent && sent.status === "idle") slept++;
          readers[reader].read(sent);
        };
        const tasks = new HopTasks(sleepy, { tasks: TASKS, interval, reads });
        const reached = Array.from({ length: TASKS }, () => 1000);
        const highest = Array.from({ length: TASKS }, () => -Infinity);
        for (const { task, what, product, behind, ms } of steps) {
          if (what === "read") tasks.read(task);
          else if (what === "cut") tasks.cut(task, ms);
          else if (what === "sleep") tasks.quiet(task, "views").cut(task, IDLE + 1);
          else if (what === "restart") tasks.restart(task);
          else {
            // One that is slow falls behind the others while it is idle.
            reached[task] += ms * (1 + 3 * task);
            const at = Math.max(0, reached[task] - behind);
            const view = { product: `product-${product}`, at, watermark: highest[task] - DISORDER - 1 };
            highest[task] = Math.max(highest[task], at);
            tasks.push(task, "views", view, at);
          }
        }
        tasks.end("views");
        const expected = readers.flatMap(({ written }) => written);
        assertEquals([...tasks.written].sort(), expected.sort());
        assertEquals([tasks.late, tasks.ends], [readers.reduce((sum, { late }) => sum + late, 0), TASKS]);
        late += tasks.late;
      },
    ),
    { numRuns: 300 },
  );
  assert(slept > 100 && late > 100, `${slept} control records of idle senders were read, and ${late} late views`);
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
