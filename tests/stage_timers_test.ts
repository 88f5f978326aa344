/** Timers in running jobs: by event time and by the wall clock, with a restart between set and fire, and through crashes. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Observable, OperatorFunction } from "rxjs";
import { embeddedLog, eventTime, type Job, memory, watermark } from "@tidemark/streams";
import { crashTest } from "@tidemark/streams/testing";
import type { EmbeddedLog } from "../connectors/embedded/log.ts";
import type { MemoryLog } from "../connectors/memory.ts";
import { operate } from "../operators/_operate.ts";
import { runWith } from "../runtime/run.ts";
import type { Event } from "./support/events.ts";
import { failureOf, first as firstOf, ManualClock, mortal, until } from "./support/jobs.ts";

const START = 1_700_000_000_000;
/** When a user is missed, in milliseconds of event time, and reminded, in milliseconds of the wall clock. */
const [MISSED, REMINDED] = [100, 500];

interface Told {
  readonly user: string;
  readonly what: "missed" | "reminded";
  readonly at: number;
}

/** Says who has not come for a while, by event time, and reminds of each visit, by the wall clock. */
function reminders(name: string): OperatorFunction<Event, Told> {
  return operate<Event, Told>({ operator: "reminders", name, time: "own", keeps: true }, (stage) => {
    const due = stage.state<string, number>({ part: "due" });
    const missed = stage.timers<string>((user, time) => {
      due.write(due.cell(user), undefined);
      stage.emit({ user, what: "missed", at: time - START });
    }, { part: "missed" });
    const visits = stage.timers<string>((user, time) => stage.emit({ user, what: "reminded", at: time - START }), {
      part: "visits",
      time: "processing",
    });
    return {
      next({ user, at }) {
        const cell = due.cell(user);
        if (cell.value !== undefined) missed.delete(user, cell.value);
        due.write(cell, Math.max(cell.value ?? 0, at + MISSED));
        missed.set(user, cell.value!);
        visits.set(user, stage.now + REMINDED);
      },
    };
  });
}

function pipeline(log: MemoryLog | EmbeddedLog): Observable<unknown> {
  return log.source<Event>("visits").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: 0, name: "visits" }),
    reminders("reminders"),
    log.sink("told", { key: ({ user }) => user }),
  );
}

function visits(...all: readonly (readonly [user: string, after: number])[]) {
  return all.map(([user, after]) => ({ key: user, value: { user, at: START + after }, timestamp: START + after }));
}

const told = (log: MemoryLog) => log.read<Told>("told").map((row) => [row!.user, row!.what, row!.at]);

async function begin(log: MemoryLog | EmbeddedLog, state: Deno.Kv, clock: ManualClock) {
  return await runWith(pipeline(log), { name: "reminders", state, log: () => {} }, clock);
}

const readAll = (job: Job, records: number) =>
  until("the visits to be read", () => job.metrics.snapshot().records_in === records, job);

describe("timers in a running job", () => {
  it("of event time fire after a restart, when the watermark of the next life passes them", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), clock = new ManualClock(START);
    log.append("visits", visits(["ada", 0], ["bob", 20], ["ada", 60]));
    const first = await begin(log, kv, clock);
    await readAll(first, 3);
    await first.stop();
    assertEquals(told(log), []);

    log.append("visits", visits(["eve", 121]));
    const second = await begin(log, kv, clock);
    await until("the first to be missed", () => told(log).length === 1, second);
    await second.stop();

    log.append("visits", visits(["eve", 200]));
    log.end("visits");
    const third = await begin(log, kv, clock);
    await third.finished;
    assertEquals(told(log), [["bob", "missed", 120], ["ada", "missed", 160], ["eve", "missed", 300]]);
  });

  it("of the wall clock fire after a restart, when their time has come and not before, and once", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), clock = new ManualClock(START);
    log.append("visits", visits(["ada", 0], ["bob", 1]));
    const first = await begin(log, kv, clock);
    await readAll(first, 2);
    await clock.advance(REMINDED - 100);
    await first.stop();

    const second = await begin(log, kv, clock);
    await clock.advance(99);
    assertEquals(told(log), [], "one millisecond is left");
    await clock.advance(100);
    await until("both to be reminded", () => told(log).length === 2, second);
    await second.stop();

    const third = await begin(log, kv, clock);
    await clock.advance(10 * REMINDED);
    await third.stop();
    assertEquals(told(log), [["ada", "reminded", REMINDED], ["bob", "reminded", REMINDED]]);
  });

  it("of the wall clock fire soon where their time came while nobody ran", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = memory(), clock = new ManualClock(START);
    log.append("visits", visits(["ada", 0]));
    const first = await begin(log, kv, clock);
    await readAll(first, 1);
    await first.stop();
    await clock.advance(100 * REMINDED);
    const second = await begin(log, kv, clock);
    await clock.advance(100);
    await until("her to be reminded", () => told(log).length === 1, second);
    await second.stop();
    assertEquals(told(log), [["ada", "reminded", REMINDED]]);
  });

  for (const [what, takesEffect] of [["is lost", false], ["takes effect", true]] as const) {
    it(`of the wall clock tell once where the process dies with the commit of their firing, which ${what}`, async () => {
      using kv = await Deno.openKv(":memory:");
      const clock = new ManualClock(START), process = mortal(kv);
      const dying = embeddedLog(process.kv, { now: clock.now });
      for (const topic of ["visits", "told"]) await dying.create(topic, { partitions: 1 });
      await dying.append("visits", visits(["ada", 0]));
      const first = await begin(dying, process.kv, clock);
      await readAll(first, 1);
      await until("the timer to be committed", () => first.metrics.snapshot().epochs > 0, first);
      process.die({ after: 0, takesEffect });
      await clock.advance(REMINDED + 100);
      assertEquals(await failureOf(first), "This process is dead");
      await first.stop();

      const log = embeddedLog(kv, { now: clock.now });
      const second = await begin(log, kv, clock);
      await clock.advance(10 * REMINDED);
      const [row] = await firstOf(log.source<Told>("told"), 1, second);
      await second.stop();
      assertEquals(row, { user: "ada", what: "reminded", at: REMINDED });
      assertEquals(await log.bounds("told"), [{ earliest: 0, latest: 1 }]);
    });
  }
});

describe("timers under crashTest()", () => {
  const input = visits(
    ...[["ada", 0], ["bob", 20], ["ada", 60], ["eve", 125], ["bob", 130], ["dan", 135]] as const,
    ...[["eve", 240], ["ada", 400], ["bob", 401], ["ada", 402], ["dan", 700]] as const,
  );
  const expected = [
    ...[["bob", 120], ["ada", 160], ["eve", 340], ["bob", 230], ["dan", 235]],
    ...[["bob", 501], ["ada", 502], ["dan", 800]],
  ];

  for (const [partitions, tasks] of [[1, "perPartition"], [3, "perPartition"], [3, "single"]] as const) {
    it(`fire once each, of ${partitions} partitions with tasks ${tasks}`, async () => {
      const report = await crashTest(() => pipeline(memory()), input, { partitions, tasks, start: START + 1000 });
      assert(report.crashes > 20);
      if (partitions === 1) assertEquals(report.results, expected.length);
    });
  }
});
