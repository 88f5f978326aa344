/** The events of a job: typed, numbered, and the same as the lines of its log. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { toArray } from "rxjs";
import { type JobEvent, keyedReduce, memory, run } from "@tidemark/streams";
import { eventsOf } from "./support/events_of.ts";
import { ManualClock, until } from "./support/jobs.ts";

const counts = (log: ReturnType<typeof memory>) =>
  log.source<string>("clicks").pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts"),
  );

describe("job.events", () => {
  it("are numbered, are plain data, and give the lines of the log", async () => {
    const log = memory();
    log.append("clicks", [{ key: "ada", value: "ada" }]);
    const lines: string[] = [];
    const job = await run(counts(log), { name: "clicks", state: ":memory:", log: (line) => lines.push(line) });
    const told: JobEvent[] = [];
    job.events.changes.pipe(toArray()).subscribe((all) => told.push(...all));
    const [taken] = job.events.list();
    assert(taken.kind === "taken");
    assertEquals([taken.sequence, taken.level, taken.tasks, taken.restored, taken.keys], [1, "info", [0], 0, 0]);
    await until("the record to be read", () => job.metrics.snapshot().records_in === 1);
    assertEquals((await job.details()).lastEvent, 1);
    log.end("clicks");
    await job.finished;
    const ended = job.events.list(1);
    assertEquals(ended.map(({ kind, sequence, text }) => [kind, sequence, text]), [
      ["ended", 2, "finished, its input has been read to the end"],
    ]);
    assertEquals(told, ended);
    assertEquals(lines, job.events.list().map(({ text }) => `Job clicks: ${text}`));
    assertEquals(job.events.list(), structuredClone(job.events.list()));
    assertEquals([job.events.list(2), job.events.list(99)], [[], []]);
  });

  it("tell of a failure, which has no line in the log", async () => {
    const log = memory();
    log.append("clicks", [{ key: "ada", value: "ada" }]);
    const lines: string[] = [];
    const failing = log.source<string>("clicks").pipe(
      keyedReduce({
        ...{ name: "counts", key: (user: string) => user, initial: 0 },
        reduce: () => {
          throw new RangeError("it is too much");
        },
      }),
      log.sink("counts"),
    );
    const job = await run(failing, { name: "clicks", state: ":memory:", log: (line) => lines.push(line) });
    const message = await job.finished.then(() => "", (error: Error) => error.message);
    const ended = job.events.list().at(-1)!;
    assert(ended.kind === "ended");
    assertEquals([ended.reason, ended.level, ended.text], ["failed", "error", message]);
    assertEquals(lines.length, 1);
  });
});

describe("Events", () => {
  it("keep the newest 200", () => {
    const { events, lines } = eventsOf("clicks");
    for (let n = 1; n <= 450; n++) events.tell({ kind: "hop waits", hop: String(n) }, `event ${n}`);
    assertEquals([events.last, lines.length, events.list().length], [450, 450, 200]);
    assertEquals([events.list()[0].sequence, events.list().at(-1)!.sequence], [251, 450]);
    assertEquals(events.list(447).map(({ text }) => text), ["event 448", "event 449", "event 450"]);
    assertEquals(events.list(100).length, 200);
  });

  it("count what may come with each record, and tell of it every ten seconds", async () => {
    const clock = new ManualClock();
    const { events, lines } = eventsOf("clicks", clock);
    const slow = () =>
      events.noteSeldom("slow epoch", (count) => [
        { kind: "slow epoch", ms: 2_000, tasks: 1, records: 1, others: count - 1 },
        "a commit took 2 s",
      ]);
    for (let n = 0; n < 5; n++) slow();
    await clock.advance(10_000);
    slow();
    assertEquals(events.list().map((event) => event.kind === "slow epoch" ? event.others : NaN), [0, 4]);
    assertEquals(lines, []);
  });
});
